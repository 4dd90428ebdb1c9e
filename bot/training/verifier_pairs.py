"""Claims that a verifier learns from, and what they are made of. Pure; knows no data set and no model."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.verifiers.question_words import overlaps, question_words
from knowledge.languages import CHINESE, detect_language

_LONGEST = {CHINESE: 110, "en": 260}  # characters of a sentence that is learnt from
_SHORTEST = {CHINESE: 10, "en": 25}


@dataclass(frozen=True, slots=True)
class ClaimPair:
    """A claim and a sentence of a document: does the sentence state all of the claim?"""

    claim: str
    sentence: str
    truth: bool
    family: str  # the data set
    kind: str  # "restated", "shortened", "verbatim"; of wrong ones "other" or a kind of spoiling
    source: str  # what it was made from; pairs of one source are never divided between learning and validation

    @property
    def language(self) -> str:
        return detect_language(self.sentence)

    @property
    def part(self) -> int:
        """0 to 19, the same for all pairs of a source."""
        return int(hashlib.sha256(f"{self.family} {self.source}".encode()).hexdigest(), 16) % 20


@dataclass(frozen=True, slots=True)
class Statement:
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Restated:
    claim: str  # what a person wrote from the sentence
    sentence: str
    others: Sequence[str]  # sentences about the same thing
    source: str


Read = tuple[list[Statement], list[Restated]]
Reader = Callable[[Path, random.Random], Read]


def nearest(text: str, others: Sequence[str], chance: random.Random) -> str:
    """Of a few others the one that shares most words, so that sharing words proves nothing."""
    some = chance.sample(list(others), min(6, len(others)))
    shared = overlaps(question_words(text), some)
    return some[max(range(len(some)), key=lambda number: shared[number])]


def is_fit(text: str) -> bool:
    language = detect_language(text)
    return _SHORTEST[language] <= len(text) <= _LONGEST[language] and not text.rstrip().endswith(("?", "？", ":", "："))
