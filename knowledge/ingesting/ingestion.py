"""Ways in for documents: paths, folders and uploaded bytes. Knows nothing of commands, web pages and jobs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from knowledge.ingesting.ingest_reading import Step
from knowledge.ingesting.ingest_run import FileOutcome, IngestProgress, IngestRun, OnProgress, Stage, no_report
from knowledge.ingesting.ingest_steps import steps_of_folder, steps_of_paths, steps_of_upload, upload_name
from knowledge.ingesting.job_values import IngestJob, JobState
from knowledge.library import KnowledgeLibrary
from knowledge.passages import IngestReport
from knowledge.readers import STANDARD_LIMITS, ReadingLimits

__all__ = [
    "IngestJob",
    "IngestProgress",
    "JobState",
    "Stage",
    "ingest_bytes",
    "ingest_folder",
    "ingest_paths",
    "upload_name",
]


def ingest_paths(
    library: KnowledgeLibrary,
    paths: Sequence[Path],
    *,
    encoding: str = "",
    limits: ReadingLimits = STANDARD_LIMITS,
    on_progress: OnProgress = no_report,
) -> IngestReport:
    """Takes in files, folders, .zip archives and .jsonl lists, and removes what is gone from the latter three.

    The same bytes change nothing; new bytes of the same source replace it, unless they are refused. Sources are
    absolute paths, so two folders of one name are not confused. Texts are read in `encoding` where one is given.
    Call `library.save()` afterwards.
    """
    return _done(library, steps_of_paths(paths, encoding=encoding, limits=limits), on_progress)


def ingest_folder(
    library: KnowledgeLibrary, folder: Path, *, collection: str, on_progress: OnProgress = no_report
) -> IngestReport:
    """Takes in a folder under a name of its own, which stays the same wherever the folder lies."""
    return _done(library, steps_of_folder(folder, collection), on_progress)


def ingest_bytes(
    library: KnowledgeLibrary,
    name: str,
    content: bytes,
    *,
    collection: str = "",
    encoding: str = "",
    on_progress: OnProgress = no_report,
) -> IngestReport:
    """Takes in one uploaded file, known by its name; an upload of the same name replaces it."""
    plain = upload_name(name)
    source = f"{collection}/{plain}" if collection else plain
    return _done(library, steps_of_upload(source, content, collection=collection, encoding=encoding), on_progress)


def _done(library: KnowledgeLibrary, steps: Iterable[Step], on_progress: OnProgress) -> IngestReport:
    """The indexes follow once, at the end: while documents come in, memory does not grow with them."""
    began = time.monotonic()
    run = IngestRun(library.intake, on_progress=on_progress)
    run.work(steps)
    library.catch_up()
    return IngestReport(
        added=run.counts[FileOutcome.ADDED],
        updated=run.counts[FileOutcome.UPDATED],
        unchanged=run.counts[FileOutcome.UNCHANGED],
        removed=run.counts[FileOutcome.REMOVED],
        refused=tuple(run.refused),
        passages=library.passage_count,
        generation=library.generation,
        seconds=time.monotonic() - began,
    )
