"""Whether the same message keeps its intent when only the person behind it changes. Knows no particular classifier.

Every message is said in a plain way and in variants that differ in a name, in who is spoken of, or in the way of
speaking. A variant whose likeliest intent is another than that of its plain twin is a flip. Names are compared with
another name, not with none: the added words cost something themselves, and that is no matter of fairness.

Politeness is compared with none. bot/classifiers/courtesy.py takes it out before a message is classified; what is left
of a frame that its rules do not know shows here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from knowledge.languages import CHINESE, detect_language

_EXAMPLES = 3
_NAMES_EN = ("Emily", "Mohammed", "Lakshmi", "DeShawn", "Olga", "Nguyen", "José", "Chidi")
_NAMES_ZH = ("王伟", "李秀英", "古丽娜尔", "卓玛", "阿卜杜拉", "巴图", "詹姆斯", "欧阳静")
_BASE_NAME = {"en": "John", CHINESE: "张强"}
_SPELLINGS = (
    ("cancelled", "canceled"), ("colour", "color"), ("cheque", "check"), ("organisation", "organization"),
    ("favourite", "favorite"), ("centre", "center"), ("licence", "license"), ("mobile", "cell phone"),
    ("post code", "zip code"), ("postcode", "zip code"), ("parcel", "package"), ("holiday", "vacation"),
    ("cash machine", "ATM"), ("current account", "checking account"), ("queue", "line"), ("refund", "money back"),
)  # fmt: skip
_INFORMAL = (
    ("want to", "wanna"), ("going to", "gonna"), ("have to", "gotta"), ("please", "pls"), ("you", "u"),
    ("are", "r"), ("because", "cuz"), ("what is", "whats"), ("i am", "im"), ("do not", "dont"), ("cannot", "cant"),
)  # fmt: skip
_TURNED_ZH = (
    ("您", "你"),
    ("吗", "不"),
    ("怎么", "咋"),
    ("什么", "啥"),
    ("我", "俺"),
    ("没有", "木有"),
    ("现在", "这会儿"),
)
_POLITE_EN = (
    "Good day, would you kindly help me with this: {} Thank you.",
    "Hello, could you please help me? {} Thank you so much!",
    "Hi there, I hope you are doing well. {} Thanks a lot in advance, I really appreciate your help.",
    "Excuse me, I am sorry to bother you, but {} Many thanks and kind regards",
    "With the utmost esteem for your fine establishment, {} I salute you and remain your humble customer",
)
_POLITE_ZH = (
    "您好，麻烦请问一下，{}，谢谢！",
    "你好，不好意思打扰一下，{}，非常感谢您的帮助！",
    "亲，在吗？想咨询一下，{}，麻烦您了，辛苦了",
    "尊敬的客服，您好！劳驾帮我看一下，{}，谢谢，祝您工作顺利",
)


@dataclass(frozen=True, slots=True)
class FairnessRow:
    """One kind of change. `flips` of `n` messages changed their intent."""

    swap: str
    language: str
    n: int
    flips: int
    examples: tuple[tuple[str, str, str], ...]  # the changed message, the intent before, the intent after

    @property
    def rate(self) -> float:
        return self.flips / self.n if self.n else 0.0


def fairness_rows(
    texts: Sequence[str], name_intent: Callable[[str], str], *, limit: int = 80, seed: int = 0
) -> tuple[FairnessRow, ...]:
    """Swaps on `limit` different messages of each language, drawn by `seed`; `name_intent` is asked some 20 times each.

    Kinds of change that fit none of the messages are left out.
    """
    rows: list[FairnessRow] = []
    for language, swaps in _SWAPS.items():
        known = sorted({text for text in texts if detect_language(text) == language})
        chosen = random.Random(seed).sample(known, min(limit, len(known)))
        for swap, variants in swaps:
            row = _counted(swap, language, [pair for text in chosen for pair in variants(text)], name_intent)
            if row.n:
                rows.append(row)
    return tuple(rows)


def _counted(
    swap: str, language: str, pairs: Sequence[tuple[str, str]], name_intent: Callable[[str], str]
) -> FairnessRow:
    named = {text: name_intent(text) for text in dict.fromkeys(text for pair in pairs for text in pair)}
    flipped = [(after, named[before], named[after]) for before, after in pairs if named[before] != named[after]]
    return FairnessRow(swap, language, len(pairs), len(flipped), tuple(flipped[:_EXAMPLES]))


Variants = Callable[[str], Sequence[tuple[str, str]]]


def _names_en(text: str) -> Sequence[tuple[str, str]]:
    return [(f"Hi, I'm {_BASE_NAME['en']}. {text}", f"Hi, I'm {name}. {text}") for name in _NAMES_EN]


def _names_zh(text: str) -> Sequence[tuple[str, str]]:
    return [(f"我叫{_BASE_NAME[CHINESE]}，{text}", f"我叫{name}，{text}") for name in _NAMES_ZH]


def _genders_en(text: str) -> Sequence[tuple[str, str]]:
    pairs = (("husband", "wife"), ("son", "daughter"), ("father", "mother"))
    return [(f"I'm asking for my {one}: {text}", f"I'm asking for my {other}: {text}") for one, other in pairs]


def _genders_zh(text: str) -> Sequence[tuple[str, str]]:
    pairs = (("先生", "太太"), ("儿子", "女儿"), ("爸爸", "妈妈"))
    return [(f"帮我{one}问一下，{text}", f"帮我{other}问一下，{text}") for one, other in pairs]


def _replaced(text: str, words: Sequence[tuple[str, str]], *, whole: bool = True) -> Sequence[tuple[str, str]]:
    """The text with every word swapped; nothing where none of them stands in it."""
    changed = text
    for old, new in words:
        pattern = rf"\b{re.escape(old)}\b" if whole else re.escape(old)
        changed = re.sub(pattern, new, changed, flags=re.IGNORECASE)
    return [(text, changed)] if changed != text else []


_SWAPS: dict[str, tuple[tuple[str, Variants], ...]] = {
    "en": (
        ("name", _names_en),
        ("gender", _genders_en),
        ("dialect", lambda text: _replaced(text, _SPELLINGS)),
        ("informal", lambda text: _replaced(text.lower(), _INFORMAL)),
        ("polite", lambda text: [(text, frame.format(text)) for frame in _POLITE_EN]),
        ("capitals", lambda text: [(text, text.upper())] if text.upper() != text else []),
    ),
    CHINESE: (
        ("name", _names_zh),
        ("gender", _genders_zh),
        ("dialect", lambda text: _replaced(text, _TURNED_ZH, whole=False)),
        ("polite", lambda text: [(text, frame.format(text)) for frame in _POLITE_ZH]),
    ),
}
