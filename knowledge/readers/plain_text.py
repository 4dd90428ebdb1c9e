"""Plain text → DocumentText. Knows nothing of markup."""

from __future__ import annotations

import re
from itertools import pairwise

from knowledge.passages import DocumentText
from knowledge.readers.text_building import TextBuilder, clean_text, title_from_name

_LIST_ITEM = re.compile(r"\s*(?:[-*•·–—]|\(?\d{1,3}[.)、])\s")
_WRAPPED_LINE = range(50, 101)  # columns at which mail programs and editors break lines


def read_plain_text(name: str, text: str, *, encoding: str) -> DocumentText:
    """The text as it is, with hard-wrapped lines put back together. It has no headings: nothing marks them."""
    builder = TextBuilder()
    for paragraph in re.split(r"\n{2,}", clean_text(text).strip("\n")):
        builder.paragraph(unwrap(paragraph))
    return builder.finish(title_from_name(name), encoding=encoding)


def unwrap(paragraph: str) -> str:
    """Joins a line to the next where the break is a matter of width only: a long line, the next in lower case."""
    lines = paragraph.split("\n")
    pieces = [lines[0]]
    for before, line in pairwise(lines):
        wrapped = len(before) in _WRAPPED_LINE and line[:1].islower() and not _LIST_ITEM.match(line)
        pieces.append((" " if wrapped else "\n") + line)
    return "".join(pieces)
