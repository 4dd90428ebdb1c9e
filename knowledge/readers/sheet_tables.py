"""The rows of a sheet → lines of text: titles, tables with headers, notes. Pure; knows nothing of any file format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.readers.records import record
from knowledge.readers.text_building import one_line

_LOOKS_LIKE_A_VALUE = re.compile(r"[-+]?[\d.,\s]*\d%?$|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\S+@\S+$|https?://")
_LONGEST_NAME = 80  # of a column; longer is a sentence


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row as it is read: merged cells filled, `merged` where a cell reaches over several of the columns."""

    cells: Sequence[str]
    merged: bool = False


@dataclass(frozen=True, slots=True)
class SheetLine:
    text: str
    begins_block: bool  # what follows on the line before without a gap does not


def sheet_lines(rows: Iterator[SheetRow]) -> Iterator[SheetLine]:
    """One line a record, as "Column: value; …". Holds three rows at a time, however long the sheet is.

    A block is what stands between empty rows. Its first row names the columns where it looks like names; a block in the
    same columns as the one before, without names of its own, goes on with those.
    """
    header: Sequence[str] = ()
    fresh = True  # the next row begins a block
    waiting = _Peekable(rows)
    while (row := waiting.take()) is not None:
        cells = [one_line(cell) for cell in row.cells]
        if not any(cells):
            fresh = True
            continue
        if _says_one_thing(cells):
            yield SheetLine(next(filter(None, cells)), fresh)
            fresh = True
            continue
        following = waiting.peek()
        if (fresh or not header) and _names_columns(row, cells, following) and _columns(cells) != _columns(header):
            header = cells
            if row.merged and following is not None and _is_second_line(following, cells):
                header = _combined(cells, [one_line(cell) for cell in following.cells])
                waiting.take()
            fresh = True
            continue
        yield SheetLine(record(header, cells), fresh)
        fresh = False


class _Peekable:
    def __init__(self, rows: Iterator[SheetRow]) -> None:
        self._rows = rows
        self._next: SheetRow | None = next(rows, None)

    def peek(self) -> SheetRow | None:
        return self._next

    def take(self) -> SheetRow | None:
        taken, self._next = self._next, next(self._rows, None)
        return taken


def _says_one_thing(cells: Sequence[str]) -> bool:
    """A title, a note, or a row merged across."""
    return len(set(filter(None, cells))) == 1


def _columns(cells: Sequence[str]) -> list[int]:
    return [number for number, cell in enumerate(cells) if cell]


def _names_columns(row: SheetRow, cells: Sequence[str], following: SheetRow | None) -> bool:
    """Distinct short names with something below them; numbers, dates and addresses are values already."""
    names = [cell for cell in cells if cell]
    if following is None or not any(cell.strip() for cell in following.cells):
        return False
    if any(len(name) > _LONGEST_NAME or _LOOKS_LIKE_A_VALUE.match(name) for name in names):
        return False
    return row.merged or len(set(names)) == len(names)


def _is_second_line(following: SheetRow, first: Sequence[str]) -> bool:
    """Below a header with merged cells: names for the columns they reach over, none of them a value."""
    cells = [one_line(cell) for cell in following.cells]
    names = [cell for cell in cells if cell]
    repeated = len(set(filter(None, first))) < len(list(filter(None, first)))
    return repeated and len(names) > 1 and not any(_LOOKS_LIKE_A_VALUE.match(name) for name in names)


def _combined(first: Sequence[str], second: Sequence[str]) -> list[str]:
    width = max(len(first), len(second))
    above = [*first, *[""] * (width - len(first))]
    below = [*second, *[""] * (width - len(second))]
    return [one if one == two or not two else f"{one} {two}".strip() for one, two in zip(above, below, strict=True)]
