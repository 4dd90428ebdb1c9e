"""What happens during a turn, in order. A stream of these ends with exactly one TurnEnded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.answers import Answer
from bot.messages import Handler, HandoffReason, Message, MessageState
from bot.traces import Trace
from knowledge.passages import ScoredPassage


@dataclass(frozen=True, slots=True)
class MessageAccepted:
    """The customer's message is stored; it survives whatever comes next."""

    conversation_id: str
    message_id: str
    is_new: bool  # False: this client_message_id was stored before; the stored answer follows


@dataclass(frozen=True, slots=True)
class IntentRecognized:
    name: str
    confidence: float
    language: str


@dataclass(frozen=True, slots=True)
class PassagesFound:
    passages: tuple[ScoredPassage, ...]
    answerable: float  # calibrated probability that they answer the question


@dataclass(frozen=True, slots=True)
class TextAdded:
    """More text of the answer, checked already: what was shown is never taken back."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerCited:
    answer: Answer


@dataclass(frozen=True, slots=True)
class HandedToOperator:
    reason: HandoffReason


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The last event of every turn. `answer` is None where the bot kept silent or its answer was overtaken."""

    conversation_id: str
    message_id: str | None  # of the answer
    handler: Handler
    state: MessageState
    answer: Answer | None
    trace: Trace | None


TurnEvent = MessageAccepted | IntentRecognized | PassagesFound | TextAdded | AnswerCited | HandedToOperator | TurnEnded


def told_again(stored: Message, handler: Handler) -> Iterator[TurnEvent]:
    """The events of an answer that was given before, as a retry hears them."""
    if stored.trace is not None:
        yield IntentRecognized(stored.trace.intent, stored.trace.confidence, stored.trace.language)
    if stored.answer is not None:
        yield TextAdded(stored.answer.text)
        yield AnswerCited(stored.answer)
    yield TurnEnded(stored.conversation_id, stored.message_id, handler, stored.state, stored.answer, stored.trace)
