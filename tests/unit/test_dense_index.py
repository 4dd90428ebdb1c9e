"""The dense index where it is large: lists find what exact search finds, or are not used."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.indexing.faiss_index import FaissIndex
from knowledge.indexing.list_making import LEAST_RECALL

DIMENSIONS = 32
COUNT = 3000


def clustered(count: int, *, seed: int = 0) -> NDArray[np.float32]:
    centres, chance = np.random.default_rng(99).normal(size=(40, DIMENSIONS)), np.random.default_rng(seed)
    drawn = centres[chance.integers(0, 40, size=count)] + 0.6 * chance.normal(size=(count, DIMENSIONS))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    kept: NDArray[np.float32] = drawn.astype("<f2").astype(np.float32)
    return kept


@pytest.fixture(scope="module")
def listed() -> FaissIndex:
    index = FaissIndex(DIMENSIONS, flat_until=500)
    index.add(range(COUNT), clustered(COUNT))
    return index.compacted()


def recall(index: FaissIndex, exact: FaissIndex) -> float:
    shared = 0
    for query in clustered(100, seed=7):
        ours, theirs = ({number for number, _ in each.search(query, limit=10)} for each in (index, exact))
        shared += len(ours & theirs)
    return shared / 1000


def test_a_large_index_is_put_into_lists_and_says_how_good_they_are(listed: FaissIndex) -> None:
    shape = listed.shape()
    assert (shape.kind, shape.vectors, shape.trained_on) == ("ivf", COUNT, COUNT)
    assert 0 < shape.probes < shape.lists
    assert shape.recall_at_10 >= LEAST_RECALL
    exact = FaissIndex(DIMENSIONS)
    exact.add(range(COUNT), clustered(COUNT))
    assert exact.shape().kind == "flat"
    assert recall(listed, exact) >= LEAST_RECALL


def test_what_the_lists_give_is_the_vector_that_was_put_in(listed: FaissIndex) -> None:
    stored = clustered(COUNT)
    query = clustered(1, seed=3)[0]
    chosen = [5, 2999, 17]
    assert list(listed.similarities(query, chosen)) == pytest.approx((stored[chosen] @ query).tolist(), abs=1e-5)


def test_a_removed_vector_is_masked_at_once_and_the_limit_is_still_filled(listed: FaissIndex) -> None:
    query = clustered(1, seed=3)[0]
    before = [number for number, _ in listed.search(query, limit=20)]
    index = listed.copy()
    assert index.remove(before[:10]) == 10
    after = [number for number, _ in index.search(query, limit=10)]
    assert after == before[10:]
    with pytest.raises(KeyError):
        index.similarities(query, before[:1])


def test_a_few_more_vectors_are_put_into_the_lists_there_are(listed: FaissIndex) -> None:
    index = listed.copy()
    index.add(range(COUNT, COUNT + 600), clustered(600, seed=5))
    assert index.wants_compaction
    grown = index.compacted()
    assert not grown.wants_compaction
    assert (grown.shape().vectors, grown.shape().trained_on) == (COUNT + 600, COUNT)
    query = clustered(600, seed=5)[10]
    assert grown.search(query, limit=1)[0][0] == COUNT + 10


def test_an_index_that_has_doubled_is_laid_out_anew(listed: FaissIndex) -> None:
    index = listed.copy()
    index.add(range(COUNT, 2 * COUNT + 1), clustered(COUNT + 1, seed=5))
    assert index.compacted().shape().trained_on == 2 * COUNT + 1


def test_an_index_that_has_shrunk_is_flat_again(listed: FaissIndex) -> None:
    index = listed.copy()
    index.remove(range(400, COUNT))
    assert index.wants_compaction
    assert index.compacted().shape().kind == "flat"


def test_lists_that_find_too_little_are_not_used_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """Vectors in all directions have no neighbourhoods to sort them by."""
    chance = np.random.default_rng(0)
    vectors = chance.normal(size=(2000, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = FaissIndex(64, flat_until=500)
    index.add(range(2000), vectors)
    with caplog.at_level(logging.WARNING):
        compacted = index.compacted()
    shape = compacted.shape()
    assert (shape.kind, shape.recall_at_10) == ("flat", 1.0)
    assert shape.lists_refused_at_recall < LEAST_RECALL
    assert "exact search" in caplog.text
    assert not compacted.wants_compaction  # it is not tried again before there are twice as many


def test_an_index_in_lists_is_loaded_as_it_was_without_what_was_removed(listed: FaissIndex, tmp_path: Path) -> None:
    index = listed.copy()
    index.remove([1, 2, 3])
    index.save(tmp_path / "vectors")
    loaded = FaissIndex(DIMENSIONS, flat_until=500)
    loaded.load(tmp_path / "vectors")
    assert loaded.shape().kind == "ivf"
    assert loaded.shape().recall_at_10 >= LEAST_RECALL
    query = clustered(1, seed=3)[0]
    found, expected = loaded.search(query, limit=50), index.search(query, limit=50)
    assert [number for number, _ in found] == [number for number, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-6)
    removed = clustered(COUNT)[1].astype("<f2").tobytes()
    assert removed not in (tmp_path / "vectors").read_bytes()
    assert clustered(COUNT)[4].astype("<f2").tobytes() in (tmp_path / "vectors").read_bytes()
