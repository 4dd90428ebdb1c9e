"""Jobs that are not theirs any more who work at them: taken over, cancelled, or overtaken by a removal."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from knowledge.ingesting.ingest_jobs import IngestJobs
from knowledge.ingesting.ingestion import ingest_bytes
from knowledge.ingesting.job_ledger import JobLedger
from knowledge.ingesting.job_values import IngestJob, JobState, Standing
from knowledge.library import KnowledgeLibrary
from knowledge.storing.originals import Originals
from tests.fakes.knowledge import a_library
from tests.fakes.pausing_embedder import PausingEmbedder
from tests.fakes.uploads import a_worker, jobs_of, many_rows
from tests.fakes.worker import FakeWorkplace

PAGE = b"# FAQ\n\nRefunds take five days."
SLOW, NEXT = "elsewhere:1:slow", "elsewhere:2:next"


@pytest.fixture
def library(tmp_path: Path) -> KnowledgeLibrary:
    return a_library(tmp_path)


@pytest.fixture
def jobs(library: KnowledgeLibrary, tmp_path: Path) -> IngestJobs:
    return jobs_of(library, tmp_path)


def the_job(jobs: IngestJobs, job_id: str) -> IngestJob:
    job = jobs.job(job_id)
    assert job is not None
    return job


def kept(folder: Path) -> set[str]:
    return {path.name for name in ("uploads", "originals") for path in (folder / name).glob("[!.]*")}


def test_a_worker_that_wakes_up_cannot_end_the_job_of_its_successor(
    library: KnowledgeLibrary, jobs: IngestJobs
) -> None:
    accepted = jobs.accept("faq.md", PAGE)
    ledger = JobLedger(library.catalog.engine)
    ledger.claim(SLOW)
    ledger.requeue_interrupted(lambda worker, _: True)
    ledger.claim(NEXT)
    ledger.give_up(accepted, SLOW)
    ledger.refuse(accepted, SLOW, "faq.md", "it is damaged")
    ledger.requeue(accepted, SLOW)
    ledger.finish(accepted, SLOW)
    assert the_job(jobs, accepted).state is JobState.RUNNING
    assert jobs.files(accepted).total == 0
    assert ledger.beat(accepted, SLOW, None) is Standing.LOST
    assert ledger.beat(accepted, NEXT, None) is Standing.HELD
    assert jobs.cancel(accepted)
    assert ledger.beat(accepted, NEXT, None) is Standing.CANCELLED


def test_a_worker_that_lost_its_job_while_it_embedded_drops_it(tmp_path: Path) -> None:
    embedder = PausingEmbedder()
    library = a_library(tmp_path, embedder=embedder)
    jobs = jobs_of(library, tmp_path)
    accepted = jobs.accept("rows.jsonl", many_rows(400))
    working = threading.Thread(target=a_worker(library, tmp_path).work_off)
    working.start()
    assert embedder.reached.wait(30)
    ledger = JobLedger(library.catalog.engine)
    ledger.requeue_interrupted(lambda worker, _: True)
    assert ledger.claim(NEXT) is not None
    embedder.go_on.set()
    working.join(30)
    assert the_job(jobs, accepted).state is JobState.RUNNING
    assert kept(tmp_path) == {accepted}


def test_a_queued_reread_does_not_bring_a_removed_document_back(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    ingest_bytes(library, "faq.md", PAGE)
    document = library.documents()[0]
    described, original = library.original(document.document_id)
    assert original is not None
    before = jobs.reread(described, original, encoding="latin-1")
    library.remove_document(document.document_id)
    assert the_job(jobs, before).state is JobState.CANCELLED
    after = jobs.reread(described, original, encoding="latin-1")  # by somebody who still sees it in the list
    a_worker(library, tmp_path).work_off()
    assert the_job(jobs, after).state is JobState.CANCELLED
    assert library.documents() == ()


def test_a_reread_does_not_put_old_bytes_over_new_ones(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    ingest_bytes(library, "faq.md", PAGE)
    described, original = library.original(library.documents()[0].document_id)
    assert original is not None
    reread = jobs.reread(described, original, encoding="latin-1")
    ingest_bytes(library, "faq.md", PAGE + b" Or six.")
    a_worker(library, tmp_path).work_off()
    assert the_job(jobs, reread).state is JobState.CANCELLED
    assert library.document_text(library.documents()[0].document_id).endswith("Or six.")


def test_removing_a_document_cancels_the_upload_of_its_name_that_waits_and_no_other(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    ingest_bytes(library, "faq.md", PAGE)
    same, other = jobs.accept("faq.md", PAGE + b" Or six."), jobs.accept("other.md", b"# Other\n\nText.")
    library.remove_document(library.documents()[0].document_id)
    later = jobs.accept("faq.md", PAGE + b" Or seven.")
    a_worker(library, tmp_path).work_off()
    states = [the_job(jobs, job_id).state for job_id in (same, other, later)]
    assert states == [JobState.CANCELLED, JobState.DONE, JobState.DONE]


def test_an_upload_that_is_being_embedded_when_its_document_is_removed_leaves_nothing(tmp_path: Path) -> None:
    ingest_bytes(a_library(tmp_path), "faq.md", PAGE)
    embedder = PausingEmbedder()
    library, beside = a_library(tmp_path, embedder=embedder), a_library(tmp_path)
    jobs = jobs_of(library, tmp_path)
    accepted = jobs.accept("faq.md", PAGE + b" Or six.")
    working = threading.Thread(target=a_worker(library, tmp_path).work_off)
    working.start()
    assert embedder.reached.wait(30)
    beside.remove_document(beside.documents()[0].document_id)
    embedder.go_on.set()
    working.join(30)
    assert the_job(jobs, accepted).state is JobState.CANCELLED
    assert beside.documents() == ()
    assert kept(tmp_path) == set()


def test_a_server_that_starts_deletes_what_a_crash_has_left(library: KnowledgeLibrary, tmp_path: Path) -> None:
    ingest_bytes(library, "faq.md", PAGE)
    originals, place = Originals(tmp_path / "originals"), FakeWorkplace()
    (standing,) = kept(tmp_path)
    with originals.keeping({"0" * 64: b"left"}):
        pass
    jobs = IngestJobs(library.catalog.engine, tmp_path / "uploads", launch=place.launch, originals=originals)
    ended, waiting = jobs.accept("faq.md", PAGE), jobs.accept("other.md", PAGE)
    JobLedger(library.catalog.engine).cancel(ended)
    for name, age in (("stray", 2 * 86_400), ("being-accepted", 0)):
        (tmp_path / "uploads" / name).write_bytes(b"")
        os.utime(tmp_path / "uploads" / name, (time.time() - age,) * 2)
    jobs.start()
    assert place.launched.acquire(timeout=10)
    jobs.stop()
    assert kept(tmp_path) == {standing, waiting, "being-accepted"}
