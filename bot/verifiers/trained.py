"""The Verifier with a trained reader of claims. Whether a question is answered, it leaves to similarity.

A reader of questions was trained and measured too: it did worse than similarity (see ARCHITECTURE.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.protocols import Assessment, Verifier
from bot.verifiers.reading import ClaimReader, Judgements
from knowledge.languages import detect_language
from knowledge.passages import ScoredPassage


class TrainedVerifier:
    """Thread-safe."""

    def __init__(self, similarity: Verifier, reader: ClaimReader, judgements: Judgements, name: str) -> None:
        """`name` of the release, as answers name it."""
        self._similarity = similarity
        self._reader = reader
        self._support = judgements.support
        self._name = name

    @property
    def release(self) -> str:
        return self._name

    def assess(self, question: str, passages: Sequence[ScoredPassage]) -> Assessment:
        """As without a reader."""
        return self._similarity.assess(question, passages)

    def supports(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        """For each sentence, the probability that it states what `claim` states; 0 for a claim too long to be read."""
        logistic = self._support.get(detect_language(claim))
        if logistic is None or not sentences:
            return self._similarity.supports(claim, sentences)
        logits = self._reader.logits(claim, sentences)
        return tuple(0.0 if logit == -math.inf else logistic.probability({"read": logit}) for logit in logits)
