"""Runs an iterator in a thread of its own, a few items ahead of whoever asks. Knows nothing of the items."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")

_LOOK_SECONDS = 0.2  # between two looks whether anybody still wants the items


class _Ended:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class ReadAhead(Generic[T]):
    """Use as a context manager and iterate once: what `items` raises is raised here, after the items before it.

    At most `ahead` items wait, so memory stays bounded however slow the taker is. Leaving the context tells the thread
    to stop at its next item, and does not wait for it: an item may be a file that takes a minute to read.
    """

    def __init__(self, items: Iterable[T], *, ahead: int, while_waiting: Callable[[], None]) -> None:
        """`while_waiting` is called in the taker's thread some times a second while there is no item."""
        self._items = items
        self._while_waiting = while_waiting
        self._queue: queue.Queue[T | _Ended] = queue.Queue(ahead)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)

    def __enter__(self) -> ReadAhead[T]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()

    def __iter__(self) -> Iterator[T]:
        while True:
            item = self._next()
            if isinstance(item, _Ended):
                self._thread.join()
                if item.error is not None:
                    raise item.error
                return
            yield item

    def _next(self) -> T | _Ended:
        while True:
            try:
                return self._queue.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                self._while_waiting()

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                if not self._put(item):
                    return
        except BaseException as raised:  # noqa: BLE001 - it is raised again in the taker's thread
            error = raised
        self._put(_Ended(error))

    def _put(self, item: T | _Ended) -> bool:
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return True
        return False
