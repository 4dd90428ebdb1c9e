"""The catalogue of documents and passages: the truth the indexes are derived from. Knows nothing of searching.

Every method is one session. Whatever changes what can be found raises the generation by one and stamps the rows it
touches, in one transaction, so that any process can ask what has changed since the generation it knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Engine, delete, func, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from knowledge.catalog_rows import CatalogStateRow, DocumentRow, DocumentVersionRow, PassageRow
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
        with reading(self._engine) as session:
            row = session.get(CatalogStateRow, _STATE)
            return CatalogState(row.generation, row.compacted_generation) if row else CatalogState(0, 0)

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
        )
        with reading(self._engine) as session:
            return tuple(_document(row, int(passages)) for row, passages in session.exec(query))

    def stored_documents(self) -> dict[str, StoredDocument]:
        """What is in the knowledge base now, by source."""
        query = select(
            DocumentRow.document_id, DocumentRow.source, DocumentRow.collection, DocumentRow.title, DocumentRow.sha256
        )
        with reading(self._engine) as session:
            rows = session.exec(query.where(col(DocumentRow.state) == DocumentState.READY)).all()
        return {row[1]: StoredDocument(*row) for row in rows}

    def document_text(self, document_id: str) -> str:
        """The whole text, into which the passages' offsets point. Raises DocumentNotFound."""
        with reading(self._engine) as session:
            return _ready(session, document_id).text

    def passage(self, passage_id: str) -> Passage:
        """Raises DocumentNotFound when no live passage has this id."""
        with reading(self._engine) as session:
            found = session.exec(_live_passages().where(col(PassageRow.passage_id) == passage_id)).first()
        if found is None:
            raise DocumentNotFound(passage_id)
        return _passage(*found)

    def passages(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """The live ones of `numbers`: whatever has been removed meanwhile is missing from the answer."""
        found: dict[int, Passage] = {}
        with reading(self._engine) as session:
            for part in _parts(numbers):
                for row, document in session.exec(_live_passages().where(col(PassageRow.number).in_(part))):
                    found[_number(row)] = _passage(row, document)
        return found

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """The live passages of one document, in order."""
        query = _live_passages().where(col(PassageRow.document_id) == document_id).order_by(col(PassageRow.ordinal))
        with reading(self._engine) as session:
            return tuple(_passage(*found) for found in session.exec(query))

    # What has changed

    def added_between(self, known: int, upto: int, *, after_number: int, limit: int) -> tuple[StoredPassage, ...]:
        """Live passages added after generation `known` and not after `upto`, by rising number, a page at a time."""
        query = (
            _live_passages()
            .where(col(PassageRow.added_generation) > known, col(PassageRow.added_generation) <= upto)
            .where(col(PassageRow.number) > after_number)
            .order_by(col(PassageRow.number))
            .limit(limit)
        )
        with reading(self._engine) as session:
            return tuple(
                StoredPassage(_number(row), _passage(row, document).embedded_text, row.embedder, row.embedding)
                for row, document in session.exec(query)
            )

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
                return WrittenDocument(Change.UNCHANGED, _generation(session))
            generation = _next_generation(session)
            same_title = known is not None and known.title == draft.text.title
            kept = _keep_or_remove(session, draft.document_id, passages if same_title else (), generation)
            row = self._store_document(session, known, draft)
            session.add_all(
                _new_row(ordinal, passage, embeddings.get(passage.passage_id), embedder, generation)
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
            numbers = tuple(_number(passage) for passage in _rows_of(session, document_id))
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


def _live_passages() -> Select[tuple[PassageRow, DocumentRow]]:
    return select(PassageRow, DocumentRow).join(DocumentRow).where(col(PassageRow.removed_generation).is_(None))


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
            gone.append(_number(row))
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


def _new_row(ordinal: int, passage: Passage, embedding: bytes | None, embedder: str, generation: int) -> PassageRow:
    return PassageRow(
        passage_id=passage.passage_id,
        document_id=passage.document_id,
        ordinal=ordinal,
        heading=passage.heading,
        text=passage.text,
        start=passage.start,
        end=passage.end,
        page=passage.page,
        language=passage.language,
        embedding=embedding,
        embedder=embedder if embedding is not None else "",
        added_generation=generation,
    )


def _number(row: PassageRow) -> int:
    if row.number is None:
        raise ValueError("a passage that is not stored yet has no number")
    return row.number


def _passage(row: PassageRow, document: DocumentRow) -> Passage:
    return Passage(
        passage_id=row.passage_id,
        document_id=row.document_id,
        title=document.title,
        source=document.source,
        heading=row.heading,
        text=row.text,
        start=row.start,
        end=row.end,
        language=row.language,
        page=row.page,
    )


def _document(row: DocumentRow, passages: int) -> Document:
    return Document(
        document_id=row.document_id,
        title=row.title,
        source=row.source,
        state=DocumentState(row.state),
        passages=passages,
        version=row.version,
        language=row.language,
        media_type=row.media_type,
        updated_at=row.updated_at,
    )
