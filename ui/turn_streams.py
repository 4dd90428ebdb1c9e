"""Turns that outlive the connection that began them: each runs in its own thread, any number of readers follow it.

Knows nothing of HTTP, and of a turn only that it is an iterator of events that ends with TurnEnded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.events import MessageAccepted, TextAdded, TurnEnded, TurnEvent
from bot.messages import Handler, MessageState
from ui.errors import UiError

_log = logging.getLogger(__name__)

RunTurn = Callable[[Callable[[], bool]], Iterator[TurnEvent]]  # takes `stop`, gives the turn's events

_MOST_EVENTS = 2_000  # kept of one turn; the answer event has the whole text, so later pieces of text may be left out


class TooManyTurns(UiError):
    def __init__(self) -> None:
        super().__init__("As many answers as we can give are under way; send the message again in a moment")


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    number: int  # counted from 1 within the turn
    event: TurnEvent


@dataclass(frozen=True, slots=True, eq=False)
class _Waker:
    loop: asyncio.AbstractEventLoop
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the reader's event loop is closed: nobody waits there any more
            self.loop.call_soon_threadsafe(self.changed.set)


class TurnStream:
    """The events of one turn so far. Written by the turn's thread, read from event loops."""

    def __init__(self, conversation_id: str) -> None:
        self._conversation_id = conversation_id
        self._lock = threading.Lock()
        self._events: list[TurnEvent] = []
        self._wakers: set[_Waker] = set()
        self._error: Exception | None = None
        self._is_over = False
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Asks the turn to end early; its readers still get the terminal event."""
        self._stopped.set()

    @property
    def is_over(self) -> bool:
        return self._is_over

    @property
    def has_failed(self) -> bool:
        with self._lock:
            last = self._events[-1] if self._events else None
        return self._is_over and not (isinstance(last, TurnEnded) and last.state is not MessageState.FAILED)

    async def accepted(self) -> MessageAccepted:
        """Returns when the customer's message is stored. Raises what kept it from being stored."""
        await self._changed(0, None)
        with self._lock:
            first = self._events[0] if self._events else None
            error = self._error
        if isinstance(first, MessageAccepted):
            return first
        raise error or RuntimeError("a turn began without MessageAccepted")

    async def follow(self, after: int = 0, *, quiet_seconds: float) -> AsyncIterator[NumberedEvent | None]:
        """The events after number `after` up to the terminal one; None after every `quiet_seconds` without any.

        The terminal event is always among them, and all are told again where `after` lies beyond what happened.
        """
        seen = self._position(after)
        while True:
            if not await self._changed(seen, quiet_seconds):
                yield None
                continue
            with self._lock:
                news = self._events[seen:]
            for event in news:
                seen += 1
                yield NumberedEvent(seen, event)
            if self._is_over and seen >= len(self._events):
                return

    def _position(self, after: int) -> int:
        with self._lock:
            if self._is_over and after == len(self._events):
                return max(0, after - 1)
            return after if 0 <= after <= len(self._events) else 0

    async def ended(self) -> Sequence[TurnEvent]:
        """All events, once the turn is over."""
        return [numbered.event async for numbered in self.follow(quiet_seconds=60.0) if numbered is not None]

    async def _changed(self, seen: int, timeout_seconds: float | None) -> bool:
        """Whether there is more than `seen` events, or the end, within the time."""
        waker = _Waker(asyncio.get_running_loop())
        with self._lock:
            if len(self._events) > seen or self._is_over:
                return True
            self._wakers.add(waker)
        try:
            await asyncio.wait_for(waker.changed.wait(), timeout_seconds)
        except TimeoutError:
            return False
        finally:
            with self._lock:
                self._wakers.discard(waker)
        return True

    def run(self, turn: RunTurn) -> None:
        """Runs the turn to its end. Whatever it does, the readers get an end."""
        error: Exception | None = None
        try:
            for event in turn(self._stopped.is_set):
                self._add(event)
        except Exception as broken:  # noqa: BLE001 - readers are told; what was not foreseen is logged
            error = broken
        with self._lock:
            begun = bool(self._events)
            has_end = begun and isinstance(self._events[-1], TurnEnded)
        if begun and not has_end:
            _log.error("A turn in conversation %s ended without its last event", self._conversation_id, exc_info=error)
            self._add(TurnEnded(self._conversation_id, None, Handler.BOT, MessageState.FAILED, None, None))
        with self._lock:
            self._error, self._is_over = error, True
            wakers = list(self._wakers)
        for waker in wakers:
            waker.wake()

    def _add(self, event: TurnEvent) -> None:
        with self._lock:
            if len(self._events) >= _MOST_EVENTS and isinstance(event, TextAdded):
                return
            self._events.append(event)
            wakers = list(self._wakers)
        for waker in wakers:
            waker.wake()


@dataclass(frozen=True, slots=True)
class _Key:
    conversation_id: str
    client_message_id: str


class TurnStreams:
    """Begins turns and keeps them for a while after their end, so that a reader who lost its connection can return."""

    def __init__(
        self,
        *,
        limit: int,
        limit_per_conversation: int = 4,
        kept: int = 256,
        kept_seconds: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """At most `limit` turns run at once; at most `kept` that are over are remembered, each `kept_seconds` long."""
        self._limit = limit
        self._limit_per_conversation = limit_per_conversation
        self._kept = kept
        self._kept_seconds = kept_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[_Key, TurnStream] = {}
        self._over: OrderedDict[_Key, tuple[float, TurnStream]] = OrderedDict()  # oldest first
        self._threads: set[threading.Thread] = set()

    def begin(self, conversation_id: str, client_message_id: str, turn: RunTurn) -> TurnStream:
        """Begins a turn, or finds the one that this message began before. A failed one is begun anew.

        Raises TooManyTurns.
        """
        key = _Key(conversation_id, client_message_id)
        with self._lock:
            self._forget_old()
            known = self._running.get(key) or self._over.get(key, (0.0, None))[1]
            if known is not None and not known.has_failed:
                return known
            self._refuse_too_many(conversation_id)
            stream = self._running[key] = TurnStream(conversation_id)
            self._over.pop(key, None)
            thread = threading.Thread(target=self._run, args=(key, stream, turn), name="turn", daemon=True)
            self._threads.add(thread)
        thread.start()
        return stream

    def close(self, *, seconds: float = 5.0) -> None:
        """Stops the turns under way and waits for them to record what was shown."""
        with self._lock:
            streams, threads = list(self._running.values()), list(self._threads)
        for stream in streams:
            stream.stop()
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self, key: _Key, stream: TurnStream, turn: RunTurn) -> None:
        try:
            stream.run(turn)
        finally:
            with self._lock:
                if self._running.get(key) is stream:
                    del self._running[key]
                self._threads.discard(threading.current_thread())
                if not stream.has_failed:
                    self._over[key] = (self._clock(), stream)
                self._forget_old()

    def _refuse_too_many(self, conversation_id: str) -> None:
        running = Counter(key.conversation_id for key, stream in self._running.items() if not stream.is_over)
        if running.total() >= self._limit or running[conversation_id] >= self._limit_per_conversation:
            raise TooManyTurns

    def _forget_old(self) -> None:
        oldest = self._clock() - self._kept_seconds
        while self._over:
            ended_at, _ = next(iter(self._over.values()))
            if ended_at >= oldest and len(self._over) <= self._kept:
                return
            self._over.popitem(last=False)
