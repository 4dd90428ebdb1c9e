"""The process that takes uploads in, as the server starts it: it works, it is replaced when killed, it never stays."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from bot.bootstrap import open_home
from bot.settings import IngestSettings, ModelSettings, Settings
from knowledge.ingesting.ingest_jobs import IngestJobs
from knowledge.ingesting.job_values import JobState
from knowledge.ingesting.worker_keeper import PipedWorker
from tests.fakes.uploads import an_archive
from tests.models import CONVERTED, embedder_folder

pytestmark = [pytest.mark.models, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
MODULE = "bot.ingest_process"
FILES = {
    f"page{n}.md": f"# Page {n}\n\nTram number {n} calls at stop {n}. {'It waits. ' * 60}".encode() for n in range(80)
}

SERVER = """
    import json, sys
    from knowledge.ingesting.worker_keeper import PipedWorker
    worker = PipedWorker("bot.ingest_process", json.loads(sys.argv[1]))
    print(worker.process_id, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    embedder_folder()
    return Settings(home=tmp_path, models=ModelSettings(folder=CONVERTED), ingest=IngestSettings(idle_seconds=0.5))


def test_a_killed_process_is_replaced_and_the_upload_is_finished_once(settings: Settings) -> None:
    home = open_home(settings)
    started: list[PipedWorker] = []

    def launch() -> PipedWorker:
        started.append(PipedWorker(MODULE, settings.model_dump(mode="json")))
        return started[-1]

    jobs = IngestJobs(home.engine, settings.home / "uploads", launch=launch)
    accepted = jobs.accept("pages.zip", an_archive(FILES))
    jobs.start()
    pace = threading.Event()
    while (job := jobs.job(accepted)) is None or job.state is JobState.QUEUED or not job.stage:
        pace.wait(0.05)
    os.kill(started[0].process_id, signal.SIGKILL)
    jobs.wait_until_idle()
    job = jobs.job(accepted)
    assert job is not None
    assert (job.state, job.added, job.refusals) == (JobState.DONE, 80, 0)
    assert len(home.catalog.documents()) == 80
    assert len(started) == 2
    assert started[1].memory_mb() > 100
    while started[1].exit_code() is None:  # nothing more to do
        pace.wait(0.05)
    assert started[1].exit_code() == 0
    jobs.stop()
    home.engine.dispose()


def test_the_process_ends_when_its_server_is_killed(settings: Settings) -> None:
    patient = settings.model_copy(update={"ingest": IngestSettings(idle_seconds=3600)})
    server = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SERVER), json.dumps(patient.model_dump(mode="json"))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    process = int(server.stdout.readline())
    assert is_running(process)
    server.send_signal(signal.SIGKILL)
    server.communicate()
    pace = threading.Event()
    while is_running(process):
        pace.wait(0.05)


def test_a_process_that_is_told_to_stop_while_it_starts_ends_without_having_started(settings: Settings) -> None:
    open_home(settings).engine.dispose()
    with sqlite3.connect(settings.home / "frontdesk.db", isolation_level=None) as busy:
        busy.execute("BEGIN EXCLUSIVE")  # the start has to wait for it
        worker = PipedWorker(MODULE, settings.model_dump(mode="json"))
        worker.stop()
        busy.execute("ROLLBACK")
    assert worker.exit_code() == 0


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
