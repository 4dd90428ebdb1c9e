"""Builders for uploads: lists, archives, and the jobs and the worker of one home folder."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from knowledge.ingesting.ingest_jobs import IngestJobs
from knowledge.ingesting.ingest_worker import IngestWorker
from knowledge.ingesting.job_values import IngestJob
from knowledge.library import KnowledgeLibrary


def a_list(*rows: dict[str, str]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def many_rows(count: int) -> bytes:
    return a_list(
        *({"id": f"row{i}", "title": f"Row {i}", "text": f"Row number {i} of the list."} for i in range(count))
    )


def an_archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def jobs_of(library: KnowledgeLibrary, folder: Path) -> IngestJobs:
    """As the server sees them; nobody works them off but `a_worker`."""
    return IngestJobs(library.catalog.engine, folder / "uploads")


def a_worker(library: KnowledgeLibrary, folder: Path) -> IngestWorker:
    """As in the process that takes documents in, but in this one, and with a quick pulse."""
    return IngestWorker(library.intake, folder / "uploads", beat_seconds=0.02)


def the_job(jobs: IngestJobs, job_id: str) -> IngestJob:
    job = jobs.job(job_id)
    assert job is not None
    return job


def kept(folder: Path) -> set[str]:
    """Names of the files with bytes of uploads."""
    return {path.name for name in ("uploads", "originals") for path in (folder / name).glob("[!.]*")}
