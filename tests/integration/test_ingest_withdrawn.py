"""Jobs that are not theirs any more who work at them: taken over, cancelled, or overtaken by a removal."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from knowledge.entries.entry_book import document_id_of, is_entry
from knowledge.ingesting.ingest_jobs import IngestJobs
from knowledge.ingesting.ingest_values import FileOutcome
from knowledge.ingesting.ingestion import ingest_bytes
from knowledge.ingesting.job_ledger import JobLedger
from knowledge.ingesting.job_values import JobState, Standing
from knowledge.library import KnowledgeLibrary
from knowledge.storing.originals import Originals
from tests.fakes.knowledge import a_library
from tests.fakes.pausing_embedder import PausingEmbedder
from tests.fakes.uploads import a_list, a_worker, an_archive, jobs_of, kept, many_rows, the_job
from tests.fakes.worker import FakeWorkplace

PAGE = b"# FAQ\n\nRefunds take five days."
ENTRYS = document_id_of("0123456789abcdef", "en")
SLOW, NEXT = "elsewhere:1:slow", "elsewhere:2:next"


@pytest.fixture
def library(tmp_path: Path) -> KnowledgeLibrary:
    return a_library(tmp_path)


@pytest.fixture
def jobs(library: KnowledgeLibrary, tmp_path: Path) -> IngestJobs:
    return jobs_of(library, tmp_path)


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


def test_a_document_removed_out_of_an_archive_does_not_come_back_with_one_that_waits(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    pages = {"faq.md": PAGE, "other.md": b"# Other\n\nText."}
    ingest_bytes(library, "docs.zip", an_archive(pages))
    waiting = jobs.accept("docs.zip", an_archive({**pages, "faq.md": PAGE + b" Or six.", "new.md": b"# New\n\nNew."}))
    beside = jobs.accept("docs.zip.md", b"# Beside\n\nOf a name that begins alike.")
    library.remove_document(by_source(library, "docs.zip/faq.md"))
    a_worker(library, tmp_path).work_off()
    assert [the_job(jobs, job_id).state for job_id in (waiting, beside)] == [JobState.DONE] * 2
    assert {each.source for each in library.documents()} == {"docs.zip/other.md", "docs.zip/new.md", "docs.zip.md"}
    outcomes = {file.source: file.outcome for file in jobs.files(waiting).files}
    assert outcomes["docs.zip/faq.md"] is FileOutcome.REMOVED
    jobs.accept("docs.zip", an_archive(pages))  # and whoever uploads it afterwards wants it there
    a_worker(library, tmp_path).work_off()
    assert by_source(library, "docs.zip/faq.md")


def test_a_record_removed_does_not_come_back_with_a_list_of_another_name_that_waits(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    ingest_bytes(library, "old.jsonl", many_rows(2))
    holding, other = jobs.accept("new.jsonl", many_rows(3)), jobs.accept("docs.zip", an_archive({"faq.md": PAGE}))
    library.remove_document("row1")
    a_worker(library, tmp_path).work_off()
    assert {each.source for each in library.documents()} == {
        "new.jsonl#row0",
        "new.jsonl#row2",
        "docs.zip/faq.md",
    }
    removed = [
        [file.source for file in jobs.files(each, outcome=FileOutcome.REMOVED).files] for each in (holding, other)
    ]
    assert removed == [["new.jsonl#row1"], []]
    assert (the_job(jobs, holding).removed, the_job(jobs, other).removed) == (1, 0)


def test_of_a_list_without_ids_only_what_was_removed_is_left_out_wherever_it_stands(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    first, second, third = ({"text": f"Tram number {number} calls here."} for number in range(3))
    ingest_bytes(library, "list.jsonl", a_list(first, second))
    removed, stays = (
        next(each.document_id for each in library.documents() if library.document_text(each.document_id) == row["text"])
        for row in (first, second)
    )
    waiting = jobs.accept("list.jsonl", a_list(third, second, first))
    library.remove_document(removed)
    a_worker(library, tmp_path).work_off()
    assert the_job(jobs, waiting).removed == 1
    left = {library.document_text(each.document_id) for each in library.documents()}
    assert left == {second["text"], third["text"]}
    assert any(each.document_id == stays for each in library.documents())


@pytest.mark.parametrize("name", ["rows.jsonl", "more.jsonl"])
def test_a_record_removed_while_a_list_with_it_is_being_embedded_does_not_come_back(tmp_path: Path, name: str) -> None:
    ingest_bytes(a_library(tmp_path), "rows.jsonl", many_rows(3))
    embedder = PausingEmbedder()
    library, beside = a_library(tmp_path, embedder=embedder), a_library(tmp_path)
    jobs = jobs_of(library, tmp_path)
    accepted = jobs.accept(name, many_rows(300).replace(b"of the list", b"of the new list"))
    working = threading.Thread(target=a_worker(library, tmp_path).work_off)
    working.start()
    assert embedder.reached.wait(30)
    beside.remove_document("row1")
    embedder.go_on.set()
    working.join(60)
    assert the_job(jobs, accepted).state is JobState.DONE
    found = {each.document_id for each in beside.documents()}
    assert found == {f"row{number}" for number in range(300)} - {"row1"}


def by_source(library: KnowledgeLibrary, source: str) -> str:
    return next(each.document_id for each in library.documents() if each.source == source)


def test_an_upload_that_is_called_like_an_entry_is_a_file_all_the_same(
    library: KnowledgeLibrary, jobs: IngestJobs, tmp_path: Path
) -> None:
    jobs.accept("entry:faq.md", PAGE)
    jobs.accept("list.jsonl", a_list({"id": ENTRYS, "title": "Sly", "text": "Not an entry."}))
    a_worker(library, tmp_path).work_off()
    assert {each.source for each in library.documents()} == {"./entry:faq.md", f"list.jsonl#{ENTRYS}"}
    assert not any(is_entry(each) or each.document_id == ENTRYS for each in library.documents())
    jobs.accept("entry:faq.md", PAGE + b" Or six.")
    a_worker(library, tmp_path).work_off()
    assert [each.version for each in library.documents() if each.source == "./entry:faq.md"] == [2]
