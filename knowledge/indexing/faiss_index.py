"""The dense index: inner products over numbered vectors, exact while small, by lists when large.

Knows nothing of passages or words. It is made of parts that never change (`vector_parts`): what is added
becomes a small exact part, what is removed a dead row, and `compacted` makes few parts of many. A copy therefore
shares all vectors with its original and costs next to nothing: readers keep theirs while the writer changes the next.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexUnreadable
from knowledge.indexing.array_files import Arrays, load_arrays, save_arrays
from knowledge.indexing.list_making import listed
from knowledge.indexing.numbered_rows import ABSENT, NumberedRows, as_numbers
from knowledge.indexing.vector_parts import (
    ExactVectors,
    ListContents,
    ListedVectors,
    Part,
    best_of,
    contents_of,
    joined,
    lists_from,
)
from knowledge.passages import IndexShape

_log = logging.getLogger(__name__)

# Measured with 384 numbers on one thread (`frontdesk bench index`): 10,000 vectors one by one take about as long as
# finding the way through the lists of 100,000, and being exact needs no proof.
FLAT_UNTIL = 10_000
_RECENT_BESIDE_LISTS = 2_000  # vectors not yet in the lists cost 0.1 ms a thousand
_RECENT_SHARE = 0.05
_DEAD_SHARE = 0.25
_FEWEST_DEAD = 1_000


class FaissIndex:
    """FAISS itself accepts a number twice without a word; here that is an error."""

    def __init__(self, dimensions: int, *, flat_until: int = FLAT_UNTIL) -> None:
        self._dimensions = dimensions
        self._flat_until = flat_until
        self._parts: tuple[Part, ...] = ()
        self._lists_refused_at = 0  # vectors there were when lists found too little
        self._recall_refused = 1.0

    def __len__(self) -> int:
        return sum(part.rows.living for part in self._parts)

    def numbers(self) -> NDArray[np.int64]:
        return np.concatenate([part.rows.living_numbers() for part in self._parts] or [as_numbers(())])

    def copy(self) -> FaissIndex:
        twin = FaissIndex(self._dimensions, flat_until=self._flat_until)
        twin.__dict__.update(self.__dict__)
        return twin

    def add(self, numbers: Sequence[int], vectors: NDArray[np.float32]) -> None:
        if vectors.shape != (len(numbers), self._dimensions):
            raise ValueError(f"{len(numbers)} numbers need vectors of {self._dimensions}, not of shape {vectors.shape}")
        wanted = as_numbers(numbers)
        different, times = np.unique(wanted, return_counts=True)
        repeated = {*different[times > 1].tolist(), *wanted[self._present(wanted)].tolist()}
        if repeated:
            raise ValueError(f"numbers may be added once: {sorted(repeated)[:5]} are repeated")
        if len(wanted):
            fresh = ExactVectors(NumberedRows.of(wanted), np.array(vectors, dtype=np.float32, order="C"))
            self._parts = _few((*self._parts, fresh))

    def _present(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        present = np.zeros(len(numbers), dtype=np.bool_)
        for part in self._parts:
            present |= part.rows.rows_of(numbers) != ABSENT
        return present

    def remove(self, numbers: Sequence[int]) -> int:
        wanted, before = np.unique(as_numbers(numbers)), len(self)
        kept: list[Part] = []
        for part in self._parts:
            rows = part.rows.rows_of(wanted)
            rows = rows[rows != ABSENT]
            left = part.without(rows) if len(rows) else part
            if left.rows.living:
                kept.append(left)
        self._parts = tuple(kept)
        return before - len(self)

    def search(self, query: NDArray[np.float32], *, limit: int) -> Sequence[tuple[int, float]]:
        query = self._checked(query)
        if limit <= 0 or not self._parts:
            return ()
        found = [part.search(query, limit) for part in self._parts]
        numbers, scores = found[0] if len(found) == 1 else _best_of_all(found, limit)
        return list(zip(numbers.tolist(), scores.tolist(), strict=True))

    def similarities(self, query: NDArray[np.float32], numbers: Sequence[int]) -> Sequence[float]:
        query, wanted = self._checked(query), as_numbers(numbers)
        scores = np.zeros(len(wanted), dtype=np.float32)
        missing = np.ones(len(wanted), dtype=np.bool_)
        for part in self._parts:
            rows = part.rows.rows_of(wanted)
            here = np.flatnonzero(rows != ABSENT)
            if len(here):
                scores[here] = np.einsum("ij,j->i", part.vectors_at(rows[here]), query)
                missing[here] = False
        if missing.any():
            raise KeyError(int(wanted[missing][0]))
        similarities: list[float] = scores.tolist()
        return similarities

    def _checked(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        if query.shape != (self._dimensions,):
            raise ValueError(f"a query has {self._dimensions} numbers, not the shape {query.shape}")
        return np.ascontiguousarray(query, dtype=np.float32)

    # Many parts into few

    def shape(self) -> IndexShape:
        lists = next((part for part in self._parts if isinstance(part, ListedVectors)), None)
        if lists is None:
            return IndexShape("flat", len(self), recall_at_10=1.0, lists_refused_at_recall=self._recall_refused)
        return IndexShape(
            "ivf", len(self), recall_at_10=lists.recall, lists=lists.index.nlist, probes=lists.probes,
            trained_on=lists.trained_on,
        )  # fmt: skip

    @property
    def wants_compaction(self) -> bool:
        dead = sum(part.rows.dead for part in self._parts)
        if dead > max(_FEWEST_DEAD, _DEAD_SHARE * len(self)):
            return True
        lists = [part for part in self._parts if isinstance(part, ListedVectors)]
        if not lists:
            return len(self) > self._flat_until and len(self) > 2 * self._lists_refused_at
        recent = len(self) - lists[0].rows.living
        return recent > max(min(_RECENT_BESIDE_LISTS, self._flat_until), _RECENT_SHARE * len(self))

    def compacted(self) -> FaissIndex:
        """The living vectors in one part of the kind that suits their number; takes seconds where lists are trained."""
        fresh = FaissIndex(self._dimensions, flat_until=self._flat_until)
        if not self._parts:
            return fresh
        if len(self) > self._flat_until:
            lists, recall = listed(self._parts)
            if lists is not None:
                fresh._parts = (lists,)
                return fresh
            fresh._lists_refused_at, fresh._recall_refused = len(self), recall
            _log.warning(
                "Lists would find only %.3f of what exact search finds among %d vectors; every vector is compared",
                recall,
                len(self),
            )
        fresh._parts = (joined(self._parts),)
        return fresh

    # On the disk

    def save(self, path: Path) -> None:
        tidy = not self._parts or (len(self._parts) == 1 and not self._parts[0].rows.dead)
        index = self if tidy else self.compacted()  # a removed vector must not lie on the disk
        facts, arrays = _as_arrays(index._parts[0]) if index._parts else ({"kind": "empty"}, {})
        save_arrays(path, {**facts, "dimensions": self._dimensions, "refused_at": index._lists_refused_at}, arrays)

    def load(self, path: Path) -> None:
        try:
            facts, arrays = load_arrays(path)
            part = _from_arrays(facts, arrays, self._dimensions)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, MemoryError) as error:
            raise IndexUnreadable(f"Cannot read the vector index '{path}': {_first_line(error)}; {_WAY_OUT}") from error
        self._parts = () if part is None else (part,)
        self._lists_refused_at = int(facts.get("refused_at", 0))


_WAY_OUT = "`frontdesk index rebuild` writes a new one"


def _few(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Joins neighbours of about one size: of n vectors added one by one, some log n parts are left."""
    while len(parts) > 1 and all(isinstance(part, ExactVectors) for part in parts[-2:]):
        *_, before, last = parts
        if before.rows.living > 2 * last.rows.living:
            break
        parts = (*parts[:-2], joined((before, last)))
    return parts


def _best_of_all(
    found: Sequence[tuple[NDArray[np.int64], NDArray[np.float32]]], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    numbers, scores = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    return best_of(numbers, scores, limit)


def _as_arrays(part: Part) -> tuple[dict[str, Any], Arrays]:
    if isinstance(part, ExactVectors):
        return {"kind": "flat"}, {"numbers": part.rows.numbers, "vectors": part.vectors}
    contents = contents_of(part)
    facts = {"kind": "ivf", "probes": part.probes, "recall": part.recall, "trained_on": part.trained_on}
    names = ("numbers", "centroids", "sizes", "rows", "codes")
    return facts, {name: getattr(contents, name) for name in names}


def _from_arrays(facts: dict[str, Any], arrays: Arrays, dimensions: int) -> Part | None:
    if facts.get("dimensions") != dimensions:
        raise ValueError(f"it is not one of {dimensions} dimensions")
    if facts["kind"] == "empty":
        return None
    rows = NumberedRows.of(arrays["numbers"])
    if len(np.unique(rows.numbers)) < len(rows):
        raise ValueError("it holds passages twice")
    if facts["kind"] == "flat":
        if arrays["vectors"].shape != (len(rows), dimensions):
            raise ValueError("its parts do not fit together")
        return ExactVectors(rows, arrays["vectors"])
    contents = ListContents(rows.numbers, arrays["centroids"], arrays["sizes"], arrays["rows"], arrays["codes"])
    index = lists_from(contents)
    index.make_direct_map(True)
    return ListedVectors(rows, index, facts["probes"], facts["recall"], facts["trained_on"])


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
