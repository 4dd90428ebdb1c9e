"""What is told of a run while it goes on: stages, progress, and what became of each file. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """In the order a document goes through them."""

    READING = "reading"
    SPLITTING = "splitting"
    EMBEDDING = "embedding"
    SAVING = "saving"

    @property
    def number(self) -> int:
        """Counted from 1."""
        return list(Stage).index(self) + 1


STAGES = len(Stage)


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """How far a run is. Counts documents; while a single document is embedded, its passages.

    `total` grows where an archive or a list turns out to hold many documents.
    """

    stage: Stage
    source: str
    done: int
    total: int


OnProgress = Callable[[IngestProgress], None]
"""Raise from it to break a run off."""


def no_report(_progress: IngestProgress) -> None:
    return


class FileOutcome(StrEnum):
    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one document of a run."""

    source: str
    outcome: FileOutcome
    reason: str = ""  # of a refusal, as a sentence
    document_id: str = ""
    passages: int = 0
