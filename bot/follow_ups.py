"""Questions that lean on the one before: "and for students?". Pure; knows no model."""

from __future__ import annotations

import re

_SHORT_WORDS = 4  # English words below which a question rarely stands alone
_SHORT_HAN = 6  # Han characters, likewise

_LEANING_EN = re.compile(
    r"^\s*(?:and|but|or|so|then|also|what about|how about|what if|same for|only)\b"
    r"|\b(?:it|its|they|them|their|those|these|that one|this one|the same|there)\b",
    re.IGNORECASE,
)
_LEANING_ZH = re.compile(r"^\s*(?:那|还有|另外|如果是|要是|换成|同样|以及|和)|[它她他]们?|这个|那个|这些|那些|呢[?？。!！]?\s*$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z0-9]+")


def leans_on_earlier(text: str) -> bool:
    """Whether a question needs the one before to be understood."""
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    if han > words:
        return bool(_LEANING_ZH.search(text)) or han < _SHORT_HAN
    return bool(_LEANING_EN.search(text)) or words < _SHORT_WORDS


def standalone(text: str, earlier: str) -> str:
    """The question with what it leans on in front; unchanged where it stands alone or nothing came before."""
    return f"{earlier} {text}" if earlier and leans_on_earlier(text) else text
