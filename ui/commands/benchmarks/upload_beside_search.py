"""What customers feel of a large upload, and what memory it takes: search in this process, the upload in its own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.commands.benchmarks.corpus import short_pages, write_pages
from ui.commands.benchmarks.ingestion_rates import job_of, pause

if TYPE_CHECKING:
    from bot.settings import Settings
    from knowledge.embedding.model_folders import ProgressCallback
    from knowledge.ingesting.ingest_jobs import IngestJobs
    from knowledge.library import KnowledgeLibrary
    from knowledge.protocols import Embedder

_KNOWN_PAGES = 200  # in the knowledge base before
_QUESTIONS = (
    "How do I return a parcel?",
    "如何办理退款？",
    "What does a new router cost?",
    "发票在哪里打印？",
    "I forgot my password",
    "Can I transfer a ticket by post?",
)
_BETWEEN_QUESTIONS = 0.1  # seconds
_MARKS = (0.1, 0.5, 1.0)  # of the upload: where memory is told


def upload_beside_search(
    settings: Settings,
    embedder: Embedder,
    folder: Path,
    *,
    many: int,
    seconds: float,
    progress: ProgressCallback,
) -> dict[str, Any]:
    """`search_ms` alone and meanwhile, and the peak `memory` of the uploading process at its marks."""
    from bot.bootstrap import open_home, open_jobs, open_library
    from knowledge.ingesting.ingestion import ingest_paths

    write_pages(folder / "pages", _KNOWN_PAGES, seed=1)
    own = settings.model_copy(update={"home": folder / "home", "database_url": ""})
    home = open_home(own)
    library = open_library(own, home=home, embedder=embedder)
    ingest_paths(library, [folder / "pages"])
    progress("search alone", 0.0)
    _search(library, min(5.0, seconds), lambda: True)  # warms up
    alone = _search(library, seconds, lambda: True)
    jobs = open_jobs(own, home, follower=library)
    jobs.start()
    try:
        job_id = jobs.accept("many.jsonl", short_pages(many))
        _wait_until_embedding(jobs, job_id)
        progress("search beside an upload", 0.0)
        watch = _Watch(jobs, job_id, many)
        meanwhile = _search(library, seconds, watch.look)
        while watch.look():
            progress("upload", watch.share())
            pause()
    finally:
        jobs.stop()
        home.engine.dispose()
    change = meanwhile["p95"] / alone["p95"] - 1
    return {"search_ms": {"alone": alone, "meanwhile": meanwhile, "p95_change": round(change, 3)}, "memory": watch.rows}


def _search(library: KnowledgeLibrary, seconds: float, goes_on: Callable[[], bool]) -> dict[str, float]:
    """Milliseconds of searches at a steady pace; the question is a new one every time."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and goes_on():
        question = f"{_QUESTIONS[len(taken) % len(_QUESTIONS)]} ({len(taken)})"
        began = time.perf_counter()
        library.search(question, limit=5)
        taken.append(1000 * (time.perf_counter() - began))
        time.sleep(max(0.0, _BETWEEN_QUESTIONS - taken[-1] / 1000))
    return {"p50": round(statistics.median(taken), 2), "p95": round(_p95(taken), 2), "searches": len(taken)}


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values)))]


def _wait_until_embedding(jobs: IngestJobs, job_id: str) -> None:
    while (job := job_of(jobs, job_id)).state in ("queued", "running") and job.done == 0:
        pause()


class _Watch:
    """The uploading process's peak of memory so far, at the moments when the upload passes a mark."""

    def __init__(self, jobs: IngestJobs, job_id: str, many: int) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._many = many
        self._peak = 0.0
        self.rows: list[dict[str, float]] = []

    def look(self) -> bool:
        """Whether the upload goes on."""
        job = job_of(self._jobs, self._job_id)
        self._peak = max(self._peak, self._jobs.worker_memory_mb())
        while len(self.rows) < len(_MARKS) and job.done >= _MARKS[len(self.rows)] * self._many:
            documents = round(_MARKS[len(self.rows)] * self._many)
            self.rows.append({"documents": documents, "peak_mb": round(self._peak, 1)})
        return job.state == "running"

    def share(self) -> float:
        return job_of(self._jobs, self._job_id).done / self._many
