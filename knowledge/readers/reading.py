"""One file → its text: chooses the reader and keeps the limits. Knows nothing of passages and indexes."""

from __future__ import annotations

from collections.abc import Callable

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText
from knowledge.readers.csv_files import read_csv
from knowledge.readers.emails import read_email
from knowledge.readers.encodings import UndecodableError, decode_text
from knowledge.readers.file_types import FileType, recognise
from knowledge.readers.limits import STANDARD_LIMITS, ReadingLimits, in_words
from knowledge.readers.markdown import read_markdown
from knowledge.readers.pdf_files import read_pdf
from knowledge.readers.plain_text import read_plain_text
from knowledge.readers.slides import read_pptx
from knowledge.readers.text_building import clean_text
from knowledge.readers.web_pages import declared_encoding, read_page
from knowledge.readers.word_files import read_docx
from knowledge.readers.workbooks import read_xlsx

_MOST_BYTES_A_CHARACTER = 4
_BINARY_READERS: dict[FileType, Callable[[str, bytes, ReadingLimits], DocumentText]] = {
    FileType.PDF: read_pdf,
    FileType.DOCX: read_docx,
    FileType.PPTX: read_pptx,
    FileType.XLSX: read_xlsx,
}
_TEXT_READERS: dict[FileType, Callable[[str, str, str], DocumentText]] = {
    FileType.MARKDOWN: lambda name, text, encoding: read_markdown(name, text, encoding=encoding),
    FileType.CSV: lambda name, text, encoding: read_csv(name, clean_text(text), encoding=encoding),
    FileType.TEXT: lambda name, text, encoding: read_plain_text(name, text, encoding=encoding),
}


def read_document(
    name: str, content: bytes, *, limits: ReadingLimits = STANDARD_LIMITS, encoding: str | None = None
) -> DocumentText:
    """The text of one file with its headings and pages; a text file is read in `encoding` where a person chose one.

    Raises DocumentRefused, with the way out.
    """
    if not content:
        raise DocumentRefused(name, "it is empty")
    if len(content) > limits.max_bytes:
        raise DocumentRefused(name, f"it is larger than {in_words(limits.max_bytes)}; split it and upload the parts")
    file_type = recognise(name, content)
    if (read := _BINARY_READERS.get(file_type)) is not None:
        document = read(name, content, limits)
    elif file_type is FileType.EMAIL:
        document = read_email(name, content, limits, read_document, encoding=encoding)
    else:
        document = _read_text_format(name, content, file_type, limits, encoding)
    if not document.text.strip():
        raise DocumentRefused(name, "it holds no text")
    _refuse_long(name, len(document.text), limits)
    return document


def _read_text_format(
    name: str, content: bytes, file_type: FileType, limits: ReadingLimits, chosen: str | None
) -> DocumentText:
    if len(content) > _MOST_BYTES_A_CHARACTER * limits.max_text_characters and file_type is not FileType.HTML:
        raise DocumentRefused(name, f"its text has more than {limits.max_text_characters:,} characters; split it")
    declared = declared_encoding(content) if file_type is FileType.HTML else None
    try:
        text, encoding = decode_text(content, declared, chosen=chosen)
    except UndecodableError as error:
        raise DocumentRefused(name, f"{error}; save it as UTF-8 and upload again") from error
    if not clean_text(text).strip():
        raise DocumentRefused(name, "it holds nothing but white space")
    if file_type is FileType.HTML:
        return read_page(name, text, encoding=encoding)
    _refuse_long(name, len(text), limits)
    return _TEXT_READERS[file_type](name, text, encoding)


def _refuse_long(name: str, characters: int, limits: ReadingLimits) -> None:
    if characters > limits.max_text_characters:
        allowed = f"{limits.max_text_characters:,}"
        raise DocumentRefused(name, f"its text has {characters:,} characters, more than {allowed}; split it")
