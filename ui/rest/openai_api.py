"""/v1: the front desk as a model of OpenAI's chat completions. Knows nothing of how answers are made.

System messages, sampling parameters and tools are passed over: what may be said comes from the company's documents.
"""

from __future__ import annotations

import json
import math
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response, StreamingResponse

from bot.events import AnswerCited, TextAdded, TurnEvent
from knowledge.languages import detect_language
from ui.api_events import PING
from ui.parts import Parts, SharedParts
from ui.problems import Problem
from ui.replies import has_failed, reply_from_events
from ui.rest.api import PING_SECONDS, SSE_HEADERS
from ui.rest.openai_models import ChatRequest, OpenAiModel, OpenAiModels
from ui.turn_streams import TurnStream

MODEL = "frontdesk"
_CREATED = 1_790_000_000  # seconds since 1970: clients want a date, and a model that is a product has none
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

router = APIRouter(prefix="/v1", tags=["openai"])


@router.get("/models", summary="The one model there is")
async def models() -> OpenAiModels:
    return OpenAiModels(data=[OpenAiModel(id=MODEL, created=_CREATED)])


@router.get("/models/{name}", summary="The model")
async def model(name: str) -> OpenAiModel:
    _check_model(name)
    return OpenAiModel(id=MODEL, created=_CREATED)


@router.post("/chat/completions", response_model=None, summary="Answer a chat")
async def chat_completions(body: ChatRequest, parts: SharedParts) -> Response:
    """Answers the last user message; earlier user messages help to understand it.

    Every request is a conversation of its own. The answer carries `citations`, `outcome` and `conversation_id` besides
    OpenAI's fields, and the last chunk of a stream does. Token counts are estimates.
    """
    question, earlier = _asked(body)
    stream = _begin(parts, question, earlier)
    accepted = await stream.accepted()
    completion = _Completion(f"chatcmpl-{accepted.message_id}", int(time.time()), _prompt_tokens(body))
    if body.stream:
        include_usage = body.stream_options is not None and body.stream_options.include_usage
        chunks = _chunks(stream, completion, include_usage=include_usage)
        return StreamingResponse(chunks, media_type="text/event-stream", headers=SSE_HEADERS)
    events = await stream.ended()
    if has_failed(events):
        raise _answer_failed()
    return JSONResponse(completion.whole(events))


def _asked(body: ChatRequest) -> tuple[str, list[str]]:
    """The question and the customer's messages before it."""
    _check_model(body.model)
    if body.n not in (None, 1):
        raise Problem(400, "unsupported_value", "'n' must be 1: there is one answer to a question")
    unreadable = next((message.unreadable for message in body.messages if message.unreadable), None)
    if unreadable is not None:
        raise Problem(400, "unsupported_content", f"Only text can be read, not '{unreadable}'")
    if body.messages[-1].role != "user":
        raise Problem(400, "invalid_request", "The last message must be the user's: it is the one that is answered")
    *earlier, question = (message.text for message in body.messages if message.role == "user")
    return question, [text for text in earlier if text.strip()]


def _check_model(name: str) -> None:
    if name != MODEL:
        raise Problem(404, "model_not_found", f"There is no model '{name}'; the only one is '{MODEL}'")


def _begin(parts: Parts, question: str, earlier: Sequence[str]) -> TurnStream:
    desk = parts.frontdesk
    desk.manager.checked(question)

    def turn(stop: Callable[[], bool]) -> Iterator[TurnEvent]:
        language = detect_language(question)
        opened = desk.transcripts.open_conversation(channel="openai", language=language).conversation_id
        yield from desk.manager.turn(opened, question, stop=stop, earlier=earlier)

    request = uuid.uuid4().hex  # nobody can return to this turn: the protocol has no word for it
    return parts.streams.begin(f"openai {request}", request, turn)


class _Completion:
    """One answer in OpenAI's words."""

    def __init__(self, completion_id: str, created: int, prompt_tokens: int) -> None:
        self._id = completion_id
        self._created = created
        self._prompt_tokens = prompt_tokens

    def whole(self, events: Sequence[TurnEvent]) -> dict[str, Any]:
        reply = reply_from_events(events)
        message = {"role": "assistant", "content": reply["answer"], "refusal": None}
        return {
            **self._head("chat.completion"),
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": self.usage(reply["answer"]),
            **_extras(reply),
        }

    def chunk(self, delta: dict[str, str], finish_reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _data({**self._head("chat.completion.chunk"), "choices": [choice], **more})

    def usage_chunk(self, text: str) -> bytes:
        return _data({**self._head("chat.completion.chunk"), "choices": [], "usage": self.usage(text)})

    def usage(self, text: str) -> dict[str, int]:
        written = estimated_tokens(text)
        return {
            "prompt_tokens": self._prompt_tokens,
            "completion_tokens": written,
            "total_tokens": self._prompt_tokens + written,
        }

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": MODEL}


async def _chunks(stream: TurnStream, completion: _Completion, *, include_usage: bool) -> AsyncIterator[bytes]:
    shown = ""
    events: list[TurnEvent] = []
    try:
        yield completion.chunk({"role": "assistant", "content": ""})
        async for numbered in stream.follow(quiet_seconds=PING_SECONDS):
            if numbered is None:
                yield PING
                continue
            events.append(numbered.event)
            piece = _new_text(numbered.event, shown)
            if piece:
                shown += piece
                yield completion.chunk({"content": piece})
    finally:
        stream.stop()  # a client that has left cannot return: the model is free for others
    if has_failed(events):
        yield _data({"error": {"message": _answer_failed().message, "type": "server_error", "code": "answer_failed"}})
    else:
        yield completion.chunk({}, "stop", **_extras(reply_from_events(events)))
        if include_usage:
            yield completion.usage_chunk(shown)
    yield b"data: [DONE]\n\n"


def _new_text(event: TurnEvent, shown: str) -> str:
    """The text that an event adds to what was shown."""
    if isinstance(event, TextAdded):
        return event.text
    if isinstance(event, AnswerCited) and event.answer.text.startswith(shown):
        return event.answer.text[len(shown) :]
    return ""


def _extras(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: reply[name] for name in ("citations", "outcome", "conversation_id")}


def _answer_failed() -> Problem:
    return Problem(500, "answer_failed", "The answer could not be written; please ask again")


def _data(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def _prompt_tokens(body: ChatRequest) -> int:
    return sum(estimated_tokens(message.text) for message in body.messages)


def estimated_tokens(text: str) -> int:
    """About as many as common tokenizers make: one for a Han character, one for four others."""
    han = len(_HAN.findall(text))
    return han + math.ceil((len(text) - han) / 4)
