"""Folders, archives and lists of documents → one candidate per document. Knows nothing of the library.

A source is the name by which a document is known again: a path, a path inside an archive ("docs.zip/faq.md"), or a
record of a list ("faq.jsonl#42").
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from knowledge.errors import DocumentRefused, EncodingUnknown
from knowledge.passages import DocumentText, Refusal
from knowledge.readers import ARCHIVE, LISTS, STANDARD_LIMITS, Entry, ReadingLimits, known_encoding
from knowledge.safe_reading import OpenedSource, ReadingProcess, shared_process
from knowledge.storing.catalog_values import DocumentDraft, may_be_an_entrys

_MEDIA_TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".eml": "message/rfc822",
    ".mht": "message/rfc822",
    ".mhtml": "message/rfc822",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
}


def _no_bytes() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that can be read when it turns out to be new. `read` and `fetch` raise DocumentRefused.

    `encoding` is the one that a person chose for this text, None where nobody did or where it makes no difference.
    """

    document_id: str
    source: str
    media_type: str
    sha256: str
    read: Callable[[], DocumentText]
    fetch: Callable[[], bytes | None] = _no_bytes
    encoding: str | None = None

    @property
    def original(self) -> bytes | None:
        """What is kept to be shown beside the passages; None for a record of a list."""
        return self.fetch()

    def draft(self, collection: str) -> DocumentDraft:
        return DocumentDraft(self.document_id, self.source, collection, self.media_type, self.sha256, self.read())


def name_of(path: Path) -> str:
    """A path as text that can be stored: bytes that are no UTF-8 become escapes."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode()


def is_container(name: str) -> bool:
    """Whether a file holds several documents."""
    return name.lower().endswith((ARCHIVE, *LISTS))


def files_below(folder: Path) -> Iterator[Path | Refusal]:
    """The files of a folder in a fixed order, without hidden ones and links; an unreadable folder is refused."""
    refusals: list[Refusal] = []

    def refuse(error: OSError) -> None:
        refusals.append(Refusal(error.filename, f"the folder cannot be read ({error.strerror})"))

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place) / name
            if not name.startswith(".") and not path.is_symlink():
                yield path
    yield from refusals


def candidates_in_file(
    path: Path, source: str, *, limits: ReadingLimits = STANDARD_LIMITS, encoding: str | None = None
) -> Iterator[Candidate | Refusal]:
    """The documents of one file on the disk, known as `source`; see `candidates`."""
    allowed = limits.max_unzipped_bytes if is_container(path.name) else limits.max_bytes
    try:
        if path.stat().st_size > allowed:
            yield Refusal(source, f"it is larger than {allowed // 2**20} MB; split it")
            return
        if not path.is_file():
            yield Refusal(source, "it is no file but a pipe or device; upload a file")
            return
        before, content, after = path.stat(), path.read_bytes(), path.stat()
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, len(content)):
            yield Refusal(source, "it changed while it was being read; take it in again when it is finished")
            return
    except OSError as error:
        yield Refusal(source, f"it cannot be read ({error.strerror})")
        return
    yield from candidates(path.name, content, source, limits=limits, encoding=encoding)


def candidates(
    name: str,
    content: bytes,
    source: str,
    *,
    limits: ReadingLimits = STANDARD_LIMITS,
    encoding: str | None = None,
) -> Iterator[Candidate | Refusal]:
    """The documents in `content`, a file called `name` and known as `source`. Every byte is parsed in another process.

    Texts are read in `encoding` where one is chosen. Raises ReaderUnavailable and nothing else: what is wrong with a
    file becomes a Refusal.
    """
    process = shared_process(limits)
    try:
        chosen = None if encoding is None else known_encoding(encoding)
        if not is_container(name):
            yield _single(process, name, content, source, chosen)
            return
        opened = process.open(name, content, encoding=chosen)
    except (DocumentRefused, EncodingUnknown) as refused:
        yield Refusal(source, refused.reason if isinstance(refused, DocumentRefused) else str(refused))
        return
    for number, entry in enumerate(opened.entries):
        yield _in_container(opened, number, entry, source, chosen)


def _single(process: ReadingProcess, name: str, content: bytes, source: str, chosen: str | None) -> Candidate:
    return Candidate(
        document_id=document_id_of(source, PurePosixPath(name).stem),
        source=source,
        media_type=_media_type(name),
        sha256=hashlib.sha256(content).hexdigest(),
        read=lambda: process.read_file(name, content, encoding=chosen),
        fetch=lambda: content,
        encoding=chosen if _has_encoding(name) else None,
    )


def _in_container(
    opened: OpenedSource, number: int, entry: Entry, source: str, chosen: str | None
) -> Candidate | Refusal:
    """What stands at one place of an archive or list."""
    place = f"{source}/{entry.place}" if entry.place else source
    if entry.refused:
        return Refusal(place, entry.refused)
    if entry.record:
        return _record(opened, number, entry, place, chosen)
    return Candidate(
        document_id=document_id_of(place, PurePosixPath(entry.name).stem),
        source=place,
        media_type=_media_type(entry.name),
        sha256=entry.sha256,
        read=lambda: opened.read(number),
        fetch=lambda: opened.file(number),
        encoding=chosen if _has_encoding(entry.name) else None,
    )


def _record(opened: OpenedSource, number: int, entry: Entry, place: str, chosen: str | None) -> Candidate:
    own = f"{place}#{entry.record}"
    given = "" if may_be_an_entrys(entry.document_id) else entry.document_id
    return Candidate(
        document_id=given or document_id_of(own, entry.title),
        source=own,
        media_type="text/markdown",
        sha256=entry.sha256,
        read=lambda: opened.read(number),
        encoding=chosen,
    )


def _media_type(name: str) -> str:
    return _MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def _has_encoding(name: str) -> bool:
    """Whether the bytes of such a file can be text in one encoding or another."""
    return _media_type(name).startswith(("text/", "message/"))


def document_id_of(source: str, stem: str) -> str:
    """A readable id that stays the same as long as the source does: "refund-policy-3fa9c1"."""
    slug = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", stem).lower()).strip("-")[:60].strip("-")
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{slug or 'document'}-{digest}"
