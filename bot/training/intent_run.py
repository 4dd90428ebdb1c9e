"""One training that somebody asked for on the page: from its row in the database to a release. Knows no process.

Whoever runs it, runs it to its end: cancelled, failed and done are written down; a killed process is found by its
silence.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import BotError, IntentsInvalid
from bot.intent_store.intent_editing import digest_of
from bot.intent_store.intent_lists import IntentLists, ListVersion
from bot.intent_store.intent_trainings import IntentTrainings, RunState
from bot.intent_store.released_intents import read_released_list
from bot.intents import IntentPrediction
from bot.training.intent_learning import Guess, InUse, learn
from bot.training.intents import KIND
from bot.training.promotion import name_in_use
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from bot.protocols import IntentClassifier
    from knowledge.protocols import Embedder

_log = logging.getLogger(__name__)
_BETWEEN_SIGNS = 3.0  # seconds
_BETWEEN_WORDS = 0.25  # seconds, of progress


class _Cancelled(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a training needs."""

    lists: IntentLists
    trainings: IntentTrainings
    releases_folder: Path
    open_embedder: Callable[[], Embedder]
    open_classifier: Callable[[Path, Embedder], IntentClassifier]


def run_training(run_id: str, workshop: Workshop) -> None:
    """Trains the version of the list that the run names. What people can put right is said in the run, not raised."""
    trainings = workshop.trainings
    run = trainings.run(run_id)
    if run is None or run.state is not RunState.RUNNING:
        return
    try:
        with _signs_of_life(trainings, run_id):
            listed = _listed(workshop, run.list_version)
            embedder = workshop.open_embedder()
            in_use = _in_use(workshop, embedder, listed.version)
            progress = _Progress(trainings, run_id)
            learnt = learn(
                listed.intents, listed.version, embedder, workshop.releases_folder, in_use=in_use, progress=progress
            )
        trainings.end(run_id, RunState.DONE, release=learnt.folder.name, findings=learnt.findings)
    except _Cancelled:
        trainings.end(run_id, RunState.CANCELLED)
    except (BotError, KnowledgeError) as error:
        trainings.end(run_id, RunState.FAILED, problem=str(error))
    except BaseException as error:
        _log.exception("The training %s failed", run_id)
        problem = f"It broke off ({type(error).__name__}); the log has the details"
        trainings.end(run_id, RunState.FAILED, problem=problem)
        raise


def _listed(workshop: Workshop, version: int) -> ListVersion:
    listed = workshop.lists.version(version)
    if listed is None:
        raise IntentsInvalid("This version of the list is no longer kept; train the newest")
    return listed


class _Progress:
    """Writes progress down, not more often than anybody can read it; ends the training where somebody asked for it."""

    def __init__(self, trainings: IntentTrainings, run_id: str) -> None:
        self._trainings = trainings
        self._run_id = run_id
        self._stage = ""
        self._told = 0.0

    def __call__(self, stage: str, share: float) -> None:
        now = time.monotonic()
        if stage == self._stage and now - self._told < _BETWEEN_WORDS:
            return
        self._stage, self._told = stage, now
        if not self._trainings.keep_alive(self._run_id, stage, share):
            raise _Cancelled


@contextmanager
def _signs_of_life(trainings: IntentTrainings, run_id: str) -> Iterator[None]:
    """A sign every few seconds, also while a model is loaded or a batch is long."""
    over = threading.Event()

    def live() -> None:
        while not over.wait(_BETWEEN_SIGNS):
            trainings.keep_alive(run_id)

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _in_use(workshop: Workshop, embedder: Embedder, new_version: int) -> InUse | None:
    """The release in use, with the list that it was trained on, where both are still known; else with its own word."""
    name = name_in_use(workshop.releases_folder, KIND)
    if not name:
        return None
    folder = workshop.releases_folder / KIND / name
    released = read_released_list(folder)
    listed = None if released is None else workshop.lists.version(released.list_version)
    known = listed is not None and released is not None and digest_of(listed.intents) == released.digest
    if listed is not None and known:
        return InUse(name, listed.intents, renamed=workshop.lists.renames(listed.version, new_version))
    classifier = workshop.open_classifier(folder, embedder)
    return InUse(name, guesses=lambda texts: _asked(classifier, texts))


def _asked(classifier: IntentClassifier, texts: Sequence[str]) -> list[Guess]:
    return [_likeliest(classifier.classify(text)) for text in texts]


def _likeliest(prediction: IntentPrediction) -> Guess:
    return prediction.alternatives[0] if prediction.alternatives else (prediction.name, prediction.confidence)
