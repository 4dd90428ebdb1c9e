"""A table row as one readable line: "Plan: Sprout; Price: €9". Knows nothing of where the table came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.readers.text_building import one_line

_MARKS = tuple(".,;:!?。，、；：！？")


def table_records(rows: Sequence[Sequence[str]], *, has_header: bool) -> Iterator[str]:
    """One line for each row that says anything; the first row names the columns where `has_header`."""
    cleaned = [[_cell(cell) for cell in row] for row in rows]
    header: Sequence[str] = ()
    if has_header and len(cleaned) > 1:
        header, cleaned = cleaned[0], cleaned[1:]
    for row in cleaned:
        if any(row):
            yield record(header, row)


def record(header: Sequence[str], row: Sequence[str]) -> str:
    """The cells of `row` with the names of their columns; empty cells are left out.

    A row that says one thing across all its columns (a merged row) is that one thing.
    """
    if len(row) > 1 and len(set(row)) == 1:
        return row[0]
    cells = []
    for column, cell in enumerate(row):
        name = header[column].rstrip(":： ") if column < len(header) else ""
        if cell:
            cells.append(f"{name}: {cell}" if name else cell)
    return "; ".join(cells)


def _cell(text: str) -> str:
    """The lines of a cell one after the other, set apart by a comma where they do not end with a mark of their own."""
    lines = [one_line(line) for line in text.split("\n")]
    pieces: list[str] = []
    for line in filter(None, lines):
        if pieces:
            pieces.append(" " if pieces[-1].endswith(_MARKS) else ", ")
        pieces.append(line)
    return "".join(pieces)


def key_values(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of a two-column table whose first column names what the second holds."""
    for name, value in ((_cell(row[0]), _cell(row[1])) for row in rows if len(row) == 2):
        if name or value:
            yield f"{name.rstrip(':： ')}: {value}" if name and value and name != value else name or value
