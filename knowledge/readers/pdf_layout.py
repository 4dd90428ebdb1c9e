"""Lines on pages → paragraphs and headings. Pure; knows nothing of the PDF format.

A PDF holds no paragraphs, only lines with a place and a size of type; this puts them together again, and leaves out
what is repeated on every page. Conservative about headings: a missed one costs little, a false one tears a text apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_ITEM = re.compile(r"(?:[•·▪◦●○■–—*‣⁃-]\s|\(?(?:\d{1,3}|[a-z])[.)、]\s)")
_BULLET = re.compile(r"[•·▪◦●○■‣⁃*–—-]\s+")
_HAN = re.compile("[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
_ENDS_A_SENTENCE = tuple('.!?:;。！？：；…”"）)')
_LARGER = 1.12  # times the size of the running text
_LONGEST_HEADING = 90
_FULL_LINE = 0.75  # of the widest line on the page: shorter lines end a paragraph
_MARKER = re.compile(r"(?:[•·▪◦●○■–—*‣⁃-]|\(?(?:\d{1,3}|[a-z])[.)、]?)$")
_PAGE_NUMBER = re.compile(
    r"(?:[-–—]\s*)?(?:page|p\.|第)?\s*\d{1,4}\s*(?:(?:/|of)\s*\d{1,4}|页|頁)?(?:\s*[-–—])?$", re.IGNORECASE
)
_NUMBER_OF_PAGE = re.compile(r"(?:page|第)\s*\d+|\d+\s*(?:/|of)\s*\d+|^\d+\s*[|·–—-]|[|·–—-]\s*\d+$", re.IGNORECASE)
_FEWEST_LINES = 4  # on a page with less text nothing is taken for a running head
_EDGE_LINES = 2  # how many lines at each edge of a page may be running heads


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    size: float  # points
    height: float  # points above the page's lower edge


@dataclass(frozen=True, slots=True)
class Block:
    text: str
    level: int = 0  # of a heading; 0 for a paragraph
    separator: str = "\n\n"


def blocks_of_pages(pages: Sequence[Sequence[Line]], outline: Mapping[int, Mapping[str, int]]) -> list[list[Block]]:
    """The blocks of each page. `outline` maps page (from 0) → title → level and wins over sizes of type."""
    body = _without_running_heads([_with_markers(page) for page in pages])
    levels = {} if outline else _levels_of_sizes(body)
    return [_blocks(lines, _comparable(outline.get(number, {})), levels) for number, lines in enumerate(body)]


def _with_markers(lines: Sequence[Line]) -> list[Line]:
    """Puts a bullet or number that was drawn by itself in front of the line beside it."""
    joined: list[Line] = []
    for line in lines:
        before = joined[-1] if joined else None
        if before and _MARKER.match(before.text) and abs(before.height - line.height) < line.size * 0.6:
            marker = before.text if _BULLET.match(before.text + " ") else before.text.rstrip(".") + "."
            joined[-1] = Line(f"{marker} {line.text}", line.size, line.height)
        else:
            joined.append(line)
    return joined


def _without_running_heads(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Leaves out page numbers, and lines at the edge of the page that stand in the same place on most pages."""
    seen: Counter[tuple[str, int]] = Counter()
    for page in pages:
        seen.update({_recurring(line) for line in _at_the_edges(page)})
    kept: list[list[Line]] = []
    for page in pages:
        furniture = {line for line in _at_the_edges(page) if _PAGE_NUMBER.match(line.text)}
        if len(page) >= _FEWEST_LINES:
            often = {line: seen[_recurring(line)] for line in _at_the_edges(page)}
            furniture |= {line for line, count in often.items() if count > 1 and 2 * count > len(pages)}
        kept.append([line for line in page if line not in furniture] or list(page))
    return kept


def _at_the_edges(page: Sequence[Line]) -> set[Line]:
    by_height = sorted(page, key=lambda line: line.height)
    return {*by_height[:_EDGE_LINES], *by_height[-_EDGE_LINES:]}


def _recurring(line: Line) -> tuple[str, int]:
    """Text and place, with the page's number left open; other numbers count ("Section 1", "Section 2")."""
    return _NUMBER_OF_PAGE.sub("#", line.text), round(line.height)


def _comparable(titles: Mapping[str, int]) -> dict[str, int]:
    return {title.casefold(): level for title, level in titles.items()}


def _levels_of_sizes(pages: Sequence[Sequence[Line]]) -> dict[float, int]:
    """Size of type → heading level, for the up to three largest sizes above that of most of the text."""
    weight: Counter[float] = Counter()
    for page in pages:
        for line in page:
            weight[line.size] += len(line.text)
    if not weight:
        return {}
    running, _ = weight.most_common(1)[0]
    total = sum(weight.values())
    larger = sorted((size for size in weight if size >= running * _LARGER and 3 * weight[size] < total), reverse=True)
    return {size: min(rank, 3) for rank, size in enumerate(larger, start=1)}


def _blocks(lines: Sequence[Line], outline: Mapping[str, int], levels: Mapping[float, int]) -> list[Block]:
    widest = max((_width(line.text) for line in lines), default=0)
    usual_gap = _usual_gap(lines)
    blocks: list[Block] = []
    before: Line | None = None
    for line in lines:
        level = _level(line, outline, levels)
        last = blocks[-1] if blocks else None
        if level and last and before and last.level == level and _continues_heading(before, line, usual_gap, levels):
            blocks[-1] = Block(_joined(last.text, line.text), level)
        elif level:
            blocks.append(Block(line.text, level))
        elif last and before and not last.level and _continues(before, line, widest, usual_gap):
            blocks[-1] = Block(_joined(last.text, line.text), 0, last.separator)
        else:
            blocks.append(_new_block(line, last))
        before = line
    return blocks


def _usual_gap(lines: Sequence[Line]) -> float:
    gaps = Counter(round(above.height - below.height, 1) for above, below in pairwise(lines))
    positive = [(count, -gap) for gap, count in gaps.items() if gap > 0]
    return -max(positive)[1] if positive else 0.0


def _level(line: Line, outline: Mapping[str, int], levels: Mapping[float, int]) -> int:
    if outline:
        return outline.get(line.text.casefold(), 0)
    is_short = len(line.text) <= _LONGEST_HEADING and any(character.isalpha() for character in line.text)
    if not is_short or line.text.endswith((".", "。", ",", "，", ";", "；")) or _BULLET.match(line.text):
        return 0
    return levels.get(line.size, 0)


def _continues_heading(before: Line, line: Line, usual_gap: float, levels: Mapping[float, int]) -> bool:
    """A heading over two lines: the same large type, close below."""
    gap = before.height - line.height
    return bool(levels) and before.size == line.size and 0 < gap <= max(usual_gap, line.size) * 1.5


def _continues(before: Line, line: Line, widest: int, usual_gap: float) -> bool:
    if _ITEM.match(line.text) or before.size != line.size:
        return False
    gap = before.height - line.height
    if usual_gap and gap > usual_gap * 1.45:
        return False
    if line.text[:1].islower():
        return True
    width = _width(before.text)
    return width >= widest * (0.6 if not before.text.endswith(_ENDS_A_SENTENCE) else _FULL_LINE)


def separator_across_pages(last: Block, first: Block) -> str | None:
    """What joins a sentence that goes on at the top of the next page; None where a new paragraph begins there."""
    if last.level or first.level or last.text.endswith(_ENDS_A_SENTENCE) or _ITEM.match(first.text):
        return None
    if first.text[0].islower():
        return " "
    return "" if _HAN.match(first.text) and _HAN.match(last.text[-1]) else None


def _width(text: str) -> int:
    """In columns: a Han character is as wide as two letters."""
    return len(text) + len(_HAN.findall(text))


def _new_block(line: Line, last: Block | None) -> Block:
    text = _BULLET.sub("- ", line.text, count=1) if _BULLET.match(line.text) else line.text
    follows_item = last is not None and not last.level and _ITEM.match(last.text) is not None
    return Block(text, 0, "\n" if follows_item and _ITEM.match(text) else "\n\n")


def _joined(text: str, line: str) -> str:
    if text.endswith("-") and text[-2:-1].isalpha() and line[:1].islower():
        return text[:-1] + line  # a word cut at the line's end
    if _HAN.match(text[-1:]) and _HAN.match(line):
        return text + line
    return f"{text} {line}"
