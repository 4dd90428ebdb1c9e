"""What goes over the wire of /api/v1/documents. Knows nothing of how it comes about."""

from __future__ import annotations

from pydantic import Field

from knowledge.ingesting.ingest_values import FileOutcome
from knowledge.ingesting.job_values import JobState
from ui.api_models import Incoming
from ui.rest.editing import Outgoing, called


class DocumentOut(Outgoing):
    id: str = called("document_id")
    title: str
    source: str
    state: str
    passages: int
    version: int
    language: str
    media_type: str
    encoding: str = Field("", description='in which its bytes were read; "" for formats that say so themselves')
    updated_at: float


class DocumentsOut(Outgoing):
    documents: list[DocumentOut]
    total: int = Field(description="that fit the filter, on all pages")
    offset: int


class ReceiptOut(Outgoing):
    """Proof of a removal. `unreachable`: neither its passages nor its sentences are found any more."""

    document_id: str
    title: str
    passages: int
    generation: int
    unreachable: bool


class RefusalOut(Outgoing):
    source: str
    reason: str


class JobOut(Outgoing):
    id: str = called("job_id")
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


class JobsOut(Outgoing):
    jobs: list[JobOut]
    batch_id: str = Field("", description="of this upload; every job of it carries it")


class FileOut(Outgoing):
    """What became of one document of an upload."""

    source: str
    outcome: FileOutcome
    reason: str = Field(description="of a refusal, as a sentence")
    document_id: str
    passages: int


class FilesOut(Outgoing):
    files: list[FileOut]
    total: int = Field(description="on all pages, so far")
    offset: int


class BatchOut(Outgoing):
    """How far uploads are that came together: `ended` of `total`."""

    batch_id: str
    total: int
    ended: int
    states: dict[JobState, int] = called("by_state")


class RereadDocument(Incoming):
    encoding: str = Field(min_length=1, max_length=40, description="how the file is written, such as gb18030 or big5")
