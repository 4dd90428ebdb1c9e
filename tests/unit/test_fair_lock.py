from __future__ import annotations

import threading

import pytest

from bot.generators.turns import FairLock


def test_those_who_wait_are_served_in_order_of_arrival() -> None:
    lock = FairLock()
    served: list[int] = []
    threads: list[threading.Thread] = []

    def wait_for_turn(number: int) -> None:
        with lock.turn():
            served.append(number)

    with lock.turn():
        for number in range(6):
            threads.append(threading.Thread(target=wait_for_turn, args=(number,)))
            threads[-1].start()
            while lock.waiting <= number:  # the next one starts when this one stands in the queue
                pass
    for thread in threads:
        thread.join()
    assert served == [0, 1, 2, 3, 4, 5]


def test_one_at_a_time() -> None:
    lock = FairLock()
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lock.turn():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert lock.waiting == 0


def test_an_error_gives_the_turn_back() -> None:
    lock = FairLock()
    with pytest.raises(ValueError, match="inside"), lock.turn():
        raise ValueError("inside")
    with lock.turn():
        pass
