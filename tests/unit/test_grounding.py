"""A claim is shown with the sentence that says it, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answering.grounding import Support, Unsupported, check_claim
from bot.protocols import EvidenceSentence
from tests.fakes.verifier import WordVerifier

TEXTS = (
    "You can return an unopened kit within 30 days of delivery.",
    "You can return an opened kit within 14 days of delivery.",
    "Opened pods cannot be returned.",
    "We ship kits from the Netherlands.",
)
EVIDENCE = tuple(EvidenceSentence(number, 0, len(text), text, 0.9) for number, text in enumerate(TEXTS))


class DoubtingVerifier(WordVerifier):
    def supports(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        return [0.4 for _ in sentences]


def checked(claim: str, evidence: Sequence[EvidenceSentence] = EVIDENCE) -> Support | Unsupported:
    return check_claim(claim, evidence, WordVerifier(), threshold=0.5)


def test_a_claim_stands_on_the_sentence_that_says_it() -> None:
    verdict = checked("You can return an opened kit within 14 days.")
    assert isinstance(verdict, Support)
    assert verdict.evidence.text == TEXTS[1]
    assert verdict.probability >= 0.5


def test_two_half_right_sentences_do_not_make_a_right_one() -> None:
    assert isinstance(checked("You can return an opened kit within 30 days."), Unsupported)


def test_a_claim_that_no_sentence_makes_is_not_shown() -> None:
    assert checked("Opened pods can be returned.") == Unsupported("it leaves out the source's no")


def test_the_verifier_has_the_last_word() -> None:
    verdict = check_claim(TEXTS[3], EVIDENCE, DoubtingVerifier(), threshold=0.5)
    assert verdict == Unsupported("the verifier found no support")


def test_without_evidence_nothing_is_supported() -> None:
    assert checked("We ship kits.", ()) == Unsupported("no sentence to hold it against")


def test_a_claim_without_a_word_says_nothing() -> None:
    """A generator that begins a list and stops has written "1." and no more."""
    listed = [replace(EVIDENCE[0], text="1. Unplug the kit.")]
    assert checked("1.", listed) == Unsupported("it says nothing in words")
