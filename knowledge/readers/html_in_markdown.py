"""Tags and line ends inside parsed Markdown, tamed so that a page made of it shows all its text.

Works on the tokens of markdown-it; knows nothing of the page they become.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_WRAPPED_LINE = range(50, 121)  # columns at which lines are broken for width; a Han character fills two
_ENDS_A_THOUGHT = tuple(".!?:;。！？：；|")
_BEGINS_AN_ITEM = tuple("•·▪◦●○■–—✓✔✅❌➡→⚠")
_HAN = re.compile("[\u3400-\u9fff]")
# Elements whose content is not shown: one that is never closed would take the rest of the document with it.
_SWALLOWING = _words(
    "script style template iframe noscript textarea title head nav select dialog svg object audio video button canvas "
    "map datalist xmp noembed noframes plaintext"
)
_DROPPED_WITH_CONTENT = _words("script style template iframe noscript textarea title")
# Tags that may stand in a paragraph; others are dropped, their text stays.
_INLINE_TAGS = _words(
    "a abbr b br cite code del details div em i img ins kbd mark p q s samp small span strong sub summary sup u var "
    "table thead tbody tr td th ul ol li h1 h2 h3 h4 h5 h6 center font nobr wbr time picture section article header "
    "main figure figcaption dl dt dd blockquote pre tt big strike label"
)
# "Put the <script> tag into the <head>", "kill <pid>": meant to be read.
_PLACEHOLDER = re.compile(r"</?[a-z][\w-]{0,40}>$")
_TAG_NAME = re.compile(r"</?([A-Za-z][\w.-]*)")
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]{0,40})[^<>]{0,2000}>")


def keep_pages_whole(tokens: Sequence[Token]) -> None:
    """Drops the opening tag of a swallowing element in a block of HTML if nothing later closes it.

    HTML that goes on after a blank line, indented, is HTML still: Markdown takes it for a block of code.
    """
    for before, token in pairwise(tokens):
        if token.type == "code_block" and before.type == "html_block" and _TAG.match(token.content.lstrip()):
            token.type = "html_block"
    closed: set[str] = set()
    for token in reversed(tokens):
        if token.type == "html_block":
            token.content = _without_unclosed(token.content, closed)


def _without_unclosed(html: str, closed_later: set[str]) -> str:
    pieces: list[str] = []
    end = len(html)
    for tag in reversed(list(_TAG.finditer(html))):
        name = tag.group(2).lower()
        if tag.group(1):
            closed_later.add(name)
        elif name in _SWALLOWING and name not in closed_later:
            pieces.append(html[tag.end() : end])
            end = tag.start()
    return "".join(reversed([*pieces, html[:end]]))


def was_wrapped_at(source: str) -> list[bool]:
    """For each line end of a paragraph, whether it stands there for width only."""
    lines = source.split("\n")
    return [_was_wrapped(line, after) for line, after in pairwise(lines)]


def _was_wrapped(line: str, after: str) -> bool:
    if after[:1].islower():
        return True
    width = len(line) * (2 if _HAN.search(line) else 1)
    return width in _WRAPPED_LINE and not line.endswith(_ENDS_A_THOUGHT) and not after.startswith(_BEGINS_AN_ITEM)


def tamed(children: Iterable[Token], hard_wrapped: list[bool]) -> Iterator[Token]:
    """Keeps meant line ends; drops tags that would swallow the rest of the page ("put it in the <head> section")."""
    tokens = list(children)
    line, resume = 0, 0
    for position, token in enumerate(tokens):
        if token.type in ("softbreak", "hardbreak"):
            if line < len(hard_wrapped) and not hard_wrapped[line]:
                token.type, token.tag = "hardbreak", "br"
            line += 1
        elif token.type == "html_inline":
            line += token.content.count("\n")
            resume = max(resume, _end_of_dropped(tokens, position))
            if (
                position >= resume
                and _PLACEHOLDER.match(token.content)
                and _tag_name(token.content) not in _INLINE_TAGS
            ):
                token.type = "text"
            elif _tag_name(token.content) not in _INLINE_TAGS:
                continue
        if position >= resume:
            yield token


def _end_of_dropped(tokens: list[Token], position: int) -> int:
    """Where the content of a script ends that opens at `position`; there itself if it is never closed."""
    name = _tag_name(tokens[position].content)
    if name in _DROPPED_WITH_CONTENT:
        for later in range(position + 1, len(tokens)):
            if tokens[later].type == "html_inline" and tokens[later].content.lower().startswith(f"</{name}"):
                return later + 1
    return position


def _tag_name(tag: str) -> str:
    found = _TAG_NAME.match(tag)
    return found.group(1).lower() if found else ""
