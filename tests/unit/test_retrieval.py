"""How two scores become one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.indexing.retrieval import (
    OTHER_LANGUAGE_RAMP,
    SAME_LANGUAGE_RAMP,
    Candidates,
    blended,
    fused_scores,
    gate,
    language_gap,
)

shares = st.floats(0, 1, width=32)


def candidates(
    dense: list[float], lexical: list[float], coverage: list[float], same: list[bool] | None = None
) -> Candidates:
    return Candidates(
        dense=np.array(dense, dtype=np.float32),
        lexical=np.array(lexical, dtype=np.float32),
        coverage=np.array(coverage, dtype=np.float32),
        same_language=np.array([True] * len(dense) if same is None else same, dtype=np.bool_),
    )


def test_meaning_and_words_count_equally_where_words_cover_the_query() -> None:
    scores = fused_scores(candidates([0.9, 0.8, 0.7], [0.0, 5.0, 10.0], [0.0, 0.4, 0.8]))
    assert scores.tolist() == pytest.approx([0.5, 0.5, 0.5], abs=1e-5)


def test_words_that_cover_little_of_the_query_do_not_count() -> None:
    scores = fused_scores(candidates([0.9, 0.8, 0.7], [0.0, 5.0, 10.0], [0.0, 0.02, 0.04]))
    assert scores.tolist() == pytest.approx([1.0, 0.5, 0.0], abs=1e-5)


def test_a_product_name_does_not_decide_across_languages() -> None:
    names = [0.0, 2.0, 3.0]
    coverage = [0.0, 0.3, 0.45]
    across = fused_scores(candidates([0.9, 0.8, 0.7], names, coverage, [False] * 3))
    within = fused_scores(candidates([0.9, 0.8, 0.7], names, coverage))
    assert across.argmax() == 0
    assert within[2] > across[2]


def test_an_order_code_does_decide_across_languages() -> None:
    scores = fused_scores(candidates([0.81, 0.80, 0.79], [0.0, 0.0, 9.0], [0.0, 0.0, 0.9], [False] * 3))
    assert scores[2] == pytest.approx(0.5)


@pytest.mark.parametrize("ramp", [SAME_LANGUAGE_RAMP, OTHER_LANGUAGE_RAMP])
def test_the_gate_opens_along_its_ramp(ramp: tuple[float, float]) -> None:
    low, high = ramp
    assert gate(low - 0.01, ramp) == 0
    assert gate((low + high) / 2, ramp) == pytest.approx(0.5)
    assert gate(high + 0.01, ramp) == 1


def test_what_sets_languages_apart_in_general_is_mostly_made_up_for() -> None:
    """The English passage stands out among the English ones, the Chinese ones are merely Chinese."""
    same = [0.84] + [0.83] * 60
    other = [0.83] + [0.76] * 60
    gap = language_gap(same, other)
    assert gap == pytest.approx(0.07)
    view = candidates([0.84, 0.83], [0.0, 0.0], [0.0, 0.0], [True, False])
    assert fused_scores(view).argmax() == 0
    assert fused_scores(replace(view, language_gap=gap)).argmax() == 1


def test_a_few_passages_do_not_tell_how_far_languages_are_apart() -> None:
    assert language_gap([0.9] * 60, [0.5] * 14) == 0
    assert language_gap([], [0.5] * 60) == 0
    assert language_gap([0.9] * 15, [0.5] * 15) == pytest.approx(0.4)


def test_an_only_candidate_is_not_a_bad_one() -> None:
    assert fused_scores(candidates([0.9], [3.0], [0.9])).tolist() == [1.0]
    assert fused_scores(candidates([0.9], [0.0], [0.0])).tolist() == [1.0]


def test_no_candidates_give_no_scores() -> None:
    assert fused_scores(candidates([], [], [])).tolist() == []


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(shares, shares, shares, st.booleans()), min_size=1, max_size=30))
def test_scores_lie_between_0_and_1(rows: list[tuple[float, float, float, bool]]) -> None:
    dense, lexical, coverage, same = (list(column) for column in zip(*rows, strict=True))
    scores = fused_scores(candidates(dense, lexical, coverage, same))
    assert float(scores.min()) >= -1e-5
    assert float(scores.max()) <= 1 + 1e-5


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(shares, shares), min_size=2, max_size=30))
def test_being_better_in_both_is_never_worse_fused(rows: list[tuple[float, float]]) -> None:
    dense, lexical = (list(column) for column in zip(*rows, strict=True))
    scores = fused_scores(candidates(dense, lexical, lexical))
    for i, (one_dense, one_lexical) in enumerate(rows):
        for j, (other_dense, other_lexical) in enumerate(rows):
            if one_dense >= other_dense and one_lexical >= other_lexical:
                assert scores[i] >= scores[j] - 1e-5


def scores_of(*values: float) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def test_after_a_change_of_subject_the_last_turn_decides() -> None:
    mixed = blended(scores_of(1.0, 0.1, 0.0), scores_of(0.0, 1.0, 0.5))
    assert mixed.tolist() == pytest.approx([0.6, 0.46, 0.2])


def test_what_suits_the_last_turn_too_is_told_apart_by_the_exchange_before() -> None:
    """Both hotels have a pool; the second was spoken of."""
    mixed = blended(scores_of(1.0, 0.9, 0.0), scores_of(0.6, 1.0, 0.9))
    assert mixed.argmax() == 1
    assert mixed.tolist() == pytest.approx([0.68, 0.98, 0.72])


def test_no_candidates_stay_none_in_a_follow_up() -> None:
    assert blended(scores_of(), scores_of()).tolist() == []
