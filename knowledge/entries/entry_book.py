"""The book of question-and-answer entries: written by editors, known at the next question in every process.

The table of entries is the truth. Each entry is also a document per language, so that ordinary questions find it; those
documents follow the table, and `mend` makes them fit again after a crash in between. Knows nothing of conversations.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from sqlalchemy import Engine

from knowledge.database import reading, writing
from knowledge.entries.entry_rows import (
    delete_entry,
    find_entry,
    list_changes,
    list_entries,
    revision,
    store_vectors,
    stored_wordings,
    write_entry,
)
from knowledge.entries.entry_values import (
    COLLECTION,
    LANGUAGES,
    SOURCE_PREFIX,
    Entry,
    EntryChange,
    EntryDraft,
    EntryPage,
    EntryReceipt,
    checked,
)
from knowledge.errors import DocumentIsEntry, DocumentNotFound, DocumentRefused, EntryChanged, EntryNotFound
from knowledge.passages import Change, Document, DocumentText, Heading
from knowledge.protocols import Embedder
from knowledge.storing.catalog_values import DocumentDraft, RemovalReceipt

if TYPE_CHECKING:
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)
MEDIA_TYPE = "text/x-question-answer"


class Shelf(Protocol):
    """Where entries stand as documents: the KnowledgeLibrary."""

    def documents(self) -> Sequence[Document]: ...

    def add_document(self, draft: DocumentDraft) -> Change: ...

    def remove_document(self, document_id: str) -> RemovalReceipt: ...


@dataclass(frozen=True, slots=True)
class Wording:
    entry: Entry
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Wordings:
    """Every wording of every entry, as of one revision. `vectors` has the shape (len(wordings), dimensions)."""

    revision: int
    vectors: NDArray[np.float32]  # rows of length 1, of the wordings as questions
    wordings: tuple[Wording, ...] = ()


class EntryBook:
    """Thread-safe, and safe beside other processes. Raises CatalogUnavailable from every method."""

    def __init__(
        self, engine: Engine, embedder: Embedder, shelf: Shelf, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._embedder = embedder
        self._shelf = shelf
        self._clock = clock
        self._known: Wordings | None = None
        self._loading = threading.Lock()

    # Reading

    def revision(self) -> int:
        """Grows with every change of any entry. One small query."""
        with reading(self._engine) as session:
            return revision(session)

    def entry(self, entry_id: str) -> Entry:
        """Raises EntryNotFound."""
        with reading(self._engine) as session:
            return find_entry(session, entry_id)

    def entries(self, *, containing: str = "", limit: int | None = 50, offset: int = 0) -> EntryPage:
        """Most recently edited first. `containing` is looked for in wordings and answers; case does not matter."""
        with reading(self._engine) as session:
            return list_entries(session, containing=containing, limit=limit, offset=offset)

    def history(self, entry_id: str) -> tuple[EntryChange, ...]:
        """Who did what to an entry, the oldest first; also of one that is removed."""
        with reading(self._engine) as session:
            return list_changes(session, entry_id)

    def wordings(self) -> Wordings:
        """All wordings with their vectors; read anew only where a process has changed an entry since."""
        now = self.revision()
        known = self._known
        if known is not None and known.revision == now:
            return known
        with self._loading:
            self._known = self._load()
            return self._known

    # Writing

    def add(self, draft: EntryDraft, *, editor: str) -> Entry:
        """Stores an entry. It is given as an answer when this returns. Raises EntryRefused."""
        draft = checked(draft)
        now = self._clock()
        entry = Entry(secrets.token_hex(8), 1, draft.wordings, draft.answers, draft.link, editor, editor, now, now)
        self._write(entry, is_new=True, expected=None)
        return entry

    def edit(self, entry_id: str, draft: EntryDraft, *, editor: str, expected_version: int) -> Entry:
        """Replaces what an entry says.

        Raises EntryRefused, EntryNotFound, and EntryChanged where it is no longer at `expected_version`.
        """
        draft = checked(draft)
        before = self.entry(entry_id)
        entry = Entry(
            entry_id,
            expected_version + 1,
            draft.wordings,
            draft.answers,
            draft.link,
            before.created_by,
            editor,
            before.created_at,
            self._clock(),
        )
        self._write(entry, is_new=False, expected=expected_version)
        return entry

    def remove(self, entry_id: str, *, editor: str, expected_version: int | None = None) -> EntryReceipt:
        """Takes an entry out, and its documents; searches for what it said.

        Where only documents are left of it, after a crash, those. Raises EntryNotFound and EntryChanged.
        """
        try:
            title = self._delete(entry_id, editor, expected_version)
        except EntryNotFound:
            left = self._take_down_all(entry_id)
            if not left:
                raise
            return EntryReceipt(entry_id, left[0].title, all(receipt.unreachable for receipt in left))
        receipts = self._take_down_all(entry_id)
        is_gone = all(wording.entry.entry_id != entry_id for wording in self.wordings().wordings)
        return EntryReceipt(entry_id, title, is_gone and all(receipt.unreachable for receipt in receipts))

    def _delete(self, entry_id: str, editor: str, expected_version: int | None) -> str:
        with writing(self._engine) as session:
            entry = find_entry(session, entry_id, lock=True)
            if expected_version is not None:
                _check_version(entry, expected_version)
            delete_entry(session, entry, editor, self._clock())
            session.commit()
        return entry.title

    def mend(self) -> int:
        """Makes the documents fit the entries, after a crash between the two. Returns how many were put right."""
        # What stands is read first: the document of an entry that is written in between is not taken for a left-over.
        standing = {each.document_id for each in self._shelf.documents() if is_entry(each)}
        entries = self.entries(limit=None).entries
        wanted = {draft.document_id for entry in entries for draft in drafts_of(entry)}
        mended = sum(self._take_down(document_id) is not None for document_id in standing - wanted)
        for entry in entries:
            mended += sum(self._put_up(draft) is not Change.UNCHANGED for draft in drafts_of(entry))
            now = self._current(entry.entry_id)
            if now is None or now.version != entry.version:  # changed meanwhile
                self._settle(entry.entry_id, now)
        return mended

    def _write(self, entry: Entry, *, is_new: bool, expected: int | None) -> None:
        texts = [text for some in entry.wordings.values() for text in some]
        vectors = {text: _stored(row) for text, row in zip(texts, self._embedder.embed_queries(texts), strict=True)}
        with writing(self._engine) as session:
            if expected is not None:
                _check_version(find_entry(session, entry.entry_id, lock=True), expected)
            write_entry(session, entry, vectors, self._embedder.fingerprint, is_new=is_new)
            session.commit()
        self._settle(entry.entry_id, entry)

    def _settle(self, entry_id: str, entry: Entry | None) -> None:
        """Makes the documents fit an entry; None: it is gone. Ends when it was still so after the last document.

        Two writers of one entry cannot leave the older text: whoever writes documents last reads the entry after it.
        """
        while True:
            drafts = drafts_of(entry) if entry is not None else ()
            for draft in drafts:
                self._put_up(draft)
            standing = {draft.document_id for draft in drafts}
            for document_id in (document_id_of(entry_id, language) for language in LANGUAGES):
                if document_id not in standing:
                    self._take_down(document_id)
            now = self._current(entry_id)
            if (now and now.version) == (entry and entry.version):
                return
            entry = now

    def _current(self, entry_id: str) -> Entry | None:
        try:
            return self.entry(entry_id)
        except EntryNotFound:
            return None

    def _take_down_all(self, entry_id: str) -> list[RemovalReceipt]:
        receipts = (self._take_down(document_id_of(entry_id, language)) for language in LANGUAGES)
        return [receipt for receipt in receipts if receipt is not None]

    def _put_up(self, draft: DocumentDraft) -> Change | None:
        try:
            return self._shelf.add_document(draft)
        except DocumentRefused as refused:  # it still answers by itself; only ordinary questions do not find it
            _log.warning("The entry '%s' cannot be found as a passage: %s", draft.source, refused)
            return Change.UNCHANGED

    def _take_down(self, document_id: str) -> RemovalReceipt | None:
        try:
            return self._shelf.remove_document(document_id)
        except DocumentNotFound:
            return None

    def _load(self) -> Wordings:
        with reading(self._engine) as session:
            now = revision(session)
            rows = stored_wordings(session)
            entries = {
                entry.entry_id: entry for entry in list_entries(session, containing="", limit=None, offset=0).entries
            }
        fingerprint, dimensions = self._embedder.fingerprint, self._embedder.dimensions
        known = {row[0]: row[4] for row in rows if row[4] is not None and row[5] == fingerprint}
        missing = [row for row in rows if row[0] not in known]
        if missing:
            fresh = self._embedder.embed_queries([row[3] for row in missing])
            made = {row[0]: _stored(vector) for row, vector in zip(missing, fresh, strict=True)}
            with writing(self._engine) as session:
                store_vectors(session, made, fingerprint)
                session.commit()
            known |= made
        vectors = np.empty((len(rows), dimensions), dtype=np.float32)
        for place, row in enumerate(rows):
            vectors[place] = np.frombuffer(known[row[0]] or b"", dtype="<f2")
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
        return Wordings(now, vectors, tuple(Wording(entries[row[1]], row[2], row[3]) for row in rows))


def document_id_of(entry_id: str, language: str) -> str:
    """The document that an entry is found as, in one language."""
    return f"entry-{entry_id}-{language}"


def drafts_of(entry: Entry) -> tuple[DocumentDraft, ...]:
    """The entry as documents, one for each language it has an answer in."""
    return tuple(_draft(entry, language) for language in LANGUAGES if entry.answers.get(language))


def _draft(entry: Entry, language: str) -> DocumentDraft:
    """Title and headings are the questions, so that the passage is embedded with them; the text is the answer."""
    wordings = entry.wordings.get(language) or tuple(text for some in entry.wordings.values() for text in some)
    answer = entry.answers[language]
    title, others = wordings[0], wordings[1:]
    heading = " / ".join(others)[:300]
    lines = [title, heading, answer] if heading else [title, answer]
    text = "\n".join(lines)
    headings = [Heading(1, title, 0)]
    if heading:
        headings.append(Heading(2, heading, len(title) + 1))
    content = json.dumps([list(wordings), answer], ensure_ascii=False)
    return DocumentDraft(
        document_id=document_id_of(entry.entry_id, language),
        source=f"{SOURCE_PREFIX}{entry.entry_id}/{language}",
        collection=COLLECTION,
        media_type=MEDIA_TYPE,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        text=DocumentText(title, text, tuple(headings)),
    )


def is_entry(document: Document) -> bool:
    """Whether a document is an entry in its second shape: such are edited as entries, not as files."""
    return document.source.startswith(SOURCE_PREFIX)


def check_no_entry(documents: Iterable[Document]) -> None:
    """Before documents are removed as files: an entry's would be put up again. Raises DocumentIsEntry."""
    for document in documents:
        if is_entry(document):
            raise DocumentIsEntry(document.document_id)


def _check_version(entry: Entry, expected: int) -> None:
    if entry.version != expected:
        raise EntryChanged(entry.entry_id, entry.version, entry.updated_by)


def _stored(vector: NDArray[np.float32]) -> bytes:
    return vector.astype("<f2").tobytes()
