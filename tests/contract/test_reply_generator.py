"""What every ReplyGenerator promises."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from bot.generators.scripted import ScriptedGenerator
from bot.generators.separate import ModelOptions, SeparateGenerator
from bot.prompt import Prompt, PromptMessage
from bot.protocols import ReplyGenerator

A_PROMPT = Prompt(
    (PromptMessage("system", "You help customers."), PromptMessage("user", "Say what the warranty covers, in full."))
)
REPLY = "The warranty covers faults of material and workmanship for two whole years."


def a_scripted_process(child: str = "scripted_generator_process") -> SeparateGenerator:
    """The real parent, with a child that speaks from a script."""
    options = ModelOptions("scripted", None, ("en",), "cpu", "float32", 1, allow_download=False)
    return SeparateGenerator(options, command=[sys.executable, "-m", f"tests.fakes.{child}", REPLY])


@pytest.fixture(params=["scripted", "separate process", "batching process"])
def generator(request: pytest.FixtureRequest) -> Iterator[ReplyGenerator]:
    if request.param == "scripted":
        yield ScriptedGenerator([REPLY])
    else:
        child = "scripted_generator_process" if request.param == "separate process" else "scripted_batched_process"
        separate = a_scripted_process(child)
        yield separate
        separate.close()


def never() -> bool:
    return False


def stop_after(pieces: list[str], count: int) -> Callable[[], bool]:
    return lambda: len(pieces) >= count


def written(generator: ReplyGenerator, *, max_tokens: int = 8) -> str:
    return "".join(generator.generate(A_PROMPT, max_tokens=max_tokens, stop=never))


def test_it_names_its_release_and_its_languages(generator: ReplyGenerator) -> None:
    assert generator.release
    assert "en" in generator.languages


def test_tokens_are_counted(generator: ReplyGenerator) -> None:
    assert generator.count_tokens("") == 0
    assert 0 < generator.count_tokens("refund") < generator.count_tokens("a refund of the whole price, and more words")


def test_the_same_prompt_gives_the_same_text(generator: ReplyGenerator) -> None:
    first = written(generator)
    assert first
    assert written(generator) == first


def test_a_reply_is_no_longer_than_it_may_be(generator: ReplyGenerator) -> None:
    assert generator.count_tokens(written(generator, max_tokens=3)) <= 3
    assert written(generator, max_tokens=0) == ""


def test_nothing_is_written_once_stop_says_so(generator: ReplyGenerator) -> None:
    assert list(generator.generate(A_PROMPT, max_tokens=8, stop=lambda: True)) == []
    pieces: list[str] = []
    for piece in generator.generate(A_PROMPT, max_tokens=8, stop=stop_after(pieces, 2)):
        pieces.append(piece)
    assert len(pieces) == 2


def test_leaving_mid_reply_leaves_the_generator_free(generator: ReplyGenerator) -> None:
    expected = written(generator)
    left = generator.generate(A_PROMPT, max_tokens=8, stop=never)
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert written(generator) == expected


def test_a_reply_may_be_read_by_another_thread_than_the_one_that_began_it(generator: ReplyGenerator) -> None:
    expected = written(generator)
    reply = generator.generate(A_PROMPT, max_tokens=8, stop=never)
    pieces = [next(reply)]
    reader = threading.Thread(target=lambda: pieces.extend(reply))
    reader.start()
    reader.join()
    assert "".join(pieces) == expected


def test_replies_side_by_side_are_whole(generator: ReplyGenerator) -> None:
    expected = written(generator)
    replies: list[str] = []
    threads = [threading.Thread(target=lambda: replies.append(written(generator))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [expected] * 4
