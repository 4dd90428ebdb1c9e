"""The ledger of accepted uploads and of what became of each file. Knows nothing of how they are worked off."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping

from sqlalchemy import Engine, delete, func, update
from sqlmodel import Session, col, select

from knowledge.database import reading, writing
from knowledge.ingesting.ingest_values import FileOutcome, FileResult, IngestProgress
from knowledge.ingesting.job_journal import JobJournal
from knowledge.ingesting.job_values import ENDED, OPEN, BatchProgress, FilePage, IngestJob, JobState, Standing
from knowledge.passages import Refusal
from knowledge.storing.catalog_rows import IngestFileRow, IngestJobRow
from knowledge.storing.generations import parts_of
from knowledge.storing.open_jobs import WITHHELD

__all__ = ["BatchProgress", "FilePage", "IngestJob", "JobLedger", "JobState"]

_MOST_ATTEMPTS = 3
_REFUSALS_IN_JOB = 100  # the others are among the job's files


class JobLedger:
    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, job_id: str, name: str, sha256: str, *, encoding: str = "", batch_id: str = "") -> None:
        now = self._clock()
        row = IngestJobRow(
            job_id=job_id,
            name=name,
            sha256=sha256,
            state=JobState.QUEUED,
            created_at=now,
            heartbeat_at=now,
            encoding=encoding,
            batch_id=batch_id,
        )
        with writing(self._engine) as session:
            session.add(row)
            session.commit()

    def jobs(self, *, limit: int, batch_id: str = "") -> tuple[IngestJob, ...]:
        """The newest first; with `batch_id` those of one batch alone."""
        query = select(IngestJobRow).order_by(col(IngestJobRow.created_at).desc(), col(IngestJobRow.job_id))
        if batch_id:
            query = query.where(col(IngestJobRow.batch_id) == batch_id)
        with reading(self._engine) as session:
            return tuple(_as_job(row) for row in session.exec(query.limit(limit)))

    def job(self, job_id: str) -> IngestJob | None:
        with reading(self._engine) as session:
            row = session.get(IngestJobRow, job_id)
            return _as_job(row) if row else None

    def batch(self, batch_id: str) -> BatchProgress:
        query = select(IngestJobRow.state, func.count()).where(col(IngestJobRow.batch_id) == batch_id)
        with reading(self._engine) as session:
            states = dict(session.exec(query.group_by(col(IngestJobRow.state))).all())
        return BatchProgress(batch_id, {JobState(state): int(count) for state, count in states.items()})

    def files(self, job_id: str, *, offset: int, limit: int, outcome: FileOutcome | None = None) -> FilePage:
        """A page of what became of a job's files, in the order in which they were worked off."""
        wanted = [col(IngestFileRow.job_id) == job_id, col(IngestFileRow.outcome) != WITHHELD]
        if outcome is not None:
            wanted.append(col(IngestFileRow.outcome) == outcome)
        query = select(IngestFileRow).where(*wanted).order_by(col(IngestFileRow.number)).offset(offset).limit(limit)
        with reading(self._engine) as session:
            total = session.exec(select(func.count()).select_from(IngestFileRow).where(*wanted)).one()
            return FilePage(tuple(_as_result(row) for row in session.exec(query)), total)

    def open_jobs(self) -> frozenset[str]:
        """The ids of jobs that have not ended."""
        query = select(IngestJobRow.job_id).where(col(IngestJobRow.state).in_(OPEN))
        with reading(self._engine) as session:
            return frozenset(session.exec(query))

    def ended_among(self, job_ids: Collection[str]) -> frozenset[str]:
        """Of some ids, those of jobs that have ended and are still remembered."""
        query = select(IngestJobRow.job_id).where(col(IngestJobRow.state).in_(ENDED))
        with reading(self._engine) as session:
            return frozenset(
                found
                for part in parts_of(list(job_ids))
                for found in session.exec(query.where(col(IngestJobRow.job_id).in_(part)))
            )

    def claim(self, worker: str) -> IngestJob | None:
        """The oldest queued job, now running for `worker`; no other worker gets it.

        While a file of some name is being taken in, later uploads of that name wait: the last one must win.
        """
        under_way = select(IngestJobRow.name).where(col(IngestJobRow.state) == JobState.RUNNING)
        queued = select(IngestJobRow).where(
            col(IngestJobRow.state) == JobState.QUEUED, col(IngestJobRow.name).not_in(under_way)
        )
        with writing(self._engine) as session:
            oldest = queued.order_by(col(IngestJobRow.created_at)).limit(1).with_for_update(skip_locked=True)
            row = session.exec(oldest).first()
            if row is None:
                return None
            row.state, row.worker, row.heartbeat_at = JobState.RUNNING, worker, self._clock()
            row.attempts += 1
            session.add(row)
            session.commit()
            session.refresh(row)
            return _as_job(row)

    def journal(self, job_id: str, worker: str) -> JobJournal:
        """What became of the job's files so far, and where `worker` writes down what becomes of the others."""
        return JobJournal(self._engine, job_id, worker, self._clock)

    def beat(self, job_id: str, worker: str, progress: IngestProgress | None) -> Standing:
        """Says that `worker` is still at the job, and how far; answers whether it should be."""
        with writing(self._engine) as session:
            row = session.get(IngestJobRow, job_id)
            if row is None or not _belongs(row, worker):
                return Standing.LOST
            if progress is not None:
                row.stage, row.source = progress.stage, progress.source
                row.done, row.total = progress.done, progress.total
            row.heartbeat_at = self._clock()
            session.add(row)
            session.commit()
            return Standing.CANCELLED if row.cancel_requested else Standing.HELD

    def finish(self, job_id: str, worker: str) -> None:
        """Ends a job whose files have all been worked off."""
        with writing(self._engine) as session:
            row = session.get(IngestJobRow, job_id)
            if row is not None and _belongs(row, worker):
                self._end(session, row, JobState.DONE)

    def refuse(self, job_id: str, worker: str, name: str, reason: str) -> None:
        """Ends the job with a sentence where `worker` still has it; what was taken in before stays."""
        with writing(self._engine) as session:
            row = session.get(IngestJobRow, job_id)
            if row is None or not _belongs(row, worker):
                return
            if row.cancel_requested:
                self._end(session, row, JobState.CANCELLED)
            else:
                JobJournal(self._engine, job_id, worker, self._clock).write(
                    session, [FileResult(name, FileOutcome.REFUSED, reason)]
                )
                self._end(session, row, JobState.REFUSED)

    def cancel(self, job_id: str) -> bool:
        """A queued job ends now, a running one at its next step; False when it has ended already."""
        if self._change(job_id, (JobState.QUEUED,), {"state": JobState.CANCELLED}):
            return True
        return self._change(job_id, (JobState.RUNNING,), {"cancel_requested": True})

    def give_up(self, job_id: str, worker: str) -> None:
        """Ends the job as cancelled where `worker` still has it."""
        with writing(self._engine) as session:
            row = session.get(IngestJobRow, job_id)
            if row is not None and _belongs(row, worker):
                self._end(session, row, JobState.CANCELLED)

    def requeue(self, job_id: str, worker: str, *, at_fault: bool = True) -> None:
        """Back into the queue where `worker` still has it.

        With `at_fault` the attempt counts: the job may be what ended its worker. A job that is to be cancelled ends.
        """
        with writing(self._engine) as session:
            row = session.get(IngestJobRow, job_id)
            if row is None or not _belongs(row, worker):
                return
            if row.cancel_requested:
                self._end(session, row, JobState.CANCELLED)
                return
            row.state, row.worker, row.heartbeat_at = JobState.QUEUED, "", self._clock()
            row.attempts = row.attempts if at_fault else 0
            session.add(row)
            session.commit()

    def requeue_interrupted(self, is_interrupted: Callable[[str, float], bool]) -> int:
        """Queues running jobs again for which `is_interrupted(worker, seconds since the last heartbeat)`.

        One that was interrupted three times without finishing a file in between is refused instead: it may be what
        ends its worker.
        """
        query = select(IngestJobRow).where(col(IngestJobRow.state) == JobState.RUNNING)
        with reading(self._engine) as session:
            running = [
                (row.job_id, row.name, row.worker, row.heartbeat_at, row.attempts) for row in session.exec(query)
            ]
        interrupted = [job for job in running if is_interrupted(job[2], self._clock() - job[3])]
        for job_id, name, worker, _, attempts in interrupted:
            if attempts < _MOST_ATTEMPTS:
                self.requeue(job_id, worker)
            else:
                reason = f"taking it in was interrupted {attempts} times; split it and try again"
                self.refuse(job_id, worker, name, reason)
        return len(interrupted)

    def forget_ended(self, before: float) -> int:
        """Deletes jobs that ended before a time (seconds since 1970), with their files; returns how many."""
        old = select(IngestJobRow.job_id).where(
            col(IngestJobRow.state).in_(ENDED), col(IngestJobRow.heartbeat_at) < before
        )
        with writing(self._engine) as session:
            session.exec(delete(IngestFileRow).where(col(IngestFileRow.job_id).in_(old)))
            deleted = session.exec(delete(IngestJobRow).where(col(IngestJobRow.job_id).in_(old)))
            session.commit()
        return int(deleted.rowcount)

    def _end(self, session: Session, row: IngestJobRow, state: JobState) -> None:
        """Counts the files together; a job of which nothing could be taken in is refused."""
        query = select(IngestFileRow.outcome, func.count()).where(col(IngestFileRow.job_id) == row.job_id)
        counted = {key: int(n) for key, n in session.exec(query.group_by(col(IngestFileRow.outcome)))}
        refused = select(IngestFileRow).where(
            col(IngestFileRow.job_id) == row.job_id, col(IngestFileRow.outcome) == FileOutcome.REFUSED
        )
        first = session.exec(refused.order_by(col(IngestFileRow.number)).limit(_REFUSALS_IN_JOB)).all()
        row.added, row.updated, row.unchanged, row.removed, row.refusals = (
            counted.get(outcome, 0) for outcome in FileOutcome
        )
        row.refused = json.dumps([[one.source, one.reason] for one in first])
        taken = row.added + row.updated + row.unchanged
        row.state = JobState.REFUSED if state is JobState.DONE and row.refusals and not taken else state
        row.stage, row.source = "", ""
        row.done = row.total = taken + row.refusals
        row.heartbeat_at = self._clock()
        session.add(row)
        session.commit()

    def _change(self, job_id: str, states: tuple[JobState, ...], values: Mapping[str, object]) -> bool:
        condition = (col(IngestJobRow.job_id) == job_id, col(IngestJobRow.state).in_(states))
        with writing(self._engine) as session:
            changed = session.exec(update(IngestJobRow).where(*condition).values(**values, heartbeat_at=self._clock()))
            session.commit()
        return bool(changed.rowcount)


def _belongs(row: IngestJobRow, worker: str) -> bool:
    """A worker that was taken for dead may wake up: the job is its successor's then."""
    return (row.state, row.worker) == (JobState.RUNNING, worker)


def _as_job(row: IngestJobRow) -> IngestJob:
    return IngestJob(
        job_id=row.job_id,
        name=row.name,
        sha256=row.sha256,
        state=JobState(row.state),
        stage=row.stage,
        source=row.source,
        done=row.done,
        total=row.total,
        added=row.added,
        updated=row.updated,
        unchanged=row.unchanged,
        removed=row.removed,
        refused=tuple(Refusal(source, reason) for source, reason in json.loads(row.refused)),
        created_at=row.created_at,
        heartbeat_at=row.heartbeat_at,
        batch_id=row.batch_id,
        encoding=row.encoding,
        refusals=row.refusals,
    )


def _as_result(row: IngestFileRow) -> FileResult:
    return FileResult(row.source, FileOutcome(row.outcome), row.reason, row.document_id, row.passages)
