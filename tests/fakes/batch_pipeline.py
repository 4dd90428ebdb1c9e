"""A BatchPipeline that writes from a script, and a tokenizer of whole words for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.generators.batching import StepResult


class ScriptedPipeline:
    """A token of every reply at each step. `reply` makes the reply of a prompt; by default the prompt comes back."""

    def __init__(
        self, reply: Callable[[Sequence[int]], Sequence[int]] = lambda tokens: tokens, *, capacity_tokens: int = 100_000
    ) -> None:
        self.capacity_tokens = capacity_tokens
        self._reply = reply
        self._under_way: dict[int, list[int]] = {}
        self.begun: list[int] = []
        self.steps: list[tuple[int, ...]] = []  # who was under way at each step

    def add(self, number: int, tokens: Sequence[int], max_tokens: int) -> None:
        self.begun.append(number)
        self._under_way[number] = list(self._reply(tokens))[:max_tokens]

    def cancel(self, number: int) -> None:
        self._under_way.pop(number, None)

    def step(self) -> list[StepResult]:
        self.steps.append(tuple(self._under_way))
        results = []
        for number, rest in list(self._under_way.items()):
            written = tuple(rest[:1])
            del rest[:1]
            results.append(StepResult(number, written, has_ended=not rest))
            if not rest:
                del self._under_way[number]
        return results


class BrokenPipeline(ScriptedPipeline):
    """Breaks at its second step."""

    def step(self) -> list[StepResult]:
        if self.steps:
            raise RuntimeError("out of memory")
        return super().step()


class WordTokenizer:
    """A token a word; what FastTokenizer has."""

    added_tokens_decoder: Mapping[int, Any] = {}

    def __init__(self) -> None:
        self._words: list[str] = []

    def encode(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        return [self._number(word) for word in text.split()]

    def decode(self, tokens: Sequence[int], **_: Any) -> str:
        """With a blank before every word, as byte-level tokenizers have it."""
        return "".join(f" {self._words[token]}" for token in tokens)

    def apply_chat_template(self, messages: Sequence[Mapping[str, str]], **_: Any) -> dict[str, list[int]]:
        return {"input_ids": self.encode(" ".join(message["content"] for message in messages))}

    def _number(self, word: str) -> int:
        if word not in self._words:
            self._words.append(word)
        return self._words.index(word)
