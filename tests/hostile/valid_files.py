"""One sound file of each format, small, to be corrupted."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from functools import cache
from io import BytesIO

TEXT = "Returns are free within 30 days. Keep the receipt."


def zipped(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_part(package: bytes, name: str, part: bytes) -> bytes:
    """The same container with one part replaced or added."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(package)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename != name:
                new.writestr(member, old.read(member))
        new.writestr(name, part)
    return buffer.getvalue()


def part_of(package: bytes, name: str) -> bytes:
    with zipfile.ZipFile(BytesIO(package)) as archive:
        return archive.read(name)


@cache
def docx_file() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("Returns", 0)
    document.add_paragraph(TEXT)
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        [cell for row in table.rows for cell in row.cells], ("Plan", "Price", "Oak", "9"), strict=True
    ):
        cell.text = text
    return _saved(document)


@cache
def pptx_file() -> bytes:
    import pptx

    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Returns"
    slide.placeholders[1].text = TEXT
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    return _saved(presentation)


@cache
def xlsx_file() -> bytes:
    import openpyxl

    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (("Plan", "Price"), ("Sprout", 9), ("Oak", 19), (TEXT, 1)):
        sheet.append(row)
    return _saved(workbook)


def _saved(document: object) -> bytes:
    buffer = BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()


@cache
def pdf_file() -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    buffer = BytesIO()
    canvas = Canvas(buffer)
    for page in range(3):
        canvas.drawString(72, 720, f"Page {page}")
        canvas.drawString(72, 700, TEXT)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@cache
def email_file() -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Returns", "desk@example.com", "you@example.com"
    message.set_content(TEXT)
    message.add_alternative(f"<html><body><p>{TEXT}</p></body></html>", subtype="html")
    message.add_attachment(pdf_file(), maintype="application", subtype="pdf", filename="returns.pdf")
    return message.as_bytes()


@cache
def valid_files() -> Mapping[str, bytes]:
    """Extension → content."""
    record = json.dumps({"id": "r1", "title": "Returns", "text": TEXT}).encode()
    return {
        ".pdf": pdf_file(),
        ".docx": docx_file(),
        ".pptx": pptx_file(),
        ".xlsx": xlsx_file(),
        ".zip": zipped({"a.md": f"# Returns\n\n{TEXT}".encode(), "folder/b.docx": docx_file()}),
        ".eml": email_file(),
        ".html": f"<html><head><title>R</title></head><body><main><h1>Returns</h1><p>{TEXT}</p></main></body></html>".encode(),
        ".md": f"# Returns\n\n{TEXT}\n\n| Plan | Price |\n|---|---|\n| Oak | 9 |\n".encode(),
        ".csv": b"Plan,Price\nSprout,9\nOak,19\n",
        ".txt": TEXT.encode(),
        ".jsonl": record + b"\n" + record.replace(b"r1", b"r2"),
        ".jsonl.gz": gzip.compress(record * 1, mtime=0),
    }
