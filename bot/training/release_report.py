"""The report that a release carries: what a twin made of messages set aside. Tells figures, and nobody's words.

A release may be copied to where the examples may not go, so messages that stand as examples in a report made on the
command line are left out of this one. Knows nothing of files of examples, or of the page that links to it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.training.evaluation_data import IntentRow
from bot.training.fairness import fairness_rows
from bot.training.report_figures import likeliest_of, report_figures
from bot.training.reports import ReportHead, report_html

if TYPE_CHECKING:
    from bot.protocols import IntentClassifier

REPORT = "report.html"
_ASKED_ANEW = 10  # messages of each language that the fairness check says in some 20 ways each: seconds


def release_report(classifier: IntentClassifier, rows: Sequence[IntentRow], data: str) -> str:
    """HTML on `rows`, which `classifier` never saw. Raises ValueError without rows."""
    figures = report_figures(rows, [classifier.classify(row.text) for row in rows])
    wordless = replace(figures, confusions=tuple(replace(each, examples=()) for each in figures.confusions))
    texts = [row.text for row in rows]
    fairness = fairness_rows(texts, lambda text: likeliest_of(classifier.classify(text))[0], limit=_ASKED_ANEW)
    head = ReportHead("measured on a twin · 由孪生模型测得", data, time.strftime("%Y-%m-%d", time.gmtime()))
    return report_html(head, wordless, [replace(row, examples=()) for row in fairness])


def write_release_report(text: str, folder: Path) -> None:
    (folder / REPORT).write_text(text, encoding="utf-8")
