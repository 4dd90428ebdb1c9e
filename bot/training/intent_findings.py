"""What a training tells the people who teach: confusions, weak intents, doubtful examples, old against new. Pure.

Everything is plain values (JSON), so that it can be stored as it is shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.training.metrics import bootstrap_interval, expected_calibration_error, macro_f1

MOST_CONFUSIONS = 20
MOST_DOUBTFUL = 40
MOST_CHANGES = 12
FEW_EXAMPLES = 8  # with fewer, an intent is weak whatever was measured
WEAK_RECALL = 0.8
DOUBTFUL_CONFIDENCE = 0.7  # of heads that never saw the example and see another intent in it
_SHOWN = 3  # examples of a confusion


@dataclass(frozen=True, slots=True)
class Judged:
    """An example, what it is labelled, and what a head that never saw it makes of it."""

    text: str
    intent: str
    guess: str
    confidence: float  # of the guess


@dataclass(frozen=True, slots=True)
class Row:
    """A message set aside, and what the two heads make of it."""

    text: str
    intent: str
    before: str  # what the release in use says; "" where there is none
    before_confidence: float
    after: str
    after_confidence: float


def confusions(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Pairs of intents that are taken for one another, the most frequent first: both directions count together."""
    pairs: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for each in judged:
        if each.guess != each.intent:
            first, second = sorted((each.intent, each.guess))
            pairs[first, second].append(each)
    ordered = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        {
            "first": first,
            "second": second,
            "count": len(found),
            "examples": [asdict(each) for each in sorted(found, key=lambda one: (-one.confidence, one.text))[:_SHOWN]],
        }
        for (first, second), found in ordered[:MOST_CONFUSIONS]
    ]


def weak_intents(judged: Sequence[Judged], examples: Mapping[str, int]) -> list[dict[str, Any]]:
    """Intents that are often missed or have few examples, the worst first. `examples` counts them by intent."""
    right = Counter(each.intent for each in judged if each.guess == each.intent)
    seen = Counter(each.intent for each in judged)
    found: list[dict[str, Any]] = [
        {"intent": name, "examples": count, "recall": right[name] / seen[name] if seen[name] else 0.0}
        for name, count in examples.items()
    ]
    weak = [each for each in found if each["recall"] < WEAK_RECALL or each["examples"] < FEW_EXAMPLES]
    return sorted(weak, key=lambda each: (each["recall"], each["examples"], each["intent"]))


def doubtful(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Examples that look as if they belonged to another intent, the surest first."""
    found = [each for each in judged if each.guess != each.intent and each.confidence >= DOUBTFUL_CONFIDENCE]
    return [asdict(each) for each in sorted(found, key=lambda one: (-one.confidence, one.text))[:MOST_DOUBTFUL]]


def comparison(rows: Sequence[Row], *, against: str, seen: bool) -> dict[str, Any] | None:
    """Old against new on the same messages; None where there are none.

    `against` names the release in use; `seen` tells that it may have been trained on these very messages.
    """
    if not rows:
        return None
    gold = [row.intent for row in rows]
    after = _figures([row.after for row in rows], [row.after_confidence for row in rows], gold)
    told: dict[str, Any] = {"messages": len(rows), "against": against, "seen": seen, "after": after}
    if not against:
        return told | {"before": None, "difference": None, "changes": []}
    before = _figures([row.before for row in rows], [row.before_confidence for row in rows], gold)
    differences = [float(row.after == row.intent) - float(row.before == row.intent) for row in rows]
    low, high = bootstrap_interval(differences)
    difference = {"value": sum(differences) / len(differences), "low": low, "high": high}
    return told | {"before": before, "difference": difference, "changes": _changes(rows)}


def _figures(guesses: Sequence[str], confidences: Sequence[float], gold: Sequence[str]) -> dict[str, float]:
    right = [guess == truth for guess, truth in zip(guesses, gold, strict=True)]
    low, high = bootstrap_interval([float(each) for each in right])
    return {
        "accuracy": sum(right) / len(right),
        "low": low,
        "high": high,
        "macro_f1": macro_f1(guesses, gold),
        "ece": expected_calibration_error(confidences, right),
    }


def _changes(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Intents by how many of their messages are read rightly now and were not, or the other way round."""
    before = Counter(row.intent for row in rows if row.before == row.intent)
    after = Counter(row.intent for row in rows if row.after == row.intent)
    total = Counter(row.intent for row in rows)
    changed = [name for name in total if before[name] != after[name]]
    ordered = sorted(changed, key=lambda name: (-abs(after[name] - before[name]), after[name] - before[name], name))
    return [
        {"intent": name, "messages": total[name], "before": before[name], "after": after[name]}
        for name in ordered[:MOST_CHANGES]
    ]
