"""What a file is, by its content first and its extension second. Knows nothing of how any format is read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath

from knowledge.errors import DocumentRefused
from knowledge.readers.signatures import (
    DOCX,
    HTML_PAGE,
    LEGACY_OFFICE,
    PDF,
    PPTX,
    XLSX,
    ZIP,
    kind_of_legacy_office,
    what_it_seems,
)

__all__ = [
    "READABLE_PACKAGES",
    "SUPPORTED_EXTENSIONS",
    "FileType",
    "extension_of",
    "is_same_kind",
    "recognise",
    "what_it_seems",
]


class FileType(StrEnum):
    MARKDOWN = "Markdown"
    HTML = "HTML"
    TEXT = "plain text"
    PDF = "PDF"
    DOCX = "Word"
    PPTX = "PowerPoint"
    XLSX = "Excel"
    CSV = "CSV"
    EMAIL = "e-mail"


_TYPE_OF_EXTENSION = {
    ".md": FileType.MARKDOWN,
    ".markdown": FileType.MARKDOWN,
    ".html": FileType.HTML,
    ".htm": FileType.HTML,
    ".xhtml": FileType.HTML,
    ".txt": FileType.TEXT,
    ".text": FileType.TEXT,
    ".pdf": FileType.PDF,
    ".docx": FileType.DOCX,
    ".pptx": FileType.PPTX,
    ".xlsx": FileType.XLSX,
    ".csv": FileType.CSV,
    ".tsv": FileType.CSV,
    ".eml": FileType.EMAIL,
    ".mht": FileType.EMAIL,
    ".mhtml": FileType.EMAIL,
}
SUPPORTED_EXTENSIONS = tuple(_TYPE_OF_EXTENSION)
READABLE_PACKAGES = frozenset({DOCX, PPTX, XLSX})

_TYPE_OF_CONTENT = {PDF: FileType.PDF, DOCX: FileType.DOCX, PPTX: FileType.PPTX, XLSX: FileType.XLSX}
_ACCEPTED = (
    "PDF, Word (.docx), PowerPoint (.pptx), Excel (.xlsx), CSV, HTML, Markdown, text and e-mail (.eml) files "
    "are accepted"
)
_WAY_OUT = {
    ".doc": "legacy Word files are not read; save as .docx and upload again",
    ".dot": "legacy Word files are not read; save as .docx and upload again",
    ".wps": "WPS Writer files are not read; save as .docx and upload again",
    ".xls": "legacy Excel files are not read; save as .xlsx or .csv and upload again",
    ".et": "WPS Spreadsheets files are not read; save as .xlsx and upload again",
    ".ppt": "legacy PowerPoint files are not read; save as .pptx or .pdf and upload again",
    ".dps": "WPS Presentation files are not read; save as .pptx and upload again",
    ".msg": "Outlook messages are not read; save as .eml or .txt and upload again",
    ".rtf": "rich text files are not read; save as .docx and upload again",
    ".odt": "OpenDocument files are not read; save as .docx and upload again",
    ".ods": "OpenDocument files are not read; save as .xlsx and upload again",
    ".odp": "OpenDocument files are not read; save as .pptx and upload again",
    ".pages": "Pages files are not read; export as .docx or .pdf and upload again",
    ".numbers": "Numbers files are not read; export as .xlsx and upload again",
    ".key": "Keynote files are not read; export as .pptx or .pdf and upload again",
    ".epub": "e-books are not read; save as .html or .pdf and upload again",
    ".svg": "drawings are not read; save as .pdf with its text and upload again",
}
_MAKERS = {".docx": "Word", ".pptx": "PowerPoint", ".xlsx": "Excel"}
_WANTED = {FileType.PDF: PDF, FileType.DOCX: DOCX, FileType.PPTX: PPTX, FileType.XLSX: XLSX}


def extension_of(name: str) -> str:
    """The extension in lower case, with its dot; ".jsonl.gz" counts as one."""
    suffixes = PurePosixPath(name.replace("\\", "/").lower()).suffixes
    return "".join(suffixes[-2:]) if suffixes[-2:] == [".jsonl", ".gz"] else "".join(suffixes[-1:])


def is_same_kind(name: str, other: str) -> bool:
    """Whether two files are of one kind by their extensions alone: "a.htm" and "b.html" are."""
    one, two = extension_of(name), extension_of(other)
    kind = _TYPE_OF_EXTENSION.get(one)
    return one == two or (kind is not None and kind is _TYPE_OF_EXTENSION.get(two))


def recognise(name: str, content: bytes) -> FileType:
    """The type of the content where it shows, whatever the name says; else that of the extension.

    Raises DocumentRefused for what is not read, with what to save it as.
    """
    extension = extension_of(name)
    seems = what_it_seems(content)
    if seems in _TYPE_OF_CONTENT:
        return _TYPE_OF_CONTENT[seems]
    if seems == HTML_PAGE:
        # Markdown may begin with tags; of web pages exported as .xls or .doc, the content is right.
        return FileType.MARKDOWN if _TYPE_OF_EXTENSION.get(extension) is FileType.MARKDOWN else FileType.HTML
    if seems is not None:
        raise DocumentRefused(name, _why_not(extension, content, seems))
    return _of_extension(name, extension)


def _of_extension(name: str, extension: str) -> FileType:
    """Of content that looks like text, or like nothing."""
    if extension == "":
        return FileType.TEXT
    if extension in _WAY_OUT:
        raise DocumentRefused(name, _WAY_OUT[extension])
    expected = _TYPE_OF_EXTENSION.get(extension)
    if expected is None:
        raise DocumentRefused(name, f"the type '{extension}' is not known; {_ACCEPTED}")
    if expected in _WANTED:
        reason = f"it is named {extension} but is not {_WANTED[expected]}; upload the original file"
        raise DocumentRefused(name, reason)
    return expected


def _why_not(extension: str, content: bytes, seems: str) -> str:
    if seems == LEGACY_OFFICE:
        return kind_of_legacy_office(content) or _WAY_OUT.get(
            extension, "it is a legacy or password-protected Office file; save as .docx without a password"
        )
    if extension in _WAY_OUT and extension != ".svg":
        return _WAY_OUT[extension]
    if (maker := _MAKERS.get(extension)) and "ZIP" in seems:
        return (
            f"the {maker} file is damaged or incomplete; open it in {maker}, save it as {extension} and upload it again"
        )
    named = f"it is named {extension} but seems to be" if extension else "it seems to be"
    return f"{named} {seems}; {_advice(seems)}"


def _advice(seems: str) -> str:
    if seems == ZIP:
        return "rename it to .zip and upload again"
    if "picture" in seems:
        return "pictures are not read; run OCR and upload the text as .pdf, .docx or .txt"
    if "rich text" in seems:
        return "save as .docx and upload again"
    return _ACCEPTED
