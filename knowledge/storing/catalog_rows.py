"""The tables of the knowledge base. Rows never leave the catalogue and the job ledger; values do."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from knowledge.languages import detect_language
from knowledge.passages import Document, DocumentState, Passage
from knowledge.storing.catalog_values import DocumentDraft

_LIVE = text("removed_generation IS NULL")
_READY = text("state = 'ready'")


class CatalogStateRow(SQLModel, table=True):
    """One row: how often what can be found has changed."""

    __tablename__ = "catalog_state"

    id: int = Field(primary_key=True)
    generation: int = Field(default=0)
    # Tombstones up to here are deleted: an index older than this cannot catch up and is rebuilt.
    compacted_generation: int = Field(default=0)


class DocumentRow(SQLModel, table=True):
    """A document that is, or was, in the knowledge base. A removed one keeps its row but none of its text."""

    __tablename__ = "document"
    __table_args__ = (
        Index("uq_document_source_ready", "source", unique=True, sqlite_where=_READY, postgresql_where=_READY),
        # The list is paged by time; without it every row's text would be passed over to reach `updated_at`.
        Index("ix_document_latest", "state", "updated_at"),
    )

    document_id: str = Field(primary_key=True, max_length=200)
    source: str
    collection: str = Field(default="", index=True)
    title: str
    language: str
    state: str = Field(index=True)
    media_type: str
    version: int
    sha256: str = Field(index=True)
    text: str = Field(sa_column=Column(Text, nullable=False))
    encoding: str
    created_at: float
    updated_at: float


class DocumentVersionRow(SQLModel, table=True):
    """When which bytes became which version."""

    __tablename__ = "document_version"

    document_id: str = Field(primary_key=True, foreign_key="document.document_id")
    version: int = Field(primary_key=True)
    sha256: str
    passages: int
    generation: int
    created_at: float


class PassageRow(SQLModel, table=True):
    """A passage, live while `removed_generation` is null, then a tombstone without text or vector."""

    __tablename__ = "passage"
    __table_args__ = (
        Index("uq_passage_live", "passage_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        {"sqlite_autoincrement": True},  # a number is never given twice: indexes would confuse old and new
    )

    number: int | None = Field(default=None, primary_key=True)
    passage_id: str
    document_id: str = Field(foreign_key="document.document_id", index=True)
    ordinal: int
    heading: str = Field(sa_column=Column(Text, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    start: int
    end: int
    page: int | None = None
    language: str
    embedding: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))  # fp16, little-endian
    embedder: str = Field(default="")  # the fingerprint of what made the embedding
    added_generation: int = Field(index=True)
    removed_generation: int | None = Field(default=None, index=True)


class IngestJobRow(SQLModel, table=True):
    """An accepted upload and how far it has come."""

    __tablename__ = "ingest_job"

    job_id: str = Field(primary_key=True, max_length=64)
    name: str
    sha256: str
    state: str = Field(index=True)
    stage: str = Field(default="")
    source: str = Field(default="")
    done: int = Field(default=0)
    total: int = Field(default=0)
    added: int = Field(default=0)
    updated: int = Field(default=0)
    unchanged: int = Field(default=0)
    removed: int = Field(default=0)
    refused: str = Field(default="[]", sa_column=Column(Text, nullable=False))  # JSON: [[source, reason], …]
    worker: str = Field(default="")
    attempts: int = Field(default=0)  # how often a worker has begun it since a file of it was last finished
    cancel_requested: bool = Field(default=False)
    created_at: float
    heartbeat_at: float
    batch_id: str = Field(default="", index=True)  # of uploads that came together; "" for one on its own
    encoding: str = Field(default="")  # in which the editor says that the file is written; "" to find out
    refusals: int = Field(default=0)  # all of them; `refused` holds the first


class IngestFileRow(SQLModel, table=True):
    """What became of one document of an upload; written in the transaction that takes the document in."""

    __tablename__ = "ingest_file"

    job_id: str = Field(primary_key=True, foreign_key="ingest_job.job_id", max_length=64)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})  # counts from 1 inside the job
    source: str = Field(sa_column=Column(Text, nullable=False))
    outcome: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    document_id: str
    passages: int


def blank_document(draft: DocumentDraft, now: float) -> DocumentRow:
    return DocumentRow(
        document_id=draft.document_id,
        source="",
        title="",
        language="",
        state="",
        media_type="",
        version=0,
        sha256="",
        text="",
        encoding="",
        created_at=now,
        updated_at=now,
    )


def fill_document(row: DocumentRow, draft: DocumentDraft, now: float) -> None:
    """Makes `row` the next version of the document."""
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


def new_version(row: DocumentRow, passages: int, generation: int) -> DocumentVersionRow:
    return DocumentVersionRow(
        document_id=row.document_id,
        version=row.version,
        sha256=row.sha256,
        passages=passages,
        generation=generation,
        created_at=row.updated_at,
    )


def new_passage(ordinal: int, passage: Passage, embedding: bytes | None, embedder: str, generation: int) -> PassageRow:
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


def number_of(row: PassageRow) -> int:
    if row.number is None:
        raise ValueError("a passage that is not stored yet has no number")
    return row.number


def as_document(row: DocumentRow, passages: int) -> Document:
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
        encoding=row.encoding,
    )
