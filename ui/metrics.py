"""What is measured, for Prometheus. One registry per app; knows nothing of routes and of how answers are made."""

from __future__ import annotations

import logging
import time
from collections import Counter as Tally
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, cast

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.events import TextAdded, TurnEnded, TurnEvent
from bot.messages import Conversation, Handler, HandoffReason, Message, MessageState
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send
    from starlette.types import Message as AsgiMessage

    from bot.bootstrap import Frontdesk
    from bot.generators.separate import GeneratorLoad
    from bot.manager import ConversationManager

_log = logging.getLogger(__name__)
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_JOBS_LOOKED_AT = 1000  # the newest


class Metrics:
    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._turns = Counter(
            "frontdesk_turns", "Turns by outcome; silent: a person answers", ["outcome"], registry=self.registry
        )
        self._turn_seconds = Histogram(
            "frontdesk_turn_seconds", "A message from receipt to end", buckets=_SECONDS, registry=self.registry
        )
        self._first_text_seconds = Histogram(
            "frontdesk_first_text_seconds", "A message until its first text", buckets=_SECONDS, registry=self.registry
        )
        self._requests = Counter(
            "frontdesk_http_requests", "HTTP requests", ["method", "route", "status"], registry=self.registry
        )

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def count_request(self, method: str, route: str, status: int) -> None:
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()

    def watched(self, events: Iterator[TurnEvent]) -> Iterator[TurnEvent]:
        """The same events, measured on their way. Closing it closes `events`."""
        began = time.monotonic()
        has_text = False
        ended: TurnEnded | None = None
        with closing(cast("Generator[TurnEvent]", events)):
            try:
                for event in events:
                    if isinstance(event, TextAdded) and not has_text:
                        has_text = True
                        self._first_text_seconds.observe(time.monotonic() - began)
                    if isinstance(event, TurnEnded):
                        ended = event
                        self._count(_outcome(ended), time.monotonic() - began)
                    yield event
            except GeneratorExit:
                if ended is None:
                    self._count("interrupted", time.monotonic() - began)
                raise

    def _count(self, outcome: str, seconds: float) -> None:
        self._turns.labels(outcome).inc()
        self._turn_seconds.observe(seconds)


def _outcome(ended: TurnEnded) -> str:
    if ended.state is not MessageState.COMPLETE:
        return str(ended.state)
    return str(ended.answer.outcome) if ended.answer is not None else "silent"


class MeasuredManager:
    """A ConversationManager whose turns are measured, whichever page or program began them."""

    def __init__(self, manager: ConversationManager, metrics: Metrics) -> None:
        self._manager = manager
        self._metrics = metrics

    def turn(
        self,
        conversation_id: str,
        text: str,
        client_message_id: str | None = None,
        *,
        stop: Callable[[], bool] = lambda: False,
        earlier: Sequence[str] = (),
    ) -> Iterator[TurnEvent]:
        events = self._manager.turn(conversation_id, text, client_message_id, stop=stop, earlier=earlier)
        return self._metrics.watched(events)

    def checked(self, text: str) -> str:
        return self._manager.checked(text)

    def request_person(self, conversation_id: str, *, reason: HandoffReason = HandoffReason.BUTTON) -> Conversation:
        return self._manager.request_person(conversation_id, reason=reason)

    def take_over(self, conversation_id: str) -> Conversation:
        return self._manager.take_over(conversation_id)

    def hand_back(self, conversation_id: str) -> Conversation:
        return self._manager.hand_back(conversation_id)

    def close(self, conversation_id: str) -> Conversation:
        return self._manager.close(conversation_id)

    def operator_reply(self, conversation_id: str, text: str) -> Message:
        return self._manager.operator_reply(conversation_id, text)


class StockCollector(Collector):
    """How much there is: documents, passages, uploads, conversations that wait. Counted when asked."""

    def __init__(self, frontdesk: Frontdesk) -> None:
        self._desk = frontdesk

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            documents, passages = len(self._desk.library.documents()), self._desk.library.passage_count
            states = Tally(str(job.state) for job in self._desk.jobs.jobs(limit=_JOBS_LOOKED_AT))
            waiting = len(self._desk.transcripts.conversations(limit=_JOBS_LOOKED_AT, handler=Handler.WAITING))
        except KnowledgeError as error:  # the turns and requests are worth telling all the same
            _log.warning("Documents and uploads cannot be counted: %s", error)
            return
        yield GaugeMetricFamily("frontdesk_documents", "Documents in the library", documents)
        yield GaugeMetricFamily("frontdesk_passages", "Passages that can be found", passages)
        yield GaugeMetricFamily("frontdesk_conversations_waiting", "Conversations waiting for a person", waiting)
        jobs = GaugeMetricFamily("frontdesk_ingest_jobs", "The latest uploads by state", labels=["state"])
        for state, count in sorted(states.items()):
            jobs.add_metric([state], count)
        yield jobs


class GeneratorCollector(Collector):
    """How busy the engine is that writes many answers at once; nothing where answers are written in turn."""

    def __init__(self, load: Callable[[], GeneratorLoad | None]) -> None:
        self._load = load

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        load = self._load()
        if load is None:
            return
        yield GaugeMetricFamily("frontdesk_generator_slots", "Answers that can be written at once", load.slots)
        yield GaugeMetricFamily("frontdesk_generator_slots_taken", "Answers being written", load.taken)
        yield GaugeMetricFamily("frontdesk_generator_waiting", "Answers that wait for a slot", load.waiting)
        yield GaugeMetricFamily(
            "frontdesk_generator_wait_seconds", "What the next answer would wait for a slot", load.wait_seconds
        )
        for name, meaning, total in (
            ("answers", "Answers begun", load.answers),
            ("tokens", "Tokens written", load.tokens),
            ("first_token_seconds", "From an answer's arrival to its first token, summed", load.first_token_seconds),
            ("between_tokens_seconds", "From a token to the next, summed", load.between_tokens_seconds),
        ):
            yield CounterMetricFamily(f"frontdesk_generator_{name}", meaning, total)


class RequestCounting:
    """ASGI: counts requests by the template of their route, so that ids make no new series."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, status = scope["path"], 500  # 500 where nothing was sent

        async def noting(message: AsgiMessage) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._metrics.count_request(scope["method"], _template(scope, path), status)


def _template(scope: Scope, path: str) -> str:
    for mounted in ("/chat", "/console", "/knowledge", "/intents", "/static"):
        if path == mounted or path.startswith(f"{mounted}/"):
            return mounted
    return getattr(scope.get("route"), "path", "") or "unmatched"
