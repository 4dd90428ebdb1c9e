"""Messages of one conversation are answered one after another; conversations do not wait for each other."""

from __future__ import annotations

import threading

from bot.turn_order import Place, TurnOrder

PATIENCE = 10.0  # seconds until a thread that should have gone on counts as stuck


def waiting_in_a_thread(place: Place) -> tuple[threading.Thread, threading.Event]:
    gone_on = threading.Event()

    def run() -> None:
        place.wait()
        gone_on.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, gone_on


def test_the_first_in_line_does_not_wait() -> None:
    place = TurnOrder().enter("one")
    place.wait()
    place.leave()


def test_the_second_goes_on_when_the_first_has_left() -> None:
    order = TurnOrder()
    first, second = order.enter("one"), order.enter("one")
    thread, gone_on = waiting_in_a_thread(second)
    assert not gone_on.is_set()
    first.leave()
    assert gone_on.wait(PATIENCE)
    thread.join(PATIENCE)


def test_places_are_taken_in_the_order_of_entering_not_of_waiting() -> None:
    order = TurnOrder()
    places = [order.enter("one") for _ in range(5)]
    went: list[int] = []

    def run(number: int) -> None:
        places[number].wait()
        went.append(number)
        places[number].leave()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in reversed(range(5))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert went == [0, 1, 2, 3, 4]


def test_another_conversation_has_a_line_of_its_own() -> None:
    order = TurnOrder()
    order.enter("one")
    order.enter("two").wait()


def test_who_leaves_before_its_turn_holds_nobody_up() -> None:
    order = TurnOrder()
    first, second, third = (order.enter("one") for _ in range(3))
    second.leave()
    first.leave()
    third.wait()


def test_a_line_that_everyone_has_left_can_be_entered_again() -> None:
    order = TurnOrder()
    order.enter("one").leave()
    order.enter("one").wait()
