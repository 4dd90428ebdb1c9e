"""Turns that outlive their readers: order, return, bounds, and an end whatever happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers import Answer, Outcome
from bot.errors import ConversationNotFound
from bot.events import AnswerCited, MessageAccepted, TextAdded, TurnEnded, TurnEvent
from bot.messages import Handler, MessageState
from tests.loops import run
from ui.turn_streams import RunTurn, TooManyTurns, TurnStream, TurnStreams

HELLO = Answer("Hello", Outcome.SMALL_TALK, "en")


def ended(state: MessageState = MessageState.COMPLETE) -> TurnEnded:
    return TurnEnded("c", "answer", Handler.BOT, state, HELLO, None)


def a_turn(*pieces: str, end: TurnEvent | None = None, go_on: threading.Event | None = None) -> RunTurn:
    """Accepts at once, waits for `go_on`, says `pieces`, ends."""

    def turn(stop: Callable[[], bool]) -> Iterator[TurnEvent]:
        yield MessageAccepted("c", "m", is_new=True)
        if go_on is not None:
            while not go_on.wait(timeout=0.02) and not stop():
                pass
        yield from (TextAdded(piece) for piece in pieces)
        yield AnswerCited(HELLO)
        yield end or ended(MessageState.INTERRUPTED if stop() else MessageState.COMPLETE)

    return turn


def refused_turn(stop: Callable[[], bool]) -> Iterator[TurnEvent]:
    if not stop():
        raise ConversationNotFound("No conversation has the id 'c'")
    yield ended()


def crashing_turn(stop: Callable[[], bool]) -> Iterator[TurnEvent]:
    yield MessageAccepted("c", "m", is_new=True)
    raise RuntimeError("out of memory")


async def numbers(stream: TurnStream, after: int = 0) -> list[int]:
    return [each.number async for each in stream.follow(after, quiet_seconds=5) if each is not None]


def test_events_arrive_in_order_and_the_terminal_one_last() -> None:
    async def scenario() -> None:
        stream = TurnStreams(limit=1).begin("c", "1", a_turn("Hel", "lo"))
        assert (await stream.accepted()).message_id == "m"
        events = await stream.ended()
        assert [type(event) for event in events] == [MessageAccepted, TextAdded, TextAdded, AnswerCited, TurnEnded]

    run(scenario())


def test_several_readers_hear_the_same_while_the_turn_runs() -> None:
    async def scenario() -> None:
        go_on = threading.Event()
        stream = TurnStreams(limit=1).begin("c", "1", a_turn("Hel", "lo", go_on=go_on))
        readers = [asyncio.create_task(numbers(stream)) for _ in range(3)]
        await stream.accepted()
        go_on.set()
        assert await asyncio.gather(*readers) == [[1, 2, 3, 4, 5]] * 3

    run(scenario())


def test_a_reader_that_leaves_does_not_stop_the_turn() -> None:
    async def scenario() -> None:
        go_on = threading.Event()
        streams = TurnStreams(limit=1)
        stream = streams.begin("c", "1", a_turn("Hello", go_on=go_on))
        reader = asyncio.create_task(numbers(stream))
        await stream.accepted()
        reader.cancel()
        go_on.set()
        assert isinstance((await stream.ended())[-1], TurnEnded)
        assert streams.begin("c", "1", refused_turn) is stream, "who returns finds the same turn"

    run(scenario())


def test_a_quiet_turn_gives_pings() -> None:
    async def scenario() -> None:
        go_on = threading.Event()
        stream = TurnStreams(limit=1).begin("c", "1", a_turn(go_on=go_on))
        heard = []
        async for each in stream.follow(quiet_seconds=0.01):
            heard.append(each)
            if each is None:
                go_on.set()
        assert None in heard
        assert heard[-1] is not None
        assert isinstance(heard[-1].event, TurnEnded)

    run(scenario())


@settings(max_examples=30, deadline=None)
@given(pieces=st.lists(st.text(min_size=1, max_size=3), max_size=8), after=st.integers(-3, 15))
def test_a_return_after_any_event_hears_the_rest_and_always_the_end(pieces: list[str], after: int) -> None:
    async def scenario() -> None:
        stream = TurnStreams(limit=1).begin("c", "1", a_turn(*pieces))
        count = len(await stream.ended())
        heard = await numbers(stream, after)
        assert heard[-1] == count
        assert heard == list(range(heard[0], count + 1))
        if 0 <= after < count:
            assert heard[0] == after + 1

    run(scenario())


def test_what_keeps_a_message_from_being_stored_is_raised_and_not_remembered() -> None:
    async def scenario() -> None:
        streams = TurnStreams(limit=1)
        with pytest.raises(ConversationNotFound):
            await streams.begin("c", "1", refused_turn).accepted()
        stream = streams.begin("c", "1", a_turn("Hello"))
        assert (await stream.accepted()).message_id == "m"

    run(scenario())


def test_a_turn_that_crashes_still_ends_and_may_be_tried_again() -> None:
    async def scenario() -> None:
        streams = TurnStreams(limit=1)
        stream = streams.begin("c", "1", crashing_turn)
        last = (await stream.ended())[-1]
        assert isinstance(last, TurnEnded)
        assert last.state is MessageState.FAILED
        again = streams.begin("c", "1", a_turn("Hello"))
        assert again is not stream
        assert len(await again.ended()) == 4

    run(scenario())


def test_no_more_turns_run_at_once_than_the_limit() -> None:
    async def scenario() -> None:
        go_on = threading.Event()
        streams = TurnStreams(limit=2)
        running = [streams.begin(f"c{number}", "1", a_turn(go_on=go_on)) for number in range(2)]
        with pytest.raises(TooManyTurns):
            streams.begin("c3", "1", a_turn())
        go_on.set()
        await running[0].ended()
        assert await streams.begin("c3", "1", a_turn()).ended()

    run(scenario())


def test_one_conversation_cannot_take_all_places() -> None:
    go_on = threading.Event()
    streams = TurnStreams(limit=10, limit_per_conversation=2)
    for number in range(2):
        streams.begin("c", str(number), a_turn(go_on=go_on))
    with pytest.raises(TooManyTurns):
        streams.begin("c", "2", a_turn())
    streams.begin("other", "1", a_turn(go_on=go_on))
    streams.close()


def test_turns_that_are_over_are_forgotten_after_their_time() -> None:
    async def scenario() -> None:
        now = [0.0]
        streams = TurnStreams(limit=1, kept_seconds=300, clock=lambda: now[0])
        stream = streams.begin("c", "1", a_turn("Hello"))
        await stream.ended()
        streams.close()  # waits for its thread
        assert streams.begin("c", "1", a_turn()) is stream
        now[0] = 301.0
        assert streams.begin("c", "1", a_turn()) is not stream

    run(scenario())


def test_only_so_many_turns_that_are_over_are_kept() -> None:
    streams = TurnStreams(limit=1, kept=3)
    kept = []
    for number in range(5):
        kept.append(streams.begin("c", str(number), a_turn("Hello")))
        streams.close()
    assert streams.begin("c", "4", a_turn()) is kept[4]
    assert streams.begin("c", "0", a_turn()) is not kept[0]


def test_a_flood_of_text_is_bounded_and_the_whole_answer_is_still_told() -> None:
    async def scenario() -> None:
        stream = TurnStreams(limit=1).begin("c", "1", a_turn(*["x"] * 5000))
        events = await stream.ended()
        assert len(events) <= 2_002
        assert AnswerCited(HELLO) in events
        assert isinstance(events[-1], TurnEnded)

    run(scenario())


def test_closing_stops_turns_and_waits_for_their_end() -> None:
    streams = TurnStreams(limit=1)
    stream = streams.begin("c", "1", a_turn("Hello", go_on=threading.Event()))
    streams.close()
    assert stream.is_over
    assert not stream.has_failed
