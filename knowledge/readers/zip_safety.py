"""Opens ZIP containers without being blown up by them. Knows nothing of what they contain."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

from knowledge.errors import DocumentRefused
from knowledge.readers.limits import ReadingLimits, in_words

_SMALL = 16 * 1024 * 1024  # below this even a high ratio costs little, and Office files repeat themselves
UNREADABLE_MEMBER = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError)


def open_zip(name: str, content: bytes, limits: ReadingLimits) -> zipfile.ZipFile:
    """The archive, once its members are known to stay within `limits` when unpacked. Raises DocumentRefused.

    The sizes are those the archive states; `zipfile` never unpacks more of a member than that.
    """
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except UNREADABLE_MEMBER as error:
        raise DocumentRefused(name, "the archive is damaged; make it anew and upload it again") from error
    members = archive.infolist()
    if len(members) > limits.max_entries:
        raise DocumentRefused(name, f"it holds {len(members)} files, more than {limits.max_entries}; split it")
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.max_unzipped_bytes:
        allowed = in_words(limits.max_unzipped_bytes)
        raise DocumentRefused(name, f"it unpacks to {in_words(unpacked)}, more than {allowed}; split it")
    for member in members:
        if member.file_size > _SMALL and member.file_size > limits.max_ratio * max(member.compress_size, 1):
            reason = f"'{member.filename[:80]}' inside is packed suspiciously tight (a ZIP bomb?); pack it anew"
            raise DocumentRefused(name, reason)
    return archive
