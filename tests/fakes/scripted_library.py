"""A KnowledgeLibrary and its IngestJobs without models or disk, for tests and pictures of the pages."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from knowledge.errors import DocumentNotFound
from knowledge.ingesting.ingest_run import Stage
from knowledge.ingesting.ingest_values import FileOutcome, FileResult
from knowledge.ingesting.job_values import BatchProgress, FilePage, IngestJob, JobState
from knowledge.languages import detect_language
from knowledge.passages import Change, Document, DocumentState, Passage, Refusal, ScoredPassage
from knowledge.readers import known_encoding
from knowledge.storing.catalog_values import DocumentDraft, RemovalReceipt
from knowledge.storing.document_queries import DocumentFilter, DocumentPage, Order, OriginalFile


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

    def page(
        self, wanted: DocumentFilter, *, order: Order = "source", offset: int = 0, limit: int = 50
    ) -> DocumentPage:
        found = [
            each
            for each in self.documents()
            if wanted.query.casefold() in f"{each.title}\n{each.source}".casefold()
            and wanted.language in ("", each.language)
            and wanted.media_type in ("", each.media_type)
            and wanted.document_id in ("", each.document_id)
            and not (wanted.without_collection and each.source.startswith("entry:"))
            and wanted.state is each.state
        ]
        found.sort(key=lambda each: -each.updated_at if order == "latest" else 0.0)
        return DocumentPage(tuple(found[offset : offset + limit]), len(found))

    def has_original(self, document_id: str) -> bool:
        return document_id in self._texts

    def original(self, document_id: str) -> tuple[OriginalFile, bytes | None]:
        if document_id not in self._texts:
            raise DocumentNotFound(document_id)
        return OriginalFile(document_id, document_id, "text/markdown", ""), self._texts[document_id].encode()

    def document_text(self, document_id: str) -> str:
        if document_id not in self._texts:
            raise DocumentNotFound(document_id)
        return self._texts[document_id]

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        document = self._documents.get(document_id)
        return () if document is None else (self._passage(document),)

    def add_document(self, draft: DocumentDraft) -> Change:
        known = draft.document_id in self._documents
        self.add(draft.document_id, draft.text.title, draft.text.text)
        with self._lock:
            self._documents[draft.document_id] = replace(self._documents[draft.document_id], source=draft.source)
        return Change.UPDATED if known else Change.ADDED

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
                found.append(ScoredPassage(self._passage(document), share, 0.55 + 0.4 * share, share))
        return sorted(found, key=lambda each: -each.score)[:limit]

    def _passage(self, document: Document) -> Passage:
        text = self._texts[document.document_id]
        key = f"{document.document_id}:0"
        language = document.language
        return Passage(key, document.document_id, document.title, document.source, "", text, 0, len(text), language)


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

    def accept(self, name: str, content: bytes, *, encoding: str | None = None, batch_id: str = "") -> str:
        encoding = known_encoding(encoding) if encoding else ""
        job_id = f"job-{len(self._jobs) + 1}"
        now = time.time()
        job = IngestJob(job_id, name, "", JobState.QUEUED, "", name, 0, 0, 0, 0, 0, 0, (), now, now)
        with self._lock:
            self._jobs[job_id] = replace(job, encoding=encoding, batch_id=batch_id)
            self._steps[job_id] = 0
        return job_id

    def accept_file(self, name: str, file: BinaryIO, *, encoding: str | None = None, batch_id: str = "") -> str:
        return self.accept(name, file.read(), encoding=encoding, batch_id=batch_id)

    def reread(self, original: OriginalFile, content: bytes, *, encoding: str) -> str:
        return self.accept(original.source, content, encoding=encoding)

    def replace(self, original: OriginalFile, file: BinaryIO, *, batch_id: str = "") -> str:
        return self.accept(original.source, file.read(), batch_id=batch_id)

    def jobs(self, *, limit: int = 100, batch_id: str = "") -> tuple[IngestJob, ...]:
        with self._lock:
            found = [job for job in self._jobs.values() if batch_id in ("", job.batch_id)]
            return tuple(reversed(found))[:limit]

    def batch(self, batch_id: str) -> BatchProgress:
        states = Counter(job.state for job in self.jobs(limit=10**6) if job.batch_id == batch_id)
        return BatchProgress(batch_id, dict(states))

    def files(self, job_id: str, *, offset: int = 0, limit: int = 100, outcome: FileOutcome | None = None) -> FilePage:
        job = self._jobs[job_id]
        results = [FileResult(one.source, FileOutcome.REFUSED, one.reason) for one in job.refused]
        if job.added:
            results.append(FileResult(job.name, FileOutcome.ADDED, document_id=job.name, passages=1))
        wanted = [each for each in results if outcome in (None, each.outcome)]
        return FilePage(tuple(wanted[offset : offset + limit]), len(wanted))

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
