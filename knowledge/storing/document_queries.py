"""Questions about the catalogue's documents: pages of the list, what a run may find again, whose bytes are whose.

Each is one session and reads only. Knows nothing of changing and of searching.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, Engine, Select, and_, bindparam, func, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import Session, col, select

from knowledge.database import asking, reading
from knowledge.errors import DocumentNotFound
from knowledge.passages import Document, DocumentState
from knowledge.storing.catalog_rows import DocumentRow, DocumentVersionRow, PassageRow, as_document
from knowledge.storing.catalog_values import StoredDocument
from knowledge.storing.generations import parts_of
from knowledge.storing.snapshot_rows import DocumentCopyRow

_WITHOUT_TEXT = defer(cast("QueryableAttribute[str]", DocumentRow.text), raiseload=True)

_NUMBER_AND_TITLE: tuple[Any, ...] = (PassageRow.number, DocumentRow.title)
_TITLES: Select[Any] = (
    select_columns(*_NUMBER_AND_TITLE)
    .join_from(PassageRow, DocumentRow)
    .where(
        col(PassageRow.number).in_(bindparam("numbers", expanding=True)), col(PassageRow.removed_generation).is_(None)
    )
)
_IN_SNAPSHOTS = select(DocumentVersionRow.sha256).join(
    DocumentCopyRow,
    and_(
        col(DocumentCopyRow.document_id) == col(DocumentVersionRow.document_id),
        col(DocumentCopyRow.version) == col(DocumentVersionRow.version),
    ),
)

Order = Literal["source", "title", "latest", "passages"]


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents of the list: all conditions hold at once, "" is no condition."""

    query: str = ""  # stands in the title or the source, in whatever case
    language: str = ""
    collection: str = ""
    without_collection: str = ""
    media_type: str = ""
    document_id: str = ""
    state: DocumentState = DocumentState.READY


@dataclass(frozen=True, slots=True)
class DocumentPage:
    documents: tuple[Document, ...]
    total: int  # that fit the filter, on all pages


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """Which bytes a document was read from, and how they are called."""

    document_id: str
    source: str
    media_type: str
    sha256: str


def list_documents(
    engine: Engine,
    wanted: DocumentFilter = DocumentFilter(),
    *,
    order: Order = "source",
    offset: int = 0,
    limit: int | None = None,
) -> tuple[Document, ...]:
    """One page of the documents that fit, all of them without a limit; the same order every time."""
    query = select(DocumentRow).where(*_conditions(wanted)).order_by(*_ordering(order)).options(_WITHOUT_TEXT)
    with reading(engine) as session:
        rows = session.exec(query.offset(offset).limit(limit)).all()
        passages = _passages_of_each(session, [row.document_id for row in rows])
        return tuple(as_document(row, passages.get(row.document_id, 0)) for row in rows)


def page_of_documents(
    engine: Engine, wanted: DocumentFilter, *, order: Order = "source", offset: int = 0, limit: int = 50
) -> DocumentPage:
    counted = select(func.count()).select_from(DocumentRow).where(*_conditions(wanted))
    with reading(engine) as session:
        total = session.exec(counted).one()
    return DocumentPage(list_documents(engine, wanted, order=order, offset=offset, limit=limit), total)


def stored_within(engine: Engine, root: str) -> dict[str, StoredDocument]:
    """What is in the knowledge base under a file's or a folder's name, by source: itself and what is inside."""
    columns = select(DocumentRow.document_id, DocumentRow.source, DocumentRow.collection, DocumentRow.sha256)
    source = col(DocumentRow.source)
    inside = or_(source == root, *(source.startswith(f"{root}{sign}", autoescape=True) for sign in "/#"))
    with reading(engine) as session:
        rows = session.exec(columns.where(col(DocumentRow.state) == DocumentState.READY, inside)).all()
    return {row[1]: StoredDocument(*row) for row in rows}


def checksums_in_use(engine: Engine, checksums: Collection[str]) -> frozenset[str]:
    """Of some checksums, those of documents that can be found, and of versions that a snapshot can bring back."""
    live = select(DocumentRow.sha256).where(DocumentRow.state == DocumentState.READY)
    found: set[str] = set()
    with reading(engine) as session:
        for part in parts_of(list(checksums)):
            found.update(session.exec(live.where(col(DocumentRow.sha256).in_(part))))
        for part in parts_of([each for each in checksums if each not in found]):
            found.update(session.exec(_IN_SNAPSHOTS.where(col(DocumentVersionRow.sha256).in_(part))))
    return frozenset(found)


def checksums_of(engine: Engine, document_ids: Collection[str]) -> frozenset[str]:
    """Of the bytes that any version of some documents was read from."""
    with reading(engine) as session:
        return frozenset(
            found
            for part in parts_of(list(document_ids))
            for found in session.exec(
                select(DocumentVersionRow.sha256).where(col(DocumentVersionRow.document_id).in_(part)).distinct()
            )
        )


def original_of(engine: Engine, document_id: str) -> OriginalFile:
    """Raises DocumentNotFound."""
    columns = select(DocumentRow.document_id, DocumentRow.source, DocumentRow.media_type, DocumentRow.sha256)
    ready = (col(DocumentRow.document_id) == document_id, col(DocumentRow.state) == DocumentState.READY)
    with reading(engine) as session:
        row = session.exec(columns.where(*ready)).first()
    if row is None:
        raise DocumentNotFound(document_id)
    return OriginalFile(*row)


def source_of(engine: Engine, document_id: str) -> str | None:
    """Also of a document that cannot be found any more. None of one that never was."""
    with reading(engine) as session:
        return session.exec(select(DocumentRow.source).where(col(DocumentRow.document_id) == document_id)).first()


def titles_of_passages(engine: Engine, numbers: Sequence[int]) -> dict[int, str]:
    """The titles of the documents that live passages belong to, by the passages' numbers."""
    found: dict[int, str] = {}
    with asking(engine) as connection:
        for part in parts_of(numbers):
            found |= {row[0]: row[1] for row in connection.execute(_TITLES, {"numbers": list(part)})}
    return found


def _conditions(wanted: DocumentFilter) -> Iterator[ColumnElement[bool]]:
    yield col(DocumentRow.state) == wanted.state
    if wanted.query.strip():
        text = wanted.query.strip()
        columns = (col(DocumentRow.title), col(DocumentRow.source))
        yield or_(*(column.icontains(text, autoescape=True) for column in columns))
    if wanted.language:
        yield col(DocumentRow.language) == wanted.language
    if wanted.collection:
        yield col(DocumentRow.collection) == wanted.collection
    if wanted.without_collection:
        yield col(DocumentRow.collection) != wanted.without_collection
    if wanted.media_type:
        yield col(DocumentRow.media_type) == wanted.media_type
    if wanted.document_id:
        yield col(DocumentRow.document_id) == wanted.document_id


def _ordering(order: Order) -> tuple[Any, ...]:
    by_id = col(DocumentRow.document_id)
    match order:
        case "latest":
            return col(DocumentRow.updated_at).desc(), by_id
        case "passages":
            live = (PassageRow.document_id == DocumentRow.document_id, col(PassageRow.removed_generation).is_(None))
            counted = select(func.count()).select_from(PassageRow).where(*live).scalar_subquery()
            return counted.desc(), by_id
        case "title":
            return col(DocumentRow.title), by_id
        case "source":
            return col(DocumentRow.source), by_id


def _passages_of_each(session: Session, document_ids: Sequence[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for part in parts_of(document_ids):
        query = (
            select(PassageRow.document_id, func.count())
            .where(col(PassageRow.document_id).in_(part), col(PassageRow.removed_generation).is_(None))
            .group_by(col(PassageRow.document_id))
        )
        counted |= {document_id: int(count) for document_id, count in session.exec(query)}
    return counted
