"""An IntentDesk on a real database, with a bag of words for an embedder. Trainings run in threads."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bot.classifiers.finetuned import FinetunedClassifier
from bot.intent_store.intent_editing import digest_of
from bot.intent_store.intent_lists import IntentLists, ListVersion
from bot.intent_store.intent_trainings import IntentTrainings
from bot.intents import Intent, LeadsTo
from bot.migrations import upgrade_database
from bot.protocols import TranscriptStore
from bot.teaching.intent_desk import IntentDesk
from bot.teaching.promoted_intents import PromotedIntents
from bot.teaching.unknown_messages import UnknownMessages
from bot.training.first_release import ensure_release_in_use
from bot.training.intent_run import Workshop, run_training
from knowledge.database import open_database
from tests.fakes.embedder import FakeEmbedder

_ENGLISH = (
    *("my {}", "{} please", "the {} is wrong", "a question about {}", "where is the {}", "help with {}"),
    *("tell me about {}", "{} again", "I have no {}", "no {} since Monday"),
)
_CHINESE = ("{}怎么办", "我想问{}", "{}在哪里")
WORDS = {"refund": ("refund", "退款"), "hours": ("opening", "开门"), "password": ("password", "密码")}
TITLES = {
    "refund": {"en": "Refunds", "zh": "退款"},
    "hours": {"en": "Opening hours", "zh": "营业时间"},
    "password": {"en": "Passwords", "zh": "密码"},
}


def some_intents() -> tuple[Intent, ...]:
    """Three intents with ten English and three Chinese examples each, and small talk."""
    taught = tuple(
        Intent(
            name,
            LeadsTo.KNOWLEDGE,
            TITLES[name],
            {
                "en": tuple(frame.format(english) for frame in _ENGLISH),
                "zh": tuple(frame.format(chinese) for frame in _CHINESE),
            },
        )
        for name, (english, chinese) in WORDS.items()
    )
    small_talk = Intent(
        "greeting",
        LeadsTo.SMALL_TALK,
        {"en": "Greeting", "zh": "问候"},
        {"en": ("hello", "hi", "good morning", "good evening", "hey there"), "zh": ("你好", "您好")},
        {"en": "Hello!", "zh": "您好！"},
    )
    return (*taught, small_talk)


class TrainingThreads:
    """Runs trainings in threads. While `may_train` is not set, a training stands still at its beginning."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._threads: list[threading.Thread] = []
        self.may_train = threading.Event()
        self.may_train.set()

    def start(self, run_id: str) -> None:
        thread = threading.Thread(target=self._run, args=(run_id,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)

    def close(self) -> None:
        self.may_train.set()
        self.join()

    def _run(self, run_id: str) -> None:
        trainings = self._workshop.trainings
        while trainings.keep_alive(run_id, "learning", 0.35) and not self.may_train.wait(0.05):
            pass
        run_training(run_id, self._workshop)


@cache
def _first_releases() -> Path:
    """The folder of releases after a first start with `some_intents`, trained once for all tests of a process."""
    folder = tempfile.TemporaryDirectory(prefix="frontdesk-first-release-")
    atexit.register(folder.cleanup)
    root, embedder = Path(folder.name) / "releases", FakeEmbedder()
    listed = ListVersion(1, 0.0, "", "", digest_of(some_intents()), some_intents())
    ensure_release_in_use(listed, embedder, root, lambda release: FinetunedClassifier(release, embedder))
    return root


class FakeIntentDesk:
    """The parts of one, each under its own type."""

    def __init__(self, home: Path, transcripts: TranscriptStore, engine: Engine | None = None) -> None:
        self.engine = engine if engine is not None else open_database(f"sqlite:///{home / 'intents.db'}")
        upgrade_database(self.engine)
        self.embedder = FakeEmbedder()
        self.releases_folder = home / "releases"
        self.lists = IntentLists(self.engine)
        self.lists.take_in_file(some_intents(), "the file")
        self.trainings = IntentTrainings(self.engine)
        if not self.releases_folder.exists():
            shutil.copytree(_first_releases(), self.releases_folder)
        ensure_release_in_use(self.lists.newest(), self.embedder, self.releases_folder, self._opened)
        self.live = PromotedIntents(self.releases_folder, self._opened, lambda: self.lists.newest().intents)
        self.workshop = Workshop(
            self.lists,
            self.trainings,
            self.releases_folder,
            lambda: self.embedder,
            lambda folder, _: self._opened(folder),
        )
        self.trainer = TrainingThreads(self.workshop)
        unknown = UnknownMessages(transcripts, self.embedder.embed_queries)
        self.desk = IntentDesk(self.lists, self.trainings, self.trainer, self.releases_folder, self.live, unknown)

    def close(self) -> None:
        self.trainer.close()
        self.engine.dispose()

    def _opened(self, folder: Path) -> FinetunedClassifier:
        return FinetunedClassifier(folder, self.embedder)


class LateIntentDesk:
    """Made when it is first used: most tests of the site never look at intents. Stands in for an IntentDesk."""

    def __init__(self, home: Path, transcripts: TranscriptStore) -> None:
        self._home = home
        self._transcripts = transcripts
        self._made: FakeIntentDesk | None = None
        self._making = threading.Lock()

    @property
    def parts(self) -> FakeIntentDesk:
        with self._making:
            if self._made is None:
                self._made = FakeIntentDesk(self._home, self._transcripts)
            return self._made

    def close(self) -> None:
        if self._made is not None:
            self._made.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.parts.desk, name)
