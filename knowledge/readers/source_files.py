"""One uploaded file → the documents in it, each read when asked for. Knows nothing of processes and libraries.

A file is a document, an archive of documents, or a list of them. Documents are numbered in the order of the file, the
same in every process that opens the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText, Refusal
from knowledge.readers.archives import expand_source
from knowledge.readers.file_types import READABLE_PACKAGES, extension_of, what_it_seems
from knowledge.readers.json_lines import JsonLine, read_json_lines
from knowledge.readers.limits import ReadingLimits
from knowledge.readers.markdown import read_markdown_text
from knowledge.readers.reading import read_document

LISTS = (".jsonl", ".jsonl.gz")
ARCHIVE = ".zip"
_LONGEST_ID = 200
_LONGEST_TITLE = 200  # in an entry: enough to make an id of it


@dataclass(frozen=True, slots=True)
class Entry:
    """One document in a file, or why there is none.

    `place` is where it stands in the file: "" for the file itself, else "folder/a.md" or, in a list, the path of the
    list, and `record` is the key of the record.
    """

    place: str
    name: str  # of the file that is read
    sha256: str  # of the bytes, or of the record's title and text
    record: str = ""  # key inside a list; "" for a file
    document_id: str = ""  # as the list states it; "" where it states none
    title: str = ""  # of a record, shortened
    refused: str = ""  # why it cannot be had; "" where it can


Read = Callable[[], DocumentText]
_Documents = Iterator[tuple[Entry, Read, bytes]]  # with the bytes of a file, empty for a record


class SourceDocuments:
    """The documents of one file. `entries` raises DocumentRefused where the file as a whole cannot be read."""

    def __init__(self, name: str, content: bytes, *, limits: ReadingLimits, encoding: str | None = None) -> None:
        self._name = name
        self._content = content
        self._limits = limits
        self._encoding = encoding
        self._walk: _Documents = iter(())
        self._at = -1  # number of what the walk gave last, `_last`; −1 where it has not begun
        self._last: tuple[Entry, Read, bytes] | None = None

    def entries(self) -> list[Entry]:
        return [entry for entry, _, _ in self._documents()]

    def read(self, number: int) -> DocumentText:
        """Cheap when asked for in order: the walk goes on where it was. Raises DocumentRefused, IndexError."""
        _, read, _ = self._document(number)
        return read()

    def content(self, number: int) -> bytes:
        """The bytes of a file; none for a record of a list. Raises DocumentRefused, IndexError."""
        _, _, content = self._document(number)
        return content

    def _document(self, number: int) -> tuple[Entry, Read, bytes]:
        if not 0 <= self._at <= number:
            self._walk, self._at = self._documents(), -1
        while self._at < number:
            self._last = next(self._walk, None)
            self._at += 1
            if self._last is None:
                self._at = -1
                raise IndexError(number)
        if self._last is None:
            raise IndexError(number)
        return self._last

    def _documents(self) -> _Documents:
        yield from self._in_file(self._name, self._content, place="")

    def _in_file(self, name: str, content: bytes, *, place: str) -> _Documents:
        if name.lower().endswith(LISTS):
            yield from self._in_list(name, content, place)
        elif extension_of(name) == ARCHIVE and not place and what_it_seems(content) not in READABLE_PACKAGES:
            yield from self._in_archive(name, content)
        else:
            entry = Entry(place, name, hashlib.sha256(content).hexdigest())
            yield entry, partial(read_document, name, content, limits=self._limits, encoding=self._encoding), content

    def _in_archive(self, name: str, content: bytes) -> _Documents:
        for member in expand_source(name, content, limits=self._limits):
            if isinstance(member, Refusal):
                yield _refusal(member.source, member.reason)
                continue
            base = PurePosixPath(member.name).name
            try:
                yield from self._in_file(base, member.content, place=member.name)
            except DocumentRefused as refused:
                yield _refusal(member.name, refused.reason)

    def _in_list(self, name: str, content: bytes, place: str) -> _Documents:
        for line in read_json_lines(name, content, limits=self._limits, encoding=self._encoding):
            if isinstance(line, Refusal):
                yield _refusal(place, line.reason)
            elif line.document_id is not None and not _is_usable_id(line.document_id):
                reason = f"an id has at most {_LONGEST_ID} characters, none of them invisible"
                yield _refusal(place, f"line {line.line}: {reason}")
            else:
                yield _record(line, place, name)


def _refusal(place: str, reason: str) -> tuple[Entry, Read, bytes]:
    def read() -> DocumentText:
        raise DocumentRefused(place, reason)

    return Entry(place, place, "", refused=reason), read, b""


def _is_usable_id(document_id: str) -> bool:
    invisible = any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in document_id)
    return len(document_id) <= _LONGEST_ID and not invisible


def _record(line: JsonLine, place: str, name: str) -> tuple[Entry, Read, bytes]:
    key = line.document_id or hashlib.sha256(line.text.encode("utf-8", "replace")).hexdigest()[:12]
    digest = hashlib.sha256(json.dumps([line.title, line.text]).encode()).hexdigest()
    entry = Entry(place, name, digest, key, line.document_id or "", line.title[:_LONGEST_TITLE])
    return entry, partial(read_markdown_text, line.title, line.text), b""
