"""The generator in a process of its own: it dies, hangs and is missing, and nobody waits for it in vain."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import GenerationFailed
from bot.generators.process_watch import ProcessWatch
from bot.generators.separate import BatchOptions, ModelOptions, SeparateGenerator
from knowledge.errors import ModelUnavailable
from tests.contract.test_reply_generator import A_PROMPT, never, written
from tests.models import generator_folder

ROOT = Path(__file__).parents[2]


def options(model: str | Path = "scripted") -> ModelOptions:
    return ModelOptions(str(model), None, ("en",), "cpu", "bfloat16", 1, allow_download=False)


@contextmanager
def scripted(*replies: str, watch: ProcessWatch | None = None) -> Iterator[SeparateGenerator]:
    command = [sys.executable, "-m", "tests.fakes.scripted_generator_process", *replies]
    with closing(SeparateGenerator(options(), command=command, watch=watch)) as generator:
        yield generator


def test_a_crash_in_mid_reply_is_a_failed_reply_and_the_next_one_is_written() -> None:
    with scripted("one two crash") as generator:
        pieces: list[str] = []
        with pytest.raises(GenerationFailed, match="started again"):
            pieces.extend(generator.generate(A_PROMPT, max_tokens=8, stop=never))
        assert pieces == ["one", " two"]
        assert generator.wait_until_running(60)
        assert written(generator, max_tokens=2) == "one two"


def test_a_killed_process_fails_every_reply_under_way() -> None:
    with scripted("wait a moment") as generator:
        replies = [generator.generate(A_PROMPT, max_tokens=8, stop=never) for _ in range(3)]
        assert [next(reply) for reply in replies] == ["wait"] * 3
        os.kill(process_of(generator), signal.SIGKILL)
        for reply in replies:
            with pytest.raises(GenerationFailed):
                next(reply)


def test_a_reply_that_hangs_can_be_stopped() -> None:
    with scripted("wait a moment") as generator:
        pieces: list[str] = []
        for piece in generator.generate(A_PROMPT, max_tokens=8, stop=lambda: bool(pieces)):
            pieces.append(piece)
        assert pieces == ["wait"]


class HandMoved:
    """A clock."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_who_waits_for_a_turn_does_not_take_a_busy_process_for_stuck() -> None:
    clock = HandMoved()
    with scripted("wait a moment", watch=ProcessWatch(clock=clock)) as generator:
        before = process_of(generator)
        rounds = iter(range(5))

        def later_while_others_are_answered() -> bool:
            clock.seconds += 100
            assert generator.count_tokens("one two") == 2
            return next(rounds, None) is None

        assert list(generator.generate(A_PROMPT, max_tokens=8, stop=later_while_others_are_answered)) == ["wait"]
        assert process_of(generator) == before


def test_a_process_that_says_nothing_to_anybody_is_ended_and_started_again() -> None:
    clock = HandMoved()
    with scripted("wait a moment", watch=ProcessWatch(clock=clock, back_off=(0.0,))) as generator:
        stuck = os.pidfd_open(process_of(generator))

        def later() -> bool:
            clock.seconds += 100
            return False

        with pytest.raises(GenerationFailed, match="does not answer"):
            list(generator.generate(A_PROMPT, max_tokens=8, stop=later))
        readable, _, _ = select.select([stuck], [], [], 20)
        assert readable, "the stuck process still runs"
        assert generator.wait_until_running(60)


def test_a_closed_generator_is_gone() -> None:
    with scripted("never said") as generator:
        process = process_of(generator)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert not generator.is_running


def test_the_process_does_not_outlive_ours() -> None:
    program = """
        import sys
        from tests.integration.test_separate_generator import process_of, options
        from bot.generators.separate import SeparateGenerator
        command = [sys.executable, "-m", "tests.fakes.scripted_generator_process", "x"]
        generator = SeparateGenerator(options(), command=command)
        print(process_of(generator), flush=True)
        sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        child_ends = os.pidfd_open(child)
        parent.kill()
    readable, _, _ = select.select([child_ends], [], [], 20)
    assert readable, "the process still runs"


@pytest.mark.parametrize(
    "command",
    [["/nowhere/at/all"], [sys.executable, "-c", "print('{}')"], [sys.executable, "-c", "print('chatter')"], ["true"]],
    ids=["cannot start", "odd", "unreadable", "says nothing"],
)
def test_a_process_that_never_gets_ready_keeps_nobody_waiting(command: list[str]) -> None:
    with closing(SeparateGenerator(options(), command=command)) as generator, pytest.raises(ModelUnavailable):
        generator.wait_until_ready()


def test_an_engine_that_dies_while_it_loads_is_replaced_unless_it_was_demanded() -> None:
    program = """
        import json, os, sys
        if json.loads(sys.stdin.readline())["batching"]["engine"] != "transformers":
            os.abort()
        print(json.dumps({"release": "in turn", "languages": [], "description": {
            "name": "", "path": "", "device": "", "licence": "", "parameters": 0, "dtype": ""}}), flush=True)
        sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with closing(SeparateGenerator(replace(options(), batching=BatchOptions("auto")), command=command)) as generator:
        assert generator.release == "in turn"
    demanded = replace(options(), batching=BatchOptions("openvino"))
    with closing(SeparateGenerator(demanded, command=command)) as generator, pytest.raises(ModelUnavailable):
        generator.wait_until_ready()


class Noting(ProcessWatch):
    def __init__(self) -> None:
        super().__init__(back_off=(0.0,))
        self.line = threading.Event()

    def heard(self) -> None:
        self.line.set()


def test_an_engine_that_dies_again_and_again_after_it_was_ready_is_replaced() -> None:
    program = """
        import json, os, sys
        engine = json.loads(sys.stdin.readline())["batching"]["engine"]
        print(json.dumps({"release": engine, "languages": [], "description": {
            "name": "", "path": "", "device": "", "licence": "", "parameters": 0, "dtype": ""}}), flush=True)
        if engine != "transformers":
            os.abort()
        print(json.dumps({"id": 1, "end": True}), flush=True)
        sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    watch = Noting()
    batched = replace(options(), batching=BatchOptions("auto"))
    with closing(SeparateGenerator(batched, command=command, watch=watch)) as generator:
        assert watch.line.wait(60), "the engine is started again for ever"
        assert generator.release == "transformers"


@pytest.mark.models
def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with closing(SeparateGenerator(options(tmp_path / "nowhere"))) as generator:
        with pytest.raises(ModelUnavailable, match="nowhere"):
            generator.wait_until_ready()
        with pytest.raises(ModelUnavailable):
            generator.count_tokens("x")


@pytest.mark.models
def test_the_real_model_writes_what_it_writes_in_our_own_process() -> None:
    from bot.generators.local import TransformersGenerator

    with closing(SeparateGenerator(options(generator_folder()))) as generator:
        here = TransformersGenerator(generator_folder(), threads=1)
        assert written(generator, max_tokens=12) == written(here, max_tokens=12)
        assert (generator.release, generator.languages, generator.describe()) == (
            here.release,
            here.languages,
            here.describe(),
        )
        with pytest.raises(GenerationFailed, match="do not fit"):
            written(generator, max_tokens=1_000_000)
        before = written(generator)
        killed = process_of(generator)
        os.kill(killed, signal.SIGKILL)
        with pytest.raises(GenerationFailed):
            list(iter(lambda: written(generator, max_tokens=1), None))  # until the death is noticed
        assert generator.wait_until_running(120)
        assert process_of(generator) != killed
        assert written(generator) == before


def process_of(generator: SeparateGenerator) -> int:
    generator.wait_until_ready()
    assert generator._process is not None
    return generator._process.pid
