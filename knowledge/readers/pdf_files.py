"""PDF → DocumentText with pages. Reads the text layer only; knows nothing of other formats."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText
from knowledge.readers.limits import ReadingLimits
from knowledge.readers.pdf_layout import Block, Line, blocks_of_pages, separator_across_pages
from knowledge.readers.text_building import TextBuilder, one_line, title_from_name

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

# What a parser of a format this loose stumbles over in a damaged file, besides its own errors.
_BROKEN = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, ArithmeticError, RecursionError,
    NotImplementedError, OSError, EOFError, struct.error, zlib.error,
)  # fmt: skip
_DAMAGED = "the PDF is damaged; print it to a new PDF and upload that"
_SCAN = "it is a scan without a text layer; run OCR and upload again"
_FEWEST_CHARACTERS_A_PAGE = 12  # a page with pictures and less text than this is a picture of a page
_PRIVATE_USE = {code: None for code in range(0xE000, 0xF900)}  # glyphs of symbol fonts without a meaning
_BULLETS = {0x7F: "•", 0xF0B7: "•", 0xF0A7: "•", 0xF0D8: "•", 0xF0FC: "•", 0xF02D: "–"}  # as symbol fonts encode them
_NO_TITLE = ("untitled", "microsoft word", "microsoft powerpoint", "(anonymous)", "document", "presentation", "slide ")


def read_pdf(name: str, content: bytes, limits: ReadingLimits) -> DocumentText:
    """Paragraphs put together from lines; headings from the outline, else from larger type.

    Raises DocumentRefused for a PDF that is damaged, needs a password, is too long or has no text layer.
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentRefused(name, "it is password-protected; upload an unlocked copy")
        pages = _pages_of_lines(name, reader, limits)
        outline = _outline(reader)
        title = _stated_title(reader)
    except (DependencyError, NotImplementedError) as error:
        raise DocumentRefused(name, "it is encrypted in an unknown way; upload an unlocked copy") from error
    except (*_BROKEN, PyPdfError) as error:
        raise DocumentRefused(name, _DAMAGED) from error
    return _written(blocks_of_pages(pages, outline), title or title_from_name(name))


def _pages_of_lines(name: str, reader: PdfReader, limits: ReadingLimits) -> list[list[Line]]:
    count = len(reader.pages)
    if count > limits.max_pages:
        raise DocumentRefused(name, f"it has {count} pages, more than {limits.max_pages}; split it")
    pages: list[list[Line]] = []
    characters = pictures = 0
    for page in reader.pages:
        lines = _lines_of(page)
        pages.append(lines)
        characters += sum(len(line.text) for line in lines)
        pictures += _holds_pictures(page)
        if characters > limits.max_text_characters:
            raise DocumentRefused(name, f"its text is longer than {limits.max_text_characters:,} characters; split it")
    if characters == 0 or (pictures and characters < _FEWEST_CHARACTERS_A_PAGE * count):
        raise DocumentRefused(name, _SCAN if pictures or count else "it has no pages; upload the original file")
    return pages


def _lines_of(page: PageObject) -> list[Line]:
    """The lines of a page in reading order, each with its size of type and height on the page."""
    lines: list[Line] = []
    pending: list[tuple[str, float, float]] = []

    def take(text: str, user: list[float], matrix: list[float], _font: Any, size: float) -> None:
        scale = abs(matrix[3] * user[3]) or abs(matrix[1] * user[1]) or 1.0
        height = matrix[5] * user[3] + user[5]
        pieces = text.split("\n")
        for number, piece in enumerate(pieces):
            if number:
                _end_line(lines, pending)
            if piece:
                pending.append((piece, abs(float(size)) * scale, height))

    page.extract_text(visitor_text=take)
    _end_line(lines, pending)
    return lines


def _end_line(lines: list[Line], pending: list[tuple[str, float, float]]) -> None:
    text = one_line("".join(piece for piece, _, _ in pending).translate(_BULLETS).translate(_PRIVATE_USE))
    solid = [(size, height, len(piece)) for piece, size, height in pending if piece.strip()]
    pending.clear()
    if text and solid:
        size, height, _ = max(solid, key=lambda piece: piece[2])
        lines.append(Line(text, round(size, 1), height))


def _holds_pictures(page: PageObject) -> bool:
    resources: Any = page.get("/Resources")
    objects = resources.get_object().get("/XObject") if resources is not None else None
    if objects is None:
        return False
    return any(entry.get_object().get("/Subtype") == "/Image" for entry in objects.get_object().values())


def _outline(reader: PdfReader) -> dict[int, dict[str, int]]:
    """Page (from 0) → title in the outline → level (from 1)."""
    found: dict[int, dict[str, int]] = {}
    for level, entry in _entries(reader.outline, 1):
        page = reader.get_destination_page_number(entry)
        if page is not None and page >= 0 and entry.title:
            found.setdefault(page, {})[one_line(str(entry.title))] = level
    return found


def _entries(entries: list[Any], level: int) -> Iterator[tuple[int, Any]]:
    for entry in entries[:5000]:
        if isinstance(entry, list):
            if level < 6:
                yield from _entries(entry, level + 1)
        else:
            yield level, entry


def _stated_title(reader: PdfReader) -> str:
    """The title in the file's properties, unless a program made it up."""
    stated = one_line(str((reader.metadata.title if reader.metadata else None) or ""))
    made_up = stated.lower().startswith(_NO_TITLE) or stated.lower().endswith(
        (".doc", ".docx", ".pdf", ".indd", ".tex")
    )
    return "" if made_up or len(stated) < 3 else stated


def _written(pages: list[list[Block]], title: str) -> DocumentText:
    builder = TextBuilder()
    before: Block | None = None
    for blocks in pages:
        builder.page()
        for number, block in enumerate(blocks):
            if block.level:
                builder.heading(block.level, block.text)
            else:
                across = separator_across_pages(before, block) if number == 0 and before else None
                builder.paragraph(block.text, separator=block.separator if across is None else across)
            before = block
    return builder.finish(title, encoding="")
