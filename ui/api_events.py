"""The events of a turn as they go over the wire: one model each, and the lines of a server-sent event. Pure."""

from __future__ import annotations

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel, Field

from bot.events import (
    AnswerCited,
    HandedToOperator,
    IntentRecognized,
    MessageAccepted,
    PassagesFound,
    TextAdded,
    TurnEnded,
    TurnEvent,
)
from ui.api_models import ChoiceOut, CitationOut, PassageOut, ReleaseOut
from ui.turn_streams import NumberedEvent

PING = KEEPALIVE_COMMENT


class AcceptedEvent(BaseModel):
    """The message is stored; it survives whatever comes next."""

    conversation_id: str
    message_id: str
    client_message_id: str = Field(description="send it again, with Last-Event-ID, to return to this stream")
    is_new: bool = Field(description="false: this message was sent before; its stored answer follows")


class IntentEvent(BaseModel):
    name: str
    confidence: float
    language: str


class PassagesEvent(BaseModel):
    passages: list[PassageOut]
    answerable: float = Field(description="calibrated probability that they answer the question")


class TextEvent(BaseModel):
    """More text. What was shown is never taken back."""

    text: str


class AnswerEvent(BaseModel):
    """The whole answer; it begins with all the text that came before."""

    text: str
    outcome: str
    language: str
    citations: list[CitationOut]
    choices: list[ChoiceOut] = Field([], description="of a clarifying question")


class HandoffEvent(BaseModel):
    """A person has been called; the bot is silent from now on."""

    reason: str


class EndedEvent(BaseModel):
    """The last event of every stream."""

    conversation_id: str
    message_id: str | None = Field(description="of the answer; null where a person answers")
    handler: str
    state: str = Field(description="complete, interrupted, failed (send the message again with the same id)")
    outcome: str | None
    release: ReleaseOut
    ms: dict[str, float]


EventOut = AcceptedEvent | IntentEvent | PassagesEvent | TextEvent | AnswerEvent | HandoffEvent | EndedEvent

EVENT_MODELS: dict[str, type[BaseModel]] = {
    "accepted": AcceptedEvent,
    "intent": IntentEvent,
    "passages": PassagesEvent,
    "text": TextEvent,
    "answer": AnswerEvent,
    "handoff": HandoffEvent,
    "ended": EndedEvent,
}
_NAMES = {model: name for name, model in EVENT_MODELS.items()}


def sse_lines(numbered: NumberedEvent, message_id: str, client_message_id: str) -> bytes:
    """One server-sent event; its id is "<message_id>:<number>"."""
    out = event_out(numbered.event, client_message_id)
    return format_sse_event(
        event=_NAMES[type(out)], id=f"{message_id}:{numbered.number}", data_str=out.model_dump_json()
    )


def event_out(event: TurnEvent, client_message_id: str) -> EventOut:  # noqa: PLR0911 - one event, one line
    match event:
        case MessageAccepted(conversation_id, message_id, is_new):
            return AcceptedEvent(
                conversation_id=conversation_id,
                message_id=message_id,
                client_message_id=client_message_id,
                is_new=is_new,
            )
        case IntentRecognized(name, confidence, language):
            return IntentEvent(name=name, confidence=confidence, language=language)
        case PassagesFound(passages, answerable):
            return PassagesEvent(passages=[PassageOut.of(found) for found in passages], answerable=answerable)
        case TextAdded(text):
            return TextEvent(text=text)
        case AnswerCited(answer):
            citations = [CitationOut.of(citation) for citation in answer.citations]
            return AnswerEvent(
                text=answer.text,
                outcome=answer.outcome,
                language=answer.language,
                citations=citations,
                choices=ChoiceOut.all_of(answer),
            )
        case HandedToOperator(reason):
            return HandoffEvent(reason=reason)
        case TurnEnded():
            return _ended(event)


def _ended(event: TurnEnded) -> EndedEvent:
    return EndedEvent(
        conversation_id=event.conversation_id,
        message_id=event.message_id,
        handler=event.handler,
        state=event.state,
        outcome=event.answer.outcome if event.answer is not None else None,
        release=ReleaseOut.of(event.trace),
        ms={} if event.trace is None else {step: round(ms, 1) for step, ms in event.trace.milliseconds.items()},
    )


def number_of(last_event_id: str | None, message_id: str) -> int:
    """How far a reader of this message's stream has come, by its Last-Event-ID; 0 where that names something else."""
    name, _, number = (last_event_id or "").rpartition(":")
    return int(number) if name == message_id and number.isascii() and number.isdigit() and len(number) < 8 else 0
