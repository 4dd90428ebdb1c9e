"""Settings → the parts around intents: bootstrap's own, in a file of its own for its length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.company import SAMPLE_COMPANY
from knowledge.embedding.model_folders import ProgressCallback, no_progress

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.intent_store.intent_lists import IntentLists
    from bot.protocols import IntentClassifier, LiveIntents, TranscriptStore
    from bot.settings import Settings
    from bot.teaching.intent_desk import IntentDesk
    from bot.teaching.promoted_intents import PromotedIntents
    from knowledge.protocols import Embedder


def open_intents(
    settings: Settings, engine: Engine, embedder: Embedder, *, progress: ProgressCallback = no_progress
) -> PromotedIntents:
    """The intents in use: those of the release that was promoted last.

    Where there is none that fits the embedder, one is trained on the company's list (seconds) and promoted.
    """
    from bot.teaching.promoted_intents import PromotedIntents
    from bot.training.first_release import ensure_release_in_use

    def opened(release: Path) -> IntentClassifier:
        return open_released_classifier(release, embedder)

    lists = open_intent_lists(settings, engine)
    ensure_release_in_use(lists.newest(), embedder, settings.releases_folder, opened, progress=progress)
    return PromotedIntents(settings.releases_folder, opened, lambda: lists.newest().intents)


def open_released_classifier(release: Path, embedder: Embedder) -> IntentClassifier:
    """Raises ReleaseInvalid for a damaged release, or one that was trained with another embedder."""
    from bot.classifiers.finetuned import FinetunedClassifier

    return FinetunedClassifier(release, embedder)


def open_intent_desk(
    settings: Settings,
    engine: Engine,
    transcripts: TranscriptStore,
    live_intents: Callable[[], LiveIntents],
    embedder: Embedder,
) -> IntentDesk:
    """What people do to intents. Trainings run in processes of their own."""
    from bot.intent_store.intent_trainings import IntentTrainings
    from bot.teaching.intent_desk import IntentDesk
    from bot.teaching.training_process import TrainingProcesses
    from bot.teaching.unknown_messages import UnknownMessages

    lists, trainings = open_intent_lists(settings, engine), IntentTrainings(engine)
    unknown = UnknownMessages(transcripts, embedder.embed_queries)
    trainer = TrainingProcesses(settings, trainings)
    return IntentDesk(lists, trainings, trainer, settings.releases_folder, live_intents, unknown)


def open_intent_lists(settings: Settings, engine: Engine) -> IntentLists:
    """The company's list of intents, begun with its file; people change it from there on."""
    from bot.intent_store.intent_lists import IntentLists
    from bot.intents import load_intents
    from knowledge.durable_files import sha256_of_file

    path = (settings.company or SAMPLE_COMPANY) / "intents.toml"
    lists = IntentLists(engine)
    lists.take_in_file(load_intents(path), sha256_of_file(path))
    return lists
