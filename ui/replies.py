"""The events of one turn → the one object that `ask --json` prints and the API answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.answers import Answer, Citation, Outcome
from bot.events import AnswerCited, HandedToOperator, IntentRecognized, MessageAccepted, TextAdded, TurnEnded, TurnEvent
from bot.messages import Handler, MessageState
from bot.traces import Trace


@dataclass(slots=True)
class _Heard:
    """What the events told so far."""

    conversation_id: str = ""
    intent: str | None = None
    confidence: float | None = None
    language: str | None = None
    shown: list[str] = field(default_factory=list)
    answer: Answer | None = None
    handed_over: bool = False
    ended: TurnEnded | None = None


def reply_from_events(events: Iterable[TurnEvent]) -> dict[str, Any]:
    """The reply of a whole turn; reads `events` to their end.

    Where the bot kept silent because a person handles the conversation, `answer` is empty, `outcome` is "handed_over"
    and `message_id` is null. Whatever no event told is null.
    """
    heard = _Heard()
    for event in events:
        _hear(heard, event)
    answer = heard.ended.answer if heard.ended is not None and heard.ended.answer is not None else heard.answer
    trace = heard.ended.trace if heard.ended is not None else None
    return {
        "conversation_id": heard.conversation_id,
        "message_id": heard.ended.message_id if heard.ended is not None else None,
        "outcome": _outcome(heard, answer),
        "answer": answer.text if answer is not None else "".join(heard.shown),
        "citations": [citation_object(citation) for citation in answer.citations] if answer is not None else [],
        "intent": {"name": heard.intent, "confidence": heard.confidence},
        "language": _language(heard, answer, trace),
        "handler": str(heard.ended.handler if heard.ended is not None else Handler.BOT),
        "release": _release(trace),
        "ms": _milliseconds(trace),
        **({"choices": choices} if (choices := choice_objects(answer)) else {}),
    }


def has_failed(events: Iterable[TurnEvent]) -> bool:
    """Whether a turn ended without what it was asked for, so that the same message may be sent again."""
    return any(isinstance(event, TurnEnded) and event.state is MessageState.FAILED for event in events)


def citation_object(citation: Citation) -> dict[str, Any]:
    return {
        "marker": citation.marker,
        "document_id": citation.document_id,
        "title": citation.title,
        "passage_id": citation.passage_id,
        "quote": citation.quote,
        "heading": citation.heading,
        "source": citation.source,
        "page": citation.page,
        "passage": citation.passage_text,
    }


def choice_objects(answer: Answer | None) -> list[dict[str, str]]:
    return [{"intent": choice.intent, "title": choice.title} for choice in answer.choices] if answer is not None else []


def _hear(heard: _Heard, event: TurnEvent) -> None:
    match event:
        case MessageAccepted():
            heard.conversation_id = event.conversation_id
        case IntentRecognized():
            heard.intent, heard.confidence, heard.language = event.name, event.confidence, event.language
        case TextAdded():
            heard.shown.append(event.text)
        case AnswerCited():
            heard.answer = event.answer
        case HandedToOperator():
            heard.handed_over = True
        case TurnEnded():
            heard.ended, heard.conversation_id = event, event.conversation_id


def _outcome(heard: _Heard, answer: Answer | None) -> str:
    if heard.handed_over or answer is None:
        silent = heard.ended is None or heard.ended.handler is not Handler.BOT
        return str(Outcome.HANDED_OVER if heard.handed_over or silent else Outcome.ABSTAINED)
    return str(answer.outcome)


def _language(heard: _Heard, answer: Answer | None, trace: Trace | None) -> str | None:
    if answer is not None:
        return answer.language
    return heard.language or (trace.language if trace is not None else None)


def _release(trace: Trace | None) -> dict[str, str | int | None]:
    if trace is None:
        return {"generator": None, "classifier": None, "index": None}
    release = trace.release
    return {"generator": release.generator, "classifier": release.classifier, "index": release.index}


def _milliseconds(trace: Trace | None) -> dict[str, float | None]:
    taken: Mapping[str, float] = trace.milliseconds if trace is not None else {}
    steps = {name: round(value, 1) for name, value in taken.items()}
    return {"total": steps.get("total"), "first_token": steps.get("first_token"), **steps}
