"""Asking which of two things a customer means, and understanding the reply. Pure; knows no classifier."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.answers import Choice
from knowledge.languages import CHINESE, detect_language

_SHORT_WORDS, _SHORT_HAN = 3, 6
_PICKING_WORDS, _PICKING_HAN = 8, 14  # a longer message says something of its own

_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]+(?:['\u2019][a-z]+)?")
_POLITE = re.compile(
    r"^(?:(?:yes|yeah|ok|okay|i mean|i meant|it'?s|about|是|对|嗯|就是|我(?:要|想)?(?:问|选|说)的?是?|选|要)[\s,，]*)+"
    r"|(?:[\s,，]*(?:please|pls|thanks|thank you|one|吧|呢|的|谢谢|了|啊|呀))+$"
)
_FIRST = re.compile(
    r"(?:the |option |number |no\.? ?|answer |#)*(?:1|1st|first|former|one|(?:第\s*)?[一1](?:个|种|项|条)?|前者"
    r"|前面(?:那个|一个)?)(?: option| choice)?"
)
_SECOND = re.compile(
    r"(?:the |option |number |no\.? ?|answer |#)*(?:2|2nd|second|latter|last|two|(?:第\s*)?[二2两](?:个|种|项|条)?|后者"
    r"|后面(?:那个|一个)?)(?: option| choice)?"
)
_NEITHER = re.compile(r"\b(?:not|neither|none|nothing|no|nor|don'?t|isn'?t|other|else)\b|不|没|都|别的|其他")
_STEM = 5  # letters by which words are compared: "refunds" and "refunded" are one
_FEWEST_LETTERS = 3


def is_short(text: str) -> bool:
    """Whether a message names hardly more than a topic: "refund", "my card", "退款"."""
    return len(_WORD.findall(text)) <= _SHORT_WORDS and len(_HAN.findall(text)) <= _SHORT_HAN


def picked_choice(text: str, choices: Sequence[Choice]) -> Choice | None:
    """Which of two choices a reply means: by its number or place, its title, or a word that only one title has.

    None where it means neither, both, or something of its own.
    """
    if len(choices) != 2:
        return None
    said = _folded(text)
    bare = _POLITE.sub("", said).strip(" .。!！?？\"'“”") or said
    for choice, place in zip(choices, (_FIRST, _SECOND), strict=True):
        if place.fullmatch(bare) or _folded(choice.title) in (said, bare):
            return choice
    if len(_WORD.findall(said)) > _PICKING_WORDS or len(_HAN.findall(said)) > _PICKING_HAN or _NEITHER.search(said):
        return None
    return _by_words(said, choices)


def _by_words(said: str, choices: Sequence[Choice]) -> Choice | None:
    pieces = [_pieces(_folded(choice.title)) for choice in choices]
    found = _pieces(said)
    own = [found & (mine - other) for mine, other in zip(pieces, reversed(pieces), strict=True)]
    named = [choice for choice, hits in zip(choices, own, strict=True) if hits]
    return named[0] if len(named) == 1 else None


def asked_about(question: str, choice: Choice) -> str:
    """The question that a picked choice completes, in one line."""
    gap = "，" if detect_language(choice.title) == CHINESE else ": "
    return f"{choice.title}{gap}{question}"


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).replace("\u2019", "'").lower().split()).strip(" .。!！?？")


def _pieces(text: str) -> set[str]:
    """Beginnings of words, and pairs of Han characters."""
    words = {word[:_STEM] for word in _WORD.findall(text) if len(word) >= _FEWEST_LETTERS} - {"the", "and", "about"}
    runs = re.findall(r"[\u3400-\u9fff]{2,}", text)
    return words | {run[place : place + 2] for run in runs for place in range(len(run) - 1)}
