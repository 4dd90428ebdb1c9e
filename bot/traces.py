"""What made an answer: releases, passages with scores, intent, milliseconds. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.signals.values import Signals
from knowledge.passages import ScoredPassage


@dataclass(frozen=True, slots=True)
class TracedPassage:
    passage_id: str
    document_id: str
    title: str
    score: float
    dense: float
    lexical: float


def traced(found: ScoredPassage) -> TracedPassage:
    passage = found.passage
    return TracedPassage(
        passage.passage_id, passage.document_id, passage.title, found.score, found.dense, found.lexical
    )


@dataclass(frozen=True, slots=True)
class DroppedSentence:
    """A sentence that the generator wrote and the customer did not see."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class TracedEntry:
    """The question-and-answer entry whose text was given word for word."""

    entry_id: str
    version: int
    wording: str  # that came nearest to the question; its title, where the search found it
    similarity: float  # cosine of question and wording, 1 for the very words
    editor: str  # who wrote this version


@dataclass(frozen=True, slots=True)
class Release:
    """Which versions of the replaceable parts made an answer."""

    generator: str
    classifier: str
    verifier: str
    index: int  # generation
    prompt: str


@dataclass(frozen=True, slots=True)
class Trace:
    intent: str
    confidence: float  # of the intent, 0 to 1
    language: str
    release: Release
    passages: tuple[TracedPassage, ...] = ()
    answerable: float | None = None  # calibrated probability that the passages answer; None where nothing was searched
    quoted: bool = False  # the text is a verbatim quotation, not the generator's
    dropped: tuple[DroppedSentence, ...] = ()
    milliseconds: dict[str, float] = field(default_factory=dict)  # per step, and "total", "first_token"
    error: str | None = None  # the class of what went wrong, where the turn failed
    entry: TracedEntry | None = None
    signals: Signals | None = None  # of the customer's message; what is personal in it is masked
    blocked: str | None = None  # why the message was not answered at all, where the policy decided so
