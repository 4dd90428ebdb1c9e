"""Keeps a worker process alive while there is something to do. Knows nothing of what the worker does."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

_log = logging.getLogger(__name__)

MEMORY_EXIT_CODE = 75  # of a worker that has outgrown its budget; the next one goes on with the next file

_LOOK_SECONDS = 0.5  # between two looks at a worker that is busy
_IDLE_SECONDS = 15.0  # between two looks for work that another process has left behind
_SHORTEST_PAUSE = 1.0  # after a crash; doubles with every crash that follows
_LONGEST_PAUSE = 60.0
_STOPPING_SECONDS = 15.0  # that a worker gets to end by itself


class Worker(Protocol):
    """A process that works until there is nothing to do."""

    def exit_code(self) -> int | None:
        """None while it runs; 0 when it has ended because there was nothing to do, MEMORY_EXIT_CODE to make room."""
        ...

    def memory_mb(self) -> float:
        """The most memory it has had in use so far, in MB; 0 where the system does not tell."""
        ...

    def stop(self) -> None:
        """Tells it to end at its next step, and waits until it has; ends it by force after some seconds."""
        ...


Launch = Callable[[], Worker]


class Follower(Protocol):
    """What is kept true to the database while a worker changes it: the library."""

    def catch_up(self) -> None: ...

    def save(self) -> None: ...


class WorkerKeeper:
    """One thread that starts the worker when there is work, again when it crashes, and follows what it does.

    `open_work` names what is still to do. A worker that crashes again and again is started at growing intervals.
    """

    def __init__(
        self,
        launch: Launch,
        open_work: Callable[[], Collection[str]],
        follower: Follower | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._launch = launch
        self._open_work = open_work
        self._follower = follower
        self._clock = clock
        self._worker: Worker | None = None
        self._crashes = 0
        self._not_before = float("-inf")  # on the clock: no worker is started earlier
        self._followed = True
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._looking = threading.Lock()  # between "is there anything to do?" and "then we are idle"
        self._idle = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._idle.clear()
        self._thread = threading.Thread(target=self._keep, name="worker-keeper", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Says that there is something to do."""
        with self._looking:
            self._idle.clear()
            self._wake.set()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def wait_until_idle(self) -> None:
        self._idle.wait()

    def memory_mb(self) -> float:
        """The most memory that the worker has had in use; 0 while there is none."""
        worker = self._worker
        return worker.memory_mb() if worker is not None else 0.0

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                busy = self._look()
            except Exception:  # noqa: BLE001
                # Without this thread no upload is ever taken in again: it outlives whatever one look brings.
                _log.exception("The uploads wait %.0f seconds", _IDLE_SECONDS)
                self._wake.wait(_IDLE_SECONDS)
                continue
            with self._looking:
                if not busy and not self._wake.is_set():
                    self._idle.set()
            self._wake.wait(_LOOK_SECONDS if busy or self._worker is not None else _IDLE_SECONDS)

    def _look(self) -> bool:
        """One look at work and worker; whether anything is still to do."""
        self._bury()
        busy = bool(self._open_work())
        if busy and self._worker is None and self._clock() >= self._not_before:
            self._worker = self._launch()
        self._follow(busy)
        return busy

    def _bury(self) -> None:
        code = self._worker.exit_code() if self._worker is not None else None
        if code is None:
            return
        self._worker = None
        if code in (0, MEMORY_EXIT_CODE):
            self._crashes = 0
            return
        pause = min(_LONGEST_PAUSE, _SHORTEST_PAUSE * 2**self._crashes)
        self._crashes += 1
        self._not_before = self._clock() + pause
        _log.warning("The process that takes documents in has ended with %d; a new one in %.0f s", code, pause)

    def _follow(self, busy: bool) -> None:
        """Takes the work of catching up off the next question; writes the index down once all is done."""
        if self._follower is None:
            return
        if busy:
            self._followed = False
            self._follower.catch_up()
        elif not self._followed:
            self._follower.save()
            self._followed = True


class PipedWorker:
    """A worker started as a process of its own. It reads its order, one line of JSON, from its standard input.

    The other end of that pipe is ours: when it closes, because we say so or because we were killed, the worker ends.
    """

    def __init__(self, module: str, order: Mapping[str, Any], *, arguments: Sequence[str] = ()) -> None:
        """`module` is run with `python -m`; what it logs goes to our standard error."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it has ended already: its exit code tells why
                self._process.stdin.write(json.dumps(order).encode() + b"\n")
                self._process.stdin.flush()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        return self._process.poll()

    def memory_mb(self) -> float:
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii", errors="replace")
        except OSError:
            return 0.0
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
        return int(peak.split()[1]) * 1024 / 1e6

    def stop(self) -> None:
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(_STOPPING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
