"""What `frontdesk bench serving` measures with, on answers whose course is known."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bot.errors import GenerationFailed
from bot.generators.separate import GeneratorLoad
from bot.prompt import Prompt
from ui.commands.benchmarks.serving_load import measure_load
from ui.commands.benchmarks.serving_prompts import sample_prompts
from ui.metrics import GeneratorCollector


def words(text: str) -> int:
    return len(text.split())


def test_prompts_are_full_and_each_asks_something_of_its_own() -> None:
    prompts = sample_prompts(40, budget=300, count_tokens=words)
    sizes = [sum(words(message.text) for message in prompt.messages) for prompt in prompts]
    assert max(sizes) <= 300
    assert min(sizes) > 200
    assert len({prompt.messages[-1].text for prompt in prompts}) == 40
    assert len({prompt.messages[0].text for prompt in prompts}) == 1, "what can be computed once"


def test_all_users_ask_at_once_and_every_prompt_is_answered_once() -> None:
    together = threading.Barrier(4, timeout=20)
    answered: list[Prompt] = []

    def answer(prompt: Prompt) -> Iterator[str]:
        together.wait()  # passes only while four are under way
        yield "yes"
        yield " indeed"
        answered.append(prompt)

    prompts = sample_prompts(8, budget=200, count_tokens=words)
    figures = measure_load(answer, prompts, users=4)
    assert sorted(map(prompts.index, answered)) == list(range(8))
    assert (figures["users"], figures["answers"], figures["texts"]) == (4, 8, ["yes indeed"] * 8)
    assert 0 < figures["first_token_ms"]["p50"] <= figures["total_ms"]["p50"] <= figures["total_ms"]["p95"]


def test_a_failed_answer_ends_the_measurement() -> None:
    def answer(_: Prompt) -> Iterator[str]:
        raise GenerationFailed("no room")

    with pytest.raises(GenerationFailed, match="no room"):
        measure_load(answer, sample_prompts(6, budget=200, count_tokens=words), users=3)


def test_how_busy_the_engine_is_can_be_scraped_and_nothing_is_told_where_none_batches() -> None:
    load = GeneratorLoad(32, 5, 2, 1.5, answers=9, tokens=100, first_token_seconds=4.5, between_tokens_seconds=9.1)
    told = {"load": load}
    registry = CollectorRegistry()
    registry.register(GeneratorCollector(lambda: told.get("load")))
    text = generate_latest(registry).decode()
    assert "frontdesk_generator_slots_taken 5.0" in text
    assert "frontdesk_generator_waiting 2.0" in text
    assert "frontdesk_generator_tokens_total 100.0" in text
    assert "frontdesk_generator_first_token_seconds_total 4.5" in text
    del told["load"]
    assert generate_latest(registry) == b""
