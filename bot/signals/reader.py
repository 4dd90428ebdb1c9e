"""Reads the signals of a message: one embedding, which the intent and the search use too. Knows no conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.signals.entities import find_entities
from bot.signals.values import Signals
from knowledge.languages import detect_language

if TYPE_CHECKING:
    from bot.guarding.head import Guard
    from bot.signals.frustration import FrustrationHead
    from knowledge.protocols import Embedder


class SignalReader:
    """Thread-safe: nothing is written after construction. `embedder` should remember what it has embedded."""

    def __init__(
        self, embedder: Embedder, head: FrustrationHead | None, products: Sequence[str] = (), guard: Guard | None = None
    ) -> None:
        self._embedder = embedder
        self._head = head
        self._products = tuple(products)
        self._guard = guard

    def read(self, text: str, language: str, *, answered: bool = True) -> Signals:
        """`language` is what the conversation is in, for messages that tell none ("SO-12345678").

        A message that the bot does not answer (`answered`) steers nobody: the guard, many embeddings, is not asked.
        """
        language = detect_language(text, default=language)
        score = None
        if self._head is not None:
            score = round(self._head.score(self._embedder.embed_queries([text])[0], language), 4)
        steering = round(self._guard.score(text), 4) if self._guard is not None and answered else None
        return Signals(language, score, find_entities(text, self._products), steering)
