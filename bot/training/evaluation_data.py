"""Reads evaluation files: JSON lines, plain or gzipped, as the public contract says. Knows nothing of models."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from bot.errors import EvaluationDataInvalid

Row = TypeVar("Row")
_LONGEST_LINE = 4 * 1024**2  # bytes


@dataclass(frozen=True, slots=True)
class IntentRow:
    text: str
    intent: str  # "" where the row is out of scope and names none
    oos: bool = False  # belongs to no intent
    place: str = ""  # file and line, for messages to people
    tags: str = ""  # letters for the way of speaking, where the file carries them


@dataclass(frozen=True, slots=True)
class RetrievalQuestion:
    question: str
    document_ids: tuple[str, ...]  # any of them answers


@dataclass(frozen=True, slots=True)
class EarlierTurn:
    role: str  # "user" or "agent"
    text: str


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    question: str
    answer: str
    answerable: bool
    turns: tuple[EarlierTurn, ...] = ()
    passages: tuple[str, ...] | None = None  # the evidence, where it is given and retrieval is skipped
    place: str = ""  # file and line, for messages to people


def read_intent_rows(path: Path) -> list[IntentRow]:
    """Rows {"text", "intent", "oos"}, of which others may follow; `oos` is false where it is missing.

    Raises EvaluationDataInvalid, naming file and line.
    """
    return [replace(row, place=f"'{path}', line {number}") for number, row in _numbered(path, _intent_row)]


def read_retrieval_questions(path: Path) -> list[RetrievalQuestion]:
    """Raises EvaluationDataInvalid, naming file and line."""
    return _read(path, _retrieval_question)


def read_answer_questions(path: Path) -> list[AnswerQuestion]:
    """Raises EvaluationDataInvalid, naming file and line."""
    return [replace(row, place=f"'{path}', line {number}") for number, row in _numbered(path, _answer_question)]


def read_rows(path: Path) -> list[Mapping[str, Any]]:
    """Rows as they are. Raises EvaluationDataInvalid, naming file and line."""
    return _read(path, lambda row: row)


def _intent_row(row: Mapping[str, Any]) -> IntentRow:
    oos = row.get("oos", False)
    if not isinstance(oos, bool):
        raise TypeError("oos must be true or false")
    needed = {"text"} if oos else {"text", "intent"}
    if missing := needed - row.keys():
        raise ValueError(f"there is no column {', '.join(sorted(missing))} among {', '.join(row)}")
    intent = str(row.get("intent") or "") if oos else _text(row, "intent")
    return IntentRow(_text(row, "text"), intent, oos, tags=str(row.get("tags") or ""))


def _retrieval_question(row: Mapping[str, Any]) -> RetrievalQuestion:
    ids = row["document_ids"]
    if not isinstance(ids, list) or not ids:
        raise ValueError("document_ids must be a list with at least one id")
    return RetrievalQuestion(_text(row, "question"), tuple(map(str, ids)))


def _answer_question(row: Mapping[str, Any]) -> AnswerQuestion:
    passages = row.get("passages")
    if passages is not None and not (isinstance(passages, list) and all(isinstance(text, str) for text in passages)):
        raise ValueError("passages must be a list of texts")
    turns = tuple(EarlierTurn(str(turn["role"]), str(turn["text"])) for turn in row.get("turns") or ())
    answerable = bool(row.get("answerable", True))
    answer = _text(row, "answer") if answerable else str(row.get("answer") or "")
    return AnswerQuestion(
        _text(row, "question"), answer, answerable, turns, None if passages is None else tuple(passages)
    )


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row[key]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} must be a text that is not empty")
    return value


def _read(path: Path, as_row: Callable[[Mapping[str, Any]], Row]) -> list[Row]:
    return [row for _, row in _numbered(path, as_row)]


def _numbered(path: Path, as_row: Callable[[Mapping[str, Any]], Row]) -> list[tuple[int, Row]]:
    """Every row with the number of its line."""
    rows: list[tuple[int, Row]] = []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            rows.append((number, as_row(_object(line))))
        except KeyError as error:
            raise EvaluationDataInvalid(f"'{path}', line {number}: {error} is missing") from None
        except (ValueError, TypeError) as error:
            raise EvaluationDataInvalid(f"'{path}', line {number}: {error}") from None
    if not rows:
        raise EvaluationDataInvalid(f"'{path}' holds no rows")
    return rows


def _object(line: str) -> Mapping[str, Any]:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise TypeError("a line holds one JSON object")
    return value


def _lines(path: Path) -> Iterator[str]:
    """Decoded one by one, so that the line that is wrong can be named."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE + 1), b""), start=1):
                yield _decoded(line, number, path)
    except (OSError, EOFError, zlib.error) as error:
        raise EvaluationDataInvalid(
            f"Cannot read '{path}': {error}; give JSON lines in UTF-8, plain or gzipped"
        ) from None


def _decoded(line: bytes, number: int, path: Path) -> str:
    if len(line) > _LONGEST_LINE:
        raise EvaluationDataInvalid(
            f"'{path}', line {number}: it is longer than {_LONGEST_LINE // 1024**2} MB; a line holds one row"
        )
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise EvaluationDataInvalid(
            f"'{path}', line {number}: it is not UTF-8 ({error.reason} at byte {error.start + 1}); save it as UTF-8"
        ) from None
