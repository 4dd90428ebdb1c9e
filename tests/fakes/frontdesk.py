"""A Frontdesk without models: the real manager on parts in memory, and a generator that speaks when it is let.

Besides it what tests of the site need: an app around it, and a server on a free port of this machine.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI

from bot.answering.writing import AnswerWriter
from bot.bootstrap import Frontdesk
from bot.company import Company
from bot.curation.entry_desk import open_entry_desk
from bot.intents import UNKNOWN, Intent, IntentPrediction, LeadsTo
from bot.manager import ConversationManager, TurnLimits
from bot.migrations import upgrade_database
from bot.prompt import Prompt
from bot.protocols import Assessment, EvidenceSentence, TranscriptStore, fixed_intents
from bot.settings import Settings, WebSettings
from knowledge.database import open_database
from knowledge.ingesting.ingestion import IngestJob
from knowledge.passages import ScoredPassage
from knowledge.sentences import split_sentences
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.intent_desk import LateIntentDesk
from tests.fakes.retriever import WordRetriever, a_passage
from tests.fakes.scripted_library import ScriptedJobs, ScriptedLibrary
from tests.fakes.transcripts import MemoryTranscripts
from ui.accounts import Accounts, Role
from ui.app import BuildPages, create_app

REFUNDS = a_passage("You can return an unopened kit within 30 days of delivery. Opened pods cannot be returned.")
SENTENCES = ("You can return an unopened kit within 30 days of delivery.", "Opened pods cannot be returned.")
ANSWER = " ".join(f"{sentence} [1]" for sentence in SENTENCES)
QUESTION = "Can I return a kit?"
PASSWORD = "correct horse battery"
STAFF = {"olga": Role.OPERATOR, "edda": Role.EDITOR, "ada": Role.ADMIN}
GREETING = Intent("greeting", LeadsTo.SMALL_TALK, {"en": "Greeting"}, {"en": ("hi",)}, {"en": "Hello!", "zh": "您好！"})


class FixedClassifier:
    release = "fixed-classifier"

    def classify(self, text: str) -> IntentPrediction:
        return IntentPrediction("greeting", 0.9) if text == "hi" else IntentPrediction(UNKNOWN, 0.3)


class TrustingVerifier:
    """Whatever shares a word with the question answers it; whatever is generated is supported."""

    release = "trusting"

    def assess(self, question: str, passages: Sequence[ScoredPassage]) -> Assessment:
        sentences = tuple(
            EvidenceSentence(number, span.start, span.end, found.passage.text[span.start : span.end], 0.9)
            for number, found in enumerate(passages)
            for span in split_sentences(found.passage.text)
        )
        return Assessment(0.9 if sentences else 0.0, sentences)

    def supports(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        return [1.0 for _ in sentences]


class PacedGenerator:
    """Says SENTENCES, the first at once and the second when `may_go_on` is set. A prompt with "broken" breaks off."""

    release = "paced"
    languages = frozenset({"en", "zh"})

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.prompts: list[Prompt] = []
        self.has_ended = threading.Event()

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(self, prompt: Prompt, *, max_tokens: int, stop: Callable[[], bool]) -> Iterator[str]:
        self.prompts.append(prompt)
        if "broken" in prompt.messages[-1].text:
            raise OSError("the generator was told to break off")
        try:
            yield SENTENCES[0]
            yield " Opened"  # a sentence is known to be over when the next begins
            while not self.may_go_on.wait(timeout=0.02):
                if stop():
                    return
            yield SENTENCES[1].removeprefix("Opened")
        finally:
            self.has_ended.set()


class DeskLibrary(ScriptedLibrary):
    @property
    def passage_count(self) -> int:
        return sum(document.passages for document in self.documents())


class DeskJobs(ScriptedJobs):
    def job(self, job_id: str) -> IngestJob | None:
        return next((job for job in self.jobs() if job.job_id == job_id), None)


class Desk:
    """The parts of one fake front desk, each under its own type."""

    def __init__(self, home: Path, **web: Any) -> None:
        self.transcripts = MemoryTranscripts()
        self.library = DeskLibrary()
        self.jobs = DeskJobs(self.library)
        self.intent_desk = LateIntentDesk(home, self.transcripts)
        self.generator = PacedGenerator()
        self.retriever = WordRetriever(REFUNDS)
        self.settings = Settings(home=home, web=WebSettings(**web))
        self.engine = open_database(f"sqlite:///{home / 'frontdesk.db'}")
        upgrade_database(self.engine)
        self.accounts = Accounts(self.engine, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        for name, role in STAFF.items():
            self.accounts.add_with_password(name, role, PASSWORD)
        self.entries = open_entry_desk(
            self.engine, FakeEmbedder(), self.library, TrustingVerifier(), self.manager_on, threshold=0.6
        )
        self.manager = self.new_manager()

    def new_manager(self) -> ConversationManager:
        """As after a restart: what was stored is there, what was under way is not."""
        return self.manager_on(self.transcripts)

    def manager_on(self, store: TranscriptStore) -> ConversationManager:
        verifier = TrustingVerifier()
        return ConversationManager(
            transcripts=store,
            retriever=self.retriever,
            live_intents=fixed_intents(FixedClassifier(), (GREETING,)),
            verifier=verifier,
            writer=AnswerWriter(self.generator, verifier),
            asks_for_person=lambda text: "human" in text,
            limits=TurnLimits(max_message_characters=self.settings.web.max_message_characters),
            entries=self.entries.matcher,
        )

    def frontdesk(self) -> Frontdesk:
        parts: dict[str, Any] = {
            "settings": self.settings,
            "engine": self.engine,
            "transcripts": self.transcripts,
            "library": self.library,
            "jobs": self.jobs,
            "manager": self.new_manager(),
            "entries": self.entries,
            "company": Company(name="Sillgrove <Gardens>"),
            "live_intents": fixed_intents(FixedClassifier(), (GREETING,)),
            "intent_desk": self.intent_desk,
        }
        return Frontdesk(**parts)

    def app(self, build_pages: BuildPages = lambda _: {}) -> FastAPI:
        return create_app(self.frontdesk(), self.accounts, build_pages=build_pages)

    def close(self) -> None:
        self.generator.may_go_on.set()
        self.intent_desk.close()
        self.engine.dispose()


class _AnnouncedServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serves `app` on a free port of 127.0.0.1; yields its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = _AnnouncedServer(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        assert server.is_up.wait(timeout=30), "the server did not start"
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listening.close()
