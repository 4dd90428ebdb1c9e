"""Intents: what customers want, and what each leads to. Reads the company's list; knows nothing of models."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot.errors import IntentsInvalid

UNKNOWN = "unknown"  # the name given where no intent of the list fits


class LeadsTo(StrEnum):
    KNOWLEDGE = "knowledge"
    SMALL_TALK = "small_talk"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    leads_to: LeadsTo
    title: Mapping[str, str]  # language → what people read
    examples: Mapping[str, tuple[str, ...]]  # language → messages
    reply: Mapping[str, str] = field(default_factory=dict)  # language → fixed words; of small talk only

    def title_in(self, language: str) -> str:
        """The title in `language`, else in English, else in any; the name where there is none."""
        return self.title.get(language) or self.title.get("en") or next(iter(self.title.values()), self.name)


@dataclass(frozen=True, slots=True)
class IntentPrediction:
    """What a classifier makes of one message."""

    name: str  # an intent's name, or UNKNOWN
    confidence: float  # calibrated probability of `name`, 0 to 1
    alternatives: tuple[tuple[str, float], ...] = ()  # the best intents with their probabilities, best first
    out_of_scope: float = 0.0  # 0 to 1: how little the message resembles any intent; UNKNOWN from 0.5 on


def load_intents(path: Path) -> tuple[Intent, ...]:
    """Reads a list of intents from TOML.

    Raises IntentsInvalid naming the file and the entry that is wrong.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise IntentsInvalid(f"There is no list of intents at '{path}'") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise IntentsInvalid(f"'{path.name}' is not valid TOML: {error}") from error
    return intents_from_entries(content.get("intent", []), path.name)


def intents_from_entries(entries: Any, file: str) -> tuple[Intent, ...]:
    """The list that a file's entries spell. `file` names it in errors. Raises IntentsInvalid."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise IntentsInvalid(f"'{file}': every intent begins with a line [[intent]]")
    intents = tuple(_intent(entry, number, file) for number, entry in enumerate(entries, start=1))
    _refuse_repeated_names(intents, file)
    return intents


def _intent(entry: Mapping[str, Any], number: int, file: str) -> Intent:
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip() or name == UNKNOWN:
        raise IntentsInvalid(f"'{file}', entry {number}: an intent needs a name other than '{UNKNOWN}'")
    try:
        leads_to = LeadsTo(entry.get("leads_to", "knowledge"))
    except ValueError:
        known = ", ".join(LeadsTo)
        raise IntentsInvalid(f"'{file}', intent '{name}': leads_to must be one of {known}") from None
    given = _by_language(entry, "examples", name, file)
    examples = {language: _texts(texts, name, file) for language, texts in given.items()}
    if not any(examples.values()):
        raise IntentsInvalid(f"'{file}', intent '{name}': give at least one example")
    reply = _words(entry, "reply", name, file)
    if leads_to is LeadsTo.SMALL_TALK and not reply:
        raise IntentsInvalid(f"'{file}', intent '{name}': small talk needs a reply")
    return Intent(name, leads_to, _words(entry, "title", name, file) or {"en": name}, examples, reply)


def _by_language(entry: Mapping[str, Any], field: str, name: str, file: str) -> dict[str, Any]:
    value = entry.get(field, {})
    if not isinstance(value, dict):
        raise IntentsInvalid(f"'{file}', intent '{name}': {field} is written for each language, as {field}.en = …")
    return value


def _words(entry: Mapping[str, Any], field: str, name: str, file: str) -> dict[str, str]:
    words = _by_language(entry, field, name, file)
    if not all(isinstance(text, str) for text in words.values()):
        raise IntentsInvalid(f"'{file}', intent '{name}': {field} is a text for each language")
    return words


def _texts(value: Any, name: str, file: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise IntentsInvalid(f"'{file}', intent '{name}': examples are a list of texts, none of them empty")
    return tuple(value)


def _refuse_repeated_names(intents: Sequence[Intent], file: str) -> None:
    seen: set[str] = set()
    for intent in intents:
        if intent.name in seen:
            raise IntentsInvalid(f"'{file}': the intent '{intent.name}' stands there twice")
        seen.add(intent.name)
