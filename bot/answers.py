"""An answer and the passages it stands on. Values and pure functions; knows nothing of models."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_MARKER = re.compile(r"\s?\[(\d{1,3})\]")


class Outcome(StrEnum):
    ANSWERED = "answered"
    ABSTAINED = "abstained"
    CLARIFIED = "clarified"
    HANDED_OVER = "handed_over"
    SMALL_TALK = "small_talk"


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence of an answer comes from. `quote` stands verbatim in the passage."""

    marker: int  # the n of [n] in the answer's text, counted from 1
    document_id: str
    title: str
    passage_id: str
    quote: str
    heading: str = ""
    source: str = ""
    page: int | None = None
    passage_text: str = ""  # as it was when cited, so that an old answer stays explicable after the document is gone


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the things that the bot asks between."""

    intent: str
    title: str  # as it was offered, in the customer's language


@dataclass(frozen=True, slots=True)
class Answer:
    text: str  # with [n] markers
    outcome: Outcome
    language: str
    citations: tuple[Citation, ...] = ()
    choices: tuple[Choice, ...] = ()  # of a clarifying question, likeliest first

    @property
    def plain_text(self) -> str:
        """The text without its [n] markers."""
        return without_markers(self.text)


def without_markers(text: str) -> str:
    return _MARKER.sub("", text)


def markers_in(text: str) -> Sequence[int]:
    """The markers of a text in order of appearance, repeats included."""
    return [int(number) for number in _MARKER.findall(text)]
