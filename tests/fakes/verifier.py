"""A Verifier without a model: a sentence answers, or supports, as far as it shares words. Passes test_verifier.py."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answering.contradictions import new_words
from bot.protocols import Assessment, EvidenceSentence
from knowledge.passages import ScoredPassage
from knowledge.sentences import split_sentences


class WordVerifier:
    release = "words"

    def assess(self, question: str, passages: Sequence[ScoredPassage]) -> Assessment:
        found = [
            EvidenceSentence(number, span.start, span.end, text, 1 - new_words(question, text))
            for number, scored in enumerate(passages)
            for span in split_sentences(scored.passage.text)
            for text in [scored.passage.text[span.start : span.end]]
        ]
        ordered = tuple(sorted(found, key=lambda sentence: -sentence.score))
        return Assessment(ordered[0].score if ordered else 0.0, ordered)

    def supports(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        return [1 - new_words(claim, sentence) for sentence in sentences]
