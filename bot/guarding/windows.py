"""A message as the guard looks at it: tidied, as a whole and in windows. Pure; knows no model.

An encoder tells the drift of a text. One sentence that wants to steer the bot is lost in the drift of a long message,
so a long one is looked at in pieces as well; a short one is one piece. What that costs has a limit: twelve windows,
chosen by the words in them. Wider windows without gaps were tried: they cost as much as all and missed most attacks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from knowledge.sentences import Span, split_sentences

WINDOW = 120  # Latin letters: a sentence or two, so that what stands beside an order does not cover it
MOST_WINDOWS = 12  # of a message: each is embedded, while other customers wait
LONGEST = 4000  # letters that a text may grow to when it is folded: as many as a message has
_HAN_WEIGHT = 2.5  # letters that one Chinese character counts for
# Words by which windows are chosen where there are too many; whether one of them attacks is the head's to say.
_TELLING = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|pretend|role-?play|jailbreak|unrestricted|uncensored|from now on"
    r"|you are|act as|instructions?|prompts?|system|rules?|guidelines?|restrictions?|filters?|developer|mode|ai|dan"
    r"|assistant|chat ?bot|model|secret|reveal|print|repeat|output|character|persona)\b"
    r"|忽略|无视|忘记|忘掉|绕过|扮演|假装|假设|你现在|从现在|开发者|模式|越狱|限制|规则|指令|指示|提示词|系统|设定"
    r"|输出|打印|透露|秘密|人工智能|助手|模型|机器人|角色"
)
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
    Never longer than the text, or than LONGEST where that is more; nothing is cut off.
    """
    shown = _TAG.sub(lambda match: chr(ord(match.group()) - _TAG_BEGIN), text)
    return _INVISIBLE.sub("", _folded(shown))


def _folded(text: str) -> str:
    """NFKC; where that makes too much of it, a sign that would become several (one becomes 18) stays as it is."""
    folded = unicodedata.normalize("NFKC", text)
    if len(folded) <= max(len(text), LONGEST):
        return folded
    signs = ((sign, unicodedata.normalize("NFKC", sign)) for sign in text)
    return "".join(shown if len(shown) == 1 else sign for sign, shown in signs)


def hides_text(text: str) -> bool:
    """Whether a text carries letters in Unicode's invisible tag block, outside the flags that are spelled with them."""
    return without_hidden(text) != text


def without_hidden(text: str, blank: str = "") -> str:
    """The text with `blank` for each letter that hides in the tag block; flags keep theirs."""
    return _TAGS_OR_FLAG.sub(lambda match: match.group() if match.group(1) else blank * len(match.group()), text)


def pieces(text: str) -> list[str]:
    """The whole text first, then, where it is longer than one window, its windows. One piece to 1 + MOST_WINDOWS."""
    if _weight(text) <= WINDOW or not text.strip():
        return [text]
    parts = [
        (part, _weight(text[part.start : part.end])) for whole in split_sentences(text) for part in _cut(text, whole)
    ]
    windows = [text[window.start : window.end] for window in _windows(parts)]
    return [text, *(windows if len(windows) <= MOST_WINDOWS else _chosen(windows))]


def _chosen(windows: Sequence[str]) -> list[str]:
    """The first, the last, those with most words of attacks, and others spread evenly, in their order."""
    last = len(windows) - 1
    words = [len(set(_TELLING.findall(window.lower()))) for window in windows]
    telling = sorted((place for place in range(1, last) if words[place]), key=lambda place: -words[place])
    kept = {0, last, *telling[: MOST_WINDOWS - 2]}
    others = [place for place in range(last) if place not in kept]
    missing = MOST_WINDOWS - len(kept)
    kept |= {others[(2 * number + 1) * len(others) // (2 * missing)] for number in range(missing)}
    return [windows[place] for place in sorted(kept)]


def _windows(parts: Sequence[tuple[Span, float]]) -> Iterator[Span]:
    """As many parts as fit, each given with its weight; one that does not fit stands alone."""
    held, weight = parts[0]
    for part, more in parts[1:]:
        together = weight + part.start - held.end + more
        if together > WINDOW:
            yield held
            held, weight = part, more
        else:
            held, weight = Span(held.start, part.end), together
    yield held


def _cut(text: str, sentence: Span) -> Iterator[Span]:
    """The sentence, in equal lengths where it is longer than a window."""
    weight, letters = _weight(text[sentence.start : sentence.end]), sentence.end - sentence.start
    length = letters if weight <= WINDOW else max(1, int(WINDOW * letters / weight))
    for start in range(sentence.start, sentence.end, length):
        yield Span(start, min(start + length, sentence.end))


def _weight(text: str) -> float:
    return len(text) + (_HAN_WEIGHT - 1) * len(_HAN.findall(text))
