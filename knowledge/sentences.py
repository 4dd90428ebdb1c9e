"""Where sentences end, in English and Chinese. Pure; knows nothing of documents, passages or answers.

Time is linear in the length of the text: every candidate is looked at once, with a bounded look to either side.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a text, as character offsets: `text[start:end]`."""

    start: int
    end: int


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# A run of sentence-ending marks, or a line end. Semicolons end a sentence in Chinese, not in English.
_CANDIDATE = re.compile(r"\n\s*|[。！？；｡!?…‼⁇⁈⁉.．]+")
# What belongs to the sentence before it: closing quotes and brackets, emphasis marks, citation markers such as [2].
_CLOSERS = re.compile(r"""[”’»」』）)】》〉\]"'*_`]*(?:[ ]?\[\d{1,3}\](?=[\s\[。，、,.;；]|$))*""")
_UP_TO_TOKEN = re.compile(r".*[\s(（\[\"“‘「『]", re.DOTALL)  # greedy: what follows it is the last token
_LONGEST_TOKEN = 24
_NUMBERED_ITEM = re.compile(r"(?:\d{1,3}|[A-Za-z])$")
_DOTTED = re.compile(r"(?:[A-Za-z]{1,2}\.)+[A-Za-z]{1,2}$")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uffef\u3040-\u30ff]")
_FULL_WIDTH_ENDS = frozenset("。！？；｡‼⁇⁈⁉")

_NEVER_END = _words(
    "mr mrs ms dr prof rev hon gen col sgt capt lt st mt vs cf viz approx incl excl resp min max avg "
    "fig figs eq eqs sec ch vol vols pp p ed eds al tel ext dept est misc e.g i.e eg ie"
)
# "No. 5", "9 Jan. 2025", "Mon. to Fri.", but "The answer is no."
_BEFORE_A_NUMBER = _words(
    "no nos nr art par para jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri"
)
# "Acme Inc. Support" goes on, "Acme Inc. We …" does not.
_BEFORE_A_NAME = _words("inc ltd co corp jr sr bros llc plc ave blvd rd u.s u.k e.u ph.d")
_OPENING_WORDS = _words(
    "The This That These Those There It Its We You Your Our They He She If When Once After Before In On At For To As "
    "Please However But And Or So A An No Yes What Why How Who Where Do Does Is Are Can I"
)


def split_sentences(text: str) -> tuple[Span, ...]:
    """The sentences of `text`, in order, without the space around them.

    Together the spans cover every non-space character exactly once. A line end always separates, so a list item or
    a table record is a sentence; a closing quote, bracket or citation marker stays with its sentence.
    """
    spans: list[Span] = []
    start = 0
    for candidate in _CANDIDATE.finditer(text):
        if candidate.end() <= start:
            continue  # swallowed by the closers of the one before
        end = _end_of_sentence(text, start, candidate)
        if end is not None:
            _keep(spans, text, start, end)
            start = end
    _keep(spans, text, start, len(text))
    return tuple(spans)


def _keep(spans: list[Span], text: str, start: int, end: int) -> None:
    body = text[start:end]
    stripped = body.strip()
    if stripped:
        first = start + len(body) - len(body.lstrip())
        spans.append(Span(first, first + len(stripped)))


def _end_of_sentence(text: str, start: int, candidate: re.Match[str]) -> int | None:
    mark = candidate.group()
    if mark[0] == "\n":
        return candidate.end()
    closers = _CLOSERS.match(text, candidate.end())
    end = closers.end() if closers else candidate.end()
    if not _FULL_WIDTH_ENDS.isdisjoint(mark):
        return end
    if not _may_stop(text, end):
        return None
    if "!" in mark or "?" in mark:
        return end
    if "…" in mark or len(mark) > 1:
        return end if _begins_a_sentence(text, end) else None
    return end if _full_stop_ends(text, start, candidate.start(), end) else None


def _may_stop(text: str, end: int) -> bool:
    """A half-width mark inside a word, number or address (3.5, a.b, ?x=1) ends nothing."""
    return end == len(text) or text[end].isspace() or _HAN.match(text, end) is not None


def _begins_a_sentence(text: str, end: int) -> bool:
    following = text[end : end + 8].lstrip(" \t")[:1]
    return not following or following == "\n" or not (following.islower() or following in ",，、;:：；)）")


def _full_stop_ends(text: str, start: int, dot: int, end: int) -> bool:
    """Whether the single full stop at `dot` ends the sentence that began at `start`."""
    token = _token_before(text, start, dot)
    before = text[max(start, dot - len(token) - _LONGEST_TOKEN) : dot - len(token)]
    if _NUMBERED_ITEM.match(token) and not before.strip(" \t\n*_-#("):
        return False  # "1. Open the settings"
    word = token.strip("*_`,;:/").lower()
    following = text[end : end + 8].lstrip(" \t*_`([\"'“‘")[:1]
    if following in ("", "\n"):
        return True
    if word in _NEVER_END or (len(token) == 1 and token.isupper()):
        return False  # an initial: "J. Smith"
    if word in _BEFORE_A_NUMBER:
        return not (following.isdigit() or following.islower())
    if following.islower() or following.isdigit() or following in ",;:)":
        return not (word in _BEFORE_A_NAME or word == "etc" or _DOTTED.match(token) or following in ",;:)")
    return word not in _BEFORE_A_NAME or _opening_word(text, end) in _OPENING_WORDS


def _token_before(text: str, start: int, dot: int) -> str:
    first = max(start, dot - _LONGEST_TOKEN)
    before = _UP_TO_TOKEN.match(text, first, dot)
    return text[before.end() if before else first : dot]


def _opening_word(text: str, end: int) -> str:
    return text[end : end + 16].split(maxsplit=1)[0].strip("*_`\"'“‘,(")
