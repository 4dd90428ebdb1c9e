"""Uploads as the server sees them: accepted, listed, cancelled; a process of its own works them off.

Knows nothing of formats and embedding: the server never reads a document. It sees what was taken in as it sees
everything that another process writes, by the generation of the database.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from functools import partial
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine

from knowledge.durable_files import writing_durably
from knowledge.ingesting.ingest_steps import upload_name
from knowledge.ingesting.ingest_values import FileOutcome
from knowledge.ingesting.job_ledger import BatchProgress, FilePage, IngestJob, JobLedger
from knowledge.ingesting.job_values import REREAD
from knowledge.ingesting.stray_uploads import sweep_uploads
from knowledge.ingesting.worker_keeper import Follower, Launch, WorkerKeeper
from knowledge.readers import known_encoding
from knowledge.storing.document_queries import OriginalFile, checksums_in_use
from knowledge.storing.originals import Originals, storage_unavailable

_CHUNK_BYTES = 1 << 20


class IngestJobs:
    """What `accept` has returned for is done in the end, whatever happens to us. Thread-safe."""

    def __init__(
        self,
        engine: Engine,
        uploads_folder: Path,
        *,
        launch: Launch | None = None,
        follower: Follower | None = None,
        originals: Originals | None = None,
    ) -> None:
        """Without `launch` another process works the uploads off; `follower` is kept up to date meanwhile.

        Of `originals` those that a crash has left without a document are deleted at the start.
        """
        self._engine = engine
        self._ledger = JobLedger(engine)
        self._uploads = uploads_folder
        self._unswept = originals
        self._keeper = WorkerKeeper(launch, self._open_work, follower) if launch is not None else None

    def accept(self, name: str, content: bytes, *, encoding: str | None = None, batch_id: str = "") -> str:
        """As `accept_file`, for bytes at hand."""
        return self.accept_file(name, io.BytesIO(content), encoding=encoding, batch_id=batch_id)

    def accept_file(self, name: str, file: BinaryIO, *, encoding: str | None = None, batch_id: str = "") -> str:
        """Stores the bytes and queues them; returns the job's id. Both survive a power cut from here on.

        `encoding` is how an editor says that the file is written; None to find out. Files that come together share a
        `batch_id` of the caller's choice. Raises EncodingUnknown, and StorageUnavailable, with nothing kept, when the
        disk is full.
        """
        return self._accept(upload_name(name), file, encoding or "", batch_id)

    def reread(self, original: OriginalFile, content: bytes, *, encoding: str) -> str:
        """Queues a document's own bytes again, to be read in another encoding; it keeps its name and its place.

        The job ends as cancelled where the document has been removed, or has other bytes, by the time it is done.
        """
        return self._accept(original.source, io.BytesIO(content), encoding, "", kind=REREAD)

    def replace(self, original: OriginalFile, file: BinaryIO, *, batch_id: str = "") -> str:
        """Queues other bytes under a document's own source, whatever their file is called; else as `accept_file`."""
        return self._accept(original.source, file, "", batch_id)

    def jobs(self, *, limit: int = 100, batch_id: str = "") -> tuple[IngestJob, ...]:
        """The newest first; with `batch_id` those of one batch alone."""
        return self._ledger.jobs(limit=limit, batch_id=batch_id)

    def job(self, job_id: str) -> IngestJob | None:
        return self._ledger.job(job_id)

    def batch(self, batch_id: str) -> BatchProgress:
        """How many uploads of a batch have ended; of an unknown one, none of none."""
        return self._ledger.batch(batch_id)

    def files(self, job_id: str, *, offset: int = 0, limit: int = 100, outcome: FileOutcome | None = None) -> FilePage:
        """What became of each file of a job, so far, in the order in which they were worked off."""
        return self._ledger.files(job_id, offset=offset, limit=limit, outcome=outcome)

    def cancel(self, job_id: str) -> bool:
        """Whether the job was still open. Documents of it that are taken in already stay."""
        cancelled = self._ledger.cancel(job_id)
        if cancelled and job_id not in self._ledger.open_jobs():
            (self._uploads / job_id).unlink(missing_ok=True)
        return cancelled

    def start(self) -> None:
        """Sees to it from now on that there is a process at work whenever there is something to do."""
        if self._keeper is not None:
            self._keeper.start()

    def stop(self) -> None:
        """Ends the process at its next step; the job at hand is queued again for the next start."""
        if self._keeper is not None:
            self._keeper.stop()

    def wait_until_idle(self) -> None:
        """Returns when everything accepted so far has been worked off; `start` must have been called."""
        if self._keeper is not None:
            self._keeper.wait_until_idle()

    def worker_memory_mb(self) -> float:
        """The most memory that the process which takes documents in has had in use; 0 while there is none."""
        return self._keeper.memory_mb() if self._keeper is not None else 0.0

    def _open_work(self) -> frozenset[str]:
        """Asked by the keeper's thread again and again: it also deletes what others have left, originals once."""
        originals, self._unswept = self._unswept, None
        if originals is not None:
            originals.sweep(partial(checksums_in_use, self._engine))
        sweep_uploads(self._ledger, self._uploads)
        return self._ledger.open_jobs()

    def _accept(self, name: str, file: BinaryIO, encoding: str, batch_id: str, *, kind: str = "") -> str:
        if encoding:
            encoding = known_encoding(encoding)
        job_id = f"{kind}{uuid.uuid4().hex}"
        place = self._uploads / job_id
        digest = hashlib.sha256()
        try:
            self._uploads.mkdir(parents=True, exist_ok=True)
            with writing_durably(place) as stored:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    stored.write(chunk)
        except OSError as error:
            raise storage_unavailable(self._uploads, error) from error
        try:
            self._ledger.add(job_id, name, digest.hexdigest(), encoding=encoding, batch_id=batch_id)
        except BaseException:
            place.unlink(missing_ok=True)
            raise
        if self._keeper is not None:
            self._keeper.wake()
        return job_id
