"""Uploads at the edge of what is allowed: as many files as an archive may hold."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from knowledge.ingesting.job_values import JobState
from knowledge.readers import STANDARD_LIMITS
from tests.fakes.knowledge import a_library
from tests.fakes.uploads import a_worker, an_archive, jobs_of, the_job

MEGABYTES_MORE = 150  # all of it while the files are named and read; it does not grow with how many are taken in


def most_memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_archive_of_ten_thousand_small_files_is_taken_in_whole_with_flat_memory(tmp_path: Path) -> None:
    count = STANDARD_LIMITS.max_entries
    files = {f"part{i % 50}/page{i}.md": f"# Page {i}\n\nPage {i} is about kettle {i}.".encode() for i in range(count)}
    library = a_library(tmp_path)
    jobs, worker = jobs_of(library, tmp_path), a_worker(library, tmp_path)
    jobs.accept("few.zip", an_archive(dict(list(files.items())[:1000])))
    worker.work_off()
    before = most_memory_mb()
    many, again = (jobs.accept("few.zip", an_archive(files)) for _ in range(2))
    worker.work_off()
    assert most_memory_mb() - before < MEGABYTES_MORE
    first, second = the_job(jobs, many), the_job(jobs, again)
    assert (first.state, first.added, first.unchanged, first.refusals) == (JobState.DONE, count - 1000, 1000, 0)
    assert (second.state, second.unchanged) == (JobState.DONE, count)
    assert jobs.files(many, limit=1).total == count
    library.catch_up()
    assert library.search("kettle 9876", limit=1)[0].passage.text == "Page 9876 is about kettle 9876."
