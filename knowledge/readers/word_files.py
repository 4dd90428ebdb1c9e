"""DOCX → DocumentText: headings, paragraphs, lists and tables in their order. Knows nothing of other formats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from lxml import etree

from knowledge.passages import DocumentText
from knowledge.readers.limits import ReadingLimits
from knowledge.readers.office_packages import BROKEN, damaged, refuse_dangerous_package
from knowledge.readers.records import table_records
from knowledge.readers.text_building import TextBuilder, title_from_name

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_PARAGRAPH, _TABLE, _RUN, _TEXT = f"{_W}p", f"{_W}tbl", f"{_W}r", f"{_W}t"
_HEADING_NAME = re.compile(r"(?:heading|标题|überschrift|titre|título)\s*([1-9])$", re.IGNORECASE)
_TITLE_NAMES = frozenset({"title", "标题"})
# Deleted and moved-away text of tracked changes, and drawings stored a second time for old versions of Word.
_LEFT_OUT = frozenset({f"{_W}del", f"{_W}moveFrom", _FALLBACK, f"{_W}pPr", f"{_W}rPr", f"{_W}instrText"})
_AS_TEXT = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


def read_docx(name: str, content: bytes, limits: ReadingLimits) -> DocumentText:
    """Title: the paragraph in the style "Title", else the first heading of level 1, else the file's name.

    Raises DocumentRefused for a container that is damaged, too large when unpacked, or declares XML entities.
    """
    from docx import Document
    from docx.opc.exceptions import OpcError

    refuse_dangerous_package(name, content, limits, maker="Word")
    try:
        document = Document(BytesIO(content))
        writer = _WordWriter(_levels_of_styles(document.styles.element))
        writer.write(document.element.body)
    except (*BROKEN, OpcError) as error:
        raise damaged(name, "Word", ".docx") from error
    return writer.finish(title_from_name(name))


def _levels_of_styles(styles: etree._Element) -> dict[str, int]:
    """Style id → heading level, 0 for the title; by name, outline level, or the style it is based on."""
    levels: dict[str, int] = {}
    parents: dict[str, str] = {}
    for style in styles.iterchildren(f"{_W}style"):
        style_id = str(style.get(f"{_W}styleId") or "")
        level = _level_of_style(_value(style.find(f"{_W}name")), _value(style.find(f"{_W}pPr/{_W}outlineLvl")))
        if level is not None:
            levels[style_id] = level
        parents[style_id] = _value(style.find(f"{_W}basedOn"))
    for style_id in parents:
        ancestor, steps = style_id, 0
        while ancestor and ancestor not in levels and steps < 10:
            ancestor, steps = parents.get(ancestor, ""), steps + 1
        if ancestor in levels and levels[ancestor] > 0:
            levels.setdefault(style_id, levels[ancestor])
    return levels


def _level_of_style(name: str, outline: str) -> int | None:
    if name.lower() in _TITLE_NAMES:
        return 0
    if named := _HEADING_NAME.match(name):
        return int(named.group(1))
    return int(outline) + 1 if outline in tuple("012345678") else None


def _value(element: etree._Element | None) -> str:
    return "" if element is None else str(element.get(f"{_W}val") or "")


class _WordWriter:
    def __init__(self, levels: dict[str, int]) -> None:
        self._levels = levels
        self._builder = TextBuilder()
        self._title = ""
        self._in_list = False

    def write(self, container: etree._Element) -> None:
        """Appends paragraphs and tables in order; content controls are looked into."""
        for block in _blocks(container):
            if block.tag == _TABLE:
                self._in_list = False
                for number, line in enumerate(table_records(_grid(block), has_header=True)):
                    self._builder.paragraph(line, separator="\n" if number else "\n\n")
            else:
                self._write_paragraph(block)

    def finish(self, fallback: str) -> DocumentText:
        document = self._builder.finish(self._title or fallback, encoding="")
        first = next((heading.text for heading in document.headings if heading.level == 1), fallback)
        return document if self._title else self._builder.finish(first, encoding="")

    def _write_paragraph(self, paragraph: etree._Element) -> None:
        text = _text_of(paragraph).strip()
        if not text:
            return
        properties = paragraph.find(f"{_W}pPr")
        style = _value(properties.find(f"{_W}pStyle")) if properties is not None else ""
        level = self._level(style, properties)
        if level is not None:
            self._write_heading(level, text)
            return
        numbering = properties.find(f"{_W}numPr") if properties is not None else None
        is_item = numbering is not None or style.lower().startswith("list")
        indent = "  " * _depth(numbering) if is_item else ""
        joins = is_item and self._in_list
        self._builder.paragraph(f"{indent}- {text}" if is_item else text, separator="\n" if joins else "\n\n")
        self._in_list = is_item

    def _write_heading(self, level: int, text: str) -> None:
        self._in_list = False
        if level == 0:
            self._title = self._title or text
        self._builder.heading(max(level, 1), text)

    def _level(self, style: str, properties: etree._Element | None) -> int | None:
        own = _value(properties.find(f"{_W}outlineLvl")) if properties is not None else ""
        return int(own) + 1 if own in tuple("012345678") else self._levels.get(style)


def _depth(numbering: etree._Element | None) -> int:
    level = _value(numbering.find(f"{_W}ilvl")) if numbering is not None else ""
    return int(level) if level in tuple("012345678") else 0


def _blocks(container: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs and tables directly in `container` or in wrappers such as content controls, never in each other."""
    stack = [iter(container)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif child.tag in (_PARAGRAPH, _TABLE):
            yield child
        elif child.tag not in _LEFT_OUT:
            stack.append(iter(child))


def _text_of(element: etree._Element) -> str:
    """The text a reader sees in a paragraph: inserted text and links included; deleted and hidden text not."""
    pieces: list[str] = []
    stack = [iter(element)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif child.tag == _TEXT:
            pieces.append(child.text or "")
        elif child.tag in _AS_TEXT:
            pieces.append(_AS_TEXT[child.tag])
        elif child.tag not in _LEFT_OUT and not (child.tag == _RUN and _is_hidden(child)):
            stack.append(iter(child))
            if child.tag == _PARAGRAPH:
                pieces.append("\n")
    return "".join(pieces)


def _is_hidden(run: etree._Element) -> bool:
    hidden = run.find(f"{_W}rPr/{_W}vanish")
    return hidden is not None and _value(hidden) not in ("0", "false", "off")


def _grid(table: etree._Element) -> list[list[str]]:
    """The cells' texts; a cell merged across or down stands in every place it covers."""
    grid: list[list[str]] = []
    for row in table.iter(f"{_W}tr"):
        if next(row.iterancestors(_TABLE), None) is not table:
            continue  # a row of a table inside a cell, whose text is part of that cell
        cells: list[str] = []
        for cell in row.iter(f"{_W}tc"):
            if next(cell.iterancestors(f"{_W}tr"), None) is row:
                _append_cell(cells, cell, grid[-1] if grid else [])
        grid.append(cells)
    return grid


def _append_cell(cells: list[str], cell: etree._Element, above: list[str]) -> None:
    span = _value(cell.find(f"{_W}tcPr/{_W}gridSpan"))
    merged = cell.find(f"{_W}tcPr/{_W}vMerge")
    text = _text_of(cell)
    if merged is not None and _value(merged) != "restart" and len(cells) < len(above):
        text = above[len(cells)]
    cells.extend([text] * (min(int(span), 60) if span.isdecimal() and len(span) < 4 else 1))
