"""Trainings in processes of their own: one that cannot begin, and one that is ended together with the server."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bot.bootstrap import open_home
from bot.intent_store.intent_trainings import IntentTrainings, RunState
from bot.settings import ModelSettings, Settings
from bot.teaching.intent_wiring import open_intent_lists
from bot.teaching.training_process import TrainingProcesses

pytestmark = pytest.mark.slow
_ENDS_WITHIN = 240  # half-second looks


def ended(trainings: IntentTrainings, run_id: str) -> tuple[RunState, str]:
    pause = threading.Event()
    for _ in range(_ENDS_WITHIN):
        run = trainings.run(run_id)
        if run is not None and run.state is not RunState.RUNNING:
            return run.state, run.problem
        pause.wait(0.5)
    raise AssertionError("the training did not end")


def a_home(tmp_path: Path) -> tuple[Settings, IntentTrainings, str]:
    settings = Settings(home=tmp_path, models=ModelSettings(embedder=str(tmp_path / "nowhere")))
    engine = open_home(settings).engine
    version = open_intent_lists(settings, engine).newest().version
    trainings = IntentTrainings(engine)
    return settings, trainings, trainings.begin(version, "ada").run_id


def test_a_training_without_its_model_fails_with_a_sentence(tmp_path: Path) -> None:
    settings, trainings, run_id = a_home(tmp_path)
    TrainingProcesses(settings, trainings).start(run_id)
    state, problem = ended(trainings, run_id)
    assert state is RunState.FAILED
    assert "There is no model folder" in problem


def test_a_training_that_ends_with_the_server_reads_as_interrupted(tmp_path: Path) -> None:
    settings, trainings, run_id = a_home(tmp_path)
    processes = TrainingProcesses(settings, trainings)
    processes.start(run_id)
    processes.close()
    assert ended(trainings, run_id)[0] is RunState.INTERRUPTED
    assert trainings.begin(1, "edda").state is RunState.RUNNING
