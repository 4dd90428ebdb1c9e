"""Which of our two languages a text is in. Pure."""

from __future__ import annotations

import re

CHINESE = "zh"
ENGLISH = "en"

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[A-Za-z]+(?:['\u2019-][A-Za-z]+)*")


def detect_language(text: str, *, default: str = ENGLISH) -> str:
    """ "zh" where Han characters carry at least as much as the Latin words, else "en".

    A Han character counts as much as a word: "iPhone 怎么退货" is Chinese, "What does 你好 mean?" English.
    """
    han = len(_HAN.findall(text))
    words = len(_WORD.findall(text))
    if han == words == 0:
        return default
    return CHINESE if han >= words else ENGLISH
