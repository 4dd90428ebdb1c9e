"""kill -9 in the middle of a training and of a promotion: no release is half there, and what is in use stays whole.

The real classes in a process of their own, with a bag of words for an embedder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from bot.intent_store.intent_trainings import SILENT_SECONDS, IntentTrainings, RunState
from bot.releases import MANIFEST, current_release, open_release, releases
from knowledge.database import open_database
from tests.fakes.intent_desk import FakeIntentDesk
from tests.fakes.transcripts import MemoryTranscripts
from tests.integration.test_teaching_intents import a_release, bits

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]

TRAIN = """
    import sys
    from pathlib import Path
    from bot.training.intent_run import run_training
    from tests.fakes.intent_desk import FakeIntentDesk
    from tests.fakes.transcripts import MemoryTranscripts
    parts = FakeIntentDesk(Path(sys.argv[1]), MemoryTranscripts())
    run = parts.trainings.begin(1, "ada")
    keep_alive = parts.trainings.keep_alive
    def told(run_id, stage=None, share=0.0):
        alive = keep_alive(run_id, stage, share)
        if stage == sys.argv[2]:
            print("there", flush=True)
            sys.stdin.read()
        return alive
    parts.trainings.keep_alive = told
    run_training(run.run_id, parts.workshop)
    print("done", flush=True)
"""

PROMOTE = """
    import sys
    from pathlib import Path
    from bot.training.promotion import promote
    root, names = Path(sys.argv[1]), sys.argv[2:]
    print("there", flush=True)
    while True:
        for name in names:
            promote(root, name)
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    """The program, once it has said that it is there."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.mark.parametrize("stage", ["learning", "writing"])
def test_a_training_that_is_killed_leaves_nothing_and_reads_as_interrupted(tmp_path: Path, stage: str) -> None:
    before = FakeIntentDesk(tmp_path, MemoryTranscripts())
    in_use = current_release(before.releases_folder, "intents")
    before.close()
    kill(start(TRAIN, str(tmp_path), stage))
    after = FakeIntentDesk(tmp_path, MemoryTranscripts())
    assert current_release(after.releases_folder, "intents") == in_use
    assert len(releases(after.releases_folder, "intents")) == 1
    assert after.live().classifier.classify("my refund").alternatives
    later = IntentTrainings(after.engine, clock=lambda: time.time() + SILENT_SECONDS + 1)
    assert later.runs()[0].state is RunState.INTERRUPTED
    assert later.begin(1, "edda").state is RunState.RUNNING, "the next one is not kept waiting"
    after.close()


def test_a_promotion_that_is_killed_leaves_one_of_the_two_in_use(tmp_path: Path) -> None:
    names = [a_release(tmp_path, bits(90)), a_release(tmp_path, bits(91))]
    for _ in range(8):
        kill(start(PROMOTE, str(tmp_path), *names))
        folder = current_release(tmp_path, "verifier")
        if folder is not None:
            assert folder.name in names
            assert (folder / MANIFEST).is_file()
            assert open_release(folder).name == folder.name


def test_the_database_of_a_killed_training_opens(tmp_path: Path) -> None:
    FakeIntentDesk(tmp_path, MemoryTranscripts()).close()
    kill(start(TRAIN, str(tmp_path), "learning"))
    engine = open_database(f"sqlite:///{tmp_path / 'intents.db'}")
    assert IntentTrainings(engine).runs()[0].state is RunState.RUNNING, "until it has been silent for long enough"
    engine.dispose()
