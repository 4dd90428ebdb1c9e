"""How much a reader is willing to take on. Knows nothing of any format."""

from __future__ import annotations

from dataclasses import dataclass

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Bounds on one source; anything beyond is refused before it costs memory or time."""

    max_bytes: int = 50 * _MEBIBYTE  # one file as uploaded
    max_text_characters: int = 5_000_000  # the text of one document
    max_pages: int = 2000
    max_unzipped_bytes: int = 200 * _MEBIBYTE  # everything inside one archive, or one batch of JSON lines
    max_ratio: int = 200  # unpacked to packed size of one archive member of more than a mebibyte
    max_entries: int = 10_000  # members of one archive


STANDARD_LIMITS = ReadingLimits()


def in_words(size: int) -> str:
    """A number of bytes as people write it: "50 MB"."""
    for unit, factor in (("GB", 1024**3), ("MB", _MEBIBYTE), ("kB", 1024)):
        if size >= factor:
            return f"{size / factor:.0f} {unit}"
    return f"{size} bytes"
