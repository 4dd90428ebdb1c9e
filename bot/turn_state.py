"""What one turn has found out so far; it becomes the trace. Knows no model, store or event."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile

from bot.answering.drafts import AnswerDraft
from bot.answering.entry_matching import NO_ENTRY, EntryCandidate, EntryVerdict, traced_entry
from bot.answers import Answer, Choice, Outcome
from bot.clarifying import asked_about, picked_choice
from bot.intents import UNKNOWN, IntentPrediction
from bot.messages import Author, Conversation, HandoffReason, Message, MessageState
from bot.protocols import LiveIntents
from bot.signals.masking import mask_personal, without_personal
from bot.signals.values import Signals
from bot.traces import DroppedSentence, Release, Trace, traced
from knowledge.passages import ScoredPassage

_NOT_CLASSIFIED = IntentPrediction(UNKNOWN, 0.0)


@dataclass(slots=True)
class TurnState:
    question: Message
    conversation: Conversation
    language: str
    release: Release
    before: Before
    live: LiveIntents  # those that the turn began with, whatever is promoted meanwhile
    began: float = field(default_factory=time.monotonic)
    prediction: IntentPrediction = _NOT_CLASSIFIED
    signals: Signals | None = None
    entries: EntryVerdict = NO_ENTRY
    entry: EntryCandidate | None = None  # whose text the answer is
    passages: tuple[ScoredPassage, ...] = ()
    answerable: float | None = None
    draft: AnswerDraft | None = None
    answer: Answer | None = None
    handoff: HandoffReason | None = None
    blocked: str | None = None
    error: str | None = None
    milliseconds: dict[str, float] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        """What is to be answered: the message, or the question that it completes by picking a choice."""
        if self.before.picked is None:
            return self.question.text
        return asked_about(self.before.unclear, self.before.picked)

    @property
    def frustrations(self) -> tuple[float, ...]:
        """Of this message and those right before it, the latest first."""
        latest = self.signals.frustration if self.signals is not None else None
        return () if latest is None else (latest, *self.before.frustrations)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measures one step. Never held across a yield of the turn."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + 1000 * (time.monotonic() - began)

    def mark_first_text(self) -> None:
        self.milliseconds.setdefault("first_token", 1000 * (time.monotonic() - self.began))

    def trace(self) -> Trace:
        """Without personal data: what the generator wrote and what the message names are masked."""
        dropped = self.draft.dropped if self.draft is not None else ()
        return Trace(
            intent=self.prediction.name,
            confidence=self.prediction.confidence,
            language=self.language,
            release=self.release,
            passages=tuple(traced(passage) for passage in self.passages),
            answerable=self.answerable,
            quoted=self.draft.quoted if self.draft is not None else False,
            dropped=tuple(DroppedSentence(mask_personal(each.text), mask_personal(each.reason)) for each in dropped),
            milliseconds={step: round(value, 1) for step, value in self.milliseconds.items()},
            error=self.error,
            entry=None if self.entry is None else traced_entry(self.entry),
            signals=None if self.signals is None else without_personal(self.signals),
            blocked=self.blocked,
        )


@dataclass(frozen=True, slots=True)
class Before:
    """What the messages before a question mean for it."""

    exchange: str = ""  # the customer's message before, which a follow-up may lean on ("and for students?")
    was_asked: bool = False  # the bot's last answer was a clarifying question
    unclear: str = ""  # the message that it asked about
    picked: Choice | None = None  # which of its choices the question picks
    frustrations: tuple[float, ...] = ()  # of the customer's messages, the latest first, since a person last answered


def looked_back(question: Message, messages: Sequence[Message]) -> Before:
    """Reads a transcript up to `question`."""
    before = list(takewhile(lambda message: message.message_id != question.message_id, messages))
    asked = [message.text for message in before if message.author is Author.CUSTOMER]
    last = before[-1] if before else None
    exchange, frustrations = asked[-1] if asked else "", _frustrations(before)
    if last is None or last.answer is None or not _asks_back(last):
        return Before(exchange, frustrations=frustrations)
    unclear = next((each.text for each in before if each.message_id == last.reply_to), exchange)
    picked = picked_choice(question.text, last.answer.choices)
    return Before(exchange, True, unclear, picked, frustrations)


def _asks_back(message: Message) -> bool:
    return (
        message.answer is not None
        and message.answer.outcome is Outcome.CLARIFIED
        and message.state is MessageState.COMPLETE
    )


def _frustrations(before: Sequence[Message]) -> tuple[float, ...]:
    """From the traces of the bot's answers; a person's reply, and a hand-over, begin a new count."""
    found: list[float] = []
    for message in reversed(before):
        handed_over = message.answer is not None and message.answer.outcome is Outcome.HANDED_OVER
        if message.author is Author.OPERATOR or handed_over:
            break
        signals = message.trace.signals if message.trace is not None else None
        if signals is not None and signals.frustration is not None:
            found.append(signals.frustration)
    return tuple(found)
