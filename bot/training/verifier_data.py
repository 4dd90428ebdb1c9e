"""What the trained verifier learns from: claims held against sentences, out of public data sets. Knows no model.

Wrong claims are made by rule (`bot.training.verifier_spoiling`). So that spoiling cannot be recognised by its style, a
spoilt sentence stands as often on the document's side, and against itself it is a right one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bot.training.verifier_pairs import ClaimPair, Restated, Statement, nearest
from bot.training.verifier_sets import READERS
from bot.training.verifier_spoiling import names_in, spoilt
from knowledge.chinese_script import simplified
from knowledge.languages import CHINESE, detect_language

FAMILIES = ("epqa", "hetpqa", "dstc11", "drcd", "cmrc2018", "logingov", "tidb", "plausible", "chatwoot", "rhobank")


_EACH = 560  # pairs of each family and truth, at most


def pairs_of(folder: Path, families: Iterable[str] = FAMILIES, *, each: int = _EACH, seed: int = 0) -> list[ClaimPair]:
    """Pairs from the data sets in `folder`. OSError names a file that is missing, TrainingDataInvalid a wrong line."""
    made: list[ClaimPair] = []
    for family in families:
        chance = random.Random(f"{seed} {family}")
        statements, restated = READERS[family](folder, chance)
        pairs = [*_claims_of_sentences(family, statements, chance), *_claims_restated(family, restated, chance)]
        made += _balanced(pairs, each, chance)
    return made


# What there is least of, and what is told least easily, is taken before the rest.
_SHARES = {"restated": 0.5, "shortened": 0.8, "verbatim": 0.3}


def _balanced(pairs: Sequence[ClaimPair], most: int, chance: random.Random) -> list[ClaimPair]:
    """Of each truth at most so many; of right claims as in `_SHARES`, of wrong ones every kind about as often."""
    chosen: list[ClaimPair] = []
    for truth in (True, False):
        left: dict[str, list[ClaimPair]] = {}
        for pair in pairs:
            if pair.truth is truth:
                left.setdefault(pair.kind, []).append(pair)
        room = most
        for number, kind in enumerate(
            sorted(left, key=lambda kind: (list(_SHARES).index(kind) if kind in _SHARES else 9, len(left[kind])))
        ):
            share = int(room * _SHARES[kind]) if kind in _SHARES else room // (len(left) - number)
            taken = chance.sample(left[kind], min(share, len(left[kind])))
            room -= len(taken)
            chosen += taken
    return chosen


def _claims_of_sentences(family: str, statements: Sequence[Statement], chance: random.Random) -> Iterator[ClaimPair]:
    by_source: dict[str, list[str]] = {}
    for one in statements:
        by_source.setdefault(one.source, []).append(one.text)
    names = _names([one.text for one in statements], chance)
    for one in statements:
        others = [other for other in by_source[one.source] if other != one.text]
        for claim, sentence, truth, kind in _told_of(one.text, others, names, chance):
            yield ClaimPair(claim, sentence, truth, family, kind, one.source)


def _told_of(
    text: str, others: Sequence[str], names: Sequence[str], chance: random.Random
) -> Iterator[tuple[str, str, bool, str]]:
    """(Claim, sentence, truth, kind), all made from one sentence."""
    shortened = _shortened(text, chance)
    claim = shortened if shortened and chance.random() < 0.6 else text
    if chance.random() < 0.5:
        yield claim, text, True, "shortened" if claim == shortened else "verbatim"
    for wrong in spoilt(text, names, chance):
        is_claim = wrong.kind == "condition" or chance.random() < 0.5
        yield (wrong.text, text, False, wrong.kind) if is_claim else (text, wrong.text, False, wrong.kind)
        if chance.random() < 0.2:
            short = _shortened(wrong.text, chance)
            yield short or wrong.text, wrong.text, True, "shortened" if short else "verbatim"
    if others and chance.random() < 0.3:
        yield claim, nearest(claim, others, chance), False, "other"


def _claims_restated(family: str, restated: Sequence[Restated], chance: random.Random) -> Iterator[ClaimPair]:
    names = _names([one.sentence for one in restated], chance)
    for one in restated:
        for claim, sentence, truth, kind in _told_by(one, names, chance):
            yield ClaimPair(claim, sentence, truth, family, kind, one.source)


def _told_by(one: Restated, names: Sequence[str], chance: random.Random) -> Iterator[tuple[str, str, bool, str]]:
    yield one.claim, one.sentence, True, "restated"
    for wrong in spoilt(one.claim, names, chance):
        yield wrong.text, one.sentence, False, wrong.kind
    for wrong in spoilt(one.sentence, names, chance):
        # What was left out of the claim may be spoilt without making the claim wrong: only a no is surely seen.
        if wrong.kind == "polarity" and chance.random() < 0.5:
            yield one.claim, wrong.text, False, wrong.kind
    others = [other for other in one.others if other != one.sentence]
    if others:
        yield one.claim, nearest(one.claim, others, chance), False, "other"


def _names(texts: Sequence[str], chance: random.Random) -> list[str]:
    return [name for text in chance.sample(texts, min(600, len(texts))) for name in names_in(text)]


_BEGINNING = re.compile(
    r"^(?:However|Also|In addition|Please note that|Note that|Note|Additionally|Therefore|Then|And|But|So)[,:]? ", re.I
)
_ASIDE = re.compile(r" \([^()]{3,60}\)|（[^（）]{2,40}）")
_TAIL = re.compile(r", (?:and|which|so|as well as|including)\b[^,;:]{10,90}(?=[.!]?$)")
_BEGINNING_ZH = re.compile(r"^(?:但是|然而|此外|另外|因此|所以|同时|同時|而且|不过|並且|并且|请注意|注意)[，：]?")


def _shortened(sentence: str, chance: random.Random) -> str | None:
    """The sentence with a part left out that others do not depend on; None where there is none."""
    if detect_language(sentence) != CHINESE:
        for pattern in chance.sample([_BEGINNING, _ASIDE, _TAIL], 3):
            rest = pattern.sub("", sentence, count=1)
            if rest != sentence and len(rest.split()) >= 5:
                return rest[0].upper() + rest[1:]
        return None
    rest = _ASIDE.sub("", _BEGINNING_ZH.sub("", sentence, count=1), count=1)
    clauses = rest.rstrip("。").split("，")
    if len(clauses) > 2 and not re.match(r"如果|若|当|只有|除非", clauses[0]):
        keep = sorted(chance.sample(range(1, len(clauses)), chance.randrange(1, len(clauses))))
        rest = "，".join([clauses[0], *(clauses[number] for number in keep)]) + "。"
    if chance.random() < 0.3:
        rest = simplified(rest)
    return rest if rest != sentence else None
