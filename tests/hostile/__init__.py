"""Files made to break a reader, and the tally of what became of them. Generated from a fixed seed, never stored."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile import damaged, mails, packages, pdfs, texts, zips
from tests.hostile.case import Case

__all__ = ["Case", "hostile_files"]


def hostile_files() -> Iterator[Case]:
    """Each with a name of its own; the same ones every time."""
    for module in (zips, packages, pdfs, texts, mails, damaged):
        yield from module.cases()
