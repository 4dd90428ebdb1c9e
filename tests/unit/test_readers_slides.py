"""PPTX: a slide is a page, its title a heading; tables, groups and notes in their order."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pptx
import pytest
from pptx.util import Inches

from knowledge.errors import DocumentRefused
from knowledge.readers import read_document


def presentation(*slides: tuple[str, str]) -> Any:
    made = pptx.Presentation()
    for title, body in slides:
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    return made


def saved(made: Any) -> bytes:
    buffer = BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def test_titles_are_headings_and_slides_are_pages() -> None:
    document = read_document("training.pptx", saved(presentation(("Returns", "Ask\nCheck"), ("Refunds", "Pay back."))))
    assert document.text == "Returns\n\n- Ask\n- Check\n\nRefunds\n\nPay back."
    assert document.title == "Returns"
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Returns"), (2, "Refunds")]
    assert document.page_starts == (0, document.text.index("Refunds"))
    assert document.encoding == ""


def test_tables_are_records_and_merged_cells_are_filled() -> None:
    made = presentation(("Prices", ""))
    table = made.slides[0].shapes.add_table(3, 2, Inches(1), Inches(1), Inches(4), Inches(2)).table
    for row, texts in enumerate((("Plan", "Price"), ("Oak", "9"), ("", "19"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    assert read_document("p.pptx", saved(made)).text == "Prices\n\nPlan: Oak; Price: 9\nPlan: Oak; Price: 19"


def test_groups_and_notes_are_read_and_hidden_slides_are_not() -> None:
    made = presentation(("One", "Body"), ("Hidden", "secret"))
    group = made.slides[0].shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "In a group"
    made.slides[0].notes_slide.notes_text_frame.text = "Say it slowly."
    made.slides[1]._element.set("show", "0")
    assert read_document("p.pptx", saved(made)).text == "One\n\nBody\n\nIn a group\n\nSay it slowly."


def test_slides_without_text_are_said_to_be_pictures() -> None:
    with pytest.raises(DocumentRefused, match="pictures only"):
        read_document("p.pptx", saved(presentation(("", ""))))
    with pytest.raises(DocumentRefused, match="no slides"):
        read_document("p.pptx", saved(presentation()))
