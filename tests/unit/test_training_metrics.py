"""Measures of quality against values worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.training.metrics import (
    accuracy,
    auroc,
    bootstrap_interval,
    expected_calibration_error,
    macro_f1,
    matthews_correlation,
    ndcg_at,
    recall_at,
    reciprocal_rank,
    rouge_l,
    token_f1,
    tokens,
)


def test_accuracy_is_the_share_of_right_rows() -> None:
    assert accuracy(["a", "b", "c", "a"], ["a", "b", "a", "a"]) == 0.75


def test_macro_f1_counts_every_class_the_same() -> None:
    # a: precision 2/2, recall 2/3; b: precision 1/2, recall 1
    assert macro_f1(["a", "a", "b", "b"], ["a", "a", "a", "b"]) == pytest.approx((0.8 + 2 / 3) / 2)


def test_a_class_that_is_only_predicted_lowers_macro_f1() -> None:
    assert macro_f1(["a", "c"], ["a", "a"]) == pytest.approx((2 / 3 + 0) / 2)


def test_correlation_of_several_classes_is_that_of_two_for_two() -> None:
    # 3 true positives, 1 false positive, 2 false negatives, 4 true negatives: (12 - 2) / sqrt(4 · 5 · 5 · 6)
    predicted = ["a"] * 3 + ["a"] + ["b"] * 2 + ["b"] * 4
    gold = ["a"] * 3 + ["b"] + ["a"] * 2 + ["b"] * 4
    assert matthews_correlation(predicted, gold) == pytest.approx(10 / math.sqrt(4 * 5 * 5 * 6))
    assert matthews_correlation(["a", "b", "c"], ["a", "b", "c"]) == 1
    assert matthews_correlation(["a", "a"], ["a", "b"]) == 0


def test_auroc_counts_ties_half() -> None:
    assert auroc([0.9, 0.5, 0.5, 0.1], [True, True, False, False]) == pytest.approx(3.5 / 4)


def test_auroc_of_one_kind_alone_is_not_defined() -> None:
    assert auroc([0.1, 0.2], [True, True]) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30))
@settings(max_examples=60)
def test_auroc_is_the_share_of_ordered_pairs(rows: list[tuple[float, bool]]) -> None:
    above = [score for score, positive in rows if positive]
    below = [score for score, positive in rows if not positive]
    found = auroc([score for score, _ in rows], [positive for _, positive in rows])
    if not above or not below:
        assert found is None
        return
    wins = sum((a > b) + (a == b) / 2 for a in above for b in below)
    assert found == pytest.approx(wins / (len(above) * len(below)))


def test_calibration_error_is_the_gap_of_confidence_and_accuracy() -> None:
    assert expected_calibration_error([0.8] * 10, [True] * 6 + [False] * 4) == pytest.approx(0.2)
    assert expected_calibration_error([1.0, 1.0], [True, True]) == 0


def test_recall_is_the_share_of_gold_documents_found() -> None:
    assert recall_at(["x", "a", "b"], {"a", "c"}, 2) == 0.5
    assert recall_at([], {"a"}, 5) == 0


def test_ndcg_discounts_by_place() -> None:
    assert ndcg_at(["a"], {"a"}) == 1
    assert ndcg_at(["x", "a"], {"a"}) == pytest.approx(1 / math.log2(3))
    assert ndcg_at(["a", "x", "b"], {"a", "b"}) == pytest.approx((1 + 0.5) / (1 + 1 / math.log2(3)))


def test_reciprocal_rank_is_of_the_first_gold_document() -> None:
    assert reciprocal_rank(["x", "b", "a"], {"a", "b"}) == 0.5
    assert reciprocal_rank(["x"], {"a"}) == 0


def test_token_f1_ignores_case_punctuation_and_articles() -> None:
    assert token_f1("The delivery takes 3 days.", "delivery takes 3 days") == 1
    assert token_f1("delivery takes 5 days", "delivery takes 3 days") == 0.75
    assert token_f1("", "three days") == 0


def test_chinese_is_compared_by_character() -> None:
    assert token_f1("三天", "三天内") == pytest.approx(0.8)
    assert rouge_l("三天到货", "到货三天") == 0.5
    assert tokens("iPhone 15 怎么退货？") == ["iphone", "15", "怎", "么", "退", "货"]


def test_rouge_l_follows_the_order_of_words() -> None:
    assert rouge_l("you can return it within 30 days", "return it within 30 days") == pytest.approx(10 / 12)
    assert rouge_l("days 30", "30 days") == 0.5


@given(st.text("ab cd退货", max_size=30), st.text("ab cd退货", max_size=30))
@settings(max_examples=60)
def test_overlap_measures_are_symmetric_and_bounded(first: str, second: str) -> None:
    for measure in (token_f1, rouge_l):
        assert 0 <= measure(first, second) <= 1
        assert measure(first, second) == pytest.approx(measure(second, first))
        assert measure(first, first) == 1


def test_an_interval_surrounds_the_mean_and_is_the_same_each_time() -> None:
    values = [0.0, 1.0] * 50
    low, high = bootstrap_interval(values)
    assert 0.3 < low < 0.5 < high < 0.7
    assert (low, high) == bootstrap_interval(values)


def test_measures_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        accuracy([], [])
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_interval([])
