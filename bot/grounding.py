"""Which sentences of an answer may be shown, and with which source. Pure; asks the Verifier it is handed.

Word overlap alone is not a test: a wrong sentence reuses the passage's words with another polarity, number or unit. So a
generated sentence must pass, against one sentence of a document, the checks that need no model (numbers, negation, yes/no,
new words), and then the verifier.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.protocols import EvidenceSentence, Verifier

_CANDIDATES = 3  # sentences of the documents that one generated sentence is held against
_NEW_WORDS_ALLOWED = 0.25  # share of a claim's content words that its source may lack

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*\s?%?")
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|[\u3400-\u9fff]|\d+(?:[.,]\d+)*", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nothing|neither|nor|without|cannot|unable|except|unless|excluded?|excluding)\b|n['’]t\b"
    r"|不|没|無|无|未|非|勿|别|除外|禁止|以外",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"^\s*(?:(yes|yeah|sure|certainly)|(no))\b[\s,.!:;–-]*", re.IGNORECASE)
_YES_NO_ZH = re.compile(r"^\s*(?:(是的|可以的|当然|能的)|(不是|不可以|不能|不行))[，,。！\s]*")
_STOPWORDS = frozenset(
    "a an the this that these those is are was were be been being am do does did have has had will would can could "
    "shall should may might must of to in on at by for from with as and or but if then than so it its they them their we "
    "our us you your i my me he she his her there here which who what when where how all any some also only just please "
    "的 了 是 在 和 与 或 及 有 您 你 我 们 会 可 以 请 就 也 都 这 那 个 为 于 对 把 被 从 到".split()
)


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
    """Finds the sentence that supports `claim`, among the ones that share most words with it."""
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


def contradiction(claim: str, source: str) -> str | None:
    """What in `claim` cannot be taken from `source`, found without a model; None where nothing is."""
    missing = numbers(_without_yes_no(claim)) - numbers(source)
    if missing:
        return f"the number {sorted(missing)[0]} does not stand in the source"
    if is_negated(_without_yes_no(claim)) != is_negated(source):
        return "one says no where the other does not"
    if _says(claim, "no") and not is_negated(source):
        return "it begins with a no that the source does not say"
    if _says(claim, "yes") and is_negated(source):
        return "it begins with a yes that the source does not say"
    if new_words(claim, source) > _NEW_WORDS_ALLOWED:
        return "it says more than the source"
    return None


def numbers(text: str) -> frozenset[str]:
    """Numbers as written, without thousands separators; "%" stays with its number."""
    return frozenset(re.sub(r"[,\s](?=\d{3}\b)", "", number).replace(" ", "") for number in _NUMBER.findall(text))


def is_negated(text: str) -> bool:
    """Whether an odd number of negations stands in the text: "not without" affirms."""
    return len(_NEGATION.findall(text)) % 2 == 1


def new_words(claim: str, source: str) -> float:
    """Share of the claim's content words that the source lacks, 0 to 1; words match on their first five letters."""
    wanted = _content_words(_without_yes_no(claim))
    if not wanted:
        return 0.0
    present = _content_words(source)
    return len(wanted - present) / len(wanted)


def _content_words(text: str) -> frozenset[str]:
    words = (word.lower() for word in _WORD.findall(text))
    return frozenset(word[:5] for word in words if word not in _STOPWORDS)


def _says(claim: str, answer: str) -> bool:
    match = _YES_NO.match(claim) or _YES_NO_ZH.match(claim)
    return bool(match and match.group(1 if answer == "yes" else 2))


def _without_yes_no(text: str) -> str:
    return _YES_NO_ZH.sub("", _YES_NO.sub("", text, count=1), count=1)
