"""A lock that serves in order of arrival. Knows nothing of what it protects."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """Like threading.Lock, except that nobody is overtaken: the system's may let one thread take it again and again."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many stand in the queue."""
        return len(self._waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits until everybody who came before is done."""
        self._take()
        try:
            yield
        finally:
            self._pass_on()

    def _take(self) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        try:
            mine.wait()
        except BaseException:  # the wait was broken off, as by Ctrl-C
            self._leave(mine)
            raise

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False

    def _leave(self, mine: threading.Event) -> None:
        """Leaves the queue, or hands on what was just received."""
        with self._guard:
            if not mine.is_set():
                self._waiting.remove(mine)
                return
        self._pass_on()
