"""/api/v1/conversations: what a customer's program says and hears. Knows nothing of how answers are made."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse

from bot.errors import ConversationNotFound
from bot.events import MessageAccepted, TextAdded
from bot.messages import Author
from ui.api_events import PING, number_of, sse_lines
from ui.api_models import (
    ConversationOut,
    FeedbackOut,
    GiveFeedback,
    MessageOut,
    MessagesOut,
    OpenConversation,
    ProblemOut,
    ReplyOut,
    SendMessage,
)
from ui.parts import SharedParts
from ui.problems import Problem
from ui.replies import has_failed, reply_from_events
from ui.turn_streams import NumberedEvent, TurnStream

PING_SECONDS = 10.0
SSE_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter: nginx passes each event on at once

_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": ProblemOut, "description": "no such conversation"}}
_SENT: dict[int | str, dict[str, Any]] = {
    200: {
        "model": ReplyOut,
        "description": "a stream of events; with `Accept: application/json` one object once the turn is over",
        "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/TurnEvents"}}},
    },
    **_NOT_FOUND,
    409: {"model": ProblemOut, "description": "the conversation is closed"},
    500: {"model": ProblemOut, "description": "`answer_failed`: send it again with the same client_message_id"},
    503: {"model": ProblemOut, "description": "`busy`: as many answers as we can give are under way"},
}

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])


@router.post("", status_code=201, summary="Open a conversation")
def open_conversation(parts: SharedParts, response: Response, body: OpenConversation | None = None) -> ConversationOut:
    wanted = body or OpenConversation.model_validate({})
    opened = ConversationOut.of(
        parts.frontdesk.transcripts.open_conversation(channel=wanted.channel, language=wanted.language)
    )
    response.headers["Location"] = f"/api/v1/conversations/{opened.id}"
    return opened


@router.get("/{conversation_id}", responses=_NOT_FOUND, summary="Who answers a conversation")
def conversation(conversation_id: str, parts: SharedParts) -> ConversationOut:
    return ConversationOut.of(parts.frontdesk.transcripts.conversation(conversation_id))


@router.post("/{conversation_id}/messages", response_model=None, responses=_SENT, summary="Send a message")
async def send_message(
    conversation_id: str,
    body: SendMessage,
    parts: SharedParts,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[str | None, Header(description="returns to the stream after this event")] = None,
) -> Response:
    """Stores the message and answers it, as server-sent events.

    The events are accepted, intent, passages, text, answer, handoff and, always last, ended; a comment is sent after
    10 quiet seconds. The answer is written whether or not the connection holds. To return to it send the same
    `client_message_id` again, with `Last-Event-ID` to hear only what came after that event. Where the stream of events
    is no longer known, the stored answer is told instead: its `answer` event replaces the text heard so far.
    """
    client_message_id = body.client_message_id or str(uuid.uuid4())
    manager = parts.frontdesk.manager
    stream = parts.streams.begin(
        conversation_id,
        client_message_id,
        lambda stop: manager.turn(conversation_id, body.text, client_message_id, stop=stop),
    )
    accepted = await stream.accepted()
    if wants_json(accept):
        return await _whole_reply(stream)
    heard = number_of(last_event_id, accepted.message_id)
    lines = _event_lines(stream, accepted, client_message_id, heard)
    return StreamingResponse(lines, media_type="text/event-stream", headers=SSE_HEADERS)


@router.get("/{conversation_id}/messages", responses=_NOT_FOUND, summary="What was said")
def messages(
    conversation_id: str,
    parts: SharedParts,
    after: Annotated[str | None, Query(description="the id of a message; only later ones are given")] = None,
) -> MessagesOut:
    transcripts = parts.frontdesk.transcripts
    handler = transcripts.conversation(conversation_id).handler
    said = transcripts.messages(conversation_id, after=after)
    return MessagesOut(
        conversation_id=conversation_id, handler=handler, messages=[MessageOut.of(message) for message in said]
    )


@router.post("/{conversation_id}/handoff", responses=_NOT_FOUND, summary="Ask for a person")
def hand_off(conversation_id: str, parts: SharedParts) -> ConversationOut:
    """The bot falls silent at once. Asking again changes nothing."""
    return ConversationOut.of(parts.frontdesk.manager.request_person(conversation_id))


@router.post("/{conversation_id}/messages/{message_id}/feedback", responses=_NOT_FOUND, summary="Rate an answer")
def give_feedback(conversation_id: str, message_id: str, body: GiveFeedback, parts: SharedParts) -> FeedbackOut:
    transcripts = parts.frontdesk.transcripts
    transcripts.conversation(conversation_id)
    try:
        message = transcripts.message(message_id)
    except ConversationNotFound:
        message = None
    if message is None or message.conversation_id != conversation_id:
        raise Problem(404, "message_not_found", f"This conversation has no message '{message_id}'")
    if message.author not in (Author.BOT, Author.OPERATOR):
        raise Problem(422, "not_an_answer", "Only answers can be rated, not a customer's own messages")
    transcripts.record_feedback(message_id, body.verdict, reason=body.reason)
    return FeedbackOut(message_id=message_id, verdict=body.verdict)


def wants_json(accept: str) -> bool:
    """Whether an Accept header asks for one object rather than for events."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in accept.split(",")]
    return "application/json" in kinds and "text/event-stream" not in kinds


async def _whole_reply(stream: TurnStream) -> Response:
    events = await stream.ended()
    if has_failed(events):
        message = "The answer could not be written; send the message again with the same client_message_id"
        raise Problem(500, "answer_failed", message)
    return JSONResponse(reply_from_events(events), headers={"Cache-Control": "no-store"})


async def _event_lines(
    stream: TurnStream, accepted: MessageAccepted, client_message_id: str, heard: int
) -> AsyncIterator[bytes]:
    """The lines of a stream after event number `heard`."""
    told_again = heard > 0 and not accepted.is_new
    number = heard
    async for numbered in stream.follow(0 if told_again else heard, quiet_seconds=PING_SECONDS):
        if numbered is None:
            yield PING
        elif not told_again:
            yield sse_lines(numbered, accepted.message_id, client_message_id)
        elif not isinstance(numbered.event, MessageAccepted | TextAdded):
            # A stored answer has other events than the stream that was cut: number on, and let `answer` give the text.
            number += 1
            yield sse_lines(NumberedEvent(number, numbered.event), accepted.message_id, client_message_id)
