"""Reads files for `evaluate safety`: prompts, and texts with marked personal data. Knows nothing of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import EvaluationDataInvalid
from bot.training.evaluation_data import read_rows
from knowledge.languages import detect_language


@dataclass(frozen=True, slots=True)
class SafetyPrompt:
    text: str
    attack: bool
    language: str


@dataclass(frozen=True, slots=True)
class MarkedSpan:
    """`text[start:end]` of the text that it belongs to."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PersonalText:
    text: str
    spans: tuple[MarkedSpan, ...]


def read_safety_prompts(path: Path) -> list[SafetyPrompt]:
    """Rows {"text", "attack", "language"}; where no language is given it is told from the text.

    Raises EvaluationDataInvalid, naming file and line.
    """
    return [_prompt(row, f"'{path}', row {number}") for number, row in enumerate(read_rows(path), start=1)]


def read_personal_texts(path: Path) -> list[PersonalText]:
    """Rows {"text", "spans"}. Raises EvaluationDataInvalid, naming file and line."""
    return [_personal(row, f"'{path}', row {number}") for number, row in enumerate(read_rows(path), start=1)]


def _prompt(row: Mapping[str, Any], place: str) -> SafetyPrompt:
    text, attack, language = row.get("text"), row.get("attack"), row.get("language")
    if not isinstance(text, str) or not text.strip():
        raise EvaluationDataInvalid(f"{place}: text must be a text that is not empty")
    if not isinstance(attack, bool):
        raise EvaluationDataInvalid(f"{place}: attack must be true or false")
    return SafetyPrompt(text, attack, str(language or detect_language(text)))


def _personal(row: Mapping[str, Any], place: str) -> PersonalText:
    text, spans = row.get("text"), row.get("spans")
    if not isinstance(text, str) or not isinstance(spans, list):
        raise EvaluationDataInvalid(f"{place}: a row has a text and a list of spans")
    return PersonalText(text, tuple(_span(each, len(text), place) for each in spans))


def _span(values: Any, length: int, place: str) -> MarkedSpan:
    try:
        span = MarkedSpan(str(values["type"]), int(values["start"]), int(values["end"]))
    except (KeyError, TypeError, ValueError):
        raise EvaluationDataInvalid(f"{place}: a span has a type, a start and an end") from None
    if not 0 <= span.start < span.end <= length:
        raise EvaluationDataInvalid(f"{place}: a span lies outside its text")
    return span
