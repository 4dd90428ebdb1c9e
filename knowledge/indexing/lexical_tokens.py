"""Text → the tokens that word search compares, English and Chinese. Pure; knows nothing of indexes."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

import snowballstemmer

from knowledge.chinese_script import simplified

# A saved index is only comparable with tokens made the same way: raise this with every change of what tokens() gives.
TOKENS_VERSION = 2

# Scripts written without spaces: Han, kana, bopomofo, hangul.
_UNSPACED = "\u3040-\u312f\u31a0-\u31bf\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = "0-9a-z\u00df-\u024f\u0370-\u052f"
_TOKEN = re.compile(rf"[{_UNSPACED}]+|[{_LETTER}]+(?:[-_.'][{_LETTER}]+)*")
_ENGLISH_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_JOINT = re.compile(r"[-_.']")

_stemmer = snowballstemmer.stemmer("english")
_stemmer_lock = threading.Lock()  # the stemmer keeps the word it works on in itself


def tokens(text: str) -> list[str]:
    """The tokens of `text`, in order, repeated as often as they occur.

    Full-width forms are folded to half-width (NFKC), case is dropped, and traditional characters are read as their
    simplified forms, so that either script finds the other. English words are stemmed (Porter's Snowball English). A
    run of Chinese gives its characters and its pairs of neighbours. What is joined by - or _ is found under its joined
    form and under its parts, so that "wi-fi" finds "wifi" and an order code "AB-1234" is one token of its own; numbers
    such as 7.5 stay whole.
    """
    found: list[str] = []
    for match in _TOKEN.finditer(_folded(text)):
        run = match.group()
        if run[0] >= "\u3040":
            found.extend(run)
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
        else:
            found.extend(_spaced(run))
    return found


def _folded(text: str) -> str:
    folded = text if text.isascii() else simplified(unicodedata.normalize("NFKC", text).replace("\u2019", "'"))
    return folded.lower()


@lru_cache(maxsize=200_000)
def _spaced(run: str) -> tuple[str, ...]:
    if _ENGLISH_WORD.fullmatch(run):
        return (_stem(run),)
    parts = _JOINT.split(run)
    if len(parts) == 1 or ("-" not in run and "_" not in run and not any(part.isalpha() for part in parts)):
        return (run,)
    joined = run.replace("-", "").replace("_", "")
    longer = (part for part in parts if len(part) > 1)
    return (joined, *(_stem(part) if _ENGLISH_WORD.fullmatch(part) else part for part in longer))


def _stem(word: str) -> str:
    with _stemmer_lock:
        return str(_stemmer.stemWord(word))
