"""Whether probabilities come true."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.training.evaluate_retrieval import document_ids, evaluate_retrieval
from bot.training.evaluation_data import RetrievalQuestion
from bot.training.reliability import Forecast, reliability
from knowledge.passages import ScoredPassage
from tests.fakes.retriever import WordRetriever, a_passage
from tests.fakes.verifier import WordVerifier


def table_of(forecasts: list[Forecast], language: str = "en") -> Any:
    return reliability(forecasts)[language]


def test_what_comes_true_as_often_as_predicted_has_no_error() -> None:
    table = table_of([Forecast(0.75, number < 3, "en") for number in range(4)])
    assert table["ece"] == 0
    assert table["bins"] == [{"from": 0.7, "to": 0.8, "n": 4, "predicted": 0.75, "observed": 0.75}]


def test_a_boast_is_an_error_of_its_size() -> None:
    table = table_of([Forecast(0.95, False, "en")] * 5)
    assert table["ece"] == pytest.approx(0.95)
    assert table["auroc"] is None


def test_every_language_has_its_own_table() -> None:
    tables = reliability([Forecast(0.9, True, "zh"), Forecast(0.2, False, "en"), Forecast(1.0, True, "en")])
    assert list(tables) == ["en", "zh"]
    assert table_of([Forecast(0.9, True, "zh")], "zh")["n"] == 1
    assert reliability([]) == {}


def test_a_higher_threshold_answers_less_and_errs_less() -> None:
    table = table_of([Forecast(0.15, False, "en"), Forecast(0.55, False, "en"), Forecast(0.85, True, "en")])
    by_threshold = {row["threshold"]: (row["coverage"], row["risk"]) for row in table["risk_coverage"]}
    assert by_threshold[0.1] == (1.0, pytest.approx(0.6667))
    assert by_threshold[0.5] == (pytest.approx(0.6667), 0.5)
    assert by_threshold[0.6] == (pytest.approx(0.3333), 0.0)
    assert by_threshold[0.9] == (0.0, None)


@given(rows=st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_every_forecast_lies_in_one_bin(rows: list[tuple[float, bool]]) -> None:
    table = table_of([Forecast(chance, truth, "en") for chance, truth in rows])
    assert sum(one["n"] for one in table["bins"]) == len(rows) == table["n"]
    assert 0 <= table["ece"] <= 1


def test_retrieval_is_forecast_with_the_right_documents_and_without() -> None:
    retriever = WordRetriever(
        a_passage("The refund takes five days.", number=1), a_passage("The refund desk is open.", number=2)
    )
    questions = [RetrievalQuestion("refund five days", ("document-1",))]
    figures: Any = evaluate_retrieval(retriever, questions, progress=lambda _: None, verifier=WordVerifier())
    table = figures["calibration"]["en"]
    assert table["n"] == 2
    assert sum(one["observed"] * one["n"] for one in table["bins"]) == 1
    assert "calibration" not in evaluate_retrieval(retriever, questions, progress=lambda _: None)


def test_a_document_that_repeats_a_passage_stands_right_after_it() -> None:
    first, copy, last = (a_passage("Call us.", number=number) for number in (1, 2, 3))
    assert document_ids([ScoredPassage(first, 0.9, repetitions=(copy,)), ScoredPassage(last, 0.5)]) == [
        "document-1",
        "document-2",
        "document-3",
    ]
