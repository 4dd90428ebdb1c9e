"""What the bytes of a file say it is. Knows nothing of names and of how any format is read."""

from __future__ import annotations

import zipfile
from io import BytesIO

PDF, DOCX, PPTX, XLSX = "a PDF file", "a Word document", "a PowerPoint presentation", "an Excel workbook"
ZIP, LEGACY_OFFICE, HTML_PAGE = "a ZIP archive", "a legacy or encrypted Office file", "an HTML page"
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
    (b"BM", "a BMP picture"),
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
# Letters that could open a text as well: only with a NUL byte close behind.
_MAY_BE_WORDS = (b"RIFF", b"ID3", b"BZh", b"OggS", b"fLaC", b"BM")
_HTML_STARTS = (b"<!doctype html", b"<html")
# Names of streams inside the container of Office 97, and what is to be said of each.
_LEGACY_STREAMS = (
    ("EncryptedPackage", "it is password-protected; save it without a password and upload again"),
    ("EncryptionInfo", "it is password-protected; save it without a password and upload again"),
    ("__substg1.0_", "it is an Outlook message; save as .eml or .txt and upload again"),
    ("WordDocument", "it is a legacy Word file; save as .docx and upload again"),
    ("PowerPoint Document", "it is a legacy PowerPoint file; save as .pptx or .pdf and upload again"),
    ("Workbook", "it is a legacy Excel file; save as .xlsx or .csv and upload again"),
    ("Book", "it is a legacy Excel file; save as .xlsx or .csv and upload again"),
)


def what_it_seems(content: bytes) -> str | None:
    """What the content is, with its article ("a ZIP archive"); None where it looks like text."""
    head = content[:1024]
    for magic, meaning in _MAGIC:
        if head.startswith(magic) and (magic not in _MAY_BE_WORDS or b"\x00" in head):
            return _kind_of_zip(content) if meaning is ZIP else meaning
    if head.startswith(b"MZ") and b"\x00" in head:
        return "a Windows program"
    if b"%PDF-" in head and b"\x00" not in head[: head.index(b"%PDF-")]:
        return PDF
    if head[4:8] == b"ftyp":
        return "a film or picture"
    return HTML_PAGE if _begins_a_page(head) else None


def kind_of_legacy_office(content: bytes) -> str:
    """The sentence for a file in the container of Office 97, by the streams it holds; "" where none is known."""
    for stream, sentence in _LEGACY_STREAMS:
        if stream.encode("utf-16-le") in content:
            return sentence
    return ""


def _begins_a_page(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[2:].replace(b"\x00", b"")  # UTF-16 has a NUL beside each of these letters
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<?xml") and b"?>" in start:
        start = start.partition(b"?>")[2].lstrip()
    return start.startswith(_HTML_STARTS)


def _kind_of_zip(content: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "a damaged ZIP archive"
    if "word/document.xml" in names:
        return DOCX
    if "xl/workbook.bin" in names:
        return "a binary Excel workbook (save as .xlsx)"
    for folder, meaning in (("xl/", XLSX), ("ppt/", PPTX), ("Index/", "an Apple iWork document (export as .pdf)")):
        if any(entry.startswith(folder) for entry in names) and ("[Content_Types].xml" in names or folder == "Index/"):
            return meaning
    return "an OpenDocument file or e-book" if "mimetype" in names else ZIP
