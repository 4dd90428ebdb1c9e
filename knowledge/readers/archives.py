"""Takes a .zip apart into the files in it. Nothing is written to disk. Knows nothing of what the files say."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from knowledge.errors import DocumentRefused, EncodingUnknown
from knowledge.passages import Refusal
from knowledge.readers.encodings import UndecodableError, decode_text
from knowledge.readers.file_types import extension_of, what_it_seems
from knowledge.readers.limits import STANDARD_LIMITS, ReadingLimits, in_words
from knowledge.readers.zip_safety import UNREADABLE_MEMBER, open_zip

_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_MAY_BE_LARGER = (".zip", ".jsonl")
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
_DEEPEST = 1  # archives inside the archive; none inside those


class SourceFile(NamedTuple):
    """One file out of an archive; `name` is its path in there, with forward slashes."""

    name: str
    content: bytes


def expand_source(
    name: str, content: bytes, *, limits: ReadingLimits = STANDARD_LIMITS
) -> Iterator[SourceFile | Refusal]:
    """The files of a .zip in their order, a Refusal in place of each that cannot be had; any other file as it is.

    A file of a ZIP inside is named "inner.zip/file.md". Folders, hidden files and macOS resource forks are passed
    over. Raises DocumentRefused when the archive as a whole is damaged or too large, before the first file.
    """
    if extension_of(name) != ".zip":
        yield SourceFile(name, content)
        return
    if len(content) > limits.max_unzipped_bytes:
        raise DocumentRefused(name, f"it is larger than {in_words(limits.max_unzipped_bytes)}; split it")
    if (seems := what_it_seems(content)) is None or not content.startswith(b"PK"):
        raise DocumentRefused(name, f"it is named .zip but seems to be {seems or 'text'}; upload the original file")
    yield from _Expansion(limits).files(name, content, prefix="", depth=0)


class _Expansion:
    """One walk through an archive and those inside it, which share one budget of unpacked bytes."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._left = limits.max_unzipped_bytes

    def files(self, name: str, content: bytes, *, prefix: str, depth: int) -> Iterator[SourceFile | Refusal]:
        with open_zip(name, content, self._limits) as archive:
            members = archive.infolist()
            for member, path in zip(members, _paths_of(members), strict=True):
                if member.is_dir() or _is_hidden(path):
                    continue
                yield from self._file(archive, member, prefix + path, path, depth)

    def _file(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, full: str, path: str, depth: int
    ) -> Iterator[SourceFile | Refusal]:
        if (reason := self._objection(member, path, depth)) is not None:
            yield Refusal("".join(each if _prints(each) else "\ufffd" for each in full), reason)
            return
        try:
            content = archive.read(member)
        except UNREADABLE_MEMBER:
            yield Refusal(full, "it is damaged inside the archive; make the archive anew and upload it again")
            return
        self._left -= len(content)
        if extension_of(path) != ".zip":
            yield SourceFile(full, content)
            return
        try:
            yield from self.files(full, content, prefix=full + "/", depth=depth + 1)
        except DocumentRefused as refused:
            yield Refusal(full, refused.reason)

    def _objection(self, member: zipfile.ZipInfo, path: str, depth: int) -> str | None:
        if _leaves_the_archive(path):
            return "its path leads out of the archive; make the archive anew with plain paths"
        if not _prints(path):
            return "its name holds characters that do not print; rename it and make the archive anew"
        if member.flag_bits & _ENCRYPTED:
            return "it is password-protected; upload an archive without a password"
        if stat.S_ISLNK(member.external_attr >> 16):
            return "it is a link, not a file; put the file itself into the archive"
        if depth >= _DEEPEST and extension_of(path) == ".zip":
            return "archives are opened one level deep; upload this one on its own"
        return self._too_large(member, path)

    def _too_large(self, member: zipfile.ZipInfo, path: str) -> str | None:
        if member.file_size > self._limits.max_bytes and not path.lower().endswith(_MAY_BE_LARGER):
            return f"it is larger than {in_words(self._limits.max_bytes)}; split it and upload the parts"
        if member.file_size > self._left:
            return f"the archive unpacks to more than {in_words(self._limits.max_unzipped_bytes)}; split it"
        return None


def _paths_of(members: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The members' names in the encoding they were written in: old Chinese Windows writes GBK and does not say so.

    All names that do not state theirs are judged together, for one alone is too short to tell.
    """
    silent = [raw for member in members if (raw := _raw_name(member)) is not None]
    try:
        _, encoding = decode_text(b"\n".join(silent)) if silent else ("", "utf-8")
    except UndecodableError:
        encoding = "cp437"
    return [_path_of(member, encoding) for member in members]


def _raw_name(member: zipfile.ZipInfo) -> bytes | None:
    """The bytes of a name outside ASCII that does not state its encoding; `zipfile` has taken it for that of DOS."""
    if member.flag_bits & _UTF8_NAME or member.filename.isascii():
        return None
    try:
        return member.filename.encode("cp437")
    except UnicodeEncodeError:
        return None


def _path_of(member: zipfile.ZipInfo, encoding: str) -> str:
    raw = _raw_name(member)
    name = member.filename
    if raw is not None:
        try:
            name, _ = decode_text(raw, chosen=encoding)
        except (UndecodableError, EncodingUnknown):
            name = member.filename
    return name.replace("\\", "/")


def _leaves_the_archive(path: str) -> bool:
    return path.startswith("/") or path[1:2] == ":" or ".." in path.split("/") or "\x00" in path


def _prints(path: str) -> bool:
    """Without control and direction characters, and line ends; joiners belong to words and emoji."""
    return not any(unicodedata.category(each) in _UNPRINTABLE and each not in _JOINERS for each in path)


def _is_hidden(path: str) -> bool:
    return any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in path.split("/"))
