"""What a trained reader of claims is worth on data that it never learnt from. Knows no training and no files.

Beside it, on the same claims: likeness of meaning (the verifier without a reader), word overlap, and the rules of
`bot.answering.contradictions`, which stay the first lock: a claim in which they find something is never shown.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.answering.contradictions import contradiction
from bot.protocols import Verifier
from bot.training.calibration import Row, fit, held_out
from bot.training.metrics import auroc
from bot.training.verifier_pairs import ClaimPair
from bot.training.verifier_spoiling import KINDS
from bot.verifiers.calibration import LANGUAGES, Logistic
from bot.verifiers.evidence import shared_words
from bot.verifiers.reading import ClaimReader

_SHOWN = 0.5  # probability from which a claim is shown, as the settings have it
_EMBEDDED_AT_ONCE = 128  # pairs
_RESAMPLES = 200
_FEWEST = 8  # wrong claims of a kind, below which nothing is said of it


@dataclass(frozen=True, slots=True)
class ReadClaim:
    pair: ClaimPair
    read: float  # logit of the reader
    overlap: float
    before: float  # probability that the verifier without a reader gives
    passes_rules: bool

    @property
    def row(self) -> Row:
        return Row(
            {"read": self.read}, self.pair.truth, self.pair.language, (self.pair.family, True), self.pair.part % 5
        )

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.pair.claim} | {self.pair.sentence}".encode()).hexdigest()


def read_claims(pairs: Sequence[ClaimPair], before: Verifier, reader: ClaimReader) -> Iterator[ReadClaim]:
    for number, pair in enumerate(pairs):
        if number % _EMBEDDED_AT_ONCE == 0:  # the verifier remembers the vectors of what comes next
            next_ones = pairs[number : number + _EMBEDDED_AT_ONCE]
            before.supports(pair.claim, [text for one in next_ones for text in (one.claim, one.sentence)])
        yield ReadClaim(
            pair,
            reader.logits(pair.claim, [pair.sentence])[0],
            shared_words(pair.claim, pair.sentence),
            before.supports(pair.claim, [pair.sentence])[0],
            contradiction(pair.claim, pair.sentence) is None,
        )


def adopted(claims: Sequence[ReadClaim]) -> dict[str, Logistic]:
    """For each language in which reading tells claims that pass the rules better than likeness does, what is used."""
    used = {}
    for language in LANGUAGES:
        own = [one for one in claims if one.passes_rules and one.pair.language == language]
        if _are_enough(own):
            fitted = fit([one.row for one in own], language)
            if fitted.weights.get("read", 0) > 0 and _gain(own, language)[0] > 0:
                used[language] = fitted
    return used


def _are_enough(own: Sequence[ReadClaim]) -> bool:
    """Whether every fifth has right and wrong ones."""
    counts = Counter((one.pair.part % 5, one.pair.truth) for one in own)
    return all(counts[fold, truth] for fold in range(5) for truth in (True, False))


def _gain(own: Sequence[ReadClaim], language: str) -> tuple[float, float]:
    """95 % bootstrap interval of how much more AUROC reading has than likeness, over the same claims.

    Ranking is compared, not right judgements at one probability: a wrong claim that is shown costs more than a right
    one that is not, which becomes a quotation of the sentence it stands on.
    """
    truths, before = np.array([one.pair.truth for one in own]), np.array([one.before for one in own])
    after, random = np.array(_chances(own, language)), np.random.default_rng(0)
    differences = []
    for _ in range(_RESAMPLES):
        some = random.integers(0, len(own), len(own))
        old, new = (auroc(scores[some].tolist(), truths[some].tolist()) for scores in (before, after))
        if old is not None and new is not None:
            differences.append(new - old)
    return float(np.quantile(differences, 0.025)), float(np.quantile(differences, 0.975))


def _chances(own: Sequence[ReadClaim], language: str) -> list[float]:
    """What regressions fitted without the claim's fold say, in the order of `own`."""
    rows = [one.row for one in own]
    judged = {id(row): chance for row, chance in held_out(rows, language)}
    return [judged[id(row)] for row in rows]


def decided_right(claims: Sequence[ReadClaim]) -> dict[str, bool]:
    """What is judged rightly of what the twins had not seen, under the sha256 of what was judged."""
    right = {one.key: not one.pair.truth for one in claims if not one.passes_rules}
    for language in LANGUAGES:
        own = [one for one in claims if one.passes_rules and one.pair.language == language]
        if _are_enough(own):
            chances = zip(own, _chances(own, language), strict=True)
            right |= {one.key: (chance >= _SHOWN) == one.pair.truth for one, chance in chances}
    return right


def figures(claims: Sequence[ReadClaim]) -> dict[str, Any]:
    """By language: `told`, AUROC by kind of wrong claim; `told_after_rules`, the same of what the rules let through;
    `shown`, of right and of wrong claims the share that is shown, by lock."""
    found: dict[str, Any] = {}
    for language in LANGUAGES:
        own = [one for one in claims if one.pair.language == language]
        passing = [one for one in own if one.passes_rules]
        found[language] = {"told": _told(own), "told_after_rules": _told(passing), "shown": _shown(own, language)}
    return found


def _told(own: Sequence[ReadClaim]) -> dict[str, Any]:
    """Right claims that are the sentence itself are left out: telling them is no merit."""
    right = [one for one in own if one.pair.truth and one.pair.kind != "verbatim"]
    told: dict[str, dict[str, float | None]] = {}
    for kind in (*KINDS, "other", "all"):
        wrong = [one for one in own if not one.pair.truth and kind in (one.pair.kind, "all")]
        if len(wrong) >= _FEWEST and right:
            truths = [True] * len(right) + [False] * len(wrong)
            scores: Mapping[str, list[float]] = {
                "read": [one.read for one in (*right, *wrong)],
                "likeness": [one.before for one in (*right, *wrong)],
                "overlap": [one.overlap for one in (*right, *wrong)],
            }
            told[kind] = {"right": len(right), "wrong": len(wrong)}
            told[kind] |= {name: auroc(values, truths) for name, values in scores.items()}
    return told


def _shown(own: Sequence[ReadClaim], language: str) -> dict[str, Any]:
    passing = [one for one in own if one.passes_rules]
    if not _are_enough(passing):
        return {}
    after = dict(zip((one.key for one in passing), _chances(passing, language), strict=True))
    locks = {
        "rules": passing,
        "rules_and_likeness": [one for one in passing if one.before >= _SHOWN],
        "rules_and_reading": [one for one in passing if after[one.key] >= _SHOWN],
    }
    shown: dict[str, Any] = {}
    for name, let in locks.items():
        right, wrong = (sum(one.pair.truth is truth for one in let) for truth in (True, False))
        shown[name] = {
            "of_right": right / max(1, sum(one.pair.truth for one in own)),
            "of_wrong": wrong / max(1, sum(not one.pair.truth for one in own)),
        }
    return shown
