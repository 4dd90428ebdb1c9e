"""Many replies on one model: who begins when, who is refused, and that everybody who asked hears an end."""

from __future__ import annotations

import queue
from typing import Any

import pytest

from bot.generators.batching import Batching, BatchLimits
from tests.fakes.batch_pipeline import BrokenPipeline, ScriptedPipeline, WordTokenizer


class Told(list[dict[str, Any]]):
    """What was sent; `on` reacts to it as it comes, between two steps."""

    def __init__(self, arrived: queue.SimpleQueue[dict[str, Any] | None], on: Any = None) -> None:
        super().__init__()
        self._arrived, self._on = arrived, on

    def __call__(self, message: dict[str, Any]) -> None:
        self.append(message)
        if self._on is not None:
            self._on(message, self._arrived.put)

    def of(self, number: int) -> list[dict[str, Any]]:
        return [message for message in self if message.get("id") == number]

    def text(self, number: int) -> str:
        return "".join(message.get("piece", "") for message in self.of(number)).strip()

    def last(self, number: int) -> dict[str, Any]:
        return self.of(number)[-1]


def ask(number: int, words: str = "one two three", max_tokens: int = 8) -> dict[str, Any]:
    return {"do": "generate", "id": number, "messages": [["user", words]], "max_tokens": max_tokens}


def worked_off(
    *requests: dict[str, Any],
    pipeline: ScriptedPipeline | None = None,
    slots: int = 4,
    wait_seconds: float = 1e9,
    on: Any = None,
) -> Told:
    """Ends after the last request's end unless `on` puts more."""
    arrived: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    open_numbers = {request["id"] for request in requests if request["do"] == "generate"}

    def end_when_done(message: dict[str, Any], put: Any) -> None:
        if on is not None:
            on(message, put)
        if "end" in message or "failed" in message:
            open_numbers.discard(message["id"])
            if not open_numbers:
                put(None)

    told = Told(arrived, end_when_done)
    for request in requests:
        arrived.put(request)
    limits = BatchLimits(slots, wait_seconds, context_tokens=100)
    Batching(pipeline or ScriptedPipeline(), WordTokenizer(), (), limits, told).work(arrived)
    return told


def test_a_hundred_at_once_all_end_and_never_more_than_the_slots_are_written_together() -> None:
    pipeline = ScriptedPipeline()
    told = worked_off(*(ask(number, f"reply number {number}") for number in range(100)), pipeline=pipeline)
    for number in range(100):
        assert told.text(number) == f"reply number {number}"
        assert told.last(number) == {"id": number, "end": True}
    assert max(len(together) for together in pipeline.steps) == 4
    assert pipeline.begun == list(range(100)), "nobody is overtaken"


def test_who_leaves_frees_the_slot_for_the_very_next_step() -> None:
    def leave_after_first_word(message: dict[str, Any], put: Any) -> None:
        if message.get("piece") == " long":
            put({"do": "stop", "id": 1})

    pipeline = ScriptedPipeline()
    requests = (ask(2, "short"), ask(1, "long long long"), ask(3, "next"))
    arrived = worked_off(*requests[1:2], requests[2], pipeline=pipeline, slots=1, on=_ended_too(leave_after_first_word))
    assert pipeline.steps[:2] == [(1,), (3,)]
    assert arrived.text(1) == "long"
    assert arrived.text(3) == "next"


def _ended_too(leave: Any) -> Any:
    """Who left is told nothing more; the count of those who are waited for must still go down."""

    def on(message: dict[str, Any], put: Any) -> None:
        leave(message, put)
        if message.get("id") == 3 and "end" in message:
            put(None)

    return on


def test_who_leaves_before_beginning_is_never_begun() -> None:
    pipeline = ScriptedPipeline()
    requests = (ask(1), ask(2), {"do": "stop", "id": 2}, ask(3))
    told = worked_off(*requests, pipeline=pipeline, slots=1, on=_ended_too(lambda message, put: None))
    assert pipeline.begun == [1, 3]
    assert told.of(2) == []


def test_where_the_wait_would_be_long_the_answer_is_a_refusal_at_once() -> None:
    told = worked_off(*(ask(number) for number in range(6)), slots=1, wait_seconds=5)
    refused = [number for number in range(6) if "failed" in told.last(number)]
    assert refused == [3, 4, 5]  # a first guess of two seconds an answer: two, four, six
    assert "wait would be 6 s" in told.last(3)["failed"]


def test_where_memory_is_short_the_wait_is_reckoned_with_as_many_as_find_room() -> None:
    pipeline = ScriptedPipeline(capacity_tokens=25)  # for two of three and eight tokens, though there are four slots
    told = worked_off(*(ask(number) for number in range(8)), pipeline=pipeline, wait_seconds=5)
    assert [number for number in range(8) if "failed" in told.last(number)] == [7]
    assert told.last(7)["failed"] == "All 2 places are taken; the wait would be 6 s"


def test_a_prompt_that_does_not_fit_is_refused_with_the_way_out() -> None:
    told = worked_off(ask(1, "word " * 95), ask(2))
    assert "FRONTDESK_ANSWERS__PROMPT_BUDGET" in told.last(1)["failed"]
    assert told.text(2) == "one two three"


def test_nobody_is_let_in_who_might_not_find_room_to_the_end() -> None:
    pipeline = ScriptedPipeline(capacity_tokens=25)
    told = worked_off(*(ask(number) for number in range(4)), pipeline=pipeline)  # three and eight tokens each
    assert max(len(together) for together in pipeline.steps) == 2
    assert all(told.last(number) == {"id": number, "end": True} for number in range(4))


def test_a_reply_of_no_tokens_ends() -> None:
    assert worked_off(ask(1, max_tokens=0)).of(1) == [{"id": 1, "end": True}]


def test_how_busy_it_is_is_told() -> None:
    told = worked_off(*(ask(number) for number in range(6)))
    loads = [message["load"] for message in told if "load" in message]
    assert (loads[0]["slots"], loads[0]["taken"], loads[0]["waiting"]) == (4, 0, 0)
    assert (loads[-1]["taken"], loads[-1]["answers"], loads[-1]["tokens"]) == (0, 6, 18)
    assert loads[-1]["first_token_seconds"] > 0
    assert loads[-1]["between_tokens_seconds"] > 0


def test_a_model_that_breaks_ends_the_work() -> None:
    with pytest.raises(RuntimeError, match="out of memory"):
        worked_off(ask(1), pipeline=BrokenPipeline())
