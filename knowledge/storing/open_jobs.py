"""The states of an accepted upload, and what removing a document does to those that wait. Knows nothing of the work."""

from __future__ import annotations

import time
from enum import StrEnum

from sqlalchemy import Engine, case, func, update
from sqlmodel import Session, col, select

from knowledge.database import writing
from knowledge.storing.catalog_rows import IngestFileRow, IngestJobRow


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # nothing of it could be taken in, or its end
    CANCELLED = "cancelled"


OPEN = (JobState.QUEUED, JobState.RUNNING)
ENDED = (JobState.DONE, JobState.REFUSED, JobState.CANCELLED)


WITHHELD = "withheld"  # marks, among a job's files, what it must not take in; no outcome that is shown


def withdraw_jobs(engine: Engine, source: str, document_id: str) -> int:
    """Cancels whatever waits to be taken in under exactly this name; returns how many. Raises CatalogUnavailable.

    Archives and lists that wait and may hold it are left to be taken in without it: under its name, or with an id that
    a list has given under any name. Call it before the document is removed: what a running job has not committed by
    now, it cannot commit any more.
    """
    theirs = (col(IngestJobRow.name) == source, col(IngestJobRow.state).in_(OPEN))
    queued = col(IngestJobRow.state) == JobState.QUEUED
    values = {
        "state": case((queued, JobState.CANCELLED.value), else_=col(IngestJobRow.state)),
        "cancel_requested": True,
        "heartbeat_at": case((queued, time.time()), else_=col(IngestJobRow.heartbeat_at)),
    }
    with writing(engine) as session:
        withdrawn = session.exec(update(IngestJobRow).where(*theirs).values(values))
        for job_id in _holding(session, source, document_id):
            _withhold(session, job_id, source, document_id)
        session.commit()
    return int(withdrawn.rowcount)


def _holding(session: Session, source: str, document_id: str) -> list[str]:
    """Open jobs whose upload may contain it, locked: who works one off writes into its journal, too.

    An id that a list has given ("faq.jsonl#42") may stand in whatever waits; every other one comes from the source.
    """
    given = source.endswith(f"#{document_id}")
    query = select(IngestJobRow.job_id, IngestJobRow.name).where(col(IngestJobRow.state).in_(OPEN)).with_for_update()
    return [job_id for job_id, name in session.exec(query) if given or source.startswith((f"{name}/", f"{name}#"))]


def _withhold(session: Session, job_id: str, source: str, document_id: str) -> None:
    last = session.exec(select(func.max(IngestFileRow.number)).where(col(IngestFileRow.job_id) == job_id)).one()
    row = IngestFileRow(
        job_id=job_id,
        number=1 + (last or 0),
        source=source,
        outcome=WITHHELD,
        reason="",
        document_id=document_id,
        passages=0,
    )
    session.add(row)
