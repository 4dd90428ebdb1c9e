"""When a generator's process is taken for stuck, and when it is started again. Knows no process, only times."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

_BACK_OFF_SECONDS = (0.0, 1.0, 5.0, 30.0)  # before the start after a healthy life, after one crash in a row, two, …
_HEALTHY_SECONDS = 60.0  # a process that was ready for that long begins the back-off anew
_QUIET_SECONDS = 120.0  # a model that says nothing at all for that long, though it is asked, is taken for stuck
_CRASHES = 3  # in a row, after which a model is not tried again in the same way if there is another


@dataclass(slots=True)
class ProcessWatch:
    """Told what becomes of the process. `started` to `crashed` are one thread's; `is_stuck` is anybody's."""

    clock: Callable[[], float] = time.monotonic  # seconds
    back_off: tuple[float, ...] = _BACK_OFF_SECONDS
    crashes: int = 0  # in a row
    _ready: float | None = None
    _heard: float = float("-inf")

    def started(self) -> None:
        self._ready = None

    def is_ready(self) -> None:
        self._ready = self._heard = self.clock()

    def heard(self) -> None:
        """A line of any kind: whoever waits for a turn hears nothing of their own while others are answered."""
        self._heard = self.clock()

    def is_stuck(self, asked: float) -> bool:
        """Whether it has said nothing for too long to somebody who asked at that time."""
        return self.clock() - max(asked, self._heard) > _QUIET_SECONDS

    def crashed(self) -> float:
        """Seconds until it is to be started again."""
        was_healthy = self._ready is not None and self.clock() - self._ready > _HEALTHY_SECONDS
        self.crashes = 0 if was_healthy else self.crashes + 1
        return self.back_off[min(self.crashes, len(self.back_off) - 1)]

    @property
    def is_hopeless(self) -> bool:
        return self.crashes >= _CRASHES
