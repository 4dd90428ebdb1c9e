"""Folders, archives and lists of documents → one candidate per document. Knows nothing of the library.

A source is the name by which a document is known again: a path, a path inside an archive ("docs.zip/faq.md"), or a
record of a list ("faq.jsonl#42").
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from knowledge.catalog_values import DocumentDraft
from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText, Refusal
from knowledge.readers import JsonLine, ReadingLimits, expand_source, read_document, read_json_lines, read_markdown_text

_LISTS = (".jsonl", ".jsonl.gz")
_ARCHIVE = ".zip"
_LONGEST_ID = 200
_MEDIA_TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".txt": "text/plain",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that can be read when it turns out to be new. `read` raises DocumentRefused."""

    document_id: str
    source: str
    media_type: str
    sha256: str
    read: Callable[[], DocumentText]

    def draft(self, collection: str) -> DocumentDraft:
        return DocumentDraft(self.document_id, self.source, collection, self.media_type, self.sha256, self.read())


def name_of(path: Path) -> str:
    """A path as text that can be stored: bytes that are no UTF-8 become escapes."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode()


def is_container(name: str) -> bool:
    """Whether a file holds several documents."""
    return name.lower().endswith((_ARCHIVE, *_LISTS))


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


def candidates_in_file(path: Path, source: str) -> Iterator[Candidate | Refusal]:
    """The documents of one file on the disk, known as `source`."""
    allowed = ReadingLimits().max_unzipped_bytes
    try:
        if path.stat().st_size > allowed:
            yield Refusal(source, f"it is larger than {allowed // 2**20} MB; split it")
            return
        content = path.read_bytes()
    except OSError as error:
        yield Refusal(source, f"it cannot be read ({error.strerror})")
        return
    yield from candidates(path.name, content, source)


def candidates(name: str, content: bytes, source: str) -> Iterator[Candidate | Refusal]:
    """The documents in `content`, a file called `name` and known as `source`; never raises."""
    try:
        if name.lower().endswith(_ARCHIVE):
            yield from _in_archive(name, content, source)
        elif name.lower().endswith(_LISTS):
            yield from _in_list(name, content, source)
        else:
            yield _single(name, content, source)
    except DocumentRefused as refused:
        yield Refusal(source, refused.reason)


def _in_archive(name: str, content: bytes, source: str) -> Iterator[Candidate | Refusal]:
    for member in expand_source(name, content):
        if isinstance(member, Refusal):
            yield Refusal(f"{source}/{member.source}", member.reason)
        else:
            yield from candidates(PurePosixPath(member.name).name, member.content, f"{source}/{member.name}")


def _in_list(name: str, content: bytes, source: str) -> Iterator[Candidate | Refusal]:
    for line in read_json_lines(name, content):
        if isinstance(line, Refusal):
            yield Refusal(source, line.reason)
        elif line.document_id is not None and not _is_usable_id(line.document_id):
            yield Refusal(
                source, f"line {line.line}: an id has at most {_LONGEST_ID} characters, none of them invisible"
            )
        else:
            yield _record(line, source)


def _record(line: JsonLine, source: str) -> Candidate:
    key = line.document_id or hashlib.sha256(line.text.encode("utf-8", "replace")).hexdigest()[:12]
    own = f"{source}#{key}"
    return Candidate(
        document_id=line.document_id or document_id_of(own, line.title),
        source=own,
        media_type="text/markdown",
        sha256=hashlib.sha256(json.dumps([line.title, line.text]).encode()).hexdigest(),
        read=lambda: read_markdown_text(line.title, line.text),
    )


def _single(name: str, content: bytes, source: str) -> Candidate:
    path = PurePosixPath(name)
    return Candidate(
        document_id=document_id_of(source, path.stem),
        source=source,
        media_type=_MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        sha256=hashlib.sha256(content).hexdigest(),
        read=lambda: read_document(name, content),
    )


def document_id_of(source: str, stem: str) -> str:
    """A readable id that stays the same as long as the source does: "refund-policy-3fa9c1"."""
    slug = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", stem).lower()).strip("-")[:60].strip("-")
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{slug or 'document'}-{digest}"


def _is_usable_id(document_id: str) -> bool:
    invisible = any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in document_id)
    return len(document_id) <= _LONGEST_ID and not invisible
