"""A Worker that is no process: it ends when a test says so."""

from __future__ import annotations

import threading
from collections import deque


class FakeWorker:
    def __init__(self) -> None:
        self.code: int | None = None
        self.was_stopped = False

    def exit_code(self) -> int | None:
        return self.code

    def memory_mb(self) -> float:
        return 0.0

    def stop(self) -> None:
        self.was_stopped = True
        self.code = 0


class FakeWorkplace:
    """Launches workers, holds the work, and follows: what a keeper needs, under a test's hand."""

    def __init__(self) -> None:
        self.work: set[str] = set()
        self.workers: deque[FakeWorker] = deque()
        self.launched = threading.Semaphore(0)
        self.saved = threading.Semaphore(0)
        self.failed = threading.Semaphore(0)
        self.failures: list[Exception] = []  # what the next calls of `catch_up` raise
        self.caught_up = 0
        self.now = 0.0

    def launch(self) -> FakeWorker:
        self.workers.append(FakeWorker())
        self.launched.release()
        return self.workers[-1]

    def open_work(self) -> frozenset[str]:
        return frozenset(self.work)

    def catch_up(self) -> None:
        if self.failures:
            self.failed.release()
            raise self.failures.pop()
        self.caught_up += 1

    def save(self) -> None:
        self.saved.release()
