"""What editors work with besides documents: entries, unanswered questions, trials. Knows no page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Engine

from bot.answering.entry_matching import EntryMatcher, EntryVerdict
from bot.answers import Answer
from bot.curation.rehearsals import Rehearsal
from bot.curation.unanswered import UnansweredQuestions
from bot.events import TurnEnded
from bot.follow_ups import standalone
from bot.manager import ConversationManager
from bot.messages import Handler
from bot.protocols import TranscriptStore, Verifier
from bot.traces import Trace
from knowledge.entries.entry_book import EntryBook, Shelf
from knowledge.languages import detect_language
from knowledge.passages import ScoredPassage
from knowledge.protocols import Embedder, Retriever

_FOUND = 5  # passages shown for a question


class Library(Shelf, Retriever, Protocol):
    """Where entries stand as documents, and are searched for."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A question as a customer would ask it: what is found, which entry it asks for, and what would be said."""

    question: str
    language: str
    found: tuple[ScoredPassage, ...]
    answerable: float  # calibrated probability that what is found answers the question
    threshold: float  # from here on it is answered
    verdict: EntryVerdict
    answer: Answer | None  # None where the turn failed
    handler: Handler  # who would answer from here on
    trace: Trace | None


@dataclass(frozen=True, slots=True)
class EntryDesk:
    book: EntryBook
    matcher: EntryMatcher
    gaps: UnansweredQuestions
    retriever: Retriever
    verifier: Verifier
    manager_on: Callable[[TranscriptStore], ConversationManager]
    answerable_threshold: float

    def try_out(self, question: str, language: str) -> Trial:
        """Runs a whole turn and stores nothing. Raises MessageRefused where it is empty or too long."""
        store = Rehearsal(language)
        manager = self.manager_on(store)
        question = manager.checked(question)
        ended = [event for event in manager.turn("", question) if isinstance(event, TurnEnded)][-1]
        spoken = detect_language(question, default=language)
        found = tuple(self.retriever.search(question, limit=_FOUND))
        return Trial(
            question=question,
            language=spoken,
            found=found,
            answerable=self.verifier.assess(standalone(question, ""), found).answerable,
            threshold=self.answerable_threshold,
            verdict=self.matcher.judge(question, spoken),
            answer=ended.answer,
            handler=ended.handler,
            trace=ended.trace,
        )


def open_entry_desk(
    engine: Engine,
    embedder: Embedder,
    library: Library,
    verifier: Verifier,
    manager_on: Callable[[TranscriptStore], ConversationManager],
    *,
    threshold: float,
) -> EntryDesk:
    """The desk, with the entries' documents put right where a process died between writing the two.

    `manager_on` makes a manager whose turns are stored in the given store; `threshold` is when passages answer.
    """
    book = EntryBook(engine, embedder, library)
    book.mend()
    matcher = EntryMatcher(book, embedder)
    gaps = UnansweredQuestions(engine, embedder, matcher)
    return EntryDesk(book, matcher, gaps, library, verifier, manager_on, threshold)
