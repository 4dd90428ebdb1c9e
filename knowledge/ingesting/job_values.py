"""An accepted upload as others see it. Knows nothing of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from knowledge.ingesting.ingest_values import STAGES, FileResult, Stage
from knowledge.passages import Refusal


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # nothing of it could be taken in, or its end
    CANCELLED = "cancelled"


OPEN = (JobState.QUEUED, JobState.RUNNING)
ENDED = (JobState.DONE, JobState.REFUSED, JobState.CANCELLED)


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
    refused: tuple[Refusal, ...]  # the first hundred
    created_at: float  # seconds since 1970, UTC
    heartbeat_at: float
    batch_id: str = ""
    encoding: str = ""
    refusals: int = 0  # all of them, once it has ended

    @property
    def stage_number(self) -> int:
        """Of STAGES, counted from 1; 0 while nothing is being done."""
        return Stage(self.stage).number if self.stage in list(Stage) else 0

    @property
    def stages(self) -> int:
        return STAGES


@dataclass(frozen=True, slots=True)
class FilePage:
    files: tuple[FileResult, ...]
    total: int  # on all pages


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """Uploads that came together: "12 of 40"."""

    batch_id: str
    by_state: Mapping[JobState, int]

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def ended(self) -> int:
        return sum(self.by_state.get(state, 0) for state in ENDED)
