"""What the reading process answers → values, believed only as far as it is checked. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from knowledge.passages import DocumentText, Heading
from knowledge.readers.limits import ReadingLimits
from knowledge.readers.source_files import Entry

_FIELDS_OF_ENTRY = 7
_LEVELS = range(1, 10)


class MistrustedAnswerError(Exception):
    """An answer that our own reader would not give."""


def entries_in(fields: dict[str, Any]) -> list[Entry]:
    """Raises MistrustedAnswerError."""
    listed = fields.get("entries")
    if not isinstance(listed, list):
        raise MistrustedAnswerError
    return [_entry(values) for values in listed]


def _entry(values: Any) -> Entry:
    if not isinstance(values, list) or len(values) != _FIELDS_OF_ENTRY:
        raise MistrustedAnswerError
    if not all(isinstance(value, str) for value in values):
        raise MistrustedAnswerError
    return Entry(*values)


def document_in(fields: dict[str, Any], encoded: bytes, limits: ReadingLimits) -> DocumentText:
    """Raises MistrustedAnswerError."""
    try:
        text = encoded.decode()
    except UnicodeDecodeError as error:
        raise MistrustedAnswerError from error
    title, encoding = fields.get("title"), fields.get("encoding")
    headings, page_starts = fields.get("headings"), fields.get("page_starts")
    if not isinstance(title, str) or not isinstance(encoding, str) or len(text) > limits.max_text_characters:
        raise MistrustedAnswerError
    if not isinstance(headings, list) or not isinstance(page_starts, list):
        raise MistrustedAnswerError
    _refuse_disorder(page_starts, len(text))
    found = tuple(_heading(values) for values in headings)
    _refuse_disorder([heading.start for heading in found], len(text))
    return DocumentText(title, text, found, tuple(page_starts), encoding)


def _heading(values: Any) -> Heading:
    match values:
        case [int(level), str(text), int(start)] if level in _LEVELS:
            return Heading(level, text, start)
    raise MistrustedAnswerError


def _refuse_disorder(offsets: list[Any], length: int) -> None:
    if not all(isinstance(offset, int) and 0 <= offset <= length for offset in offsets):
        raise MistrustedAnswerError
    if any(before > after for before, after in pairwise(offsets)):
        raise MistrustedAnswerError
