"""Answers and traces as JSON values, and texts as a database can keep them. Pure; knows no tables."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from numbers import Integral, Real
from typing import Any

from bot.answers import Answer, Choice, Citation, Outcome
from bot.signals.values import Entity, EntityKind, Signals
from bot.traces import DroppedSentence, Release, Trace, TracedEntry, TracedPassage

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def storable_text(text: str) -> str:
    """The text without what no database takes: NUL is removed, half a surrogate pair becomes U+FFFD."""
    return _LONE_SURROGATE.sub(_REPLACEMENT, text.replace("\0", ""))


def searchable_text(text: str) -> str:
    """What is compared in a search: upper and lower case, full and half width are one."""
    return unicodedata.normalize("NFKC", storable_text(text)).casefold()


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """The answer as plain values; `answer_from_json` reads them back."""
    values: dict[str, Any] = _storable(asdict(answer))
    return values


def answer_from_json(values: Mapping[str, Any]) -> Answer:
    """Reads what `answer_to_json` wrote; keys of a later version are passed over."""
    return Answer(
        text=values["text"],
        outcome=Outcome(values["outcome"]),
        language=values.get("language", "en"),
        citations=tuple(map(_citation, values.get("citations", ()))),
        choices=tuple(Choice(each["intent"], each["title"]) for each in values.get("choices", ())),
    )


def _citation(values: Mapping[str, Any]) -> Citation:
    return Citation(
        marker=values["marker"],
        document_id=values["document_id"],
        title=values.get("title", ""),
        passage_id=values["passage_id"],
        quote=values.get("quote", ""),
        heading=values.get("heading", ""),
        source=values.get("source", ""),
        page=values.get("page"),
        passage_text=values.get("passage_text", ""),
    )


def trace_to_json(trace: Trace) -> dict[str, Any]:
    """The trace as plain values; `trace_from_json` reads them back. Numbers that are not finite become 0 or None."""
    values: dict[str, Any] = _storable(asdict(trace))
    return values


def trace_from_json(values: Mapping[str, Any]) -> Trace:
    """Reads what `trace_to_json` wrote; keys of a later version are passed over."""
    return Trace(
        intent=values["intent"],
        confidence=_number(values.get("confidence")),
        language=values.get("language", "en"),
        release=_release(values.get("release", {})),
        passages=tuple(map(_traced_passage, values.get("passages", ()))),
        answerable=values.get("answerable"),
        quoted=bool(values.get("quoted", False)),
        dropped=tuple(DroppedSentence(each["text"], each["reason"]) for each in values.get("dropped", ())),
        milliseconds={step: _number(spent) for step, spent in values.get("milliseconds", {}).items()},
        error=values.get("error"),
        entry=_traced_entry(values["entry"]) if values.get("entry") else None,
        signals=_signals(values["signals"]) if values.get("signals") else None,
        blocked=values.get("blocked"),
    )


def signals_to_json(signals: Signals) -> dict[str, Any]:
    """The signals as plain values, as they stand in a trace."""
    values: dict[str, Any] = _storable(asdict(signals))
    return values


def _signals(values: Mapping[str, Any]) -> Signals:
    known = {kind.value for kind in EntityKind}  # a later version may find more kinds
    entities = (each for each in values.get("entities", ()) if each["kind"] in known)
    return Signals(
        language=values.get("language", "en"),
        frustration=values.get("frustration"),
        entities=tuple(
            Entity(EntityKind(each["kind"]), each["start"], each["end"], each["value"]) for each in entities
        ),
        steering=values.get("steering"),
    )


def _traced_entry(values: Mapping[str, Any]) -> TracedEntry:
    return TracedEntry(
        entry_id=values["entry_id"],
        version=int(values.get("version", 1)),
        wording=values.get("wording", ""),
        similarity=_number(values.get("similarity")),
        editor=values.get("editor", ""),
    )


def _release(values: Mapping[str, Any]) -> Release:
    return Release(
        generator=values.get("generator", ""),
        classifier=values.get("classifier", ""),
        verifier=values.get("verifier", ""),
        index=int(values.get("index", 0)),
        prompt=values.get("prompt", ""),
    )


def _traced_passage(values: Mapping[str, Any]) -> TracedPassage:
    return TracedPassage(
        passage_id=values["passage_id"],
        document_id=values["document_id"],
        title=values.get("title", ""),
        score=_number(values.get("score")),
        dense=_number(values.get("dense")),
        lexical=_number(values.get("lexical")),
    )


def _number(value: float | None) -> float:
    return 0.0 if value is None else float(value)


def _storable(value: Any) -> Any:
    """`value` in JSON's own types. Models hand over numbers of numpy's types, and JSON knows no infinity."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, Mapping):
        return {storable_text(key): _storable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(each) for each in value]
    return _storable_number(value)


def _storable_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if math.isfinite(value) else None
