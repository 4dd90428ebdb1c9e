"""The catalogue of documents and passages: the truth the indexes are derived from. Knows nothing of searching.

Every method is one session. Whatever changes what can be found raises the generation by one and stamps the rows it
touches, in one transaction, so that any process can ask what has changed since the generation it knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Engine, Select, delete, func, update
from sqlalchemy import select as select_columns
from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import Session, col, select

from knowledge.catalog_rows import (
    CatalogStateRow,
    DocumentRow,
    DocumentVersionRow,
    PassageRow,
    as_document,
    new_row,
    number_of,
)
from knowledge.catalog_values import (
    CatalogState,
    DocumentDraft,
    RemovedDocument,
    StoredDocument,
    StoredPassage,
    WrittenDocument,
)
from knowledge.database import reading, writing
from knowledge.errors import DocumentNotFound
from knowledge.languages import detect_language
from knowledge.passages import Change, Document, DocumentState, Passage

_STATE = 1  # the only row of catalog_state
_ITEMS_PER_STATEMENT = 500  # below every database's limit of parameters


T = TypeVar("T")

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
_WITHOUT_TEXT = defer(cast("QueryableAttribute[str]", DocumentRow.text), raiseload=True)


class Catalog:
    """Raises CatalogUnavailable from every method when the database cannot be used."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    @property
    def engine(self) -> Engine:
        return self._engine

    # What there is

    def state(self) -> CatalogState:
        """One small query; every search asks it."""
        with reading(self._engine) as session:
            row = session.connection().execute(_STATE_QUERY).first()
        return CatalogState(row[0], row[1]) if row else CatalogState(0, 0)

    def documents(self) -> tuple[Document, ...]:
        """The documents that can be found, in the order of their sources."""
        live = (
            select(col(PassageRow.document_id), func.count().label("passages"))
            .where(col(PassageRow.removed_generation).is_(None))
            .group_by(col(PassageRow.document_id))
            .subquery()
        )
        query = (
            select(DocumentRow, func.coalesce(live.c.passages, 0))
            .outerjoin(live, live.c.document_id == col(DocumentRow.document_id))
            .where(col(DocumentRow.state) == DocumentState.READY)
            .order_by(col(DocumentRow.source))
            .options(_WITHOUT_TEXT)
        )
        with reading(self._engine) as session:
            return tuple(as_document(row, int(passages)) for row, passages in session.exec(query))

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
        parts = (self._passages(_PASSAGES.where(col(PassageRow.number).in_(part))) for part in _parts(numbers))
        return {number: passage for part in parts for number, passage in part}

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """The live passages of one document, in order."""
        query = _PASSAGES.where(col(PassageRow.document_id) == document_id).order_by(col(PassageRow.ordinal))
        return tuple(passage for _, passage in self._passages(query))

    def _passages(self, query: Select[Any]) -> list[tuple[int, Passage]]:
        with reading(self._engine) as session:
            return [(row[0], Passage(*row[1:])) for row in session.connection().execute(query)]

    # What has changed

    def added_between(self, known: int, upto: int, *, after_number: int, limit: int) -> tuple[StoredPassage, ...]:
        """Live passages added after generation `known` and not after `upto`, by rising number, a page at a time."""
        query = (
            _PASSAGES.add_columns(col(PassageRow.embedder), col(PassageRow.embedding))
            .where(col(PassageRow.added_generation) > known, col(PassageRow.added_generation) <= upto)
            .where(col(PassageRow.number) > after_number)
            .order_by(col(PassageRow.number))
            .limit(limit)
        )
        with reading(self._engine) as session:
            rows = session.connection().execute(query).all()
        return tuple(StoredPassage(row[0], Passage(*row[1:-2]).embedded_text, row[-2], row[-1]) for row in rows)

    def removed_between(self, known: int, upto: int) -> tuple[int, ...]:
        """Numbers of passages removed after generation `known` and not after `upto`."""
        removed = col(PassageRow.removed_generation)
        with reading(self._engine) as session:
            found = session.exec(select(PassageRow.number).where(removed > known, removed <= upto)).all()
        return tuple(number for number in found if number is not None)

    def live_numbers(self) -> tuple[int, ...]:
        query = select(PassageRow.number).where(col(PassageRow.removed_generation).is_(None))
        with reading(self._engine) as session:
            return tuple(sorted(number for number in session.exec(query) if number is not None))

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

    # Changing it

    def write_document(
        self, draft: DocumentDraft, passages: Sequence[Passage], embeddings: Mapping[str, bytes], embedder: str
    ) -> WrittenDocument:
        """Adds or updates one document in one transaction; passages that stay the same keep number and vector.

        `embeddings` holds fp16 vectors by passage id, made by `embedder`. A passage without one is embedded when the
        library next catches up.
        """
        with writing(self._engine) as session:
            known = session.get(DocumentRow, draft.document_id)
            ready = known is not None and known.state == DocumentState.READY
            if known is not None and ready and _says_the_same(known, draft):
                known.source, known.collection = draft.source, draft.collection or known.collection
                session.commit()
                return WrittenDocument(Change.UNCHANGED, _generation(session))
            generation = _next_generation(session)
            same_title = known is not None and known.title == draft.text.title
            kept = _keep_or_remove(session, draft.document_id, passages if same_title else (), generation)
            row = self._store_document(session, known, draft)
            session.add_all(
                new_row(ordinal, passage, embeddings.get(passage.passage_id), embedder, generation)
                for ordinal, passage in enumerate(passages)
                if passage.passage_id not in kept
            )
            session.add(
                DocumentVersionRow(
                    document_id=row.document_id,
                    version=row.version,
                    sha256=draft.sha256,
                    passages=len(passages),
                    generation=generation,
                    created_at=self._clock(),
                )
            )
            session.commit()
        return WrittenDocument(Change.UPDATED if ready else Change.ADDED, generation)

    def _store_document(self, session: Session, known: DocumentRow | None, draft: DocumentDraft) -> DocumentRow:
        now = self._clock()
        row = known or DocumentRow(
            document_id=draft.document_id, source="", title="", language="", state="", media_type="", version=0,
            sha256="", text="", encoding="", created_at=now, updated_at=now,
        )  # fmt: skip
        row.source = draft.source
        row.collection = draft.collection or row.collection
        row.title = draft.text.title
        row.text = draft.text.text
        row.encoding = draft.text.encoding
        row.language = detect_language(draft.text.text)
        row.state = DocumentState.READY
        row.media_type = draft.media_type
        row.sha256 = draft.sha256
        row.version += 1
        row.updated_at = now
        session.add(row)
        session.flush()
        return row

    def remove_document(self, document_id: str) -> RemovedDocument:
        """Takes a document out; its text and vectors are overwritten in the same transaction. DocumentNotFound."""
        with writing(self._engine) as session:
            row = _ready(session, document_id)
            generation = _next_generation(session)
            numbers = tuple(number_of(passage) for passage in _rows_of(session, document_id))
            _bury(session, numbers, generation)
            removed = RemovedDocument(document_id, row.title, numbers, generation)
            row.state, row.text, row.sha256 = DocumentState.REMOVED, "", ""
            row.updated_at = self._clock()
            session.add(row)
            session.commit()
        return removed

    def mark_collection(self, document_ids: Sequence[str], collection: str) -> None:
        """Records where documents that did not change were seen this time."""
        with writing(self._engine) as session:
            for part in _parts(document_ids):
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
            state = session.get(CatalogStateRow, _STATE)
            if state is None:
                return 0
            state.compacted_generation = state.generation
            session.add(state)
            deleted = session.exec(delete(PassageRow).where(col(PassageRow.removed_generation).is_not(None)))
            session.commit()
        return int(deleted.rowcount)


def _parts(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[i : i + _ITEMS_PER_STATEMENT] for i in range(0, len(items), _ITEMS_PER_STATEMENT)]


def _generation(session: Session) -> int:
    row = session.get(CatalogStateRow, _STATE)
    return row.generation if row else 0


def _next_generation(session: Session) -> int:
    # with_for_update: on PostgreSQL generations are given in the order of the commits. SQLite has one writer anyway.
    row = session.get(CatalogStateRow, _STATE, with_for_update=True) or CatalogStateRow(id=_STATE)
    row.generation += 1
    session.add(row)
    session.flush()
    return row.generation


def _says_the_same(row: DocumentRow, draft: DocumentDraft) -> bool:
    return (row.sha256, row.title, row.text) == (draft.sha256, draft.text.title, draft.text.text)


def _ready(session: Session, document_id: str) -> DocumentRow:
    row = session.get(DocumentRow, document_id)
    if row is None or row.state != DocumentState.READY:
        raise DocumentNotFound(document_id)
    return row


def _rows_of(session: Session, document_id: str) -> Sequence[PassageRow]:
    live = (col(PassageRow.document_id) == document_id, col(PassageRow.removed_generation).is_(None))
    return session.exec(select(PassageRow).where(*live)).all()


def _keep_or_remove(session: Session, document_id: str, passages: Sequence[Passage], generation: int) -> frozenset[str]:
    """Removes what is not in `passages` any more; the ids of what stays, with its place brought up to date."""
    wanted = {passage.passage_id: (ordinal, passage) for ordinal, passage in enumerate(passages)}
    kept: set[str] = set()
    gone: list[int] = []
    for row in _rows_of(session, document_id):
        ordinal, passage = wanted.get(row.passage_id, (0, None))
        if passage is None or (passage.heading, passage.text) != (row.heading, row.text):
            gone.append(number_of(row))
            continue
        row.ordinal, row.start, row.end, row.page = ordinal, passage.start, passage.end, passage.page
        session.add(row)
        kept.add(row.passage_id)
    _bury(session, gone, generation)
    return frozenset(kept)


def _bury(session: Session, numbers: Sequence[int], generation: int) -> None:
    """Makes tombstones: the text is overwritten now, the row stays until every index has heard of it."""
    for part in _parts(numbers):
        session.exec(
            update(PassageRow)
            .where(col(PassageRow.number).in_(part))
            .values(removed_generation=generation, heading="", text="", embedding=None, embedder="")
        )
