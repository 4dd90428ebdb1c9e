"""The ledger of uploads that were accepted. Knows nothing of how they are worked off."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from knowledge.catalog_rows import IngestJobRow
from knowledge.database import reading, writing
from knowledge.passages import IngestReport, Refusal


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # nothing of it could be taken in
    CANCELLED = "cancelled"


_MOST_ATTEMPTS = 3
_OPEN = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class IngestJob:
    """An accepted upload. `done` of `total` counts documents, or the passages of a single one (see IngestProgress)."""

    job_id: str
    name: str
    sha256: str
    state: JobState
    stage: str
    source: str
    done: int
    total: int
    added: int
    updated: int
    unchanged: int
    removed: int
    refused: tuple[Refusal, ...]
    created_at: float  # seconds since 1970, UTC
    heartbeat_at: float


class JobLedger:
    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, job_id: str, name: str, sha256: str) -> None:
        now = self._clock()
        with writing(self._engine) as session:
            session.add(
                IngestJobRow(
                    job_id=job_id, name=name, sha256=sha256, state=JobState.QUEUED, created_at=now, heartbeat_at=now
                )
            )
            session.commit()

    def jobs(self, *, limit: int) -> tuple[IngestJob, ...]:
        """The newest first."""
        query = select(IngestJobRow).order_by(col(IngestJobRow.created_at).desc(), col(IngestJobRow.job_id))
        with reading(self._engine) as session:
            return tuple(_as_job(row) for row in session.exec(query.limit(limit)))

    def job(self, job_id: str) -> IngestJob | None:
        with reading(self._engine) as session:
            row = session.get(IngestJobRow, job_id)
            return _as_job(row) if row else None

    def open_jobs(self) -> frozenset[str]:
        """The ids of jobs that have not ended."""
        query = select(IngestJobRow.job_id).where(col(IngestJobRow.state).in_(_OPEN))
        with reading(self._engine) as session:
            return frozenset(session.exec(query))

    def claim(self, worker: str) -> IngestJob | None:
        """The oldest queued job, now running for `worker`; no other worker gets it."""
        queued = select(IngestJobRow).where(col(IngestJobRow.state) == JobState.QUEUED)
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

    def beat(self, job_id: str, *, stage: str, source: str, done: int, total: int) -> bool:
        """Records how far a running job is; True when somebody wants it cancelled."""
        with writing(self._engine) as session:
            row = _running(session, job_id)
            if row is None:
                return True
            row.stage, row.source, row.done, row.total = stage, source, done, total
            row.heartbeat_at = self._clock()
            session.add(row)
            session.commit()
            return row.cancel_requested

    def finish(self, job_id: str, report: IngestReport) -> None:
        taken = report.added + report.updated + report.unchanged + report.removed
        with writing(self._engine) as session:
            row = _running(session, job_id)
            if row is None:
                return
            row.state = JobState.DONE if taken or not report.refused else JobState.REFUSED
            row.added, row.updated = report.added, report.updated
            row.unchanged, row.removed = report.unchanged, report.removed
            row.refused = json.dumps([[refusal.source, refusal.reason] for refusal in report.refused])
            row.stage, row.source = "", ""
            row.done, row.total = taken + len(report.refused), taken + len(report.refused)
            row.heartbeat_at = self._clock()
            session.add(row)
            session.commit()

    def refuse(self, job_id: str, name: str, reason: str) -> None:
        values = {"state": JobState.REFUSED, "refused": json.dumps([[name, reason]]), "stage": "", "source": ""}
        self._change(job_id, (JobState.RUNNING,), values)

    def cancel(self, job_id: str) -> bool:
        """A queued job ends now, a running one at its next step; False when it has ended already."""
        if self._change(job_id, (JobState.QUEUED,), {"state": JobState.CANCELLED}):
            return True
        return self._change(job_id, (JobState.RUNNING,), {"cancel_requested": True})

    def give_up(self, job_id: str) -> None:
        """Ends a running job as cancelled."""
        self._change(job_id, (JobState.RUNNING,), {"state": JobState.CANCELLED, "stage": "", "source": ""})

    def requeue(self, job_id: str) -> None:
        self._change(job_id, (JobState.RUNNING,), {"state": JobState.QUEUED, "worker": ""})

    def requeue_interrupted(self, is_interrupted: Callable[[str, float], bool]) -> int:
        """Queues running jobs again for which `is_interrupted(worker, seconds since the last heartbeat)`.

        A job that was interrupted several times is refused instead: it may be what ended the program.
        """
        query = select(IngestJobRow).where(col(IngestJobRow.state) == JobState.RUNNING)
        with reading(self._engine) as session:
            running = [
                (row.job_id, row.name, row.worker, row.heartbeat_at, row.attempts) for row in session.exec(query)
            ]
        interrupted = [job for job in running if is_interrupted(job[2], self._clock() - job[3])]
        for job_id, name, _, _, attempts in interrupted:
            if attempts < _MOST_ATTEMPTS:
                self.requeue(job_id)
            else:
                self.refuse(job_id, name, f"taking it in was interrupted {attempts} times; split it and try again")
        return len(interrupted)

    def _change(self, job_id: str, states: tuple[JobState, ...], values: Mapping[str, object]) -> bool:
        condition = (col(IngestJobRow.job_id) == job_id, col(IngestJobRow.state).in_(states))
        with writing(self._engine) as session:
            changed = session.exec(update(IngestJobRow).where(*condition).values(**values, heartbeat_at=self._clock()))
            session.commit()
        return bool(changed.rowcount)


def _running(session: Session, job_id: str) -> IngestJobRow | None:
    row = session.get(IngestJobRow, job_id)
    return row if row is not None and row.state == JobState.RUNNING else None


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
    )
