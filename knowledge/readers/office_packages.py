"""The container of Word, PowerPoint and Excel files, looked through before a parser sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lxml import etree

from knowledge.errors import DocumentRefused
from knowledge.readers.limits import ReadingLimits
from knowledge.readers.zip_safety import UNREADABLE_MEMBER, open_zip

if TYPE_CHECKING:
    import zipfile

_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_BLOCK_BYTES = 1 << 20
# What a parser stumbles over in a damaged file, besides its own errors.
BROKEN = (
    *UNREADABLE_MEMBER, KeyError, AttributeError, IndexError, TypeError, ArithmeticError, AssertionError,
    RecursionError, SyntaxError, etree.LxmlError,
)  # fmt: skip


def refuse_dangerous_package(name: str, content: bytes, limits: ReadingLimits, *, maker: str) -> None:
    """Raises DocumentRefused for a container that is damaged, too large when unpacked, or declares XML entities.

    Office never writes a document type; who declares entities wants to read files here, or to blow up memory.
    """
    with open_zip(name, content, limits) as archive:
        for member in archive.infolist():
            if member.filename.lower().endswith((".xml", ".rels", ".vml")) and _declares_entities(
                name, archive, member, maker
            ):
                raise DocumentRefused(
                    name, f"it declares XML entities, as no {maker} file does; save it anew from {maker}"
                )


def _declares_entities(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, maker: str) -> bool:
    try:
        with archive.open(member) as part:
            return _declares(iter(lambda: part.read(_BLOCK_BYTES), b""))
    except UNREADABLE_MEMBER as error:
        reason = f"the {maker} file is damaged or encrypted; save it anew without a password"
        raise DocumentRefused(name, reason) from error


def _declares(blocks: Iterator[bytes]) -> bool:
    tail = b""
    for block in blocks:
        window = tail + block.replace(b"\x00", b"")  # UTF-16 has a NUL beside each of these letters
        if _DECLARATION.search(window):
            return True
        tail = window[-16:]
    return False


def damaged(name: str, maker: str, extension: str) -> DocumentRefused:
    reason = f"the {maker} file is damaged; open it in {maker}, save it as {extension} and upload it again"
    return DocumentRefused(name, reason)
