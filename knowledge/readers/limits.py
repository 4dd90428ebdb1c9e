"""How much a reader is willing to take on. Knows nothing of any format."""

from __future__ import annotations

from dataclasses import dataclass

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Bounds on one source; anything beyond is refused before it costs memory or time.

    Those of time, memory and open files are kept by the process that reads (`knowledge.safe_reading`).
    """

    max_bytes: int = 50 * _MEBIBYTE  # one file as uploaded
    max_text_characters: int = 5_000_000  # the text of one document
    max_pages: int = 2000
    max_unzipped_bytes: int = 200 * _MEBIBYTE  # everything inside one archive, or one batch of JSON lines
    max_ratio: int = 200  # unpacked to packed size of one large archive member
    max_entries: int = 10_000  # members of one archive
    max_records: int = 200_000  # lines of one list of documents
    max_refused_lines: int = 1000  # of one list, before the rest of it is given up
    max_seconds: float = 60.0  # of the processor, to read one document; three times as long by the clock
    max_archive_seconds: float = 600.0  # to read everything inside one archive or list
    max_memory_bytes: int = 1024 * _MEBIBYTE  # address space of the process that reads
    max_open_files: int = 64  # of that process
    max_output_bytes: int = 64 * _MEBIBYTE  # what it may answer with at once
    files_per_process: int = 200  # after so many files a fresh process takes over


STANDARD_LIMITS = ReadingLimits()


def in_words(size: int) -> str:
    """A number of bytes as people write it: "50 MB"."""
    for unit, factor in (("GB", 1024**3), ("MB", _MEBIBYTE), ("kB", 1024)):
        if size >= factor:
            return f"{size / factor:.0f} {unit}"
    return f"{size} bytes"
