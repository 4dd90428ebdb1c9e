"""Ways in for documents: paths, folders, uploaded bytes, and jobs worked off in the background.

Knows nothing of commands and web pages.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from knowledge.catalog import Catalog
from knowledge.durable_files import write_durably
from knowledge.errors import CatalogUnavailable, KnowledgeError
from knowledge.ingest_run import IngestProgress, IngestRun, OnProgress, Stage, no_report
from knowledge.job_ledger import IngestJob, JobLedger, JobState
from knowledge.library import KnowledgeLibrary
from knowledge.passages import IngestReport, Refusal
from knowledge.sources import candidates, candidates_in_file, files_below, is_container, name_of

__all__ = [
    "IngestJob",
    "IngestJobs",
    "IngestProgress",
    "JobState",
    "Stage",
    "ingest_bytes",
    "ingest_folder",
    "ingest_paths",
]

_log = logging.getLogger(__name__)

_BEAT_SECONDS = 0.5  # between two entries of a job's progress
_STALE_SECONDS = 300.0  # without a heartbeat, a job on another machine is taken for dead
_STRAY_SECONDS = 86_400.0
_IDLE_SECONDS = 30.0  # between two looks for jobs that another process left behind


def ingest_paths(
    library: KnowledgeLibrary, paths: Sequence[Path], *, on_progress: OnProgress = no_report
) -> IngestReport:
    """Takes in files, folders, .zip archives and .jsonl lists, and removes what is gone from the latter three.

    The same bytes change nothing; new bytes of the same source replace it, unless they are refused. Sources are
    absolute paths, so two folders of one name are not confused. Call `library.save()` afterwards.
    """
    run = IngestRun(library, on_progress)
    for path in paths:
        place = path.resolve()
        if place.is_dir():
            _take_folder(run, place, name_of(place))
        elif place.exists():
            _take_file(run, place)
        else:
            run.expect(1)
            run.refuse(Refusal(name_of(path), "there is no such file or folder"))
    return run.finish()


def ingest_folder(
    library: KnowledgeLibrary, folder: Path, *, collection: str, on_progress: OnProgress = no_report
) -> IngestReport:
    """Takes in a folder under a name of its own, which stays the same wherever the folder lies."""
    run = IngestRun(library, on_progress)
    _take_folder(run, folder, collection)
    return run.finish()


def ingest_bytes(
    library: KnowledgeLibrary,
    name: str,
    content: bytes,
    *,
    collection: str = "",
    on_progress: OnProgress = no_report,
) -> IngestReport:
    """Takes in one uploaded file, known by its name; an upload of the same name replaces it."""
    plain = upload_name(name)
    source = f"{collection}/{plain}" if collection else plain
    run = IngestRun(library, on_progress)
    run.expect(1)
    run.take(candidates(plain, content, source), collection=source if is_container(plain) else collection)
    if is_container(plain):
        run.remove_missing(source)
    return run.finish()


def upload_name(name: str) -> str:
    """The last part of a name that a browser sent, without anything that does not print."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(character for character in last if character.isprintable()).strip()[:200] or "upload"


def _take_folder(run: IngestRun, folder: Path, collection: str) -> None:
    found = list(files_below(folder))
    run.expect(len(found))
    for one in found:
        if isinstance(one, Refusal):
            run.refuse(Refusal(_source_in(folder, Path(one.source), collection), one.reason))
        else:
            run.take(candidates_in_file(one, _source_in(folder, one, collection)), collection=collection)
    run.remove_missing(collection)


def _source_in(folder: Path, path: Path, collection: str) -> str:
    return f"{collection}/{name_of(path.relative_to(folder))}"


def _take_file(run: IngestRun, path: Path) -> None:
    source = name_of(path)
    run.expect(1)
    run.take(candidates_in_file(path, source), collection=source if is_container(path.name) else "")
    if is_container(path.name):
        run.remove_missing(source)


class IngestJobs:
    """Uploads worked off by one thread. What `accept` has returned for is done in the end, whatever happens to us."""

    def __init__(
        self, catalog: Catalog, library: KnowledgeLibrary, uploads_folder: Path, *, beat_seconds: float = _BEAT_SECONDS
    ) -> None:
        self._ledger = JobLedger(catalog.engine)
        self._library = library
        self._uploads = uploads_folder
        self._worker_name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._beat_seconds = beat_seconds
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._looking = threading.Lock()  # between "is there anything new?" and "then I am idle"
        self._idle = threading.Event()  # set while the thread has looked and found nothing to do
        self._thread: threading.Thread | None = None

    def accept(self, name: str, content: bytes) -> str:
        """Stores the bytes and queues them; returns the job's id. Both survive a power cut from here on."""
        job_id = uuid.uuid4().hex
        self._uploads.mkdir(parents=True, exist_ok=True)
        write_durably(self._uploads / job_id, content)
        self._ledger.add(job_id, upload_name(name), hashlib.sha256(content).hexdigest())
        with self._looking:
            self._idle.clear()
            self._wake.set()
        return job_id

    def jobs(self, *, limit: int = 100) -> tuple[IngestJob, ...]:
        """The newest first."""
        return self._ledger.jobs(limit=limit)

    def job(self, job_id: str) -> IngestJob | None:
        return self._ledger.job(job_id)

    def cancel(self, job_id: str) -> bool:
        """Whether the job was still open. Documents of it that are taken in already stay."""
        cancelled = self._ledger.cancel(job_id)
        if cancelled:
            self._forget_bytes(job_id)
        return cancelled

    def start(self) -> None:
        """Queues again what an earlier process left unfinished, and begins to work."""
        self._stopping.clear()
        self._idle.clear()
        self._forget_strays()
        self._thread = threading.Thread(target=self._work, name="ingest", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Breaks off at the next step; the job at hand is queued again for the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wait_until_idle(self) -> None:
        """Returns when everything accepted so far has been worked off; the thread must have been started."""
        self._idle.wait()

    def wait_until_stopping(self) -> None:
        """Returns when `stop` has been called, which itself returns later."""
        self._stopping.wait()

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._ledger.requeue_interrupted(self._is_interrupted)
                self._empty_queue()
            except (KnowledgeError, OSError):
                _log.exception("The queue of uploads waits %.0f seconds", _IDLE_SECONDS)
            with self._looking:
                if not self._wake.is_set():
                    self._idle.set()
            self._wake.wait(_IDLE_SECONDS)

    def _empty_queue(self) -> None:
        done = 0
        while not self._stopping.is_set() and (job := self._ledger.claim(self._worker_name)) is not None:
            self._do(job)
            self._forget_bytes(job.job_id)
            done += 1
        if done:
            self._library.save()

    def _do(self, job: IngestJob) -> None:
        reporter = _Reporter(self._ledger, job.job_id, self._stopping, self._beat_seconds)
        try:
            report = ingest_bytes(self._library, job.name, self._bytes_of(job), on_progress=reporter)
        except _StoppedError:
            self._ledger.requeue(job.job_id)
        except _CancelledError:
            self._ledger.give_up(job.job_id)
        except CatalogUnavailable:
            raise  # the job stays open and is queued again
        except Exception as error:  # noqa: BLE001
            # The thread must outlive whatever one upload brings; the row tells what happened to it.
            _log.exception("The upload '%s' failed", job.name)
            self._ledger.refuse(job.job_id, job.name, f"it could not be taken in ({error}); upload it again")
        else:
            self._ledger.finish(job.job_id, report)

    def _bytes_of(self, job: IngestJob) -> bytes:
        content = (self._uploads / job.job_id).read_bytes()
        if hashlib.sha256(content).hexdigest() != job.sha256:
            raise OSError("its bytes have been damaged on the disk")
        return content

    def _forget_bytes(self, job_id: str) -> None:
        """Deletes an upload whose text is in the database now, or that was given up."""
        if job_id not in self._ledger.open_jobs():
            (self._uploads / job_id).unlink(missing_ok=True)

    def _forget_strays(self) -> None:
        """Deletes uploads that were cut off before they were accepted."""
        open_jobs = self._ledger.open_jobs()
        for path in self._uploads.glob("*") if self._uploads.is_dir() else ():
            if path.name not in open_jobs and time.time() - path.stat().st_mtime > _STRAY_SECONDS:
                path.unlink(missing_ok=True)

    def _is_interrupted(self, worker: str, silent_seconds: float) -> bool:
        """Whether nobody is at a job any more, as far as can be told. Asked between our own jobs only."""
        host, _, process = worker.rpartition(":")[0].partition(":")
        own_host, _, own_process = self._worker_name.rpartition(":")[0].partition(":")
        if silent_seconds > _STALE_SECONDS or worker == self._worker_name:
            return True
        return host == own_host and (process == own_process or not _runs(process))


class _StoppedError(Exception):
    pass


class _CancelledError(Exception):
    pass


class _Reporter:
    """Enters progress into the ledger, not more often than people can read, and breaks off when told to."""

    def __init__(self, ledger: JobLedger, job_id: str, stopping: threading.Event, beat_seconds: float) -> None:
        self._ledger = ledger
        self._job_id = job_id
        self._stopping = stopping
        self._beat_seconds = beat_seconds
        self._last = float("-inf")

    def __call__(self, progress: IngestProgress) -> None:
        if self._stopping.is_set():
            raise _StoppedError
        now = time.monotonic()
        if now - self._last < self._beat_seconds:
            return
        self._last = now
        cancelled = self._ledger.beat(
            self._job_id, stage=progress.stage, source=progress.source, done=progress.done, total=progress.total
        )
        if cancelled:
            raise _CancelledError


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
