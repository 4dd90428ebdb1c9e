"""What a file is, by its first bytes and its extension. Knows nothing of how any format is read."""

from __future__ import annotations

import zipfile
from enum import StrEnum
from io import BytesIO
from pathlib import PurePosixPath

from knowledge.errors import DocumentRefused


class FileType(StrEnum):
    MARKDOWN = "Markdown"
    HTML = "HTML"
    TEXT = "plain text"
    PDF = "PDF"
    DOCX = "Word"
    CSV = "CSV"


_TYPE_OF_EXTENSION = {
    ".md": FileType.MARKDOWN,
    ".markdown": FileType.MARKDOWN,
    ".html": FileType.HTML,
    ".htm": FileType.HTML,
    ".txt": FileType.TEXT,
    ".pdf": FileType.PDF,
    ".docx": FileType.DOCX,
    ".csv": FileType.CSV,
    ".tsv": FileType.CSV,
}
SUPPORTED_EXTENSIONS = tuple(_TYPE_OF_EXTENSION)

_ACCEPTED = "Markdown, HTML, text, PDF, Word (.docx), CSV and TSV files are accepted"
_WAY_OUT = {
    ".doc": "legacy Word files are not read; save as .docx and upload again",
    ".dot": "legacy Word files are not read; save as .docx and upload again",
    ".xls": "legacy Excel files are not read; save the sheet as .csv and upload again",
    ".xlsx": "Excel files are not read; save the sheet as .csv and upload again",
    ".ppt": "PowerPoint files are not read; save as .docx or .pdf and upload again",
    ".pptx": "PowerPoint files are not read; save as .docx or .pdf and upload again",
    ".rtf": "rich text files are not read; save as .docx and upload again",
    ".odt": "OpenDocument files are not read; save as .docx and upload again",
    ".epub": "e-books are not read; save as .html or .pdf and upload again",
}
_PLAIN = frozenset({FileType.MARKDOWN, FileType.HTML, FileType.TEXT, FileType.CSV})

PDF, DOCX, ZIP, LEGACY_OFFICE = "a PDF file", "a Word document", "a ZIP archive", "a legacy or encrypted Office file"
_HTML_PAGE = "an HTML page"
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", LEGACY_OFFICE),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"PK\x07\x08", ZIP),
    (b"{\\rtf", "a rich text (RTF) file"),
    (b"\x7fELF", "a Linux program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xfe\xed\xfa", "a macOS program"),
    (b"\x00asm", "a WebAssembly program"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"RIFF", "a picture, sound or film (RIFF)"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"fLaC", "a sound file"),
    (b"\x1aE\xdf\xa3", "a film"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"%!PS", "a PostScript file"),
)
# Three letters that could open a text as well: only with a NUL byte close behind.
_MAY_BE_WORDS = ("RIFF", "ID3", "BZh", "OggS", "fLaC")


def extension_of(name: str) -> str:
    """The extension in lower case, with its dot; ".jsonl.gz" counts as one."""
    suffixes = PurePosixPath(name.replace("\\", "/").lower()).suffixes
    return "".join(suffixes[-2:]) if suffixes[-2:] == [".jsonl", ".gz"] else "".join(suffixes[-1:])


def recognise(name: str, content: bytes) -> FileType:
    """The type that both the name and the first bytes agree on. Raises DocumentRefused where they do not."""
    extension = extension_of(name)
    seems = what_it_seems(content)
    if extension in _WAY_OUT:
        raise DocumentRefused(name, _WAY_OUT[extension])
    if extension == "":
        return _without_extension(name, seems)
    expected = _TYPE_OF_EXTENSION.get(extension)
    if expected is None:
        known = f", and its content seems to be {seems}" if seems else ""
        raise DocumentRefused(name, f"the type '{extension}' is not known{known}; {_ACCEPTED}")
    _refuse_contradiction(name, extension, expected, seems)
    return expected


def what_it_seems(content: bytes) -> str | None:
    """What the first bytes say the content is, with its article ("a ZIP archive"); None where they look like text."""
    head = content[:1024]
    for magic, meaning in _MAGIC:
        if head.startswith(magic) and (magic.decode("latin-1") not in _MAY_BE_WORDS or b"\x00" in head):
            return _kind_of_zip(content) if meaning is ZIP else meaning
    if head.startswith(b"MZ") and b"\x00" in head:
        return "a Windows program"
    if b"%PDF-" in head and b"\x00" not in head[: head.index(b"%PDF-")]:
        return PDF
    if head[4:8] == b"ftyp":
        return "a film or picture"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return _HTML_PAGE if start.startswith((b"<!doctype html", b"<html")) else None


def _kind_of_zip(content: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "a damaged ZIP archive"
    if "word/document.xml" in names:
        return DOCX
    for folder, meaning in (("xl/", "an Excel workbook"), ("ppt/", "a PowerPoint presentation")):
        if any(entry.startswith(folder) for entry in names):
            return meaning
    return "an OpenDocument file or e-book" if "mimetype" in names else ZIP


def _without_extension(name: str, seems: str | None) -> FileType:
    by_content = {PDF: FileType.PDF, DOCX: FileType.DOCX, _HTML_PAGE: FileType.HTML, None: FileType.TEXT}
    if seems not in by_content:
        raise DocumentRefused(name, f"it seems to be {seems}; {_ACCEPTED}")
    return by_content[seems]


def _refuse_contradiction(name: str, extension: str, expected: FileType, seems: str | None) -> None:
    wanted = {FileType.PDF: PDF, FileType.DOCX: DOCX}.get(expected)
    if seems == wanted or (seems == _HTML_PAGE and expected in (FileType.HTML, FileType.MARKDOWN)):
        return
    if seems is None:
        raise DocumentRefused(name, f"it is named {extension} but is not {wanted}; upload the original file")
    if seems == LEGACY_OFFICE and expected is FileType.DOCX:
        reason = "it is a legacy or password-protected Office file; save as .docx without a password and upload again"
        raise DocumentRefused(name, reason)
    if expected in _PLAIN or wanted is not None:
        raise DocumentRefused(name, f"it is named {extension} but seems to be {seems}; {_naming_advice(seems)}")


def _naming_advice(seems: str) -> str:
    extension = {PDF: ".pdf", DOCX: ".docx", _HTML_PAGE: ".html", ZIP: ".zip"}.get(seems)
    return f"rename it to {extension} and upload again" if extension else _ACCEPTED
