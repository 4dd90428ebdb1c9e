"""The states of an accepted upload, and what removing a document does to those that wait. Knows nothing of the work."""

from __future__ import annotations

import time
from enum import StrEnum

from sqlalchemy import Engine, case, update
from sqlmodel import col

from knowledge.database import writing
from knowledge.storing.catalog_rows import IngestJobRow


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # nothing of it could be taken in, or its end
    CANCELLED = "cancelled"


OPEN = (JobState.QUEUED, JobState.RUNNING)
ENDED = (JobState.DONE, JobState.REFUSED, JobState.CANCELLED)


def withdraw_jobs(engine: Engine, source: str) -> int:
    """Cancels whatever waits to be taken in under exactly this name; returns how many. Raises CatalogUnavailable.

    Call it before the document is removed: what a running job has not committed by now, it cannot commit any more.
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
        session.commit()
    return int(withdrawn.rowcount)
