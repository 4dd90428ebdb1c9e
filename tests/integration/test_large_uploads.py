"""Uploads at the edge of what is allowed.

`make test` takes an archive of 1,500 files; the most that one may hold, 10,000, takes a minute of a core:
`LARGE_UPLOAD_FILES=10000 pytest -m slow tests/integration/test_large_uploads.py`
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from knowledge.ingesting.job_values import JobState
from knowledge.readers import STANDARD_LIMITS
from tests.fakes.knowledge import a_library
from tests.fakes.uploads import an_archive, jobs_of, the_job

ROOT = Path(__file__).parents[2]
MEGABYTES_MORE = 150  # all of it while the files are named and read; it does not grow with how many are taken in

# In a process of its own: the most that a process has ever held says nothing where a model was loaded before. And by
# VmHWM: `ru_maxrss` of a child begins with what its parent held.
WORK_AND_MEASURE = """
    import json, sys
    from pathlib import Path
    from tests.fakes.knowledge import a_library
    from tests.fakes.uploads import a_worker
    def most_memory_mb():
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        return int(status["VmHWM"].split()[0]) / 1024
    worker = a_worker(a_library(Path(sys.argv[1])), Path(sys.argv[1]))
    for line in sys.stdin:
        worker.work_off()
        print(json.dumps(most_memory_mb()), flush=True)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_archive_of_many_small_files_is_taken_in_whole_with_flat_memory(tmp_path: Path) -> None:
    count = int(os.environ.get("LARGE_UPLOAD_FILES", "1500"))
    assert count <= STANDARD_LIMITS.max_entries
    files = {f"part{i % 50}/page{i}.md": f"# Page {i}\n\nPage {i} is about kettle {i}.".encode() for i in range(count)}
    library = a_library(tmp_path)
    jobs = jobs_of(library, tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORK_AND_MEASURE), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        orders, told = process.stdin, process.stdout
        assert orders is not None
        assert told is not None

        def worked_off() -> float:
            """The most memory, in MB, that the worker has held by the time that everything is worked off."""
            print("work", file=orders, flush=True)
            return float(json.loads(told.readline()))

        jobs.accept("few.zip", an_archive(dict(list(files.items())[:500])))
        before = worked_off()
        many, again = (jobs.accept("few.zip", an_archive(files)) for _ in range(2))
        after = worked_off()
    assert before < after < before + MEGABYTES_MORE  # no more at all would be no measurement
    first, second = the_job(jobs, many), the_job(jobs, again)
    assert (first.state, first.added, first.unchanged, first.refusals) == (JobState.DONE, count - 500, 500, 0)
    assert (second.state, second.unchanged) == (JobState.DONE, count)
    assert jobs.files(many, limit=1).total == count
    library.catch_up()
    assert library.search("kettle 1234", limit=1)[0].passage.text == "Page 1234 is about kettle 1234."
