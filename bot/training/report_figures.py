"""What a report on an intent classifier says, as figures: values in, values out. Knows no model and no HTML.

A message in scope is right where the likeliest known intent is its own, whether or not it was then called unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.intents import UNKNOWN, IntentPrediction
from bot.policy import close_intents
from bot.training.evaluation_data import IntentRow
from bot.training.metrics import accuracy, auroc, bootstrap_interval, expected_calibration_error, macro_f1

BINS = 15
_POINTS = 101  # of a curve
_EXAMPLES = 2  # messages shown of a confusion
_PAIRS = 15
_LARGEST_MATRIX = 24  # intents drawn: more cannot be read


@dataclass(frozen=True, slots=True)
class ClassRow:
    intent: str
    precision: float | None  # None where it was never named
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Confusion:
    gold: str
    named: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """`counts[gold][named]` over `intents`, and what was left out of the picture."""

    intents: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    left_out: int  # intents that are not drawn


@dataclass(frozen=True, slots=True)
class Bin:
    low: float
    high: float
    confidence: float
    accuracy: float
    n: int


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class RegisterRow:
    tag: str
    accuracy: float
    n: int


@dataclass(frozen=True, slots=True)
class ReportFigures:
    n: int
    in_scope: int
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None  # 95 %, percentile bootstrap
    macro_f1: float | None
    ece: float | None
    oos_recall: float | None
    oos_auroc: float | None
    accepted: float | None  # share of the messages in scope that were not called unknown
    close: float | None  # share of the messages in scope whose two likeliest intents are close (bot/policy.py)
    close_held: float | None  # of these, the share that means one of the two
    classes: tuple[ClassRow, ...]
    confusions: tuple[Confusion, ...]
    matrix: Matrix
    reliability: tuple[Bin, ...]
    risk_coverage: tuple[Point, ...]  # x: share answered, y: share of these that is wrong
    roc: tuple[Point, ...]  # x: share of known messages refused, y: share of strange ones refused
    registers: tuple[RegisterRow, ...]


def report_figures(rows: Sequence[IntentRow], predictions: Sequence[IntentPrediction]) -> ReportFigures:
    """Raises ValueError where there are not as many predictions as rows, or none."""
    if len(rows) != len(predictions) or not rows:
        raise ValueError(f"a report needs a prediction for every row: {len(rows)} and {len(predictions)}")
    judged = [(row, one) for row, one in zip(rows, predictions, strict=True) if not row.oos]
    gold = [row.intent for row, _ in judged]
    likeliest = [likeliest_of(one) for _, one in judged]
    named, confidence = [name for name, _ in likeliest], [probability for _, probability in likeliest]
    right = [name == truth for name, truth in zip(named, gold, strict=True)]
    strange = [one for row, one in zip(rows, predictions, strict=True) if row.oos]
    texts = [row.text for row, _ in judged]
    known = dict.fromkeys(name for one in predictions for name, _ in one.alternatives)
    close = [(row.intent, pair) for row, one in judged if (pair := close_intents(one, known)) is not None]
    return ReportFigures(
        n=len(rows),
        in_scope=len(judged),
        accuracy=accuracy(named, gold) if gold else None,
        accuracy_interval=bootstrap_interval([float(one) for one in right]) if gold else None,
        macro_f1=macro_f1(named, gold) if gold else None,
        ece=expected_calibration_error(confidence, right) if gold else None,
        oos_recall=_share([one.name == UNKNOWN for one in strange]),
        oos_auroc=auroc([one.out_of_scope for one in predictions], [row.oos for row in rows]),
        accepted=_share([one.name != UNKNOWN for _, one in judged]),
        close=len(close) / len(judged) if judged else None,
        close_held=_share([truth in pair for truth, pair in close]),
        classes=_classes(gold, named),
        confusions=_confusions(gold, named, texts),
        matrix=_matrix(gold, named),
        reliability=_reliability(confidence, right),
        risk_coverage=_risk_coverage(confidence, right),
        roc=_roc([one.out_of_scope for one in predictions], [row.oos for row in rows]),
        registers=_registers([row for row, _ in judged], right),
    )


def likeliest_of(prediction: IntentPrediction) -> tuple[str, float]:
    """The likeliest known intent with its probability, whether or not the message was then called unknown."""
    if prediction.alternatives:
        return prediction.alternatives[0]
    return prediction.name, prediction.confidence if prediction.name != UNKNOWN else 0.0


def _share(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def _classes(gold: Sequence[str], named: Sequence[str]) -> tuple[ClassRow, ...]:
    """The weakest first."""
    right = Counter(truth for truth, name in zip(gold, named, strict=True) if truth == name)
    support, called = Counter(gold), Counter(named)
    rows = [
        ClassRow(
            intent,
            right[intent] / called[intent] if called[intent] else None,
            right[intent] / count,
            2 * right[intent] / (count + called[intent]),
            count,
        )
        for intent, count in support.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.f1, row.intent)))


def _confusions(gold: Sequence[str], named: Sequence[str], texts: Sequence[str]) -> tuple[Confusion, ...]:
    wrong: dict[tuple[str, str], list[str]] = defaultdict(list)
    for truth, name, text in zip(gold, named, texts, strict=True):
        if truth != name:
            wrong[truth, name].append(text)
    most = sorted(wrong.items(), key=lambda item: (-len(item[1]), item[0]))[:_PAIRS]
    return tuple(Confusion(truth, name, len(said), tuple(said[:_EXAMPLES])) for (truth, name), said in most)


def _matrix(gold: Sequence[str], named: Sequence[str]) -> Matrix:
    """All intents where they can be read, else those with the most mistakes."""
    cells = Counter(zip(gold, named, strict=True))
    names = sorted(set(gold))
    mistakes: Counter[str] = Counter()
    for (truth, name), count in cells.items():
        if truth != name:
            mistakes[truth] += count
            mistakes[name] += count
    drawn = names
    if len(names) > _LARGEST_MATRIX:
        drawn = sorted(sorted(names, key=lambda name: (-mistakes[name], name))[:_LARGEST_MATRIX])
    counts = tuple(tuple(cells[truth, name] for name in drawn) for truth in drawn)
    return Matrix(tuple(drawn), counts, len(names) - len(drawn))


def _reliability(confidence: Sequence[float], right: Sequence[bool]) -> tuple[Bin, ...]:
    """Bins of equal width that hold at least one message (Guo et al. 2017, §2)."""
    places: Mapping[int, list[int]] = defaultdict(list)
    for row, value in enumerate(confidence):
        places[min(BINS - 1, int(value * BINS))].append(row)
    return tuple(
        Bin(
            place / BINS,
            (place + 1) / BINS,
            sum(confidence[row] for row in rows) / len(rows),
            sum(right[row] for row in rows) / len(rows),
            len(rows),
        )
        for place, rows in sorted(places.items())
    )


def _risk_coverage(confidence: Sequence[float], right: Sequence[bool]) -> tuple[Point, ...]:
    """The surest first: error among the share answered (El-Yaniv and Wiener 2010, §2)."""
    if not confidence:
        return ()
    order = sorted(range(len(confidence)), key=lambda row: -confidence[row])
    wrong = np.cumsum([not right[row] for row in order])
    counts = sorted({max(1, round(len(order) * step / (_POINTS - 1))) for step in range(1, _POINTS)})
    return tuple(Point(count / len(order), float(wrong[count - 1]) / count) for count in counts)


def _roc(scores: Sequence[float], positive: Sequence[bool]) -> tuple[Point, ...]:
    """Empty where one kind of message is missing."""
    positives = sum(positive)
    negatives = len(positive) - positives
    if not positives or not negatives:
        return ()
    order = sorted(range(len(scores)), key=lambda row: -scores[row])
    points, caught, refused = [Point(0.0, 0.0)], 0, 0
    for place, row in enumerate(order):
        caught, refused = caught + positive[row], refused + (not positive[row])
        if place + 1 == len(order) or scores[order[place + 1]] < scores[row]:  # tied messages go together
            points.append(Point(refused / negatives, caught / positives))
    step = max(1, len(points) // (2 * _POINTS))
    return (*points[:-1:step], points[-1])


def _registers(rows: Sequence[IntentRow], right: Sequence[bool]) -> tuple[RegisterRow, ...]:
    """Accuracy for each letter of `tags`, where the file carries them."""
    found: dict[str, list[bool]] = defaultdict(list)
    for row, is_right in zip(rows, right, strict=True):
        for tag in set(row.tags):
            found[tag].append(is_right)
    return tuple(RegisterRow(tag, sum(values) / len(values), len(values)) for tag, values in sorted(found.items()))
