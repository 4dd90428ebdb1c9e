"""Many replies at once: who may begin, what each has written, who has left. Knows no model, and no process.

One thread runs it all: take what has arrived, give free slots to those who wait longest, step, send. A conversation
has one answer under way at a time (bot/turn_order.py), so the order of arrival is fair to customers too.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from bot.generators.prompt_tokens import PromptTokens
from bot.generators.token_text import TokenText
from bot.prompt import Prompt, PromptMessage

Send = Callable[[dict[str, Any]], None]

_TELL_LOAD_SECONDS = 0.25
_FIRST_GUESS_SECONDS = 2.0  # one answer's time, before any has been seen
_LATEST = 0.2  # weight of the newest answer in the running mean


@dataclass(frozen=True, slots=True)
class StepResult:
    number: int
    tokens: tuple[int, ...]  # new since the last step
    has_ended: bool
    has_failed: bool = False


class BatchPipeline(Protocol):
    """Computes a step of all replies under way. Used from one thread."""

    capacity_tokens: int  # prompts and replies under way may have together

    def add(self, number: int, tokens: Sequence[int], max_tokens: int) -> None: ...

    def cancel(self, number: int) -> None:
        """Frees what the reply holds at the next step. Of no effect on an unknown number."""
        ...

    def step(self) -> list[StepResult]:
        """What came of it; cancelled replies are not told of. Raises RuntimeError where the model breaks."""
        ...


@dataclass(frozen=True, slots=True)
class BatchLimits:
    slots: int  # replies at once
    wait_seconds: float  # who would have to wait longer is told at once that nobody is free
    context_tokens: int


@dataclass(slots=True)
class _Waiting:
    number: int
    tokens: list[int]
    max_tokens: int
    arrived: float


@dataclass(slots=True)
class _Writing:
    text: TokenText
    size: int  # tokens of prompt and longest reply
    arrived: float
    began: float
    latest: float | None = None  # when the last token came


@dataclass(slots=True)
class _Totals:
    """Since the process began; rates and means are made of differences by whoever looks."""

    answers: int = 0  # that have begun
    tokens: int = 0
    first_token_seconds: float = 0.0  # from arrival, over all answers
    between_tokens_seconds: float = 0.0  # over all tokens but the first of an answer


class Batching:
    """`tokenizer` must be that of the pipeline's model; `ends` are the tokens that end a reply."""

    def __init__(
        self, pipeline: BatchPipeline, tokenizer: Any, ends: Sequence[int], limits: BatchLimits, send: Send
    ) -> None:
        self._pipeline = pipeline
        self._tokenizer = tokenizer
        self._prompts = PromptTokens(tokenizer)
        self._ends = frozenset(ends)
        self._limits = limits
        self._send = send
        self._waiting: deque[_Waiting] = deque()
        self._writing: dict[int, _Writing] = {}
        self._mean_seconds = _FIRST_GUESS_SECONDS
        self._totals = _Totals()
        self._told = 0.0

    def work(self, arrived: queue.SimpleQueue[dict[str, Any] | None]) -> None:
        """Serves requests until None arrives. Raises RuntimeError where the model breaks: the process then ends."""
        self._tell_load()
        while self._take(arrived):
            self._admit()
            for result in self._pipeline.step():
                self._hand_out(result)
            self._tell_load()

    # What arrives

    def _take(self, arrived: queue.SimpleQueue[dict[str, Any] | None]) -> bool:
        """Everything that has arrived; waits for something where there is nothing to do. False at the end."""
        is_idle = not self._waiting and not self._writing
        try:
            while True:
                request = arrived.get(block=is_idle)
                if request is None:
                    return False
                self._receive(request)
                is_idle = False
        except queue.Empty:
            return True

    def _receive(self, request: dict[str, Any]) -> None:
        number = request["id"]
        match request["do"]:
            case "generate":
                self._queue(number, request)
            case "stop":
                self._leave(number)
            case "count":
                self._send({"id": number, "tokens": self._prompts.count(request["text"])})

    def _queue(self, number: int, request: dict[str, Any]) -> None:
        prompt = Prompt(tuple(PromptMessage(role, text) for role, text in request["messages"]))
        tokens, max_tokens = self._prompts.encode(prompt), request["max_tokens"]
        size = len(tokens) + max_tokens
        if size > min(self._limits.context_tokens, self._pipeline.capacity_tokens):
            self._fail(
                number,
                f"A prompt of {len(tokens)} tokens and a reply of {max_tokens} do not fit into this model's context "
                f"of {self._limits.context_tokens}; lower FRONTDESK_ANSWERS__PROMPT_BUDGET",
            )
        elif max_tokens < 1:
            self._send({"id": number, "end": True})
        elif (wait := self._expected_wait()) > self._limits.wait_seconds:
            self._fail(number, f"All {self._places()} places are taken; the wait would be {wait:.0f} s")
        else:
            self._waiting.append(_Waiting(number, tokens, max_tokens, time.monotonic()))

    def _leave(self, number: int) -> None:
        if self._writing.pop(number, None) is not None:
            self._pipeline.cancel(number)
        else:
            self._waiting = deque(one for one in self._waiting if one.number != number)

    def _expected_wait(self) -> float:
        """Seconds until somebody who comes now may begin, by the mean of the latest answers."""
        places = self._places()
        ahead = len(self._waiting) + len(self._writing) + 1 - places
        return max(0, ahead) * self._mean_seconds / places

    def _places(self) -> int:
        """How many write at once: the slots, or as many as find room for prompt and reply of the mean size."""
        sizes = [len(one.tokens) + one.max_tokens for one in self._waiting]
        sizes += [one.size for one in self._writing.values()]
        if not sizes:
            return self._limits.slots
        return max(1, min(self._limits.slots, self._pipeline.capacity_tokens * len(sizes) // sum(sizes)))

    # Steps

    def _admit(self) -> None:
        """Nobody is let in whose words might not find room: nothing under way ever has to be computed again."""
        taken = sum(writing.size for writing in self._writing.values())
        while self._waiting and len(self._writing) < self._limits.slots:
            first = self._waiting[0]
            size = len(first.tokens) + first.max_tokens
            if taken + size > self._pipeline.capacity_tokens:
                return
            self._waiting.popleft()
            taken += size
            self._writing[first.number] = _Writing(TokenText(self._tokenizer), size, first.arrived, time.monotonic())
            self._pipeline.add(first.number, first.tokens, first.max_tokens)

    def _hand_out(self, result: StepResult) -> None:
        writing = self._writing.get(result.number)
        if writing is None:
            return
        self._count(writing, len(result.tokens))
        tokens = [token for token in result.tokens if token not in self._ends]
        piece = "".join(writing.text.add(token) for token in tokens)
        if result.has_ended:
            piece += writing.text.rest()
        if piece:
            self._send({"id": result.number, "piece": piece})
        if not result.has_ended:
            return
        del self._writing[result.number]
        self._mean_seconds += _LATEST * (time.monotonic() - writing.began - self._mean_seconds)
        if result.has_failed:
            self._fail(result.number, "The generator had no room for this answer")
        else:
            self._send({"id": result.number, "end": True})

    def _count(self, writing: _Writing, tokens: int) -> None:
        if not tokens:
            return
        now, totals = time.monotonic(), self._totals
        if writing.latest is None:
            totals.answers += 1
            totals.first_token_seconds += now - writing.arrived
        else:
            totals.between_tokens_seconds += now - writing.latest
        totals.tokens += tokens
        writing.latest = now

    def _fail(self, number: int, reason: str) -> None:
        self._send({"id": number, "failed": reason})

    def _tell_load(self) -> None:
        now = time.monotonic()
        if now - self._told < _TELL_LOAD_SECONDS and (self._writing or self._waiting):
            return
        self._told = now
        load = {"slots": self._limits.slots, "taken": len(self._writing), "waiting": len(self._waiting)}
        self._send({"load": {**load, "wait_seconds": round(self._expected_wait(), 2), **asdict(self._totals)}})
