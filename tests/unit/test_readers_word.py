"""DOCX: headings, paragraphs, lists and tables in their order; hostile containers are refused."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from knowledge.errors import DocumentRefused
from knowledge.readers import ReadingLimits, read_document


def saved(document: Any) -> bytes:
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The same container with one part replaced or added."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename != name:
                new.writestr(member, old.read(member))
        new.writestr(name, part)
    return buffer.getvalue()


def a_table(document: Any, rows: list[tuple[str, ...]]) -> Any:
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    return table


def test_everything_comes_in_its_order() -> None:
    document = docx.Document()
    document.add_heading("Guide", 0)
    document.add_paragraph("Before the table.")
    document.add_heading("Prices", 1)
    a_table(document, [("Plan", "Price"), ("Sprout", "€9"), ("Oak", "€19")])
    document.add_paragraph("After the table.")
    for step in ("Open", "Save"):
        document.add_paragraph(step, style="List Bullet")
    document.add_heading("Details", 2)
    document.add_paragraph("The end.")

    read = read_document("guide.docx", saved(document))
    assert read.title == "Guide"
    assert read.text == (
        "Guide\n\nBefore the table.\n\nPrices\n\nPlan: Sprout; Price: €9\nPlan: Oak; Price: €19\n\n"
        "After the table.\n\n- Open\n- Save\n\nDetails\n\nThe end."
    )
    assert [(heading.level, heading.text) for heading in read.headings] == [(1, "Guide"), (1, "Prices"), (2, "Details")]


def test_without_a_title_the_first_heading_or_the_file_name_is_the_title() -> None:
    document = docx.Document()
    document.add_paragraph("Words.")
    assert read_document("return-policy.docx", saved(document)).title == "Return policy"
    document.add_heading("Returns", 1)
    assert read_document("a.docx", saved(document)).title == "Returns"


def test_merged_cells_stand_wherever_they_reach() -> None:
    document = docx.Document()
    table = a_table(document, [("Region", "City"), ("EU", "Berlin"), ("", "Rome"), ("By request only", "")])
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(3, 0).merge(table.cell(3, 1))
    assert read_document("a.docx", saved(document)).text == (
        "Region: EU; City: Berlin\nRegion: EU; City: Rome\nBy request only"
    )


def test_deleted_and_hidden_text_is_not_read_but_inserted_text_is() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Kept ")
    paragraph.add_run("SECRET").font.hidden = True
    paragraph._p.append(parse_xml(f"<w:ins {nsdecls('w')}><w:r><w:t>added</w:t></w:r></w:ins>"))
    paragraph._p.append(parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>gone</w:delText></w:r></w:del>"))
    control = (
        f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>In a control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    document.element.body.insert(1, parse_xml(control))
    assert read_document("a.docx", saved(document)).text == "Kept added\n\nIn a control"


def test_styles_based_on_headings_are_headings() -> None:
    document = docx.Document()
    style = document.styles.add_style("Company heading", 1)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Returns", style=style)
    document.add_paragraph("Thirty days.")
    assert [(heading.level, heading.text) for heading in read_document("a.docx", saved(document)).headings] == [
        (2, "Returns")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_part_that_declares_entities_is_refused(encoding: str) -> None:
    hostile = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    )
    content = with_part(saved(docx.Document()), "word/footnotes.xml", hostile.encode(encoding))
    with pytest.raises(DocumentRefused, match="declares XML entities"):
        read_document("a.docx", content)


def test_a_container_that_unpacks_to_too_much_is_refused() -> None:
    content = with_part(saved(docx.Document()), "word/media/x.bin", bytes(20_000_000))
    with pytest.raises(DocumentRefused, match="unpacks to"):
        read_document("a.docx", content, limits=ReadingLimits(max_unzipped_bytes=1_000_000))
    with pytest.raises(DocumentRefused, match="ZIP bomb"):
        read_document("a.docx", content)


@pytest.mark.parametrize("part", [b"", b"<w:document", b"<x/>"])
def test_a_damaged_document_is_refused(part: bytes) -> None:
    with pytest.raises(DocumentRefused):
        read_document("a.docx", with_part(saved(docx.Document()), "word/document.xml", part))


def test_a_zip_that_is_no_word_file_is_refused() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(DocumentRefused, match="the Word file is damaged or incomplete"):
        read_document("a.docx", buffer.getvalue())
