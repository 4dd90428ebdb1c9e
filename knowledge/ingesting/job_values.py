"""An accepted upload as others see it. Knows nothing of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from knowledge.ingesting.ingest_values import STAGES, FileResult, Stage
from knowledge.passages import Refusal
from knowledge.storing.open_jobs import ENDED, OPEN, JobState

__all__ = ["ENDED", "OPEN", "REREAD", "BatchProgress", "FilePage", "IngestJob", "JobState", "Standing"]

REREAD = "reread-"  # how the id of a job begins that reads a document's own bytes again


class Standing(StrEnum):
    """What a heartbeat is answered."""

    HELD = "held"
    CANCELLED = "cancelled"  # still ours, to be ended
    LOST = "lost"  # somebody else's by now, or ended


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
    def is_reread(self) -> bool:
        """Whether it may only change a document that is still there, with the same bytes."""
        return self.job_id.startswith(REREAD)

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
