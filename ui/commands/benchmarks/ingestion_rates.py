"""How many passages a second come in, beside what the embedder alone would do with the same passages."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.commands.benchmarks.corpus import help_pages, write_pages

if TYPE_CHECKING:
    from bot.settings import Settings
    from knowledge.embedding.model_folders import ProgressCallback
    from knowledge.ingesting.ingest_jobs import IngestJobs
    from knowledge.ingesting.job_values import IngestJob
    from knowledge.protocols import Embedder

_LOOK_SECONDS = 0.05


def ingest_rates(
    settings: Settings, embedder: Embedder, folder: Path, documents: int, progress: ProgressCallback
) -> list[dict[str, Any]]:
    """Rows of the embedder alone, of `frontdesk ingest` and of an upload; all on one thread of torch."""
    from bot.bootstrap import open_home, open_library
    from knowledge.ingesting.ingestion import ingest_paths

    write_pages(folder / "pages", documents)
    embedder.embed_passages(["warming up"] * 64)
    own = settings.model_copy(update={"home": folder / "home", "database_url": ""})
    library = open_library(own, home=open_home(own), embedder=embedder)
    report = ingest_paths(
        library, [folder / "pages"], on_progress=lambda step: progress("ingest", step.done / max(1, step.total))
    )
    texts = [
        passage.embedded_text
        for document in library.documents()
        for passage in library.catalog.passages_of(document.document_id)
    ]
    library.catalog.engine.dispose()
    progress("embedder alone", 0.0)
    began = time.perf_counter()
    embedder.embed_passages(texts)
    raw = len(texts) / (time.perf_counter() - began)
    progress("upload", 0.0)
    uploading = _upload_seconds(settings, folder / "uploading", documents)
    return [
        _row("the embedder alone", len(texts) / raw, len(texts), documents, None),
        _row("frontdesk ingest", report.seconds, len(texts), documents, raw),
        _row("an upload, in its own process", uploading, len(texts), documents, raw),
    ]


def _row(system: str, seconds: float, passages: int, documents: int, raw: float | None) -> dict[str, Any]:
    rate = passages / seconds
    return {
        "system": system,
        "passages_per_second": round(rate, 1),
        "documents_per_second": round(documents / seconds, 2),
        "share": round(rate / raw, 3) if raw else None,
    }


def _upload_seconds(settings: Settings, home: Path, documents: int) -> float:
    """From the moment at which the process begins the job, its model loaded, to the job's end."""
    from bot.bootstrap import open_home, open_jobs

    own = settings.model_copy(update={"home": home, "database_url": ""})
    opened = open_home(own)
    jobs = open_jobs(own, opened)
    jobs.start()
    try:
        job_id = jobs.accept("pages.zip", as_archive(documents))
        began = time.perf_counter()
        while (job := job_of(jobs, job_id)).state == "queued":
            began = time.perf_counter()
            pause()
        while job.state == "running":
            pause()
            job = job_of(jobs, job_id)
        return time.perf_counter() - began
    finally:
        jobs.stop()
        opened.engine.dispose()


def as_archive(documents: int, *, seed: int = 0) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in help_pages(documents, seed=seed):
            archive.writestr(name, text)
    return packed.getvalue()


def job_of(jobs: IngestJobs, job_id: str) -> IngestJob:
    job = jobs.job(job_id)
    if job is None:
        raise LookupError(job_id)
    return job


def pause() -> None:
    threading.Event().wait(_LOOK_SECONDS)
