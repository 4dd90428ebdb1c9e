"""HTML tables → records. Knows nothing of the rest of a page."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from knowledge.readers.records import key_values, table_records

_LAYOUT_SIGNS = ("table", "h1", "h2", "h3", "h4", "h5", "h6", "form")
_MOST_COLUMNS = 200
_MOST_REPEATED = 200_000  # characters that merged cells may add to one table: a small file must not grow without end


def records_of_table(table: etree._Element, text_of: Callable[[etree._Element], str]) -> list[str]:
    """A line for each row; empty for a table that only places things on the page, which is read like any block.

    The first row names the columns if it is marked up as a header, or if there are three columns or more. Two
    columns without a header are names and values.
    """
    if next(table.iterdescendants(*_LAYOUT_SIGNS), None) is not None or table.get("role") == "presentation":
        return []
    rows = [row for row in table.iter("tr") if row.get("hidden") is None]
    grid = _grid(rows, text_of)
    widest = max((len(row) for row in grid), default=0)
    if widest < 2 or len(grid) < 2:
        return []
    caption = table.find("caption")
    lines = [text_of(caption)] if caption is not None else []
    if widest == 2 and not _is_header(rows[0]):
        return lines + list(key_values(grid))
    return lines + list(table_records(grid, has_header=True))


def _is_header(row: etree._Element) -> bool:
    """All cells are `<th>`, or all stand in bold, or the row is in `<thead>`."""
    parent = row.getparent()
    if parent is not None and parent.tag == "thead":
        return True
    cells = list(row.iterchildren("td", "th"))
    return all(cell.tag == "th" or cell.find("b") is not None or cell.find("strong") is not None for cell in cells)


def _grid(rows: list[etree._Element], text_of: Callable[[etree._Element], str]) -> list[list[str]]:
    """The cells' texts with merged cells repeated wherever they reach."""
    grid: list[list[str]] = []
    reaching_down: dict[int, tuple[int, str]] = {}  # column → rows still to fill, text
    repeated = 0
    for row in rows:
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            _fill_from_above(cells, reaching_down)
            text = text_of(cell)
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            repeated += (across * down - 1) * (len(text) + 8)
            if repeated > _MOST_REPEATED:
                across = down = 1
            for _ in range(across):
                if down > 1:
                    reaching_down[len(cells)] = (down - 1, text)
                cells.append(text)
        _fill_from_above(cells, reaching_down)
        grid.append(cells[:_MOST_COLUMNS])
    return grid


def _fill_from_above(cells: list[str], reaching_down: dict[int, tuple[int, str]]) -> None:
    while (above := reaching_down.get(len(cells))) is not None:
        left, text = above
        if left > 1:
            reaching_down[len(cells)] = (left - 1, text)
        else:
            del reaching_down[len(cells)]
        cells.append(text)


def _span(cell: etree._Element, attribute: str) -> int:
    value = str(cell.get(attribute) or "1")
    return min(max(int(value), 1), _MOST_COLUMNS) if value.isdecimal() and len(value) < 6 else 1
