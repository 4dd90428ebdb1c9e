"""The catalogue of documents and passages: the truth the indexes are derived from. Knows nothing of searching.

Every method is one session. Whatever changes what can be found raises the generation by one and stamps the rows it
touches, in one transaction, so that any process can ask what has changed since the generation it knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, Select, bindparam, delete, func, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from knowledge.database import asking, reading, writing
from knowledge.errors import DocumentNotFound
from knowledge.passages import Change, Document, DocumentState, Passage
from knowledge.storing.catalog_rows import (
    CatalogStateRow,
    DocumentRow,
    PassageRow,
    blank_document,
    fill_document,
    new_passage,
    new_version,
    number_of,
)
from knowledge.storing.catalog_values import (
    CatalogState,
    DocumentDraft,
    PreparedDocument,
    RemovedDocument,
    StoredDocument,
    StoredPassage,
)
from knowledge.storing.document_queries import list_documents
from knowledge.storing.generations import ONLY_STATE, bury, next_generation, parts_of
from knowledge.storing.snapshot_rows import erase_copies

AlsoWrite = Callable[[Session, Sequence[Change]], None]

_STATE_QUERY = select(CatalogStateRow.generation, CatalogStateRow.compacted_generation)
# Live passages: the number, then the fields of Passage in their order.
_PASSAGE_COLUMNS: tuple[Any, ...] = (
    *(PassageRow.number, PassageRow.passage_id, PassageRow.document_id, DocumentRow.title, DocumentRow.source),
    *(PassageRow.heading, PassageRow.text, PassageRow.start, PassageRow.end, PassageRow.language, PassageRow.page),
)
_PASSAGES: Select[Any] = (
    select_columns(*_PASSAGE_COLUMNS)
    .join_from(PassageRow, DocumentRow)
    .where(col(PassageRow.removed_generation).is_(None))
)
_NUMBERED_PASSAGES = _PASSAGES.where(col(PassageRow.number).in_(bindparam("numbers", expanding=True)))


class Catalog:
    """Raises CatalogUnavailable from every method when the database cannot be used."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    @property
    def engine(self) -> Engine:
        return self._engine

    def state(self) -> CatalogState:
        """One small query; every search asks it."""
        with asking(self._engine) as connection:
            row = connection.execute(_STATE_QUERY).first()
        return CatalogState(row[0], row[1]) if row else CatalogState(0, 0)

    def documents(self) -> tuple[Document, ...]:
        """The documents that can be found, in the order of their sources."""
        return list_documents(self._engine)

    def stored_documents(self) -> dict[str, StoredDocument]:
        """What is in the knowledge base now, by source."""
        query = select(DocumentRow.document_id, DocumentRow.source, DocumentRow.collection, DocumentRow.sha256)
        with reading(self._engine) as session:
            rows = session.exec(query.where(col(DocumentRow.state) == DocumentState.READY)).all()
        return {row[1]: StoredDocument(*row) for row in rows}

    def document_text(self, document_id: str) -> str:
        """The whole text, into which the passages' offsets point. Raises DocumentNotFound."""
        with reading(self._engine) as session:
            return _ready(session, document_id).text

    def passage(self, passage_id: str) -> Passage:
        """Raises DocumentNotFound when no live passage has this id."""
        found = self._passages(_PASSAGES.where(col(PassageRow.passage_id) == passage_id))
        if not found:
            raise DocumentNotFound(passage_id)
        return found[0][1]

    def passages(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """The live ones of `numbers`: whatever has been removed meanwhile is missing from the answer."""
        found: dict[int, Passage] = {}
        with asking(self._engine) as connection:
            for part in parts_of(numbers):
                rows = connection.execute(_NUMBERED_PASSAGES, {"numbers": part}).all()
                found |= {row[0]: Passage(*row[1:]) for row in rows}
        return found

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """The live passages of one document, in order."""
        query = _PASSAGES.where(col(PassageRow.document_id) == document_id).order_by(col(PassageRow.ordinal))
        return tuple(passage for _, passage in self._passages(query))

    def _passages(self, query: Select[Any]) -> list[tuple[int, Passage]]:
        with reading(self._engine) as session:
            return [(row[0], Passage(*row[1:])) for row in session.connection().execute(query)]

    def added_between(self, known: int, upto: int, *, after_number: int, limit: int) -> tuple[StoredPassage, ...]:
        """Live passages added after generation `known` and not after `upto`, by rising number, a page at a time."""
        query = (
            _PASSAGES.add_columns(col(PassageRow.embedder), col(PassageRow.embedding))
            .where(col(PassageRow.number) > after_number)
            .order_by(col(PassageRow.number))
            .limit(limit)
        )
        if known > 0:  # from the beginning the order of the numbers is the way, not the index of generations
            query = query.where(col(PassageRow.added_generation) > known)
        query = query.where(col(PassageRow.added_generation) + 0 <= upto)
        with reading(self._engine) as session:
            rows = session.connection().execute(query).all()
        passages = ((row, Passage(*row[1:-2])) for row in rows)
        return tuple(StoredPassage(row[0], each.title, each.embedded_text, row[-2], row[-1]) for row, each in passages)

    def count_added_between(self, known: int, upto: int) -> int:
        """How many passages `added_between` gives."""
        added = col(PassageRow.added_generation)
        query = select(func.count()).select_from(PassageRow).where(added > known, added <= upto)
        with reading(self._engine) as session:
            return session.exec(query.where(col(PassageRow.removed_generation).is_(None))).one()

    def removed_between(self, known: int, upto: int) -> tuple[int, ...]:
        """Numbers of passages removed after generation `known` and not after `upto`."""
        removed = col(PassageRow.removed_generation)
        with reading(self._engine) as session:
            found = session.exec(select(PassageRow.number).where(removed > known, removed <= upto)).all()
        return tuple(number for number in found if number is not None)

    def live_numbers(self) -> tuple[int, ...]:
        """Of all live passages, rising."""
        query = select_columns(col(PassageRow.number)).where(col(PassageRow.removed_generation).is_(None))
        with reading(self._engine) as session:
            return tuple(sorted(row[0] for row in session.connection().execute(query) if row[0] is not None))

    def tombstones(self) -> int:
        """Removed passages whose rows are still kept for indexes that have not heard of it."""
        query = select(func.count()).select_from(PassageRow)
        with reading(self._engine) as session:
            return session.exec(query.where(col(PassageRow.removed_generation).is_not(None))).one()

    def problems(self) -> tuple[str, ...]:
        """What contradicts itself in the database, as sentences; empty when all is well."""
        orphans = (
            select(func.count())
            .select_from(PassageRow)
            .join(DocumentRow)
            .where(col(PassageRow.removed_generation).is_(None), col(DocumentRow.state) != DocumentState.READY)
        )
        passages = select(func.count()).select_from(PassageRow).where(col(PassageRow.removed_generation).is_(None))
        distinct = select(func.count(func.distinct(col(PassageRow.passage_id)))).where(
            col(PassageRow.removed_generation).is_(None)
        )
        with reading(self._engine) as session:
            orphaned, live, different = (session.exec(q).one() for q in (orphans, passages, distinct))
        found = []
        if orphaned:
            found.append(f"{orphaned} passages belong to documents that are removed")
        if live != different:
            found.append(f"{live - different} passages are there twice")
        return tuple(found)

    def write_documents(
        self,
        documents: Sequence[PreparedDocument],
        embeddings: Mapping[str, bytes],
        embedder: str,
        *,
        also: AlsoWrite | None = None,
    ) -> tuple[Change, ...]:
        """Adds or updates documents in one transaction; passages that stay the same keep their number and vector.

        `embeddings` holds fp16 vectors by passage id, made by `embedder`. A passage without one is embedded when the
        library next catches up. `also` writes what must be true together with the documents. Raises ValueError when a
        document is there twice.
        """
        ids = [document.draft.document_id for document in documents]
        if len(set(ids)) < len(ids):
            raise ValueError("a document can be written only once in a transaction")
        with writing(self._engine) as session:
            known = _documents(session, ids)
            changes = tuple(_change(known.get(each.draft.document_id), each.draft) for each in documents)
            new = [each for each, change in zip(documents, changes, strict=True) if change is not Change.UNCHANGED]
            for each in documents:
                row = known.get(each.draft.document_id)
                if row is not None and each not in new:  # it may have been seen in another place
                    row.source, row.collection = each.draft.source, each.draft.collection or row.collection
            if new:
                generation = next_generation(session)
                kept = _keep_or_remove(session, new, known, generation)
                now = self._clock()
                rows = [known.get(each.draft.document_id) or blank_document(each.draft, now) for each in new]
                for row, each in zip(rows, new, strict=True):
                    fill_document(row, each.draft, now)
                session.add_all(rows)
                session.flush()  # passages refer to documents
                session.add_all(
                    new_passage(ordinal, passage, embeddings.get(passage.passage_id), embedder, generation)
                    for each in new
                    for ordinal, passage in enumerate(each.passages)
                    if passage.passage_id not in kept
                )
                session.add_all(
                    new_version(row, len(each.passages), generation) for row, each in zip(rows, new, strict=True)
                )
            if also is not None:
                also(session, changes)
            session.commit()
        return changes

    def known_passages(self, document_ids: Sequence[str]) -> frozenset[tuple[str, str]]:
        """Id and embedded text of the live passages of some documents: what need not be embedded again."""
        parts = (
            self._passages(_PASSAGES.where(col(PassageRow.document_id).in_(part))) for part in parts_of(document_ids)
        )
        return frozenset((passage.passage_id, passage.embedded_text) for part in parts for _, passage in part)

    def remove_document(self, document_id: str, *, also_copies: bool = False) -> RemovedDocument:
        """Takes a document out; its text and vectors are overwritten in the same transaction. DocumentNotFound.

        With `also_copies` all its versions are erased from the snapshots, too: no rollback brings them back. That goes
        for a document that is gone already as well, by vanishing from its folder, say: see `was_gone`.
        """
        with writing(self._engine) as session:
            row = session.get(DocumentRow, document_id)
            if also_copies and (row is None or row.state != DocumentState.READY):
                gone = _erase_what_is_left(session, document_id, row)
                session.commit()
                return gone
            row = _ready(session, document_id)
            generation = next_generation(session)
            numbers = tuple(number_of(passage) for passage in _rows_of(session, [document_id]))
            bury(session, numbers, generation)
            copies = erase_copies(session, [document_id]) if also_copies else 0
            removed = RemovedDocument(document_id, row.title, numbers, generation, copies)
            row.state, row.text, row.sha256 = DocumentState.REMOVED, "", ""
            row.updated_at = self._clock()
            session.add(row)
            session.commit()
        return removed

    def mark_collection(self, document_ids: Sequence[str], collection: str) -> None:
        """Records where documents that did not change were seen this time."""
        with writing(self._engine) as session:
            for part in parts_of(document_ids):
                session.exec(
                    update(DocumentRow).where(col(DocumentRow.document_id).in_(part)).values(collection=collection)
                )
            session.commit()

    def store_embeddings(self, embeddings: Mapping[int, bytes], embedder: str) -> None:
        """Replaces the vectors of live passages, by number, after the embedder has changed."""
        with writing(self._engine) as session:
            for number, embedding in embeddings.items():
                live = (col(PassageRow.number) == number, col(PassageRow.removed_generation).is_(None))
                session.exec(update(PassageRow).where(*live).values(embedding=embedding, embedder=embedder))
            session.commit()

    def compact(self) -> int:
        """Deletes the tombstones; returns how many. Indexes older than now are rebuilt instead of catching up."""
        with writing(self._engine) as session:
            state = session.get(CatalogStateRow, ONLY_STATE)
            if state is None:
                return 0
            state.compacted_generation = state.generation
            session.add(state)
            deleted = session.exec(delete(PassageRow).where(col(PassageRow.removed_generation).is_not(None)))
            session.commit()
        return int(deleted.rowcount)


def _documents(session: Session, document_ids: Sequence[str]) -> dict[str, DocumentRow]:
    found: dict[str, DocumentRow] = {}
    for part in parts_of(document_ids):
        rows = session.exec(select(DocumentRow).where(col(DocumentRow.document_id).in_(part)))
        found |= {row.document_id: row for row in rows}
    return found


def _change(row: DocumentRow | None, draft: DocumentDraft) -> Change:
    if row is None or row.state != DocumentState.READY:
        return Change.ADDED
    same = (row.sha256, row.title, row.text) == (draft.sha256, draft.text.title, draft.text.text)
    return Change.UNCHANGED if same else Change.UPDATED


def _ready(session: Session, document_id: str) -> DocumentRow:
    row = session.get(DocumentRow, document_id)
    if row is None or row.state != DocumentState.READY:
        raise DocumentNotFound(document_id)
    return row


def _erase_what_is_left(session: Session, document_id: str, row: DocumentRow | None) -> RemovedDocument:
    """Of a document that cannot be found. The generation stays: nothing that can be found changes. DocumentNotFound."""
    copies = erase_copies(session, [document_id])
    if row is None and not copies:
        raise DocumentNotFound(document_id)
    state = session.get(CatalogStateRow, ONLY_STATE)
    title = row.title if row is not None else document_id
    return RemovedDocument(document_id, title, (), state.generation if state else 0, copies, was_gone=True)


def _rows_of(session: Session, document_ids: Sequence[str]) -> list[PassageRow]:
    live, owner = select(PassageRow).where(col(PassageRow.removed_generation).is_(None)), col(PassageRow.document_id)
    return [row for part in parts_of(document_ids) for row in session.exec(live.where(owner.in_(part)))]


def _keep_or_remove(
    session: Session, documents: Sequence[PreparedDocument], known: Mapping[str, DocumentRow], generation: int
) -> frozenset[str]:
    """Removes passages that are not in `documents` any more; gives the ids of those that stay, and moves them.

    A passage is embedded under its document's title: with another title none stays.
    """
    wanted: dict[str, tuple[int, Passage]] = {}
    for each in documents:
        row = known.get(each.draft.document_id)
        if row is not None and row.title == each.draft.text.title:
            wanted |= {passage.passage_id: (ordinal, passage) for ordinal, passage in enumerate(each.passages)}
    kept: set[str] = set()
    gone: list[int] = []
    for stored in _rows_of(session, [each.draft.document_id for each in documents]):
        ordinal, passage = wanted.get(stored.passage_id, (0, None))
        if passage is None or (passage.heading, passage.text) != (stored.heading, stored.text):
            gone.append(number_of(stored))
            continue
        stored.ordinal, stored.start, stored.end, stored.page = ordinal, passage.start, passage.end, passage.page
        kept.add(stored.passage_id)
    bury(session, gone, generation)
    return frozenset(kept)
