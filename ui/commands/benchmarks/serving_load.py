"""So many users who each ask again as soon as they are answered, and what they feel. Knows no engine."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import GenerationFailed
from bot.prompt import Prompt

Answering = Callable[[Prompt], Iterator[str]]
"""The pieces of one answer as they come. Called by many threads at once."""


@dataclass(frozen=True, slots=True)
class Felt:
    first_ms: float
    total_ms: float
    gap_ms: float  # the longest between two pieces
    text: str


def measure_load(
    answer: Answering, prompts: Sequence[Prompt], *, users: int, stagger_seconds: float = 0.0
) -> dict[str, Any]:
    """Every prompt is answered once. Users begin at once, or spread over `stagger_seconds`.

    Rates count from the first question to the last answer. Raises GenerationFailed where an answer failed.
    """
    numbers = itertools.count()
    felt: list[Felt] = []
    failures: list[GenerationFailed] = []

    def use(delay: float) -> None:
        time.sleep(delay)
        while not failures and (number := next(numbers)) < len(prompts):
            try:
                felt.append(_asked(answer, prompts[number]))
            except GenerationFailed as error:
                failures.append(error)

    threads = [threading.Thread(target=use, args=(stagger_seconds * user / users,)) for user in range(users)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failures:
        raise failures[0]
    return {
        "users": users,
        "answers": len(felt),
        "answers_per_second": round(len(felt) / seconds, 3),
        "first_token_ms": _spread([one.first_ms for one in felt]),
        "total_ms": _spread([one.total_ms for one in felt]),
        "longest_gap_ms": round(max(one.gap_ms for one in felt), 1),
        "texts": [one.text for one in felt],
    }


def resident_mb(pid: int | str | None) -> float:
    """Memory of a process that lies in RAM now; 0 where it is gone or the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("VmRSS:")), 0.0)


def _asked(answer: Answering, prompt: Prompt) -> Felt:
    began = last = time.perf_counter()
    first = gap = 0.0
    text = ""
    for piece in answer(prompt):
        now = time.perf_counter()
        if text:
            gap = max(gap, now - last)
        else:
            first = now - began
        last = now
        text += piece
    total = time.perf_counter() - began
    return Felt((first or total) * 1000, total * 1000, gap * 1000, text)


def _spread(values: list[float]) -> dict[str, float]:
    """The value that so many of a hundred do not exceed."""
    ranked = sorted(values)
    return {name: round(ranked[math.ceil(share * len(ranked)) - 1], 1) for name, share in (("p50", 0.5), ("p95", 0.95))}
