"""PPTX → DocumentText: a slide is a page, its title a heading; tables, notes. Knows nothing of other formats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText
from knowledge.readers.limits import ReadingLimits
from knowledge.readers.office_packages import BROKEN, damaged, refuse_dangerous_package
from knowledge.readers.records import table_records
from knowledge.readers.text_building import TextBuilder, one_line, title_from_name

_DEEPEST_GROUP = 20
_MADE_UP_TITLES = ("powerpoint presentation", "powerpoint 演示文稿", "powerpoint 簡報", "presentation", "slide 1")
# Placeholders that repeat on every slide: date, footer, number of the slide.
_FURNITURE = frozenset({13, 15, 16})


def read_pptx(name: str, content: bytes, limits: ReadingLimits) -> DocumentText:
    """Title: that of the properties, else of the first slide, else the file's name. Hidden slides are left out.

    Raises DocumentRefused for a container that is damaged, too large when unpacked, or declares XML entities.
    """
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    refuse_dangerous_package(name, content, limits, maker="PowerPoint")
    builder = TextBuilder()
    try:
        presentation = Presentation(BytesIO(content))
        slides = [slide for slide in presentation.slides if slide.element.get("show") not in ("0", "false")]
        if len(slides) > limits.max_pages:
            raise DocumentRefused(name, f"it has {len(slides)} slides, more than {limits.max_pages}; split it")
        titles = [_write_slide(slide, builder, first=number == 0) for number, slide in enumerate(slides)]
        stated = one_line(str(presentation.core_properties.title or ""))
    except (*BROKEN, PythonPptxError) as error:
        raise damaged(name, "PowerPoint", ".pptx") from error
    if not builder.length:
        reason = "its slides hold pictures only, no text; run OCR on a PDF of it and upload that"
        raise DocumentRefused(name, reason if slides else "it has no slides; upload the original file")
    title = "" if stated.lower() in _MADE_UP_TITLES else stated
    return builder.finish(title or next(filter(None, titles), "") or title_from_name(name), encoding="")


def _write_slide(slide: Any, builder: TextBuilder, *, first: bool) -> str:
    """Appends one slide; returns its title."""
    builder.page()
    shape = slide.shapes.title
    title = one_line(shape.text_frame.text) if shape is not None and shape.has_text_frame else ""
    if title:
        builder.heading(1 if first else 2, title)
    for each in _shapes(slide.shapes, 0):
        if shape is None or each.shape_id != shape.shape_id:
            _write_shape(each, builder)
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
        builder.paragraph(frame.text)
    return title


def _shapes(shapes: Any, depth: int) -> Iterator[Any]:
    """Those in groups as well, in the order of the slide."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            if depth < _DEEPEST_GROUP:
                yield from _shapes(shape.shapes, depth + 1)
        elif not (shape.is_placeholder and int(shape.placeholder_format.type or 0) in _FURNITURE):
            yield shape


def _write_shape(shape: Any, builder: TextBuilder) -> None:
    if getattr(shape, "has_table", False) and shape.has_table:
        for number, line in enumerate(table_records(_grid(shape.table), has_header=True)):
            builder.paragraph(line, separator="\n" if number else "\n\n")
    elif shape.has_text_frame:
        _write_paragraphs(shape, builder)


def _write_paragraphs(shape: Any, builder: TextBuilder) -> None:
    """The body of a slide is a list; any other text is a paragraph."""
    paragraphs = [paragraph for paragraph in shape.text_frame.paragraphs if paragraph.text.strip()]
    is_list = shape.is_placeholder and len(paragraphs) > 1
    for number, paragraph in enumerate(paragraphs):
        text = one_line(paragraph.text)
        indent = "  " * min(int(paragraph.level or 0), 8)
        builder.paragraph(f"{indent}- {text}" if is_list else text, separator="\n" if number else "\n\n")


def _grid(table: Any) -> Sequence[Sequence[str]]:
    """The cells' texts; a merged cell stands in every place it covers."""
    rows = list(table.rows)
    grid = [[""] * len(table.columns) for _ in rows]
    for top, row in enumerate(rows):
        for left, cell in enumerate(row.cells):
            if cell.is_spanned:
                continue
            for line in grid[top : top + cell.span_height]:
                line[left : left + cell.span_width] = [cell.text] * len(line[left : left + cell.span_width])
    return grid
