"""Sentences that hold under a condition which the question does not mention: "With the student discount, …". Pure."""

from __future__ import annotations

import re

from bot.verifiers.question_words import question_words
from knowledge.indexing.lexical_tokens import tokens

_ENGLISH = re.compile(
    r"^\W*(?:with|if|as an?|when|after|before|unless|without|in case|once|until)\b[^,;:.]{2,80},|\bfor example\b"
    r"|^.{2,60}\balso applies\b",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"^\W*(?:如果|假如|作为|享受|例如|比如|除非)[^，。；：]{0,40}[，：]|^.{2,30}(?:同样|也)适用")
_MENTIONED = 0.6  # of the condition's words, from which the question is taken to be about it


def holds_under_an_unasked_condition(question: str, sentence: str) -> bool:
    """Whether a sentence begins with a condition, gives an example, or carries over what was said of another case,
    and the question says nothing of that.

    It may be nearest to the question in every word and still not be what was asked: the price with a discount.
    """
    condition = _ENGLISH.search(sentence) or _CHINESE.search(sentence)
    if condition is None:
        return False
    words, asked = question_words(condition.group()), set(tokens(question))
    return not words or sum(word in asked for word in words) < _MENTIONED * len(words)
