"""An IntentClassifier that says what it was told to. Passes the same contract suite as the trained one."""

from __future__ import annotations

from collections.abc import Mapping

from bot.intents import UNKNOWN, IntentPrediction


class FakeClassifier:
    """Knows messages by heart; every other message is unknown."""

    release = "fake-classifier"

    def __init__(self, intent_of: Mapping[str, str], *, confidence: float = 0.9) -> None:
        self._intent_of = dict(intent_of)
        self._confidence = confidence

    def classify(self, text: str) -> IntentPrediction:
        name = self._intent_of.get(text)
        others = sorted(set(self._intent_of.values()) - {name})
        if name is None:
            return IntentPrediction(UNKNOWN, self._confidence, tuple((each, 0.1) for each in others), self._confidence)
        rest = tuple((each, (1 - self._confidence) / max(1, len(others))) for each in others)
        return IntentPrediction(name, self._confidence, ((name, self._confidence), *rest), 1 - self._confidence)
