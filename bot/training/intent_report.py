"""From a classifier's predictions to its report on disk: asks the classifier once more, for the fairness check."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.intents import IntentPrediction
from bot.training.evaluation_data import IntentRow
from bot.training.fairness import fairness_rows
from bot.training.report_figures import likeliest_of, report_figures
from bot.training.reports import ReportHead, write_report

if TYPE_CHECKING:
    from bot.protocols import IntentClassifier

WhenJudged = Callable[["IntentClassifier", Sequence[IntentRow], Sequence[IntentPrediction]], None]


def reporting_to(path: Path, data: str) -> WhenJudged:
    """What writes the report on `data` to `path` (and .json beside it) once every row is judged."""
    return partial(_write, path, data)


def unreported(
    _classifier: IntentClassifier, _rows: Sequence[IntentRow], _predictions: Sequence[IntentPrediction]
) -> None:
    """Writes nothing."""


def _write(
    path: Path,
    data: str,
    classifier: IntentClassifier,
    rows: Sequence[IntentRow],
    predictions: Sequence[IntentPrediction],
) -> None:
    def name_intent(text: str) -> str:
        return likeliest_of(classifier.classify(text))[0]

    known = [row.text for row in rows if not row.oos]
    head = ReportHead(classifier.release, data, time.strftime("%Y-%m-%d", time.gmtime()))
    write_report(path, head, report_figures(rows, predictions), fairness_rows(known, name_intent))
