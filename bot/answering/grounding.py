"""Which sentences of an answer may be shown, and with which source. Pure; asks the Verifier it is handed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering.contradictions import contradiction, new_words
from bot.protocols import EvidenceSentence, Verifier

_CANDIDATES = 3  # sentences of the documents that one generated sentence is held against


@dataclass(frozen=True, slots=True)
class Support:
    """The sentence of a document that a claim stands on."""

    evidence: EvidenceSentence
    probability: float


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Why a claim is not shown, in words for the trace."""

    reason: str


def check_claim(
    claim: str, evidence: Sequence[EvidenceSentence], verifier: Verifier, *, threshold: float
) -> Support | Unsupported:
    """Finds the sentence that supports `claim`, among the ones that share most words with it.

    A claim needs one sentence of a document that alone says all of it: nothing found by the checks of
    `bot.answering.contradictions`, and then the verifier's probability at `threshold` or above.
    """
    if not any(character.isalpha() for character in claim):
        return Unsupported("it says nothing in words")  # "1." is what is left of a list that was never written
    candidates = sorted(evidence, key=lambda sentence: new_words(claim, sentence.text))[:_CANDIDATES]
    reasons = [contradiction(claim, candidate.text) for candidate in candidates]
    passing = [candidate for candidate, reason in zip(candidates, reasons, strict=True) if reason is None]
    if not passing:
        return Unsupported(next((reason for reason in reasons if reason), "no sentence to hold it against"))
    probabilities = verifier.supports(claim, [candidate.text for candidate in passing])
    best = max(range(len(passing)), key=lambda position: probabilities[position])
    if probabilities[best] < threshold:
        return Unsupported("the verifier found no support")
    return Support(passing[best], probabilities[best])
