"""JSON lines with `id`, `title` and `text`, plain or gzipped → one record a line. Knows nothing of Markdown."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.errors import DocumentRefused
from knowledge.passages import Refusal
from knowledge.readers.encodings import UndecodableError, decode_text
from knowledge.readers.file_types import what_it_seems
from knowledge.readers.limits import STANDARD_LIMITS, ReadingLimits, in_words
from knowledge.readers.text_building import clean_text, one_line, title_from_name

_GZIP = b"\x1f\x8b"
_FIRST_CHUNK, _PIECE = 1 << 12, 1 << 20


@dataclass(frozen=True, slots=True)
class JsonLine:
    """One document of a batch. `text` may hold Markdown; `line` counts from 1."""

    document_id: str | None
    title: str
    text: str
    line: int


class _BadLineError(ValueError):
    pass


def read_json_lines(
    name: str, content: bytes, *, limits: ReadingLimits = STANDARD_LIMITS, encoding: str | None = None
) -> Iterator[JsonLine | Refusal]:
    """A record for every good line, a Refusal ("line 12: …") for every bad one; blank lines are passed over.

    Raises DocumentRefused at the first step where the file as a whole cannot be read, and where it goes on and on.
    """
    try:
        text, _ = decode_text(_unpacked(name, content, limits), chosen=encoding)
    except UndecodableError as error:
        raise DocumentRefused(name, f"{error}; save it as UTF-8 and upload again") from error
    if not text.strip():
        raise DocumentRefused(name, "it is empty")
    bad = 0
    for good, found in enumerate(_records(name, text, limits)):
        bad += isinstance(found, Refusal)
        if bad > limits.max_refused_lines:
            yield Refusal(name, f"more than {limits.max_refused_lines} lines are bad; the rest was not read")
            return
        if good - bad >= limits.max_records:
            raise DocumentRefused(name, f"it holds more than {limits.max_records:,} records; split it")
        yield found


def _records(name: str, text: str, limits: ReadingLimits) -> Iterator[JsonLine | Refusal]:
    lines_of_id: dict[str, int] = {}
    for number, line in enumerate(_lines(text), start=1):
        if not line or line.isspace():
            continue
        try:
            record = _record(name, line, number, limits)
            _refuse_repeated_id(record, lines_of_id)
        except _BadLineError as error:
            yield Refusal(name, f"line {number}: {error}")
        else:
            yield record


def _unpacked(name: str, content: bytes, limits: ReadingLimits) -> bytes:
    allowed = limits.max_unzipped_bytes
    if len(content) > allowed:
        raise DocumentRefused(name, f"it is larger than {in_words(allowed)}; split it")
    if not content.startswith(_GZIP):
        if name.lower().endswith(".gz"):
            raise DocumentRefused(name, "it is named .gz but is not gzipped; rename it to .jsonl")
        if (seems := what_it_seems(content)) is not None:
            raise DocumentRefused(name, f"it seems to be {seems}, not JSON lines")
        return content
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in _gunzip(content):
            size += len(piece)
            if size > allowed:
                raise DocumentRefused(name, f"it unpacks to more than {in_words(allowed)}; split it")
            pieces.append(piece)
    except (zlib.error, EOFError) as error:
        raise DocumentRefused(name, "its gzip data is damaged or cut short; make it anew and upload again") from error
    return b"".join(pieces)


def _gunzip(content: bytes) -> Iterator[bytes]:
    """What the members of a gzip file hold, in pieces of at most `_PIECE` bytes. Raises EOFError, zlib.error."""
    position = 0
    while content.startswith(_GZIP, position):
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        size = _FIRST_CHUNK  # small at first: what is behind a short member is copied back
        piece = b""
        while not unpacker.eof:
            chunk = unpacker.unconsumed_tail
            if not chunk:
                chunk = content[position : position + size]
                position, size = position + len(chunk), min(2 * size, _PIECE)
            if not chunk and len(piece) < _PIECE:
                raise EOFError
            piece = unpacker.decompress(chunk, _PIECE)
            yield piece
        position -= len(unpacker.unused_data)


def _lines(text: str) -> Iterator[str]:
    """Lines end at \\n alone: JSON allows the other line ends of Unicode inside a string."""
    position = 0
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        yield text[position:end]
        position = end + 1


def _record(name: str, line: str, number: int, limits: ReadingLimits) -> JsonLine:
    fields = _parsed(line)
    text, title, document_id = fields.get("text"), fields.get("title"), fields.get("id")
    if not isinstance(text, str):
        raise _BadLineError("there is no 'text'" if text is None else "'text' is not a string")
    if not clean_text(text).strip():
        raise _BadLineError("'text' is empty")
    if len(text) > limits.max_text_characters:
        raise _BadLineError(f"'text' is longer than {limits.max_text_characters:,} characters; split it")
    if title is not None and not isinstance(title, str):
        raise _BadLineError("'title' is not a string")
    if isinstance(document_id, bool) or not isinstance(document_id, str | int | None):
        raise _BadLineError("'id' is neither a string nor a whole number")
    known_id = clean_text(str(document_id)).strip() if document_id is not None else ""
    shown = one_line(clean_text(title or "")) or _first_heading(text) or known_id
    return JsonLine(known_id or None, shown or f"{title_from_name(name)} {number}", text, number)


def _parsed(line: str) -> dict[str, object]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise _BadLineError(f"it is no valid JSON; look at column {error.colno}") from error
    except (RecursionError, ValueError) as error:
        raise _BadLineError("it is no JSON object with 'id', 'title' and 'text'") from error
    if not isinstance(value, dict):
        raise _BadLineError("it is no JSON object with 'id', 'title' and 'text'")
    return value


def _first_heading(text: str) -> str:
    first = text.lstrip()[:300].split("\n", 1)[0]
    return one_line(clean_text(first[2:])) if first.startswith("# ") else ""


def _refuse_repeated_id(record: JsonLine, lines_of_id: dict[str, int]) -> None:
    if record.document_id is None:
        return
    earlier = lines_of_id.setdefault(record.document_id, record.line)
    if earlier != record.line:
        raise _BadLineError(
            f"the id '{record.document_id}' stands in line {earlier} already; give every document its own"
        )
