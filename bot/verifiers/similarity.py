"""The Verifier without a model of its own: similarities of the Embedder, turned into probabilities by fitted numbers.

It tells questions about something else from the company's own questions. That a page on the right subject lacks just
the fact that was asked for is beyond similarity: "measured" in calibration.json says how often it notices.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bot.protocols import Assessment, EvidenceSentence
from bot.verifiers.calibration import Calibration, Centres, load_calibration
from bot.verifiers.evidence import answerable_features, compare, ranking_scores, sentences_of, support_features
from bot.verifiers.sentence_vectors import SentenceVectors
from knowledge.languages import detect_language
from knowledge.passages import ScoredPassage
from knowledge.protocols import Embedder

__all__ = ["SimilarityVerifier", "load_calibration"]

_log = logging.getLogger(__name__)


class SimilarityVerifier:
    """Thread-safe. Remembers the vectors of sentences: a question about known passages costs one embedding."""

    def __init__(self, embedder: Embedder, calibration: Calibration) -> None:
        """With an embedder other than the calibration's, probabilities mean little; a warning says so."""
        self._embedder = embedder
        self._calibration = calibration
        self._centres = calibration.centres
        self._vectors = SentenceVectors(embedder)
        if embedder.dimensions != self._centres.dimensions:
            self._centres = Centres.at_zero(embedder.dimensions)
            _log.warning(
                "The verifier is calibrated for %s, not for the embedder in use: whether the bot answers or says that "
                "it does not know is unreliable until `python -m bot.training.calibration` has been run with it",
                calibration.embedder,
            )

    @property
    def release(self) -> str:
        return f"similarity-{self._calibration.release}"

    def assess(self, question: str, passages: Sequence[ScoredPassage]) -> Assessment:
        """Sentences best first; `answerable` is 0 where there is no sentence at all."""
        sentences = sentences_of(passages)
        if not sentences:
            return Assessment(0.0, ())
        vectors = self._vectors.of([sentence.text for sentence in sentences])
        asked = self._embedder.embed_queries([question])[0]
        evidence = compare(question, asked, passages, sentences, vectors, self._centres)
        language = detect_language(question)
        scores = ranking_scores(evidence).tolist()
        probability = self._calibration.sentence[language].probability
        judged = [
            EvidenceSentence(one.passage, one.start, one.end, one.text, probability({"score": score}))
            for score, one in sorted(zip(scores, sentences, strict=True), key=lambda pair: -pair[0])
        ]
        answerable = self._calibration.answerable[language].probability(answerable_features(evidence))
        return Assessment(answerable, tuple(judged))

    def supports(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        """For each sentence, the probability that it states what `claim` states."""
        if not sentences:
            return ()
        vectors = self._vectors.of([claim, *sentences])
        similarities = (vectors[1:] @ vectors[0]).tolist()
        logistic = self._calibration.support[detect_language(claim)]
        return tuple(
            logistic.probability(support_features(claim, sentence, similarity))
            for sentence, similarity in zip(sentences, similarities, strict=True)
        )
