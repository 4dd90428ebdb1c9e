"""kill -9 in every stage of taking an upload in: nothing is lost, nothing doubled, no bytes are left over."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from knowledge.ingesting.ingest_values import FileOutcome
from knowledge.ingesting.job_ledger import JobLedger
from knowledge.ingesting.job_values import JobState
from tests.fakes.knowledge import a_library
from tests.fakes.uploads import a_worker, an_archive, jobs_of

ROOT = Path(__file__).parents[2]
FILES = {f"page{n}.md": f"# Page {n}\n\nTram number {n} calls at stop {n}.".encode() for n in range(300)}

WORK_AND_STALL = """
    import sys
    from pathlib import Path
    from sqlalchemy import event
    from tests.fakes.embedder import FakeEmbedder
    from tests.fakes.knowledge import a_library
    from tests.fakes.uploads import a_worker
    folder, moment, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    met = []
    def reached(what):
        if what == moment:
            met.append(what)
            if len(met) == times:
                print("stalled", flush=True)
                sys.stdin.read()
    class Stalling(FakeEmbedder):
        def embed_passages(self, texts):
            reached("embedding")
            return super().embed_passages(texts)
    library = a_library(folder, embedder=Stalling())
    @event.listens_for(library.catalog.engine, "after_cursor_execute")
    def look(_connection, _cursor, statement, *_rest):
        if "FROM document" in statement and "document.source LIKE" in statement:
            reached("reading")
        if statement.startswith("INSERT INTO passage"):
            reached("saving")
        if statement.startswith("SELECT DISTINCT document_version.sha256"):
            reached("saved")
        if statement.startswith("UPDATE ingest_job SET state"):
            reached("claiming or ending")
    a_worker(library, folder).run(idle_seconds=0)
"""


def kill_at(folder: Path, moment: str, times: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORK_AND_STALL), str(folder), moment, str(times)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "stalled\n", "the worker ended by itself"
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "times"),
    [
        ("claiming or ending", 1),
        ("reading", 1),
        ("embedding", 2),
        ("saving", 2),
        ("saved", 1),
        ("claiming or ending", 2),
    ],
)
def test_killed_at_any_moment_the_next_worker_finishes_the_job(tmp_path: Path, moment: str, times: int) -> None:
    library = a_library(tmp_path)
    jobs = jobs_of(library, tmp_path)
    accepted = jobs.accept("timetable.zip", an_archive(FILES))
    kill_at(tmp_path, moment, times)
    before = {document.document_id: document.updated_at for document in library.documents()}

    JobLedger(library.catalog.engine).requeue_interrupted(lambda worker, _: True)
    a_worker(library, tmp_path).run(idle_seconds=0)

    job = jobs.job(accepted)
    assert job is not None
    assert (job.state, job.added, job.refusals, job.done) == (JobState.DONE, 300, 0, 300)
    files = jobs.files(accepted, limit=1000).files
    assert sorted(file.source for file in files) == sorted(f"timetable.zip/{name}" for name in FILES)
    assert {file.outcome for file in files} == {FileOutcome.ADDED}
    documents = {document.document_id: document for document in library.documents()}
    assert len(documents) == 300
    assert all(document.version == 1 and document.passages == 1 for document in documents.values())
    assert all(documents[known].updated_at == at for known, at in before.items()), "what was finished was done again"
    assert library.verify().ok, library.verify().problems
    assert list((tmp_path / "uploads").iterdir()) == []
    originals = {path.name for path in (tmp_path / "originals").iterdir() if path.name != ".lock"}
    assert originals == {hashlib.sha256(content).hexdigest() for content in FILES.values()}


FILL_THE_DISK = """
    import resource, sys
    from pathlib import Path
    from knowledge.errors import StorageUnavailable
    from knowledge.storing.originals import Originals
    from tests.fakes.knowledge import a_library
    from tests.fakes.uploads import a_worker, jobs_of
    folder = Path(sys.argv[1])
    library = a_library(folder)
    jobs = jobs_of(library, folder)
    page = b"# Page\\n\\nText.\\n" + b" " * 3_000_000 + b"\\nEnd."
    waiting = jobs.accept("page.md", page)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    try:
        jobs.accept("other.md", page)
    except StorageUnavailable as error:
        print(error)
    a_worker(library, folder).work_off()
    job = jobs.job(waiting)
    print(job.state, job.refused[0].reason)
    print(len(library.documents()), library.catalog.state().generation)
"""


def test_a_full_disk_is_said_and_leaves_nothing_half_stored(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FILL_THE_DISK), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    accepting, job, counts = done.stdout.strip().splitlines()
    assert "The disk is full" in accepting
    assert job.startswith("refused The disk is full")
    assert counts == "0 0"
    left = [path.name for name in ("uploads", "originals") for path in (tmp_path / name).iterdir()]
    assert left == [".lock"]
