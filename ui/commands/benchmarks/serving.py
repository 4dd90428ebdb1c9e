"""`frontdesk bench serving`: generated answers for many users at once, ours beside what answers in turn."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.commands.console import JsonOption, errors_as_sentences, print_json, print_text, progress_bar

if TYPE_CHECKING:
    from bot.generators.separate import SeparateGenerator
    from bot.prompt import Prompt
    from bot.settings import Settings
    from ui.commands.benchmarks.serving_load import Answering

_IN_TURN_AT_LEAST = 8  # answers of what answers in turn: its rate does not depend on how many wait
_Row = dict[str, Any]


def serving(
    users: Annotated[str, typer.Option(help="How many ask at once, one number or several with commas.")] = "1,8,32",
    answers: Annotated[int, typer.Option(min=1, help="Answers of ours for each number of users.")] = 96,
    tokens: Annotated[int, typer.Option(min=2, help="Length of every answer, where many are written at once.")] = 60,
    stagger: Annotated[float, typer.Option(min=0, help="Seconds over which users arrive; 0: all at once.")] = 0.0,
    baselines: Annotated[bool, typer.Option(help="Also measure `model.generate` and LangChain.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Answers a second, first token, whole answer and memory: ours, serial `model.generate` and LangChain over it."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.settings import load_settings

        settings = load_settings()
        numbers = _numbers(users)
        sizes = [max(number, answers if number > 1 else answers // 4) for number in numbers]
        rows, prompts = _ours(settings, numbers, sizes, tokens, stagger, progress)
        if baselines:
            rows += _in_turn(settings, numbers, prompts, tokens, progress)
    for row in rows:
        row["longest_prompt_tokens"] = max(row.pop("prompt_tokens"))
    if as_json:
        print_json({"rows": rows, "tokens": tokens, "stagger_seconds": stagger})
        return
    for row in rows:
        print_text(_line(row))


def _numbers(users: str) -> list[int]:
    found = [part.strip() for part in users.split(",")]
    if not all(part.isdigit() and int(part) > 0 for part in found):
        raise typer.BadParameter("give numbers above zero, such as 1,8,32", param_hint="--users")
    return [int(part) for part in found]


def _ours(
    settings: Settings,
    numbers: Sequence[int],
    sizes: Sequence[int],
    tokens: int,
    stagger: float,
    progress: Callable[[str, float], None],
) -> tuple[list[_Row], list[list[Prompt]]]:
    """Rows, and the prompts of each: no row has a prompt of another, whose keys and values would still be there."""
    from bot.bootstrap import open_separate_generator
    from bot.errors import SettingsInvalid
    from ui.commands.benchmarks.serving_prompts import sample_prompts

    generator = open_separate_generator(settings, progress=progress, full_length=True)
    if generator is None:
        raise SettingsInvalid("Nothing is generated here; set FRONTDESK_ANSWERS__GENERATE=true")
    rows = []
    with closing(generator):
        generator.wait_until_ready()
        budget = settings.answers.prompt_budget
        prompts = iter(sample_prompts(sum(sizes) + 1, budget=budget, count_tokens=generator.count_tokens))
        answer = partial(_answer, generator, tokens)
        list(answer(next(prompts)))  # warm, as a server is when it calls itself ready
        parts = [list(islice(prompts, size)) for size in sizes]
        for done, (number, mine) in enumerate(zip(numbers, parts, strict=True)):
            progress("ours", done / len(numbers))
            rows.append(_row(f"frontdesk, {generator.release}", answer, mine, number, generator, stagger=stagger))
    return rows, parts


def _answer(generator: SeparateGenerator, tokens: int, prompt: Prompt) -> Iterator[str]:
    return generator.generate(prompt, max_tokens=tokens, stop=lambda: False)


def _in_turn(
    settings: Settings,
    numbers: Sequence[int],
    parts: Sequence[Sequence[Prompt]],
    tokens: int,
    progress: Callable[[str, float], None],
) -> list[_Row]:
    """LangChain only for the fewest users: it answers in turn too, and each row of that takes a minute or more."""
    from bot.bootstrap import generator_place
    from bot.generators.releases_in_use import adapter_in_use
    from ui.commands.benchmarks.serving_baselines import SerialGenerate, langchain_answers

    place = generator_place(settings)
    adapter = adapter_in_use(settings, place)
    serial = SerialGenerate(place, adapter, threads=settings.models.generator_threads, tokens=tokens)
    list(serial.answer(parts[0][-1]))
    rows = []
    for done, (number, prompts) in enumerate(zip(numbers, parts, strict=True)):
        progress("model.generate, one after the other", done / len(numbers))
        mine = prompts[: max(number, _IN_TURN_AT_LEAST)]
        rows.append(_row("model.generate, serial", serial.answer, mine, number, serial))
    progress("LangChain", 0.0)
    fewest, prompts = min(zip(numbers, parts, strict=True), key=lambda pair: pair[0])
    mine = prompts[: max(fewest, _IN_TURN_AT_LEAST)]
    return [*rows, _row("LangChain over the same", langchain_answers(serial), mine, fewest, serial)]


def _row(
    system: str, answer: Answering, prompts: Sequence[Prompt], users: int, counter: Any, *, stagger: float = 0.0
) -> _Row:
    """`counter`: what counts tokens; its process, or ours, is the one whose memory is told."""
    from ui.commands.benchmarks.serving_load import measure_load, resident_mb

    figures = measure_load(answer, prompts, users=users, stagger_seconds=stagger)
    texts = figures.pop("texts")
    sizes = [sum(counter.count_tokens(message.text) for message in prompt.messages) for prompt in prompts]
    return {
        "system": system,
        **figures,
        "tokens_per_answer": round(sum(map(counter.count_tokens, texts)) / len(texts), 1),
        "memory_mb": resident_mb(getattr(counter, "pid", None) or os.getpid()),
        "prompt_tokens": sizes,
    }


def _line(row: _Row) -> str:
    first, total = row["first_token_ms"], row["total_ms"]
    return (
        f"{row['system'][:52]:53}{row['users']:4} users {row['answers_per_second']:7.2f} answers/s"
        f"  first {first['p50']:7.0f} / {first['p95']:7.0f} ms  whole {total['p50']:7.0f} / {total['p95']:7.0f} ms"
        f"  gap ≤ {row['longest_gap_ms']:5.0f} ms  {row['memory_mb']:6.0f} MB"
    )
