"""What every PassageIndex promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.errors import IndexUnreadable
from knowledge.indexing.faiss_index import FaissIndex
from knowledge.protocols import PassageIndex
from tests.fakes.listed_faiss_index import ListedFaissIndex
from tests.fakes.passage_index import FakePassageIndex

DIMENSIONS = 8
NewIndex = Callable[[int], PassageIndex]


def faiss_in_lists(dimensions: int) -> ListedFaissIndex:
    return ListedFaissIndex(dimensions, flat_until=1)


def listed_and_recent(dimensions: int) -> FaissIndex:
    """What is loaded is in lists, what is added lies beside them."""
    return FaissIndex(dimensions, flat_until=1)


@pytest.fixture(
    params=[FakePassageIndex, FaissIndex, faiss_in_lists, listed_and_recent],
    ids=["fake", "faiss", "faiss-lists", "faiss-lists-and-recent"],
)
def new_index(request: pytest.FixtureRequest) -> NewIndex:
    made: NewIndex = request.param
    return made


def vectors(count: int, *, seed: int = 0) -> NDArray[np.float32]:
    """As the database keeps them: in fp16."""
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    kept: NDArray[np.float32] = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype("<f2").astype(np.float32)
    return kept


def test_the_nearest_comes_first_with_its_inner_product(new_index: NewIndex) -> None:
    index, stored = new_index(DIMENSIONS), vectors(20)
    index.add(range(100, 120), stored)
    found = index.search(stored[7], limit=5)
    assert found[0][0] == 107
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    for number, score in found:
        assert score == pytest.approx(float(stored[number - 100] @ stored[7]), abs=1e-5)


def test_fewer_are_found_where_fewer_exist(new_index: NewIndex) -> None:
    index = new_index(DIMENSIONS)
    assert list(index.search(vectors(1)[0], limit=3)) == []
    index.add([1, 2], vectors(2))
    assert len(index.search(vectors(1)[0], limit=10)) == 2
    assert list(index.search(vectors(1)[0], limit=0)) == []


def test_a_number_can_be_added_only_once(new_index: NewIndex) -> None:
    index = new_index(DIMENSIONS)
    index.add([1, 2], vectors(2))
    with pytest.raises(ValueError, match="once"):
        index.add([3, 1], vectors(2))
    with pytest.raises(ValueError, match="once"):
        index.add([4, 4], vectors(2))
    assert len(index) == 2


def test_vectors_of_another_shape_are_refused(new_index: NewIndex) -> None:
    index = new_index(DIMENSIONS)
    with pytest.raises(ValueError, match="shape"):
        index.add([1], vectors(2))
    with pytest.raises(ValueError, match="shape"):
        index.add([1], np.zeros((1, DIMENSIONS + 1), dtype=np.float32))
    index.add([1], vectors(1))
    with pytest.raises(ValueError, match="shape"):
        index.search(np.zeros(DIMENSIONS + 1, dtype=np.float32), limit=1)


def test_adding_nothing_changes_nothing(new_index: NewIndex) -> None:
    index = new_index(DIMENSIONS)
    index.add([], np.zeros((0, DIMENSIONS), dtype=np.float32))
    assert len(index) == 0
    assert index.remove([]) == 0


def test_what_is_removed_is_not_found_and_its_number_is_free(new_index: NewIndex) -> None:
    index, stored = new_index(DIMENSIONS), vectors(5)
    index.add([1, 2, 3, 4, 5], stored)
    assert index.remove([2, 4, 99]) == 2
    assert len(index) == 3
    assert {number for number, _ in index.search(stored[1], limit=5)} == {1, 3, 5}
    index.add([2], stored[1:2])
    assert index.search(stored[1], limit=1)[0][0] == 2


def test_similarities_keep_the_order_of_the_numbers(new_index: NewIndex) -> None:
    index, stored = new_index(DIMENSIONS), vectors(6)
    index.add([10, 20, 30, 40, 50, 60], stored)
    index.remove([20])
    query = vectors(1, seed=9)[0]
    expected = [float(stored[i] @ query) for i in (4, 0, 2)]
    assert list(index.similarities(query, [50, 10, 30])) == pytest.approx(expected, abs=1e-5)
    assert list(index.similarities(query, [])) == []


def test_the_similarity_of_an_absent_number_is_a_key_error(new_index: NewIndex) -> None:
    index = new_index(DIMENSIONS)
    index.add([1], vectors(1))
    with pytest.raises(KeyError):
        index.similarities(vectors(1)[0], [1, 2])


def test_a_saved_index_is_loaded_as_it_was_and_can_be_changed(new_index: NewIndex, tmp_path: Path) -> None:
    index, stored = new_index(DIMENSIONS), vectors(6)
    index.add([1, 2, 3, 4, 5, 6], stored)
    index.remove([3])
    index.save(tmp_path / "vectors")
    loaded = new_index(DIMENSIONS)
    loaded.add([77], vectors(1, seed=5))
    loaded.load(tmp_path / "vectors")
    assert len(loaded) == 5
    assert [n for n, _ in loaded.search(stored[0], limit=9)] == [n for n, _ in index.search(stored[0], limit=9)]
    with pytest.raises(ValueError, match="once"):
        loaded.add([1], vectors(1))
    assert loaded.remove([1]) == 1
    loaded.add([7], vectors(1, seed=8))
    assert len(loaded) == 5


def test_an_empty_index_can_be_saved_and_loaded(new_index: NewIndex, tmp_path: Path) -> None:
    new_index(DIMENSIONS).save(tmp_path / "vectors")
    loaded = new_index(DIMENSIONS)
    loaded.load(tmp_path / "vectors")
    assert len(loaded) == 0


@pytest.mark.parametrize("damage", ["missing", "cut short", "something else", "other dimensions"])
def test_a_file_that_is_no_such_index_is_unreadable_and_leaves_the_contents(
    new_index: NewIndex, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "vectors"
    index = new_index(DIMENSIONS)
    index.add([1, 2], vectors(2))
    index.save(path)
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "cut short":
        path.write_bytes(whole[:-10])
    elif damage == "something else":
        path.write_bytes(b"not an index")
    else:
        other = new_index(DIMENSIONS + 1)
        other.add([1], np.ones((1, DIMENSIONS + 1), dtype=np.float32))
        other.save(path)
    with pytest.raises(IndexUnreadable):
        index.load(path)
    assert len(index) == 2


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(st.booleans(), st.sets(st.integers(1, 30), max_size=6)), max_size=12))
def test_after_any_adds_and_removals_the_fake_and_faiss_agree(steps: list[tuple[bool, set[int]]]) -> None:
    fake, flat, lists = FakePassageIndex(DIMENSIONS), FaissIndex(DIMENSIONS), faiss_in_lists(DIMENSIONS)
    pool, present = vectors(31, seed=3), set[int]()
    for adds, numbers in steps:
        chosen = sorted(numbers - present) if adds else sorted(numbers)
        for index in (fake, flat, lists):
            if adds:
                index.add(chosen, pool[chosen])
            else:
                assert index.remove(chosen) == len(present & numbers)
        present = present | numbers if adds else present - numbers
    query = vectors(1, seed=4)[0]
    for real in (flat, lists):
        assert [n for n, _ in fake.search(query, limit=31)] == [n for n, _ in real.search(query, limit=31)]
        assert {n for n, _ in real.search(query, limit=31)} == present == set(real.numbers().tolist())
        assert real.shape().vectors == len(present)


def test_a_copy_and_its_original_change_apart(new_index: NewIndex) -> None:
    index, stored = new_index(DIMENSIONS), vectors(6)
    index.add([1, 2, 3], stored[:3])
    copy = index.copy()
    copy.add([4, 5], stored[3:5])
    copy.remove([1])
    index.remove([2])
    assert sorted(index.numbers().tolist()) == [1, 3]
    assert sorted(copy.numbers().tolist()) == [2, 3, 4, 5]
    assert {number for number, _ in index.search(stored[0], limit=9)} == {1, 3}
    assert {number for number, _ in copy.search(stored[0], limit=9)} == {2, 3, 4, 5}


def test_compacting_changes_nothing_that_is_found(new_index: NewIndex) -> None:
    index, stored = new_index(DIMENSIONS), vectors(40)
    index.add(range(40), stored)
    index.remove(range(0, 40, 3))
    compacted = index.compacted()
    query = vectors(1, seed=9)[0]
    found, expected = compacted.search(query, limit=40), index.search(query, limit=40)
    assert [number for number, _ in found] == [number for number, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-6)
    assert sorted(compacted.numbers().tolist()) == sorted(index.numbers().tolist())
