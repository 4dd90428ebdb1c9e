"""More examples for intents that have few: each said again in other everyday words, in its own language. Pure.

Frames and spellings only, no model: what is said stays what it was. Polite words that bot/classifiers/courtesy.py takes
out again would be lost labour and are not among the frames.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from knowledge.languages import CHINESE, detect_language

THIN = 20  # examples of an intent from which on it gets no more
_COPIES = 2  # of each example

_FRAMES_EN = (
    "quick one - {}",
    "so here's my problem, {}",
    "i'd like to know: {}",
    "it's about this: {}",
    "not sure who to ask, {}",
    "hoping somebody knows, {}",
    "{} - any idea?",
    "{} need this sorted today",
    "my question is {}",
    "{}, what should i do",
    "it would be wonderful if somebody told me: {}",
    "sincere apologies for writing so late. {}",
)
_FRAMES_ZH = (
    "就是{}",
    "问个事，{}",
    "我的情况是{}",
    "有个问题，{}",
    "{}，有人知道吗",
    "{}，该怎么弄",
    "我想了解{}",
    "{}，急",
    "不知道该问谁，{}",
    "是这样的，{}",
    "给你们添麻烦了，{}",
    "{}，盼复",
)
_SPELLINGS_EN = (
    ("want to", "wanna"), ("going to", "gonna"), ("have to", "gotta"), ("because", "cuz"), ("do not", "dont"),
    ("don't", "dont"), ("cannot", "cant"), ("can't", "cant"), ("i am", "im"), ("i'm", "im"), ("what is", "whats"),
    ("you", "u"), ("are", "r"), ("how do i", "how to"), ("why is", "how come"), ("would like", "want"),
)  # fmt: skip
_SPELLINGS_ZH = (
    ("怎么", "咋"),
    ("什么", "啥"),
    ("如何", "怎么"),
    ("为什么", "为啥"),
    ("没有", "没"),
    ("现在", "这会儿"),
)


def paraphrases(texts: Sequence[str], labels: Sequence[int], seed: int) -> list[tuple[str, int]]:
    """(Text, position of what it was made of) of examples whose intent has fewer than THIN.

    `labels` are the intents' numbers. The same seed gives the same texts.
    """
    counts: dict[int, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    chance = random.Random(seed)
    made = []
    for position, (text, label) in enumerate(zip(texts, labels, strict=True)):
        if counts[label] < THIN:
            made += [(other, position) for other in _said_otherwise(text, chance)]
    return made


def _said_otherwise(text: str, chance: random.Random) -> list[str]:
    is_chinese = detect_language(text) == CHINESE
    frames, spellings = (_FRAMES_ZH, _SPELLINGS_ZH) if is_chinese else (_FRAMES_EN, _SPELLINGS_EN)
    inside = text.strip().rstrip(".!?。！？")
    respelt = _respelt(inside, spellings, words=not is_chinese)
    others = [frame.replace("{}", chance.choice((inside, respelt))) for frame in chance.sample(frames, _COPIES)]
    return [other for other in dict.fromkeys(others) if other != text]


def _respelt(text: str, spellings: Sequence[tuple[str, str]], *, words: bool) -> str:
    for plain, other in spellings:
        pattern = rf"\b{re.escape(plain)}\b" if words else re.escape(plain)
        text = re.sub(pattern, other, text, flags=re.IGNORECASE)
    return text.lower()
