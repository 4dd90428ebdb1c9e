"""Questions put together by their vectors."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from bot.curation.question_groups import SAME_MEANING, grouped


def units(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    normal: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return normal.astype(np.float32)


@given(arrays(np.float32, st.tuples(st.integers(1, 40), st.just(4)), elements=st.floats(-1, 1, width=32)), st.data())
def test_every_question_is_in_one_group_beside_a_leader_that_means_the_same(
    rows: NDArray[np.float32], data: st.DataObject
) -> None:
    vectors = units(rows)
    languages = data.draw(st.lists(st.sampled_from(["en", "zh"]), min_size=len(rows), max_size=len(rows)))
    groups = grouped(vectors, languages)
    assert sorted(row for group in groups for row in group) == list(range(len(rows)))
    for leader, *others in groups:
        for row in others:
            assert languages[row] == languages[leader]
            assert float(vectors[leader] @ vectors[row]) >= SAME_MEANING[languages[leader]] - 1e-5
    assert groups == grouped(vectors, languages)


def test_leaders_of_one_language_do_not_mean_the_same() -> None:
    vectors = units(np.random.default_rng(1).normal(size=(600, 8)).astype(np.float32))
    leaders = [group[0] for group in grouped(vectors, ["en"] * len(vectors))]
    between = vectors[leaders] @ vectors[leaders].T - 2 * np.eye(len(leaders), dtype=np.float32)
    assert between.max() < SAME_MEANING["en"]


@pytest.mark.slow
def test_ten_thousand_questions_are_grouped_in_seconds() -> None:
    vectors = units(np.random.default_rng(2).normal(size=(10_000, 384)).astype(np.float32))
    began = time.perf_counter()
    assert len(grouped(vectors, ["en"] * len(vectors))) == 10_000  # the worst case: nothing means the same
    assert time.perf_counter() - began < 60
