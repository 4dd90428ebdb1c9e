"""A ReplyGenerator whose model runs in a process of its own. Knows nothing of models.

The server's threads and the model's then do not wait for one interpreter lock, both start at the same time, and a crash
of the model (out of memory, a driver) costs the answers under way a sentence, never the server: it is started again.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bot.errors import GenerationFailed
from bot.generators.fast_tokenizer import FastTokenizer
from bot.generators.process_watch import ProcessWatch
from bot.generators.prompt_tokens import PromptTokens
from bot.prompt import Prompt
from knowledge.embedding.model_folders import ModelDescription
from knowledge.errors import ModelUnavailable

_log = logging.getLogger(__name__)

_ASK_STOP_SECONDS = 0.05  # how often `stop` is asked while the model says nothing
_COUNT_SECONDS = 30.0  # longest wait for a count of tokens
_COMMAND = [sys.executable, "-m", "bot.generators.generator_process"]


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """Whether and how many answers are written at once."""

    engine: str = "transformers"  # or "openvino", or "auto": the one that batches where it can run the model
    folder: str = ""  # where the engine's form of a model is kept
    slots: int = 32  # answers at once
    wait_seconds: float = 30.0  # who would have to wait longer for a slot is refused at once
    full_length: bool = False  # for measuring: no answer ends before its last token; only where answers are batched


@dataclass(frozen=True, slots=True)
class GeneratorLoad:
    slots: int
    taken: int
    waiting: int
    wait_seconds: float  # that somebody who comes now would wait
    answers: int  # begun since the process was started, as all that follows
    tokens: int
    first_token_seconds: float  # sum over answers
    between_tokens_seconds: float  # sum over tokens but the first of each answer


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What TransformersGenerator is loaded with, as plain values."""

    model: str
    adapter: str | None
    languages: tuple[str, ...]
    device: str
    dtype: str
    threads: int
    allow_download: bool
    batching: BatchOptions = BatchOptions()


@dataclass(frozen=True, slots=True)
class _Ready:
    release: str
    languages: frozenset[str]
    description: ModelDescription
    counter: PromptTokens | None  # where the process left its tokenizer to us


class _Stuck(GenerationFailed):
    def __init__(self) -> None:
        super().__init__("The generator does not answer")


class SeparateGenerator:
    """Thread-safe. The constructor returns at once, while the model loads; everything else waits until it is there."""

    def __init__(self, options: ModelOptions, command: list[str] | None = None, watch: ProcessWatch | None = None):
        """`command` starts the process; tests give their own, and their own clock."""
        self._options = options
        self._command = command or _COMMAND
        self._watch = watch or ProcessWatch()
        self._writing = threading.Lock()  # one request at a time into the pipe
        self._guard = threading.Lock()  # of the answers awaited
        self._answers: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._last_number = 0
        self._ready: _Ready | None = None
        self._unavailable: str | None = None
        self._loaded = threading.Event()  # set when the first process said that it is ready, or is not
        self._running = threading.Event()  # set while a process is ready
        self._load: GeneratorLoad | None = None
        self._process: subprocess.Popen[str] | None = None  # one that is ready
        self._child: subprocess.Popen[str] | None = None  # one that runs, ready or not
        self._is_closed = threading.Event()
        self._keeper = threading.Thread(target=self._keep_running, name="generator process", daemon=True)
        self._keeper.start()

    # The ReplyGenerator

    @property
    def release(self) -> str:
        return self.wait_until_ready().release

    @property
    def languages(self) -> frozenset[str]:
        return self.wait_until_ready().languages

    def describe(self) -> ModelDescription:
        return self.wait_until_ready().description

    def wait_until_ready(self) -> _Ready:
        """Raises ModelUnavailable where the model cannot be loaded."""
        self._loaded.wait()
        if self._ready is None:
            raise ModelUnavailable(self._unavailable or "The generator was closed before it was loaded")
        return self._ready

    @property
    def is_running(self) -> bool:
        """Whether the model can answer now; False while it is being started again."""
        return self._running.is_set()

    @property
    def pid(self) -> int | None:
        """Of the process that holds the model, ready or not."""
        return None if self._child is None else self._child.pid

    @property
    def load(self) -> GeneratorLoad | None:
        """How busy the engine last said it was; None where it does not batch, or is being started again."""
        return self._load

    def wait_until_running(self, seconds: float) -> bool:
        """Whether the model can answer within that time."""
        return self._running.wait(seconds)

    def count_tokens(self, text: str) -> int:
        """Raises GenerationFailed while a model without batching is being started again."""
        ready = self.wait_until_ready()
        if ready.counter is not None:  # the engine's process is busy with steps; a prompt asks several times
            return ready.counter.count(text)
        number, answers = self._ask({"do": "count", "text": text})
        try:
            return int(_checked(answers.get(timeout=_COUNT_SECONDS))["tokens"])
        except queue.Empty:
            self._end_stuck()
            raise _Stuck from None
        finally:
            self._forget(number)

    def generate(self, prompt: Prompt, *, max_tokens: int, stop: Callable[[], bool]) -> Iterator[str]:
        """Pieces of text as the model writes them. `stop()` is asked every 50 ms and before every piece.

        Raises GenerationFailed: prompt and reply do not fit, the model broke off, or it is being started again.
        """
        self.wait_until_ready()
        messages = [[message.role, message.text] for message in prompt.messages]
        return self._pieces({"do": "generate", "messages": messages, "max_tokens": max_tokens}, stop)

    def close(self) -> None:
        """Ends the process; replies under way fail."""
        self._is_closed.set()
        if self._child is not None:
            self._child.kill()
        self._keeper.join()
        self._loaded.set()

    # Requests

    def _pieces(self, request: dict[str, Any], stop: Callable[[], bool]) -> Iterator[str]:
        number, answers = self._ask(request)
        try:
            while (piece := _next_piece(answers, stop, self._watch)) is not None:
                yield piece
        except _Stuck:
            self._end_stuck()
            raise
        finally:
            self._forget(number)
            self._tell({"id": number, "do": "stop"})  # of no effect on what has ended

    def _ask(self, request: dict[str, Any]) -> tuple[int, queue.SimpleQueue[dict[str, Any]]]:
        answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        with self._guard:
            self._last_number += 1
            number = self._last_number
            self._answers[number] = answers
        if not self._tell({"id": number, **request}):
            self._forget(number)
            raise GenerationFailed("The generator is being started again; ask once more in a moment")
        return number, answers

    def _forget(self, number: int) -> None:
        with self._guard:
            self._answers.pop(number, None)

    def _tell(self, message: dict[str, Any]) -> bool:
        """Whether there was somebody to tell."""
        line = json.dumps(message) + "\n"
        with self._writing:
            process = self._process
            if process is None or process.stdin is None:
                return False
            try:
                process.stdin.write(line)
                process.stdin.flush()
            except (OSError, ValueError):  # it has just ended
                return False
        return True

    # The process

    def _end_stuck(self) -> None:
        """Ends a process that does not answer, for the keeper to start another."""
        _log.error("The generator's process does not answer; it is ended")
        if self._child is not None:
            self._child.kill()

    def _keep_running(self) -> None:
        while not self._is_closed.is_set():
            self._watch.started()
            try:
                self._run_once()
            except Exception:  # noqa: BLE001 - the next start may go well, and nobody must wait for this thread
                _log.exception("The generator's process could not be started or understood")
            if self._ready is None and self._unavailable is None and self._gives_up_batching():
                continue
            if self._ready is None:  # the first start decides whether the model can be loaded at all
                self._unavailable = self._unavailable or "The generator's process ended while it loaded the model"
                self._loaded.set()
                return
            if self._is_closed.is_set():
                return
            wait = self._watch.crashed()
            if self._watch.is_hopeless and self._gives_up_batching():
                continue
            _log.error("The generator's process ended unexpectedly; it is started again in %.0f s", wait)
            self._is_closed.wait(wait)

    def _gives_up_batching(self) -> bool:
        """Whether there is another engine to try, after one that nobody insisted on died without a word, or often."""
        options = self._options
        if options.batching.engine != "auto" or self._is_closed.is_set():
            return False
        _log.error("The batching engine cannot keep running; answers are written in turn instead")
        self._watch.crashes = 0
        self._options = replace(options, batching=replace(options.batching, engine="transformers"))
        return True

    def _run_once(self) -> None:
        """Starts the process and hands out what it says, until it ends."""
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=_environment(),
        )
        self._child = process
        if self._is_closed.is_set():  # closed meanwhile
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            try:
                process.stdin.write(json.dumps(asdict(self._options)) + "\n")
                process.stdin.flush()
                self._begin(process, process.stdout.readline())
                for line in process.stdout:
                    self._watch.heard()
                    self._hand_out(json.loads(line))
            finally:
                process.kill()
                self._running.clear()
                self._process = None
                self._load = None
                self._fail_all()

    def _begin(self, process: subprocess.Popen[str], first: str) -> None:
        said = json.loads(first) if first else {}
        if "release" not in said:  # after a first good start it is a crash like any other
            self._unavailable = said.get("unavailable")
            return
        description = ModelDescription(**said["description"])
        self._ready = _Ready(said["release"], frozenset(said["languages"]), description, _counter(said))
        self._process = process
        self._watch.is_ready()
        self._running.set()
        self._loaded.set()

    def _hand_out(self, answer: dict[str, Any]) -> None:
        if "load" in answer:
            self._load = GeneratorLoad(**answer["load"])
            return
        with self._guard:
            answers = self._answers.get(answer["id"])
        if answers is not None:
            answers.put(answer)

    def _fail_all(self) -> None:
        with self._guard:
            waiting = list(self._answers.values())
        for answers in waiting:
            answers.put({"failed": "The generator broke off and is being started again"})


def _next_piece(
    answers: queue.SimpleQueue[dict[str, Any]], stop: Callable[[], bool], watch: ProcessWatch
) -> str | None:
    """None at the end, and where `stop` says so. Raises GenerationFailed."""
    asked = watch.clock()
    while not stop():
        try:
            answer = _checked(answers.get(timeout=_ASK_STOP_SECONDS))
        except queue.Empty:
            if watch.is_stuck(asked):
                raise _Stuck from None
            continue
        return None if "end" in answer else str(answer["piece"])
    return None


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "failed" in answer:
        raise GenerationFailed(answer["failed"])
    return answer


def _counter(said: dict[str, Any]) -> PromptTokens | None:
    return PromptTokens(FastTokenizer(Path(said["tokenizer"]))) if "tokenizer" in said else None


def _environment() -> dict[str, str]:
    """Ours, with this package where Python looks for it: we may have been started from elsewhere."""
    root = str(Path(__file__).parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
