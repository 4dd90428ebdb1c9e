"""Starts trainings, each in a process of its own, and notices when one ends badly. Knows nothing of what is trained."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from bot.intent_store.intent_trainings import IntentTrainings, RunState
from bot.settings import Settings

_log = logging.getLogger(__name__)
_WORKER = "bot.intent_worker"
_SECONDS_TO_END = 5.0
_BETWEEN_SIGNS = 3.0  # seconds


class TrainingProcesses:
    """`start(run)` returns at once. A process outlives a server that is killed, and finishes its work."""

    def __init__(self, settings: Settings, trainings: IntentTrainings) -> None:
        self._settings = settings
        self._trainings = trainings
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, run_id: str) -> None:
        ours = str(Path(__file__).parents[2])  # a checkout need not be installed
        paths = [ours, *filter(None, [os.environ.get("PYTHONPATH")])]
        process = subprocess.Popen(
            [sys.executable, "-m", _WORKER, run_id],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        self._running[run_id] = process
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), process.stdin as given:  # what broke is in its exit code
                given.write(self._settings.model_dump_json().encode())
        threading.Thread(target=self._watch, args=(run_id, process), daemon=True).start()

    def close(self) -> None:
        """Ends what is under way; it reads as interrupted."""
        for process in list(self._running.values()):
            process.terminate()
        for process in list(self._running.values()):
            try:
                process.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for run_id in list(self._running):
            self._trainings.end(run_id, RunState.INTERRUPTED)

    def _watch(self, run_id: str, process: subprocess.Popen[bytes]) -> None:
        code = None
        while code is None:
            try:
                code = process.wait(_BETWEEN_SIGNS)
            except subprocess.TimeoutExpired:
                self._trainings.keep_alive(run_id)  # it may need long to begin, on a busy machine
        if self._trainings.end(run_id, RunState.INTERRUPTED):
            _log.error("The process of the training %s ended with code %s before its work was done", run_id, code)
        self._running.pop(run_id, None)
