"""The generator's process, batching, with a script for a model: `python -m tests.fakes.scripted_batched_process REPLY`.

A reply that says "crash" ends the process as a model does that breaks in the middle of a step.
"""

from __future__ import annotations

import sys
from typing import Any

from bot.generators.batched_process import arriving
from bot.generators.batching import Batching, BatchLimits, StepResult
from bot.generators.generator_process import start_sending
from tests.fakes.batch_pipeline import ScriptedPipeline, WordTokenizer


class _Unruly(ScriptedPipeline):
    def __init__(self, reply: list[int], crash: int) -> None:
        super().__init__(lambda _: reply)
        self._crash = crash

    def step(self) -> list[StepResult]:
        results = super().step()
        if any(self._crash in result.tokens for result in results):
            raise RuntimeError("the model broke")
        return results


def main(reply: str) -> None:
    send = start_sending()
    sys.stdin.readline()
    tokenizer = WordTokenizer()
    pipeline = _Unruly(tokenizer.encode(reply), tokenizer.encode("crash")[0])
    description: dict[str, Any] = {
        "name": "scripted", "path": "", "device": "cpu", "licence": "", "parameters": 0, "dtype": "float32",
    }  # fmt: skip
    send({"release": "scripted", "languages": ["en"], "description": description})
    Batching(pipeline, tokenizer, (), BatchLimits(8, 30.0, 1000), send).work(arriving(sys.stdin))


if __name__ == "__main__":
    main(sys.argv[1])
