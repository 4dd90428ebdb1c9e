"""When a worker is started, started again, and told to end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from knowledge.ingesting.worker_keeper import MEMORY_EXIT_CODE, WorkerKeeper
from tests.fakes.worker import FakeWorkplace


@pytest.fixture
def place() -> FakeWorkplace:
    return FakeWorkplace()


@pytest.fixture
def keeper(place: FakeWorkplace) -> Iterator[WorkerKeeper]:
    keeper = WorkerKeeper(place.launch, place.open_work, place, clock=lambda: place.now)
    yield keeper
    keeper.stop()


def test_no_worker_is_started_while_there_is_nothing_to_do(place: FakeWorkplace, keeper: WorkerKeeper) -> None:
    keeper.start()
    keeper.wait_until_idle()
    assert not place.workers


def test_work_starts_a_worker_and_its_end_writes_the_index_down(place: FakeWorkplace, keeper: WorkerKeeper) -> None:
    keeper.start()
    place.work.add("job")
    keeper.wake()
    assert place.launched.acquire(timeout=10)
    place.work.clear()
    keeper.wake()
    keeper.wait_until_idle()
    assert place.saved.acquire(timeout=10)
    assert place.caught_up
    assert len(place.workers) == 1


def test_work_that_an_earlier_process_left_starts_a_worker_at_once(place: FakeWorkplace, keeper: WorkerKeeper) -> None:
    place.work.add("job")
    keeper.start()
    assert place.launched.acquire(timeout=10)


def test_a_worker_that_crashes_is_started_again_at_growing_intervals(
    place: FakeWorkplace, keeper: WorkerKeeper
) -> None:
    place.work.add("job")
    keeper.start()
    for pause in (1, 2, 4):
        assert place.launched.acquire(timeout=10)
        place.workers[-1].code = -9
        keeper.wake()
        assert not place.launched.acquire(timeout=0.1), "it was not given a pause"
        place.now += pause - 0.5
        keeper.wake()
        assert not place.launched.acquire(timeout=0.1), "the pause did not grow"
        place.now += 0.6
        keeper.wake()
    assert place.launched.acquire(timeout=10)


def test_a_worker_that_ended_in_order_is_started_again_without_a_pause(
    place: FakeWorkplace, keeper: WorkerKeeper
) -> None:
    place.work.add("job")
    keeper.start()
    for _ in range(3):
        assert place.launched.acquire(timeout=10)
        place.workers[-1].code = 0
        keeper.wake()
    assert place.launched.acquire(timeout=10)


def test_stopping_ends_the_worker(place: FakeWorkplace, keeper: WorkerKeeper) -> None:
    place.work.add("job")
    keeper.start()
    assert place.launched.acquire(timeout=10)
    keeper.stop()
    assert [worker.was_stopped for worker in place.workers] == [True]


def test_a_worker_that_made_room_is_started_again_without_a_pause(place: FakeWorkplace, keeper: WorkerKeeper) -> None:
    place.work.add("job")
    keeper.start()
    for _ in range(3):
        assert place.launched.acquire(timeout=10)
        place.workers[-1].code = MEMORY_EXIT_CODE
        keeper.wake()
    assert place.launched.acquire(timeout=10)


@pytest.mark.parametrize("error", [RuntimeError("an index is broken"), MemoryError(), ValueError("no such vector")])
def test_the_keeper_outlives_whatever_following_the_work_raises(
    place: FakeWorkplace, keeper: WorkerKeeper, error: Exception
) -> None:
    place.failures.append(error)
    place.work.add("job")
    keeper.start()
    assert place.launched.acquire(timeout=10)
    assert place.failed.acquire(timeout=10)
    place.workers[-1].code = 0
    keeper.wake()
    assert place.launched.acquire(timeout=10), "the keeper is gone"
