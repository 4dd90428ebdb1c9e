"""The keyword baseline: what can be said of a message without a trained model. Knows nothing of embeddings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.intents import UNKNOWN, Intent, IntentPrediction

_PERSON = (
    r"(?:human(?: being)?|person|agent|representative|rep|operator|someone|somebody|staff|advisor|manager|supervisor)"
)
_ENGLISH = re.compile(
    r"\b(?:talk|speak|chat)(?:ing)? (?:to|with) (?:an? |the |your |some ?)?(?:real |live |actual |human )?"
    + _PERSON
    + r"\b"
    r"|\b(?:connect|transfer|pass|hand|put) me (?:over |through )?(?:to|with) (?:an? |the |your )?(?:real |live |human )?"
    + _PERSON
    + r"\b"
    r"|\b(?:want|need|get|give) (?:me )?(?:an? )?(?:real|live|actual|human) (?:person|agent|human|being|operator|representative)\b"
    r"|\b(?:real|live) (?:person|agent|human)(?: please| now)?[.!]?$"
    r"|^(?:a )?(?:human|agent|operator|representative)(?: please)?[.!]*$"
    r"|\bcustomer service (?:rep|representative|agent)\b",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"转人工|转接?(?:到)?(?:人工|真人|客服)|人工客服|人工服务|(?:找|要|叫|换|接)(?:个|一个|一位)?(?:人工|真人|活人|客服)|真人客服|^人工[。!！]?$"
)
_NOT_WANTED = re.compile(
    r"\b(?:don['’]?t|do not|no need to|never|not) (?:want|need|like|have)?\s*(?:to )?(?:talk|speak|chat)\b"
    r"|(?:不用|不要|不想|不需要|别|无需)(?:再)?(?:帮我)?(?:转|找|要)?人工",
    re.IGNORECASE,
)


def asks_for_person(text: str) -> bool:
    """Whether a message plainly asks for a person, in English or Chinese. Meant to be right rather than complete."""
    if _NOT_WANTED.search(text):
        return False
    return bool(_ENGLISH.search(text) or _CHINESE.search(text))


class KeywordClassifier:
    """Names the intent whose examples share most words with the message: the baseline that the trained one must beat."""

    release = "keywords"

    def __init__(self, intents: Sequence[Intent]) -> None:
        self._words = {
            intent.name: [_words(text) for texts in intent.examples.values() for text in texts] for intent in intents
        }

    def classify(self, text: str) -> IntentPrediction:
        wanted = _words(text)
        scored = {
            name: max((len(wanted & example) / len(wanted | example) for example in examples), default=0.0)
            for name, examples in self._words.items()
            if wanted
        }
        best = sorted(scored.items(), key=lambda item: -item[1])[:3]
        if not best or best[0][1] < 0.2:
            return IntentPrediction(UNKNOWN, 0.0, tuple(best))
        return IntentPrediction(*best[0], tuple(best))


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z']+|\d+|[\u3400-\u9fff]", text.lower()))
