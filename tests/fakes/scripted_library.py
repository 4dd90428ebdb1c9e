"""A KnowledgeLibrary and its IngestJobs without models or disk, for tests and pictures of the pages."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from knowledge.catalog_values import RemovalReceipt
from knowledge.errors import DocumentNotFound
from knowledge.ingest_run import Stage
from knowledge.job_ledger import IngestJob, JobState
from knowledge.languages import detect_language
from knowledge.passages import Document, DocumentState, Passage, Refusal, ScoredPassage


class ScriptedLibrary:
    """Documents in memory; a passage is found by the share of the question's words that it holds."""

    generation = 7

    def __init__(self, texts: dict[str, tuple[str, str, str]] | None = None) -> None:
        self._lock = threading.Lock()
        self._documents: dict[str, Document] = {}
        self._texts: dict[str, str] = {}
        for name, (title, heading, text) in (texts or {}).items():
            self.add(name, title, text, heading=heading)

    def add(self, source: str, title: str, text: str, *, heading: str = "", passages: int = 1) -> Document:
        document = Document(
            document_id=source,
            title=title,
            source=source,
            state=DocumentState.READY,
            passages=passages,
            version=1,
            language=detect_language(text),
            media_type="text/markdown",
            updated_at=time.time(),
        )
        with self._lock:
            self._documents[source] = document
            self._texts[source] = text
        return document

    def documents(self) -> tuple[Document, ...]:
        with self._lock:
            return tuple(self._documents.values())

    def document_text(self, document_id: str) -> str:
        return self._texts[document_id]

    def remove_document(self, document_id: str) -> RemovalReceipt:
        with self._lock:
            if document_id not in self._documents:
                raise DocumentNotFound(document_id)
            document = self._documents.pop(document_id)
        return RemovalReceipt(document_id, document.title, document.passages, 8, True)

    def search(self, query: str, *, limit: int, earlier: str = "") -> Sequence[ScoredPassage]:
        wanted = set(re.findall(r"\w+", query.lower()))
        found = []
        for document in self.documents():
            text = self._texts[document.document_id]
            share = len(wanted & set(re.findall(r"\w+", text.lower()))) / max(1, len(wanted))
            if share > 0:
                passage = Passage(
                    f"{document.document_id}:0",
                    document.document_id,
                    document.title,
                    document.source,
                    "",
                    text,
                    0,
                    len(text),
                    document.language,
                )
                found.append(ScoredPassage(passage, share, 0.55 + 0.4 * share, share))
        return sorted(found, key=lambda each: -each.score)[:limit]


STEPS = (
    (Stage.READING, 0, 1),
    (Stage.EMBEDDING, 0, 40),
    (Stage.EMBEDDING, 12, 40),
    (Stage.EMBEDDING, 31, 40),
    (Stage.SAVING, 1, 1),
)


class ScriptedJobs:
    """Jobs that go one step further with each `step()`. A file whose name holds "locked" is refused."""

    def __init__(self, library: ScriptedLibrary) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._jobs: dict[str, IngestJob] = {}
        self._steps: dict[str, int] = {}

    def accept(self, name: str, content: bytes) -> str:
        job_id = f"job-{len(self._jobs) + 1}"
        now = time.time()
        with self._lock:
            self._jobs[job_id] = IngestJob(job_id, name, "", JobState.QUEUED, "", name, 0, 0, 0, 0, 0, 0, (), now, now)
            self._steps[job_id] = 0
        return job_id

    def jobs(self, *, limit: int = 100) -> tuple[IngestJob, ...]:
        with self._lock:
            return tuple(reversed(self._jobs.values()))[:limit]

    def cancel(self, job_id: str) -> bool:
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.state not in (JobState.QUEUED, JobState.RUNNING):
                return False
            self._jobs[job_id] = replace(job, state=JobState.CANCELLED)
            return True

    def step(self) -> None:
        """Every open job goes one step further."""
        for job in self.jobs():
            if job.state in (JobState.QUEUED, JobState.RUNNING):
                self._step(job)

    def _step(self, job: IngestJob) -> None:
        number = self._steps[job.job_id]
        self._steps[job.job_id] = number + 1
        if number < len(STEPS):
            stage, done, total = STEPS[number]
            moved = replace(job, state=JobState.RUNNING, stage=str(stage), done=done, total=total)
        elif "locked" in job.name:
            reason = "it is password-protected; upload an unlocked copy"
            moved = replace(job, state=JobState.REFUSED, refused=(Refusal(job.name, reason),))
        else:
            self._library.add(job.name, job.name.rsplit(".", 1)[0].replace("-", " ").capitalize(), "New text.")
            moved = replace(job, state=JobState.DONE, added=1)
        with self._lock:
            self._jobs[job.job_id] = moved
