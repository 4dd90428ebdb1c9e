"""The keyword baseline: what can be said of a message without a trained model. Knows nothing of embeddings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from bot.classifiers.ngrams import pieces_of
from bot.classifiers.person_request import asks_for_person
from bot.intents import UNKNOWN, Intent, IntentPrediction, LeadsTo

__all__ = ["KeywordClassifier", "asks_for_person"]

_ALTERNATIVES = 3
_LEAST_COVERED = 0.5  # share of a message's weighted words that must be those of an intent


class KeywordClassifier:
    """Names the intent whose words cover most of the message, rare words counting more: the baseline to beat.

    The confidence is that share; it is not calibrated.
    """

    release = "keywords"

    def __init__(self, intents: Sequence[Intent]) -> None:
        self._words = {
            intent.name: {word for texts in intent.examples.values() for text in texts for word in _words(text)}
            for intent in intents
        }
        self._person = next((intent.name for intent in intents if intent.leads_to is LeadsTo.PERSON), None)
        intents_with = Counter(word for words in self._words.values() for word in words)
        self._weights = {word: math.log(1 + len(intents) / found) for word, found in intents_with.items()}
        self._weight_of_unknown = math.log(1 + len(intents))

    def classify(self, text: str) -> IntentPrediction:
        if self._person is not None and asks_for_person(text):
            return IntentPrediction(self._person, 1.0, ((self._person, 1.0),))
        weights = {word: self._weights.get(word, self._weight_of_unknown) for word in _words(text)}
        total = sum(weights.values())
        if not total:
            return IntentPrediction(UNKNOWN, 1.0, out_of_scope=1.0)
        covered = {
            name: sum(weight for word, weight in weights.items() if word in words) / total
            for name, words in self._words.items()
        }
        best = sorted(covered.items(), key=lambda item: -item[1])[:_ALTERNATIVES]
        name, share = best[0]
        if share <= _LEAST_COVERED:
            return IntentPrediction(UNKNOWN, 1 - share, tuple(best), out_of_scope=1 - share)
        return IntentPrediction(name, share, tuple(best), out_of_scope=1 - share)


def _words(text: str) -> set[str]:
    """Words and pairs of words; a Chinese character is a word."""
    return {piece for piece in pieces_of(text) if not piece.startswith("~")}
