"""The report on an intent classifier: its figures, its pictures, and that a message cannot break out of the page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.intents import UNKNOWN, IntentPrediction
from bot.training.evaluate_intents import evaluate_intents
from bot.training.evaluation_data import IntentRow
from bot.training.fairness import fairness_rows
from bot.training.intent_report import reporting_to
from bot.training.report_figures import report_figures
from bot.training.reports import ReportHead, report_html, write_report
from tests.fakes.classifier import FakeClassifier

ROWS = (
    IntentRow("where is my order", "track", tags="Q"),
    IntentRow("track my parcel", "track"),
    IntentRow("money back <script>alert(1)</script>", "refund", tags="Q"),
    IntentRow("who won the match", "", oos=True),
)
SURE = IntentPrediction("track", 0.9, (("track", 0.9), ("refund", 0.1)), 0.1)
PREDICTIONS = (
    SURE,
    IntentPrediction("track", 0.5, (("track", 0.5), ("refund", 0.45)), 0.2),
    IntentPrediction("track", 0.6, (("track", 0.6), ("refund", 0.4)), 0.3),
    IntentPrediction(UNKNOWN, 0.8, (("refund", 0.5), ("track", 0.5)), 0.8),
)
HEAD = ReportHead("intents/0001", "dev.jsonl", "2026-01-02")


class Balanced(HTMLParser):
    """Notes every element that is left open, and every place from which something would be loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing stays open."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_figures_are_counted_over_the_messages_in_scope() -> None:
    figures = report_figures(ROWS, PREDICTIONS)
    assert (figures.n, figures.in_scope) == (4, 3)
    assert figures.accuracy == pytest.approx(2 / 3)
    assert figures.oos_recall == 1.0
    assert figures.oos_auroc == 1.0
    assert figures.accepted == 1.0
    assert [(each.gold, each.named, each.count) for each in figures.confusions] == [("refund", "track", 1)]
    assert figures.matrix.intents == ("refund", "track")
    assert figures.matrix.counts == ((0, 1), (0, 2))
    assert figures.close == pytest.approx(2 / 3)
    assert figures.close_held == 1.0
    assert [(row.tag, row.accuracy, row.n) for row in figures.registers] == [("Q", 0.5, 2)]


def test_curves_end_where_they_must() -> None:
    figures = report_figures(ROWS, PREDICTIONS)
    assert (figures.risk_coverage[0].y, figures.risk_coverage[-1].x) == (0.0, 1.0)
    assert figures.risk_coverage[-1].y == pytest.approx(1 / 3)
    assert ((figures.roc[0].x, figures.roc[0].y), (figures.roc[-1].x, figures.roc[-1].y)) == ((0, 0), (1, 1))
    assert sum(each.n for each in figures.reliability) == 3


def test_a_file_without_strange_messages_has_no_roc() -> None:
    figures = report_figures(ROWS[:3], PREDICTIONS[:3])
    assert figures.roc == ()
    assert figures.oos_auroc is None
    assert "nothing can be said" in report_html(HEAD, figures)


def test_the_page_is_whole_loads_nothing_and_shows_messages_as_text() -> None:
    page = report_html(HEAD, report_figures(ROWS, PREDICTIONS))
    reader = Balanced()
    reader.feed(page)
    assert reader.open == []
    assert reader.loaded == []
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<svg") == 4
    assert "混淆矩阵" in page


def test_the_report_is_written_as_html_and_as_json(tmp_path: Path) -> None:
    page, values = write_report(tmp_path / "intents.html", HEAD, report_figures(ROWS, PREDICTIONS))
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(values.read_text(encoding="utf-8"))["accuracy"] == pytest.approx(2 / 3)


def test_an_evaluation_writes_the_report_of_what_it_judged(tmp_path: Path) -> None:
    classifier = FakeClassifier({"where is my order": "track", "track my parcel": "track", ROWS[2].text: "refund"})
    figures = evaluate_intents(ROWS, classifier, when_judged=reporting_to(tmp_path / "intents.html", "dev.jsonl"))
    values = json.loads((tmp_path / "intents.json").read_text(encoding="utf-8"))
    assert values["accuracy"] == figures["accuracy"] == 1.0
    assert values["classifier"] == "fake-classifier"
    assert {row["swap"] for row in values["fairness"]} >= {"name", "gender"}


def test_a_classifier_that_listens_to_names_is_found_out() -> None:
    rows = fairness_rows(["can I pay later"], lambda text: "refused" if "Chidi" in text else "payment")
    by_swap = {row.swap: row for row in rows}
    assert (by_swap["name"].flips, by_swap["name"].n) == (1, 8)
    assert by_swap["gender"].flips == 0


def test_chinese_messages_are_swapped_in_chinese() -> None:
    asked: list[str] = []

    def listen(text: str) -> str:
        asked.append(text)
        return "payment"

    rows = fairness_rows(["您怎么收费"], listen)
    assert {row.language for row in rows} == {"zh"}
    assert "你咋收费" in asked
    assert all(row.rate == 0 for row in rows)
