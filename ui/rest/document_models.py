"""What goes over the wire of /api/v1/documents. Knows nothing of how it comes about."""

from __future__ import annotations

from pydantic import BaseModel, Field

from knowledge.ingesting.ingest_values import FileOutcome, FileResult
from knowledge.ingesting.job_values import BatchProgress, IngestJob, JobState
from knowledge.passages import Document
from knowledge.storing.catalog_values import RemovalReceipt
from ui.api_models import Incoming


class DocumentOut(BaseModel):
    id: str
    title: str
    source: str
    state: str
    passages: int
    version: int
    language: str
    media_type: str
    encoding: str = Field("", description='in which its bytes were read; "" for formats that say so themselves')
    updated_at: float

    @classmethod
    def of(cls, document: Document) -> DocumentOut:
        return cls(
            id=document.document_id,
            title=document.title,
            source=document.source,
            state=document.state,
            passages=document.passages,
            version=document.version,
            language=document.language,
            media_type=document.media_type,
            encoding=document.encoding,
            updated_at=document.updated_at,
        )


class DocumentsOut(BaseModel):
    documents: list[DocumentOut]
    total: int = Field(description="that fit the filter, on all pages")
    offset: int


class ReceiptOut(BaseModel):
    """Proof of a removal. `unreachable`: neither its passages nor its sentences are found any more."""

    document_id: str
    title: str
    passages: int
    generation: int
    unreachable: bool

    @classmethod
    def of(cls, receipt: RemovalReceipt) -> ReceiptOut:
        return cls(
            document_id=receipt.document_id,
            title=receipt.title,
            passages=receipt.passages,
            generation=receipt.generation,
            unreachable=receipt.unreachable,
        )


class RefusalOut(BaseModel):
    source: str
    reason: str


class JobOut(BaseModel):
    id: str
    name: str
    state: JobState
    stage: str = Field(description="what is being done now")
    stage_number: int = Field(0, description="of `stages`, counted from 1; 0 while nothing is being done")
    stages: int = 0
    batch_id: str = Field("", description="of uploads that came together; see /batches/{id}")
    encoding: str = Field("", description="in which the editor said that the file is written")
    refusals: int = Field(0, description="all of them, once it has ended; `refused` holds the first hundred")
    source: str
    done: int = Field(description="of `total`, within the stage")
    total: int
    added: int
    updated: int
    unchanged: int
    removed: int
    refused: list[RefusalOut]
    created_at: float
    heartbeat_at: float

    @classmethod
    def of(cls, job: IngestJob) -> JobOut:
        return cls(
            id=job.job_id,
            name=job.name,
            state=job.state,
            stage=job.stage,
            stage_number=job.stage_number,
            stages=job.stages,
            batch_id=job.batch_id,
            encoding=job.encoding,
            refusals=job.refusals,
            source=job.source,
            done=job.done,
            total=job.total,
            added=job.added,
            updated=job.updated,
            unchanged=job.unchanged,
            removed=job.removed,
            refused=[RefusalOut(source=refusal.source, reason=refusal.reason) for refusal in job.refused],
            created_at=job.created_at,
            heartbeat_at=job.heartbeat_at,
        )


class JobsOut(BaseModel):
    jobs: list[JobOut]
    batch_id: str = Field("", description="of this upload; every job of it carries it")


class FileOut(BaseModel):
    """What became of one document of an upload."""

    source: str
    outcome: FileOutcome
    reason: str = Field(description="of a refusal, as a sentence")
    document_id: str
    passages: int

    @classmethod
    def of(cls, result: FileResult) -> FileOut:
        return cls(
            source=result.source,
            outcome=result.outcome,
            reason=result.reason,
            document_id=result.document_id,
            passages=result.passages,
        )


class FilesOut(BaseModel):
    files: list[FileOut]
    total: int = Field(description="on all pages, so far")
    offset: int


class BatchOut(BaseModel):
    """How far uploads are that came together: `ended` of `total`."""

    batch_id: str
    total: int
    ended: int
    states: dict[JobState, int]

    @classmethod
    def of(cls, batch: BatchProgress) -> BatchOut:
        return cls(batch_id=batch.batch_id, total=batch.total, ended=batch.ended, states=dict(batch.by_state))


class RereadDocument(Incoming):
    encoding: str = Field(min_length=1, max_length=40, description="how the file is written, such as gb18030 or big5")
