"""Uploads from acceptance to their end: per-file results, cancelling, resuming, doubles, damage."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.errors import CatalogUnavailable
from knowledge.ingesting.ingest_jobs import IngestJobs
from knowledge.ingesting.ingest_values import FileOutcome, FileResult, Stage
from knowledge.ingesting.job_journal import JobLostError
from knowledge.ingesting.job_ledger import JobLedger
from knowledge.ingesting.job_values import JobState, Standing
from knowledge.library import KnowledgeLibrary
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.knowledge import a_library
from tests.fakes.pausing_embedder import PausingEmbedder
from tests.fakes.uploads import a_worker, an_archive, jobs_of, kept, many_rows, the_job

PAGE = b"# FAQ\n\nRefunds take five days."


@pytest.fixture
def library(tmp_path: Path) -> KnowledgeLibrary:
    return a_library(tmp_path)


@pytest.fixture
def jobs(library: KnowledgeLibrary, tmp_path: Path) -> IngestJobs:
    return jobs_of(library, tmp_path)


def test_an_accepted_upload_is_found_once_its_job_is_done(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    good, bad = jobs.accept("faq.md", PAGE), jobs.accept("faq.exe", b"MZ")
    assert {job.state for job in jobs.jobs()} == {JobState.QUEUED}
    a_worker(library, tmp_path).work_off()
    done, refused = the_job(jobs, good), the_job(jobs, bad)
    assert (done.state, done.added, done.done, done.total) == (JobState.DONE, 1, 1, 1)
    assert (refused.state, refused.refused[0].source) == (JobState.REFUSED, "faq.exe")
    assert library.search("refunds", limit=1)[0].passage.text == "Refunds take five days."
    assert list((tmp_path / "uploads").iterdir()) == []
    assert jobs.job("unknown") is None


def test_each_file_of_an_archive_has_a_result_of_its_own(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    jobs.accept("docs.zip", an_archive({"same.md": PAGE, "old.md": b"# Old\n\nOld.", "gone.md": b"# Gone\n\nGone."}))
    second = jobs.accept(
        "docs.zip", an_archive({"same.md": PAGE, "old.md": b"# Old\n\nNew.", "new.md": b"# N\n\nN.", "bad.exe": b"MZ"})
    )
    a_worker(library, tmp_path).work_off()
    page = jobs.files(second)
    assert {file.source: file.outcome for file in page.files} == {
        "docs.zip/same.md": FileOutcome.UNCHANGED,
        "docs.zip/old.md": FileOutcome.UPDATED,
        "docs.zip/new.md": FileOutcome.ADDED,
        "docs.zip/gone.md": FileOutcome.REMOVED,
        "docs.zip/bad.exe": FileOutcome.REFUSED,
    }
    assert page.total == 5
    refused = jobs.files(second, outcome=FileOutcome.REFUSED)
    assert (refused.total, bool(refused.files[0].reason)) == (1, True)
    assert len(jobs.files(second, offset=3, limit=10).files) == 2
    job = the_job(jobs, second)
    assert (job.added, job.updated, job.unchanged, job.removed, job.refusals) == (1, 1, 1, 1, 1)
    assert (job.state, job.done, job.total) == (JobState.DONE, 4, 4)


def test_uploads_that_come_together_are_counted_together(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    for number in range(3):
        jobs.accept(f"{number}.md", f"# Page {number}\n\nText.".encode(), batch_id="together")
    jobs.accept("alone.md", PAGE)
    assert (jobs.batch("together").ended, jobs.batch("together").total) == (0, 3)
    assert jobs.batch("unknown").total == 0
    a_worker(library, tmp_path).work_off()
    assert jobs.batch("together").by_state == {JobState.DONE: 3}
    assert {job.name for job in jobs.jobs(batch_id="together")} == {"0.md", "1.md", "2.md"}


def test_a_queued_job_can_be_cancelled_and_its_bytes_go(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    accepted = jobs.accept("faq.md", PAGE)
    assert jobs.cancel(accepted)
    assert kept(tmp_path) == set()
    assert a_worker(library, tmp_path).work_off() == 0
    assert not jobs.cancel(accepted)
    assert not jobs.cancel("unknown")
    assert [job.state for job in jobs.jobs()] == [JobState.CANCELLED]
    assert library.documents() == ()


def test_a_job_cancelled_in_the_middle_of_embedding_ends_as_cancelled(tmp_path: Path) -> None:
    embedder = PausingEmbedder()
    library = a_library(tmp_path, embedder=embedder)
    jobs = jobs_of(library, tmp_path)
    accepted = jobs.accept("rows.jsonl", many_rows(400))
    working = threading.Thread(target=a_worker(library, tmp_path).work_off)
    working.start()
    assert embedder.reached.wait(30)
    wait_for_stage(jobs, accepted, Stage.EMBEDDING)
    assert jobs.cancel(accepted)
    wait_until_heard(jobs, accepted)
    embedder.go_on.set()
    working.join(30)
    assert the_job(jobs, accepted).state is JobState.CANCELLED
    assert len(library.documents()) < 400
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_job_broken_off_by_a_stop_is_finished_by_the_next_worker(tmp_path: Path) -> None:
    embedder = PausingEmbedder()
    library = a_library(tmp_path, embedder=embedder)
    jobs = jobs_of(library, tmp_path)
    accepted = jobs.accept("rows.jsonl", many_rows(200))
    for _ in range(4):  # more often than a job may crash
        embedder.reached.clear()
        embedder.go_on.clear()
        worker = a_worker(library, tmp_path)
        working = threading.Thread(target=worker.work_off)
        working.start()
        assert embedder.reached.wait(30)
        worker.stop()
        embedder.go_on.set()
        working.join(30)
        assert the_job(jobs, accepted).state is JobState.QUEUED
    a_worker(library, tmp_path).work_off()
    assert the_job(jobs, accepted).state is JobState.DONE
    assert len(library.documents()) == 200
    assert jobs.files(accepted).total == 200


def test_a_job_that_killed_its_worker_three_times_is_refused_with_a_sentence(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    accepted = jobs.accept("faq.md", PAGE)
    ledger = JobLedger(library.catalog.engine)
    for _ in range(3):
        assert ledger.requeue_interrupted(lambda worker, _: True) in (0, 1)
        assert ledger.claim("elsewhere:1:dead") is not None
    ledger.requeue_interrupted(lambda worker, _: True)
    job = the_job(jobs, accepted)
    assert job.state is JobState.REFUSED
    assert "interrupted 3 times" in job.refused[0].reason
    assert a_worker(library, tmp_path).work_off() == 0


def test_a_job_that_gets_on_between_two_crashes_is_not_given_up(library: KnowledgeLibrary, jobs: IngestJobs) -> None:
    accepted = jobs.accept("faq.md", PAGE)
    ledger = JobLedger(library.catalog.engine)
    for number in range(6):
        ledger.requeue_interrupted(lambda worker, _: True)
        assert ledger.claim("elsewhere:1:dead") is not None
        ledger.journal(accepted, "elsewhere:1:dead").note([a_result(f"file{number}")])
    assert the_job(jobs, accepted).state is JobState.RUNNING


def test_a_worker_that_was_taken_for_dead_cannot_write_any_more(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    accepted = jobs.accept("faq.md", PAGE)
    ledger = JobLedger(library.catalog.engine)
    ledger.claim("elsewhere:1:slow")
    slow = ledger.journal(accepted, "elsewhere:1:slow")
    ledger.requeue_interrupted(lambda worker, _: True)
    a_worker(library, tmp_path).work_off()
    with pytest.raises(JobLostError):
        slow.note([a_result("late")])
    assert ledger.beat(accepted, "elsewhere:1:slow", None) is Standing.LOST
    assert [file.source for file in jobs.files(accepted).files] == ["faq.md"]


def test_two_uploads_of_one_name_leave_the_later_one(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    uploads = [
        threading.Thread(target=jobs.accept, args=("faq.md", f"# FAQ\n\nVersion {n}.".encode())) for n in range(8)
    ]
    for upload in uploads:
        upload.start()
    for upload in uploads:
        upload.join()
    last = jobs.accept("faq.md", b"# FAQ\n\nThe last version.")
    workers = [threading.Thread(target=a_worker(library, tmp_path).work_off) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    a_worker(library, tmp_path).work_off()  # the two may have gone while a third upload had to wait
    assert {job.state for job in jobs.jobs()} == {JobState.DONE}
    assert len(library.documents()) == 1
    assert library.document_text(library.documents()[0].document_id).endswith("The last version.")
    assert the_job(jobs, last).state is JobState.DONE
    assert len(kept(tmp_path)) == 1  # one original: that of the version which stands
    assert library.verify().ok


def test_the_same_bytes_twice_in_one_batch_are_kept_once(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    again = [jobs.accept(name, PAGE, batch_id="b") for name in ("faq.md", "faq.md", "copy.md")]
    a_worker(library, tmp_path).work_off()
    assert [the_job(jobs, job_id).unchanged for job_id in again] == [0, 1, 0]
    assert len(library.documents()) == 2
    assert len(kept(tmp_path)) == 1


def test_an_empty_archive_is_refused_with_a_sentence(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    empty = jobs.accept("empty.zip", an_archive({}))
    a_worker(library, tmp_path).work_off()
    job = the_job(jobs, empty)
    assert (job.state, job.refusals) == (JobState.REFUSED, 1)
    assert job.refused[0].reason


def test_an_upload_whose_bytes_are_damaged_on_the_disk_is_refused(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    accepted = jobs.accept("faq.md", PAGE)
    (tmp_path / "uploads" / accepted).write_bytes(PAGE.upper())
    a_worker(library, tmp_path).work_off()
    job = the_job(jobs, accepted)
    assert job.state is JobState.REFUSED
    assert "upload it again" in job.refused[0].reason


def test_a_chosen_encoding_reads_known_bytes_anew(library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path) -> None:
    content = "退款需要五个工作日。".encode("gb18030")
    jobs.accept("faq.txt", content, encoding="big5")
    a_worker(library, tmp_path).work_off()
    document = library.documents()[0]
    assert "退款" not in library.document_text(document.document_id)
    described, original = library.original(document.document_id)
    assert original == content
    again = jobs.reread(described, original, encoding="gb18030")
    a_worker(library, tmp_path).work_off()
    assert the_job(jobs, again).updated == 1
    assert "退款需要五个工作日。" in library.document_text(document.document_id)
    assert library.original(document.document_id)[1] == content


def test_jobs_that_ended_long_ago_are_forgotten_with_their_files(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    ended = jobs.accept("faq.md", PAGE)
    a_worker(library, tmp_path).work_off()
    waiting = jobs.accept("other.md", PAGE)
    assert JobLedger(library.catalog.engine).forget_ended(the_job(jobs, ended).heartbeat_at + 1) == 1
    assert [job.job_id for job in jobs.jobs()] == [waiting]
    assert jobs.files(ended).total == 0


class BrokenLedgerEmbedder(FakeEmbedder):
    """The database goes away while documents are embedded."""

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise CatalogUnavailable("the database is locked")


def test_a_job_stays_open_when_the_database_fails(tmp_path: Path) -> None:
    library = a_library(tmp_path, embedder=BrokenLedgerEmbedder())
    jobs = jobs_of(library, tmp_path)
    accepted = jobs.accept("faq.md", PAGE)
    with pytest.raises(CatalogUnavailable):
        a_worker(library, tmp_path).work_off()
    assert the_job(jobs, accepted).state is JobState.RUNNING
    mended = a_library(tmp_path)
    JobLedger(mended.catalog.engine).requeue_interrupted(lambda worker, _: True)
    a_worker(mended, tmp_path).work_off()
    assert the_job(jobs, accepted).state is JobState.DONE


def a_result(source: str) -> FileResult:
    return FileResult(source, FileOutcome.ADDED, document_id=source)


def wait_for_stage(jobs: IngestJobs, job_id: str, stage: Stage) -> None:
    pace = threading.Event()
    while the_job(jobs, job_id).stage != stage:
        pace.wait(0.01)


def wait_until_heard(jobs: IngestJobs, job_id: str) -> None:
    """Until the worker's next heartbeat but one: it has asked whether anybody wants the job cancelled."""
    pace = threading.Event()
    for _ in range(2):
        before = the_job(jobs, job_id).heartbeat_at
        while the_job(jobs, job_id).heartbeat_at == before:
            pace.wait(0.01)


def test_other_bytes_take_the_place_of_a_document_out_of_an_archive(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    jobs.accept("handbook.zip", an_archive({"returns/faq.md": PAGE}))
    a_worker(library, tmp_path).work_off()
    (before,) = library.documents()
    original, _ = library.original(before.document_id)
    jobs.replace(original, io.BytesIO(b"# FAQ\n\nRefunds take nine days."))
    a_worker(library, tmp_path).work_off()
    (after,) = library.documents()
    assert (after.source, after.document_id, after.version) == (before.source, before.document_id, before.version + 1)
    assert library.search("refunds", limit=1)[0].passage.text == "Refunds take nine days."
