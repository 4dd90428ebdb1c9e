"""Works off accepted uploads, one after another. Knows nothing of the process it runs in, nor of indexes."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import threading
import time
import uuid
from pathlib import Path

from knowledge.errors import CatalogUnavailable, KnowledgeError
from knowledge.ingesting.ingest_run import IngestProgress, IngestRun
from knowledge.ingesting.ingest_steps import steps_of_upload
from knowledge.ingesting.job_journal import JobCancelledError, JobLostError, JobOvertakenError
from knowledge.ingesting.job_ledger import IngestJob, JobLedger
from knowledge.ingesting.job_values import Standing
from knowledge.ingesting.stray_uploads import sweep_uploads
from knowledge.readers import STANDARD_LIMITS, ReadingLimits
from knowledge.storing.document_queries import stored_within
from knowledge.storing.intake import Intake

_log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0  # between two heartbeats; a cancelled job is heard of by then
_STALE_SECONDS = 30.0  # without a heartbeat, whoever had the job is taken for dead
_POLL_SECONDS = 0.5  # between two looks for new jobs
_REMEMBERED_SECONDS = 30 * 86_400.0  # that an ended job stays in the list


class IngestWorker:
    """Safe beside other workers: a job belongs to one, and a worker that was taken for dead cannot write any more."""

    def __init__(
        self,
        intake: Intake,
        uploads: Path,
        *,
        limits: ReadingLimits = STANDARD_LIMITS,
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self._intake = intake
        self._limits = limits
        self._ledger = JobLedger(intake.catalog.engine)
        self._uploads = uploads
        self._beat_seconds = beat_seconds
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Breaks off at the next step; the job at hand is queued again. May be called from any thread."""
        self._stopping.set()

    def run(self, *, idle_seconds: float) -> None:
        """Works until there has been nothing to do for so long, or `stop` is called. Raises CatalogUnavailable."""
        self._tidy()
        idle_since = time.monotonic()
        while not self._stopping.is_set():
            if self.work_off():
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since >= idle_seconds:
                return
            self._stopping.wait(min(_POLL_SECONDS, idle_seconds))

    def work_off(self) -> int:
        """Does every job that is queued, or that a dead worker has left; returns how many."""
        if not self._ledger.open_jobs():
            return 0  # seen without taking the database's lock, which a customer's message may be waiting for
        self._ledger.requeue_interrupted(self._is_interrupted)
        done = 0
        while not self._stopping.is_set() and (job := self._ledger.claim(self._name)) is not None:
            self._do(job)
            if job.job_id not in self._ledger.open_jobs():
                (self._uploads / job.job_id).unlink(missing_ok=True)
            done += 1
        return done

    def _do(self, job: IngestJob) -> None:
        try:
            self._check_reread(job)
            with _Pulse(self._ledger, job.job_id, self._name, self._stopping, self._beat_seconds) as pulse:
                run = IngestRun(
                    self._intake, on_progress=pulse.hear, journal=self._ledger.journal(job.job_id, self._name)
                )
                run.work(steps_of_upload(job.name, self._bytes_of(job), encoding=job.encoding, limits=self._limits))
            self._ledger.finish(job.job_id, self._name)
        except (_StoppedError, JobOvertakenError):
            self._ledger.requeue(job.job_id, self._name, at_fault=False)
        except JobCancelledError:
            self._ledger.give_up(job.job_id, self._name)
        except JobLostError:
            _log.warning("Another process has taken the upload '%s' over", job.name)
        except CatalogUnavailable:
            raise  # the job stays open and is taken up again
        except KnowledgeError as error:
            self._ledger.refuse(job.job_id, self._name, job.name, str(error))
        except Exception as error:  # noqa: BLE001
            # The worker must outlive whatever one upload brings; the ledger tells what happened to it.
            _log.exception("The upload '%s' failed", job.name)
            reason = f"it could not be taken in ({error}); upload it again"
            self._ledger.refuse(job.job_id, self._name, job.name, reason)

    def _check_reread(self, job: IngestJob) -> None:
        """Before anything is read; the journal asks again when it is committed. Raises JobCancelledError."""
        if not job.is_reread or self._ledger.files(job.job_id, offset=0, limit=1).total:
            return
        stored = stored_within(self._intake.catalog.engine, job.name).get(job.name)
        if stored is None or stored.sha256 != job.sha256:
            raise JobCancelledError(job.job_id)

    def _bytes_of(self, job: IngestJob) -> bytes:
        try:
            content = (self._uploads / job.job_id).read_bytes()
        except OSError as error:
            raise OSError(f"its bytes cannot be read: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != job.sha256:
            raise OSError("its bytes have been damaged on the disk")
        return content

    def _tidy(self) -> None:
        """Deletes what killed processes have left behind, and jobs that nobody asks about any more."""
        self._intake.sweep()
        self._ledger.forget_ended(time.time() - _REMEMBERED_SECONDS)
        sweep_uploads(self._ledger, self._uploads)

    def _is_interrupted(self, worker: str, silent_seconds: float) -> bool:
        """Whether nobody is at a job any more, as far as can be told. Asked between our own jobs only."""
        host, _, process = worker.rpartition(":")[0].partition(":")
        own_host, _, own_process = self._name.rpartition(":")[0].partition(":")
        if silent_seconds > _STALE_SECONDS or worker == self._name:
            return True
        return host == own_host and process != own_process and not _runs(process)


class _StoppedError(Exception):
    pass


class _Pulse:
    """Enters heartbeat and progress into the ledger from a thread of its own, and breaks the run off when told to."""

    def __init__(
        self, ledger: JobLedger, job_id: str, worker: str, stopping: threading.Event, beat_seconds: float
    ) -> None:
        self._ledger = ledger
        self._job_id = job_id
        self._worker = worker
        self._stopping = stopping
        self._beat_seconds = beat_seconds
        self._latest: IngestProgress | None = None
        self._standing = Standing.HELD
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> _Pulse:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def hear(self, progress: IngestProgress) -> None:
        self._latest = progress
        if self._stopping.is_set():
            raise _StoppedError
        if self._standing is Standing.LOST:
            raise JobLostError(self._job_id)
        if self._standing is Standing.CANCELLED:
            raise JobCancelledError(self._job_id)

    def _beat(self) -> None:
        while not self._over.wait(self._beat_seconds):
            try:
                self._standing = self._ledger.beat(self._job_id, self._worker, self._latest)
            except CatalogUnavailable as error:  # the next beat may get through
                _log.warning("A heartbeat was not recorded: %s", error)


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError):
        return True
    return True
