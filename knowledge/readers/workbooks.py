"""XLSX → DocumentText: a row is a record with the names of its columns. Knows nothing of other formats.

Read as a stream: a sheet that claims a million rows costs what it really holds. Formulas are read by the value that was
last calculated; hidden sheets are left out, as hidden text is everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText
from knowledge.readers.limits import ReadingLimits
from knowledge.readers.office_packages import BROKEN, damaged, refuse_dangerous_package
from knowledge.readers.sheet_tables import SheetRow, sheet_lines
from knowledge.readers.text_building import TextBuilder, one_line, title_from_name

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

_MOST_COLUMNS = 1000
_MOST_ROWS = 1_048_576  # as Excel has it
_MOST_MERGED = 20_000  # merged areas of one sheet
_MOST_REPEATED = 200_000  # characters that merged cells may add to one sheet
_MERGED = re.compile(
    rb"<(?:\w{1,20}:)?mergeCell\s[^>]{0,200}?ref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']"
)
_BLOCK_BYTES = 1 << 20
_LONGEST_TAG = 300
_MADE_UP_SHEET = re.compile(r"(?:sheet|tabelle|feuil|hoja|工作表|worksheet|シート)\s*\d*$", re.IGNORECASE)
_CURRENCY = re.compile(r'\[\$([^-\]]{1,4})[^\]]*\]|"([€$¥£￥元])"|([€$¥£￥])')


def read_xlsx(name: str, content: bytes, limits: ReadingLimits) -> DocumentText:
    """Each visible sheet with its name as a heading. Title: that of the properties, else the file's name.

    Raises DocumentRefused for a container that is damaged, too large when unpacked, or declares XML entities.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    refuse_dangerous_package(name, content, limits, maker="Excel")
    builder = TextBuilder()
    try:
        workbook = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        with ZipFile(BytesIO(content)) as archive:
            _write_sheets(name, workbook, archive, builder, limits)
        title = one_line(str(workbook.properties.title or ""))
    except (*BROKEN, InvalidFileException) as error:
        raise damaged(name, "Excel", ".xlsx") from error
    if not builder.length:
        reason = "its visible sheets hold no values; open it in Excel, let it calculate, save it and upload it again"
        raise DocumentRefused(name, reason)
    return builder.finish(title or title_from_name(name), encoding="")


def _write_sheets(name: str, workbook: Workbook, archive: ZipFile, builder: TextBuilder, limits: ReadingLimits) -> None:
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    for sheet in sheets:
        waiting = "" if len(sheets) == 1 and _MADE_UP_SHEET.match(sheet.title) else sheet.title
        for line in sheet_lines(_rows(name, sheet, archive)):
            if waiting:  # an empty sheet leaves no heading behind
                builder.heading(2, waiting)
                waiting = ""
            builder.paragraph(line.text, separator="\n\n" if line.begins_block else "\n")
            if builder.length > limits.max_text_characters:
                reason = f"its text is longer than {limits.max_text_characters:,} characters; split it"
                raise DocumentRefused(name, reason)


def _rows(name: str, sheet: Any, archive: ZipFile) -> Iterator[SheetRow]:
    merged = _MergedCells(archive, getattr(sheet, "_worksheet_path", ""))
    sheet.reset_dimensions()  # what the sheet says of its size is not to be trusted
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number > _MOST_ROWS:
            raise damaged(name, "Excel", ".xlsx")
        cells = [_shown(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > _MOST_COLUMNS:
            raise DocumentRefused(name, f"a sheet has more than {_MOST_COLUMNS:,} columns; split it")
        yield merged.filled(number, cells)


def _shown(cell: Any) -> str:
    """A value as people read it: dates without a time of zero, whole numbers without decimals, percent, currency."""
    match cell.value:
        case None:
            return ""
        case bool(value):
            return str(value).upper()
        case int(value) | float(value):
            return _number(value, str(cell.number_format or ""))
        case datetime() as moment:
            return moment.date().isoformat() if moment.time() == time() else moment.isoformat(" ", "minutes")
        case time() as moment:
            return moment.isoformat("minutes")
        case other:
            return str(other)


def _number(value: float, number_format: str) -> str:
    if "%" in number_format:
        return f"{value * 100:.10g}%"
    plain = f"{value:.15g}"
    shown = plain if "e" not in plain or abs(value) >= 1e21 else f"{value:.0f}"
    currency = _CURRENCY.search(number_format)
    sign = next((group for group in currency.groups() if group), "") if currency else ""
    return f"{sign}{shown}" if sign and sign != "元" else f"{shown}{sign}"


@dataclass(frozen=True, slots=True)
class _Area:
    top: int
    left: int
    bottom: int
    right: int  # all count from 1 and belong to the area


class _MergedCells:
    """Fills what merged cells cover. openpyxl does not tell of them while it streams: they stand behind the rows."""

    def __init__(self, archive: ZipFile, path: str) -> None:
        self._by_top: dict[int, list[_Area]] = {}
        for area in _areas(archive, path) if path in archive.namelist() else ():
            self._by_top.setdefault(area.top, []).append(area)
        self._open: list[tuple[_Area, str]] = []
        self._repeated = 0

    def filled(self, number: int, cells: list[str]) -> SheetRow:
        """`cells` of the row with that number, each merged area with its text in every cell."""
        self._open = [(area, text) for area, text in self._open if area.bottom >= number]
        for area in self._by_top.get(number, ()):
            text = cells[area.left - 1] if area.left <= len(cells) else ""
            if text:
                self._open.append((area, text))
        across = False
        for area, text in self._open:
            across = across or area.right > area.left
            self._fill(cells, area, text)
        return SheetRow(cells, across)

    def _fill(self, cells: list[str], area: _Area, text: str) -> None:
        right = min(area.right, _MOST_COLUMNS)
        self._repeated += (right - area.left + 1) * (len(text) + 2)
        if self._repeated > _MOST_REPEATED:
            return
        cells.extend([""] * (right - len(cells)))
        for column in range(area.left - 1, right):
            cells[column] = cells[column] or text


def _areas(archive: ZipFile, path: str) -> Iterator[_Area]:
    from openpyxl.utils import column_index_from_string

    found = 0
    tail = b""
    with archive.open(path) as part:
        for block in iter(lambda: part.read(_BLOCK_BYTES), b""):
            window = tail + block
            end = 0
            for match in _MERGED.finditer(window):
                end = match.end()
                left, top, right, bottom = match.groups()
                found += 1
                if found > _MOST_MERGED:
                    return
                yield _Area(
                    int(top),
                    column_index_from_string(left.decode()),
                    int(bottom),
                    column_index_from_string(right.decode()),
                )
            tail = window[max(end, len(window) - _LONGEST_TAG) :]
