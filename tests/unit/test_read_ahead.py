"""Items come in order, their errors too, and never more of them than are wanted."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from knowledge.ingesting.read_ahead import ReadAhead


def nothing() -> None:
    return


def test_items_come_in_order() -> None:
    with ReadAhead(range(1000), ahead=3, while_waiting=nothing) as ahead:
        assert list(ahead) == list(range(1000))


def test_an_error_is_raised_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    got: list[int] = []
    with (
        ReadAhead(items(), ahead=3, while_waiting=nothing) as ahead,
        pytest.raises(OSError, match="the disk is gone"),
    ):
        got.extend(ahead)
    assert got == [1]


def test_no_more_is_read_than_has_room() -> None:
    read: list[int] = []
    full = threading.Event()

    def items() -> Iterator[int]:
        for number in range(1000):
            read.append(number)
            if number == 4:  # one is taken, three wait, this one finds no room
                full.set()
            yield number

    with ReadAhead(items(), ahead=3, while_waiting=nothing) as ahead:
        assert next(iter(ahead)) == 0
        assert full.wait(10)
    assert read == [0, 1, 2, 3, 4]


def test_whoever_waits_is_asked_meanwhile_and_may_leave() -> None:
    never = threading.Event()

    def items() -> Iterator[int]:
        never.wait(30)
        yield 1

    def leave() -> None:
        raise TimeoutError

    with ReadAhead(items(), ahead=3, while_waiting=leave) as ahead, pytest.raises(TimeoutError):
        next(iter(ahead))
    never.set()
