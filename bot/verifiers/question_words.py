"""The words of a question that carry its meaning, and how much of them a text has. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from knowledge.indexing.lexical_tokens import tokens

_STOPWORDS = frozenset(
    "a about able after all also am an and any anyone are as at be been before but by can could did do does "
    "for from get had has have he her here his how i if in is it it's its just know like may me might must my "
    "need no not of on only or our please shall she should so some tell than that the their them then there "
    "these they this those to too us want was we were what when where which who why will with would yes you "
    "your".split()
)
_STOP_CHARACTERS = frozenset(
    "的了是在和与或及有您你我们会可以请就也都这那个为于对把被从到不没吗呢吧什么怎如何多少哪几时候能要想问一样"
)


def question_words(text: str) -> tuple[str, ...]:
    """Stems of English words and pairs of Chinese characters, each once, without those that any question has."""
    return tuple(word for word in dict.fromkeys(tokens(text)) if _says_something(word))


def coverage(words: Collection[str], text: str) -> float:
    """Share of `words` that stand in `text`, 0 to 1; a half where there are no words."""
    if not words:
        return 0.5
    present = set(tokens(text))
    return sum(word in present for word in words) / len(words)


def overlaps(words: Collection[str], texts: Sequence[str]) -> list[float]:
    """How much of the question's words each text has, 0 to 1; words that few of the texts have weigh more.

    The weight is BM25's inverse document frequency over `texts`.
    """
    present = [set(tokens(text)) for text in texts]
    counts = {word: sum(word in one for one in present) for word in words}
    weights = {word: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for word, n in counts.items()}
    total = sum(weights.values())
    return [sum(weights[word] for word in words if word in one) / total if total else 0.0 for one in present]


def _says_something(word: str) -> bool:
    if word[0] >= "\u3040":
        return len(word) == 2 and _STOP_CHARACTERS.isdisjoint(word)
    return len(word) > 1 and word not in _STOPWORDS
