"""The Verifier without a model of its own: similarities of the Embedder, turned into probabilities by fitted numbers.

It tells questions about something else from the company's own questions. That a page on the right subject lacks just
the fact that was asked for is beyond similarity: "measured" in calibration.json says how often it notices.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.protocols import Assessment, EvidenceSentence
from bot.verifiers.calibration import Calibration, load_calibration
from bot.verifiers.evidence import (
    answerable_features,
    ranking_scores,
    sentences_of,
    similarities_with,
    support_features,
)
from bot.verifiers.sentence_vectors import SentenceVectors
from knowledge.languages import detect_language
from knowledge.passages import ScoredPassage
from knowledge.protocols import Embedder

__all__ = ["SimilarityVerifier", "load_calibration"]


class SimilarityVerifier:
    """Thread-safe. Remembers the vectors of sentences: a question about known passages costs one embedding."""

    def __init__(self, embedder: Embedder, calibration: Calibration) -> None:
        """`calibration` must have been fitted with the same embedder."""
        self._embedder = embedder
        self._calibration = calibration
        self._vectors = SentenceVectors(embedder)

    @property
    def release(self) -> str:
        return f"similarity-{self._calibration.release}"

    def assess(self, question: str, passages: Sequence[ScoredPassage]) -> Assessment:
        """Sentences best first; `answerable` is 0 where there is no sentence at all."""
        sentences = sentences_of(passages)
        if not sentences:
            return Assessment(0.0, ())
        vectors = self._vectors.of([sentence.text for sentence in sentences])
        similarities = similarities_with(question, self._embedder.embed_queries([question])[0], sentences, vectors)
        language = detect_language(question)
        answerable = self._calibration.answerable[language].probability(
            answerable_features(question, passages, similarities)
        )
        scores = ranking_scores(question, sentences, passages, similarities)
        probability = self._calibration.sentence[language].probability
        evidence = [
            EvidenceSentence(one.passage, one.start, one.end, one.text, probability({"score": float(score)}))
            for one, score in zip(sentences, scores, strict=True)
        ]
        order = sorted(range(len(evidence)), key=lambda position: -scores[position])
        return Assessment(answerable, tuple(evidence[position] for position in order))

    def supports(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        """For each sentence, the probability that it states what `claim` states."""
        if not sentences:
            return ()
        vectors = self._vectors.of([claim, *sentences])
        similarities = vectors[1:] @ vectors[0]
        logistic = self._calibration.support[detect_language(claim)]
        return tuple(
            logistic.probability(support_features(claim, sentence, float(similarity)))
            for sentence, similarity in zip(sentences, similarities, strict=True)
        )
