"""A generator that says what it was told to: for tests and demonstrations without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bot.errors import GenerationFailed
from bot.prompt import Prompt


class ScriptedGenerator:
    """Gives `replies` in turn, word by word, and begins again after the last; a reply that is an error is raised."""

    release = "scripted"

    def __init__(
        self, replies: Sequence[str | GenerationFailed], *, languages: frozenset[str] = frozenset({"en", "zh"})
    ) -> None:
        self._replies = replies
        self._languages = languages
        self.prompts: list[Prompt] = []

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(self, prompt: Prompt, *, max_tokens: int, stop: Callable[[], bool]) -> Iterator[str]:
        reply = self._replies[len(self.prompts) % len(self._replies)]
        self.prompts.append(prompt)
        if isinstance(reply, GenerationFailed):
            raise reply
        for number, word in enumerate(reply.split(" ")):
            if number >= max_tokens or stop():
                return
            yield word if number == 0 else f" {word}"
