"""A message as the guard looks at it: tidied, as a whole and in windows. Pure; knows no model.

An encoder tells the drift of a text. One sentence that wants to steer the bot is lost in the drift of a long message,
so a long one is looked at in pieces as well; a short one is one piece.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from knowledge.sentences import split_sentences

WINDOW = 120  # Latin letters: a sentence or two, so that what stands beside an order does not cover it
_HAN_WEIGHT = 2.5  # letters that one Chinese character counts for
_HAN = re.compile(r"[\u3400-\u9fff]")
# What nobody sees, and what parts words that a filter looks for. Joiners are kept: emoji and some scripts need them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_TAG = re.compile("[\U000e0020-\U000e007e]")
_TAGS_OR_FLAG = re.compile("(\U0001f3f4[\U000e0020-\U000e007f]+)|[\U000e0020-\U000e007f]+")
_TAG_BEGIN = 0xE0000


def tidied(text: str) -> str:
    """The text as a reader sees it: full width and ligatures folded (NFKC), invisible characters out.

    Letters spelled in the invisible tag block of Unicode are made visible: a model reads them, a person does not.
    """
    shown = _TAG.sub(lambda match: chr(ord(match.group()) - _TAG_BEGIN), text)
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", shown))


def hides_text(text: str) -> bool:
    """Whether a text carries letters in Unicode's invisible tag block, outside the flags that are spelled with them."""
    return without_hidden(text) != text


def without_hidden(text: str, blank: str = "") -> str:
    """The text with `blank` for each letter that hides in the tag block; flags keep theirs."""
    return _TAGS_OR_FLAG.sub(lambda match: match.group() if match.group(1) else blank * len(match.group()), text)


def pieces(text: str) -> list[str]:
    """The whole text first, then, where it is longer than one window, its windows. At least one piece."""
    if _weight(text) <= WINDOW:
        return [text]
    return [text, *_windows(text)]


def _windows(text: str) -> Iterator[str]:
    """Whole sentences, as many as fit; a longer sentence is cut."""
    held = ""
    for span in split_sentences(text):
        for part in _cut(text[span.start : span.end].strip()):
            if held and _weight(held) + _weight(part) > WINDOW:
                yield held
                held = ""
            held = f"{held} {part}" if held else part
    if held:
        yield held


def _cut(sentence: str) -> Iterator[str]:
    if _weight(sentence) <= WINDOW:
        yield sentence
        return
    length = max(1, int(WINDOW * len(sentence) / _weight(sentence)))
    for start in range(0, len(sentence), length):
        yield sentence[start : start + length]


def _weight(text: str) -> float:
    return len(text) + (_HAN_WEIGHT - 1) * len(_HAN.findall(text))
