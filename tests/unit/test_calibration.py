"""Similarities become probabilities, and the file that says how."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.training.calibration import Row, fit, held_out, measure_answerable, row_weights
from bot.training.logistic import fit_evidence, fit_logistic
from bot.verifiers.calibration import Centres, Logistic, as_json, load_calibration
from knowledge.errors import ModelUnavailable

RANDOM = np.random.default_rng(5)


def rows_of(count: int) -> list[Row]:
    """Answerable where "sentence" is high, of two data sets, on the subject and off it."""
    made = []
    for number in range(count):
        truth, near = number % 2 == 0, number % 4 != 3
        value = float(RANDOM.normal(0.6 if truth else 0.45 if near else 0.2, 0.1))
        made.append(Row({"sentence": value, "noise": -value}, truth, "en", (f"set {number % 3}", near), number % 5))
    return made


def test_a_regression_finds_the_odds_it_was_made_with() -> None:
    values = RANDOM.normal(size=4000)
    truths = RANDOM.random(4000) < 1 / (1 + np.exp(-(2 * values - 1)))
    fitted = fit_logistic([{"x": value} for value in values.tolist()], truths.tolist())
    assert fitted.bias == pytest.approx(-1, abs=0.2)
    assert fitted.weights["x"] == pytest.approx(2, abs=0.3)


def test_a_regression_on_separable_rows_stays_finite() -> None:
    fitted = fit_logistic([{"x": 0.0}, {"x": 1.0}], [False, True])
    assert math.isfinite(fitted.weights["x"])
    assert fitted.probability({"x": 1.0}) > 0.5 > fitted.probability({"x": 0.0})


def test_a_regression_needs_rows_of_both_kinds() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        fit_logistic([{"x": 1.0}], [True])


def test_evidence_never_speaks_against_the_truth() -> None:
    rows = rows_of(400)
    fitted = fit_evidence([row.features for row in rows], [row.truth for row in rows])
    assert set(fitted.weights) == {"sentence"}
    assert fitted.weights["sentence"] > 0


def test_a_probability_of_extreme_features_does_not_overflow() -> None:
    assert Logistic(0.0, {"x": 1.0}).probability({"x": -1e9}) < 1e-9
    assert Logistic(0.0, {"x": 1.0}).probability({"x": 1e9}) > 1 - 1e-9


def test_every_kind_of_question_weighs_what_it_is_taken_to_be_asked() -> None:
    rows = rows_of(400)
    weights = row_weights(rows)
    assert sum(weights) == pytest.approx(1.0)
    assert sum(weight for weight, row in zip(weights, rows, strict=True) if row.truth) == pytest.approx(0.6)


def test_what_is_predicted_comes_true_as_often() -> None:
    measured = measure_answerable(rows_of(800), "en")
    assert measured["reliability"]["ece"] < 0.06


def test_the_threshold_for_one_in_ten_unanswered_holds_on_other_rows() -> None:
    threshold = measure_answerable(rows_of(800), "en")["threshold_at_10_percent_false_abstention"]
    fitted = fit(rows_of(800), "en")
    answered = [fitted.probability(row.features) for row in rows_of(400) if row.truth]
    assert sum(chance < threshold for chance in answered) / len(answered) == pytest.approx(0.1, abs=0.05)


def test_every_row_is_judged_once_by_rows_of_other_folds() -> None:
    rows = rows_of(100)
    assert sorted(id(row) for row, _ in held_out(rows, "en")) == sorted(map(id, rows))


def test_the_figures_tell_near_misses_from_other_subjects() -> None:
    measured = measure_answerable(rows_of(800), "en")
    assert measured["off_topic"]["recall"] > measured["near_miss"]["recall"]
    assert measured["off_topic"]["auroc"] > 0.95


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    ours = load_calibration()
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(as_json(ours)), encoding="utf-8")
    again = load_calibration(path)
    assert again.answerable == ours.answerable
    assert again.support == ours.support
    assert np.array_equal(again.centres.sentence["zh"], ours.centres.sentence["zh"])


@pytest.mark.parametrize("content", ["", "{}", '{"release": 1, "embedder": "x", "centres": 3}', "[]"])
def test_a_damaged_calibration_names_itself_and_the_way_out(tmp_path: Path, content: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelUnavailable, match=r"calibration\.json.*python -m bot\.training\.calibration"):
        load_calibration(path)


def test_centres_at_zero_change_nothing() -> None:
    ours = replace(load_calibration(), centres=Centres.at_zero(8))
    assert ours.centres.dimensions == 8
    assert not ours.centres.question["en"].any()
