"""Document → passages with stable ids and character spans. Pure; knows nothing of indexes and storage.

A passage never crosses a heading. A section of up to `target_tokens` is one passage; merging small sections was
measured to make retrieval worse. A longer section is packed greedily from its sentences, preferring to break between
paragraphs; a table record is never cut, nor is a line of code torn from a sentence.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from knowledge.passages import DocumentText, Heading, Passage
from knowledge.sentences import Span, split_sentences

TOKENS_PER_HAN = 0.7
TOKENS_PER_WORD = 1.3
TOKENS_PER_SIGN = 0.25

_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[^\W_]{1,12}")
_LETTER = re.compile(r"[^\W\d_]")
_SIGN = re.compile(r"[^\w\s]|_")
_FIELD = re.compile(r"[^:;\n]{1,80}: ")
_UP_TO_A_PAUSE = re.compile(r"[^，、,:：\s]+[，、,:：\s]?|[，、,:：\s]")
_LETTERS_THAT_TELL_A_LANGUAGE = 12


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """Sizes of passages, in estimated tokens (see `estimate_tokens`).

    A single table record longer than `record_tokens` is cut after all, between its fields: the end of anything longer
    would be found by no embedding.
    """

    target_tokens: int = 200
    overlap_sentences: int = 1
    record_tokens: int = 800


STANDARD_LIMITS = ChunkLimits()


@dataclass(frozen=True, slots=True)
class _Section:
    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is not cut any further: a sentence, a line, a record."""

    start: int
    end: int
    tokens: float
    begins_paragraph: bool
    is_record: bool


def split_into_passages(
    document_id: str,
    source: str,
    language_of: Callable[[str], str],
    text: DocumentText,
    *,
    limits: ChunkLimits = STANDARD_LIMITS,
) -> tuple[Passage, ...]:
    """The passages of one document in reading order; every non-space character outside headings is in one at least.

    `language_of` is `knowledge.languages.detect_language` or one like it. Ids are made of the document's id and a
    digest of heading and text, so an edit changes the ids of the passages it touches and of no others.
    """
    document_language = language_of(text.text)
    seen: Counter[str] = Counter()
    passages = []
    for section in _sections(text):
        for span in _split_section(text.text, section, limits):
            body = text.text[span.start : span.end]
            passages.append(
                Passage(
                    passage_id=_passage_id(document_id, section.path, body, seen),
                    document_id=document_id,
                    title=text.title,
                    source=source,
                    heading=section.path,
                    text=body,
                    start=span.start,
                    end=span.end,
                    language=language_of(body) if _tells_its_language(body) else document_language,
                    page=bisect_right(text.page_starts, span.start) or None,
                )
            )
    return tuple(passages)


def estimate_tokens(text: str) -> float:
    """About as many tokens as a multilingual subword vocabulary (XLM-R, E5) makes of `text`.

    0.7 for a Han, kana or hangul character, 1.3 for a word or number (every twelve characters of it count as one),
    a quarter for any other visible sign. Linear in the length of the text.
    """
    rest, cjk = _CJK.subn(" ", text)
    return (
        TOKENS_PER_HAN * cjk + TOKENS_PER_WORD * len(_WORD.findall(rest)) + TOKENS_PER_SIGN * len(_SIGN.findall(rest))
    )


def _passage_id(document_id: str, heading: str, body: str, seen: Counter[str]) -> str:
    digest = hashlib.sha256(f"{heading}\n{body}".encode()).hexdigest()[:10]
    seen[digest] += 1
    return f"{document_id}:{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else "")


def _tells_its_language(text: str) -> bool:
    """A price or an order number does not; the beginning is enough to see."""
    beginning = text[:200]
    return _CJK.search(beginning) is not None or len(_LETTER.findall(beginning)) >= _LETTERS_THAT_TELL_A_LANGUAGE


def _sections(text: DocumentText) -> Iterator[_Section]:
    """The stretches between headings, each with the path of headings above it; a heading's own line is in none."""
    headings = sorted(text.headings, key=lambda heading: heading.start)
    first = headings[0].start if headings else len(text.text)
    yield _Section("", 0, first)
    above: list[Heading] = []
    title = _comparable(text.title)
    for number, heading in enumerate(headings):
        above = [*(one for one in above if one.level < heading.level), heading]
        path = " > ".join(one.text for one in above if _comparable(one.text) != title)
        line_end = text.text.find("\n", heading.start)
        following = headings[number + 1].start if number + 1 < len(headings) else len(text.text)
        yield _Section(path, min(line_end, following) if line_end >= 0 else following, following)


def _comparable(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _split_section(text: str, section: _Section, limits: ChunkLimits) -> Iterator[Span]:
    whole = _trimmed(text, section.start, section.end)
    if whole.start == whole.end:
        return
    units = tuple(_units(text, whole, limits))
    if sum(unit.tokens for unit in units) <= limits.target_tokens:
        yield whole
        return
    for first, last in _packed(units, limits.target_tokens, limits.overlap_sentences):
        yield Span(units[first].start, units[last].end)


def _trimmed(text: str, start: int, end: int) -> Span:
    body = text[start:end]
    first = start + len(body) - len(body.lstrip())
    return Span(first, max(first, start + len(body.rstrip())))


def _units(text: str, whole: Span, limits: ChunkLimits) -> Iterator[_Unit]:
    body = text[whole.start : whole.end]
    for line, begins_paragraph in _lines(body):
        is_record = _is_record(body[line.start : line.end])
        begins = begins_paragraph
        for start, end in _pieces(body, line, limits, is_record=is_record):
            yield _Unit(whole.start + start, whole.start + end, estimate_tokens(body[start:end]), begins, is_record)
            begins = False


def _lines(body: str) -> Iterator[tuple[Span, bool]]:
    """The lines that say anything, and whether a blank line stands before each."""
    position, after_blank = 0, True
    for line in body.split("\n"):
        stripped = line.strip()
        if stripped:
            start = position + len(line) - len(line.lstrip())
            yield Span(start, start + len(stripped)), after_blank
        after_blank = not stripped
        position += len(line) + 1


def _is_record(line: str) -> bool:
    """Whether a line is a table row as readers write it: "Plan: Sprout; Price: €9"."""
    if "; " not in line or not _FIELD.match(line):
        return False
    fields = line.split("; ")
    return 2 * sum(_FIELD.match(field) is not None for field in fields) >= len(fields)


def _pieces(body: str, line: Span, limits: ChunkLimits, *, is_record: bool) -> Iterator[Span]:
    """The parts of a line that are not cut any further, none longer than the target (a record: than its own limit)."""
    if is_record:
        if estimate_tokens(body[line.start : line.end]) <= limits.record_tokens:
            yield line
            return
        parts = _fields(body, line)
    else:
        parts = [
            Span(line.start + start, line.start + end) for start, end in split_sentences(body[line.start : line.end])
        ]
    for part in parts:
        yield from _cut_hard(body, part, limits.target_tokens)


def _fields(body: str, line: Span) -> list[Span]:
    parts, position = [], line.start
    while (end := body.find("; ", position, line.end)) >= 0:
        parts.append(Span(position, end + 1))
        position = end + 2
    return [*parts, _trimmed(body, position, line.end)]


def _cut_hard(body: str, part: Span, target: float) -> Iterator[Span]:
    """Cuts what has no sentence ends: after a comma or space where there is one, else anywhere."""
    is_short = (part.end - part.start) * TOKENS_PER_WORD <= target  # no character is worth more than a word
    if is_short or estimate_tokens(body[part.start : part.end]) <= target:
        yield part
        return
    start, tokens = part.start, 0.0
    for atom in _atoms(body, part, target):
        size = estimate_tokens(body[atom.start : atom.end])
        if tokens + size > target and atom.start > start:
            yield from _kept(body, start, atom.start)
            start, tokens = atom.start, 0.0
        tokens += size
    yield from _kept(body, start, part.end)


def _atoms(body: str, part: Span, target: float) -> Iterator[Span]:
    """Stretches up to the next comma or space; what runs on without either for longer is cut anywhere."""
    few = max(1, int(target / TOKENS_PER_WORD / 8))
    for match in _UP_TO_A_PAUSE.finditer(body, part.start, part.end):
        start, end = match.span()
        step = few if end - start > few and estimate_tokens(match.group()) > target else end - start
        for first in range(start, end, step):
            yield Span(first, min(first + step, end))


def _kept(body: str, start: int, end: int) -> Iterator[Span]:
    span = _trimmed(body, start, end)
    if span.start < span.end:
        yield span


def _packed(units: Sequence[_Unit], target: float, overlap_sentences: int) -> Iterator[tuple[int, int]]:
    """First and last unit of each passage. A rest of less than a fifth of the target joins the passage before it."""
    remaining = sum(unit.tokens for unit in units)
    first = new = 0  # `new` is the first unit that no passage has yet
    while new < len(units):
        last = _last_that_fits(units, first, target)
        remaining -= sum(unit.tokens for unit in units[new : last + 1])
        if remaining <= target / 5:
            last = len(units) - 1
        yield first, last
        new = last + 1
        first = new - _overlap(units, first, last, target, overlap_sentences)


def _last_that_fits(units: Sequence[_Unit], first: int, target: float) -> int:
    """Fills a passage up to the target, then goes back to the last paragraph end if half the target remains."""
    tokens = units[first].tokens
    paragraph_end = None
    for number in range(first + 1, len(units)):
        unit = units[number]
        if unit.begins_paragraph and tokens >= target / 2:
            paragraph_end = number - 1
        if tokens + unit.tokens > target:
            return number - 1 if paragraph_end is None else paragraph_end
        tokens += unit.tokens
    return len(units) - 1


def _overlap(units: Sequence[_Unit], first: int, last: int, target: float, most: int) -> int:
    """How many sentences at the end of a passage are said again at the beginning of the next.

    None beside a record, which stands for itself, and none so long that they would crowd out what is new.
    """
    if last + 1 == len(units) or units[last].is_record or units[last + 1].is_record:
        return 0
    room = min(target / 3, target - units[last + 1].tokens)
    count = 0
    while count < min(most, last - first):
        unit = units[last - count]
        room -= unit.tokens
        if unit.is_record or room < 0:
            break
        count += 1
    return count
