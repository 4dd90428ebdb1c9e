"""The tables of snapshots: which versions of which documents belong to one, and copies of those versions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, LargeBinary, delete, func, update
from sqlmodel import Field, Session, SQLModel, col, select


class SnapshotRow(SQLModel, table=True):
    """A named state of the knowledge base."""

    __tablename__ = "knowledge_snapshot"

    name: str = Field(primary_key=True, max_length=100)
    generation: int
    documents: int
    passages: int
    checksum: str  # of its documents' names, versions and copies
    automatic: bool
    created_at: float


class SnapshotDocumentRow(SQLModel, table=True):
    """A document of a snapshot. Where its copy is missing, it has been removed for good since."""

    __tablename__ = "snapshot_document"

    snapshot: str = Field(primary_key=True, foreign_key="knowledge_snapshot.name", ondelete="CASCADE", max_length=100)
    document_id: str = Field(primary_key=True, max_length=200)
    version: int
    source: str
    title: str
    sha256: str  # of the copy


class DocumentCopyRow(SQLModel, table=True):
    """One version of a document with its passages and vectors: compressed JSON. All snapshots share it."""

    __tablename__ = "document_copy"

    document_id: str = Field(primary_key=True, max_length=200)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sha256: str
    passages: int
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


def erase_copies(session: Session, document_ids: Sequence[str]) -> int:
    """Erases every version of some documents from all snapshots; returns how many copies there were."""
    erased = session.exec(delete(DocumentCopyRow).where(col(DocumentCopyRow.document_id).in_(document_ids)))
    return int(erased.rowcount)


def rename_snapshot(session: Session, old: str, new: str) -> None:
    """`old` must be there, `new` must not."""
    row = session.get_one(SnapshotRow, old)
    session.add(SnapshotRow(**{**row.model_dump(), "name": new}))
    session.flush()
    theirs = col(SnapshotDocumentRow.snapshot) == old
    session.exec(update(SnapshotDocumentRow).where(theirs).values(snapshot=new))
    session.delete(row)
    session.flush()


def forget_unused_copies(session: Session) -> None:
    """Deletes the copies that no snapshot lists."""
    used = select(func.count()).where(
        col(SnapshotDocumentRow.document_id) == col(DocumentCopyRow.document_id),
        col(SnapshotDocumentRow.version) == col(DocumentCopyRow.version),
    )
    session.exec(delete(DocumentCopyRow).where(used.scalar_subquery() == 0))
