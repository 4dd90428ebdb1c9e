"""The two kinds of part a dense index is made of, on FAISS; neither ever changes. Knows nothing of passages.

`ExactVectors` compares a query with every vector. `ListedVectors` (FAISS's inverted lists: Jégou et al. 2011, section
4.1) sorts vectors into lists by their nearest centroid and looks into the lists nearest to the query. Its vectors are
kept once, in fp16 as in the database: nothing is lost, and half the memory is read. HNSW answers as fast but cannot
give up a vector, keeps the links of the dead and takes four times as long to build: with lists, removing is a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

from knowledge.indexing.numbered_rows import NumberedRows

faiss: Any = _faiss  # its type stubs know neither keyword arguments nor most functions

Vectors = NDArray[np.float32]
Found = tuple[NDArray[np.int64], NDArray[np.float32]]  # numbers and inner products, best first

_AT_ONCE = 16_384  # vectors in full precision while lists are made: 25 MB of 384 numbers each
_LISTS_PER_ROOT = 4  # lists = 4 times the root of the vectors, FAISS's own advice
_TRAINED_ON_PER_LIST = 40  # FAISS asks for 39
_FEWEST_PER_LIST = 8
_TRAINING_ROUNDS = 8  # measured: twice as many change recall in the fourth digit


@dataclass(frozen=True, slots=True, eq=False)
class ExactVectors:
    rows: NumberedRows
    vectors: Vectors  # of shape (len(rows), dimensions)

    def search(self, query: Vectors, limit: int) -> Found:
        scores = self._inner_products(query)
        if self.rows.dead:
            scores[~self.rows.alive] = -np.inf
        return best_of(self.rows.numbers, scores, min(limit, self.rows.living))

    def _inner_products(self, query: Vectors) -> Vectors:
        # FAISS's loop rather than numpy's: that would spread over BLAS threads, which wait for one another under load.
        scores = np.empty(len(self.vectors), dtype=np.float32)
        pointers = (faiss.swig_ptr(array) for array in (scores, query, self.vectors))
        faiss.fvec_inner_products_ny(*pointers, self.vectors.shape[1], len(self.vectors))
        return scores

    def vectors_at(self, rows: NDArray[np.int64]) -> Vectors:
        return self.vectors[rows]

    def without(self, rows: NDArray[np.int64]) -> ExactVectors:
        return ExactVectors(self.rows.without(rows), self.vectors)


@dataclass(frozen=True, slots=True, eq=False)
class ListedVectors:
    """`index` is FAISS's, its ids are rows. Dead rows are masked inside the search, so `limit` is always filled."""

    rows: NumberedRows
    index: Any
    probes: int  # lists looked into
    recall: float  # of the best ten, against exact search, measured when the lists were filled
    trained_on: int  # vectors there were when the centroids were found

    def search(self, query: Vectors, limit: int) -> Found:
        faiss.omp_set_num_threads(1)  # OpenMP keeps this per thread; with two, one query takes 2 to 35 times as long
        only, kept_alive = self._living_only()
        parameters = faiss.SearchParametersIVF(nprobe=self.probes, **only)
        scores, rows = self.index.search(query.reshape(1, -1), min(limit, self.rows.living), params=parameters)
        del kept_alive
        there = rows[0] >= 0
        return self.rows.numbers[rows[0][there]], scores[0][there]

    def _living_only(self) -> tuple[dict[str, Any], NDArray[np.uint8] | None]:
        if not self.rows.dead:
            return {}, None
        bits = np.packbits(self.rows.alive, bitorder="little")
        return {"sel": faiss.IDSelectorBitmap(bits)}, bits

    def vectors_at(self, rows: NDArray[np.int64]) -> Vectors:
        faiss.omp_set_num_threads(1)
        found: Vectors = self.index.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))
        return found

    def without(self, rows: NDArray[np.int64]) -> ListedVectors:
        return ListedVectors(self.rows.without(rows), self.index, self.probes, self.recall, self.trained_on)


Part = ExactVectors | ListedVectors


@dataclass(frozen=True, slots=True, eq=False)
class ListContents:
    """The lists as plain arrays, for the disk and for making new ones of them."""

    numbers: NDArray[np.int64]  # by row
    centroids: Vectors
    sizes: NDArray[np.int64]  # by list
    rows: NDArray[np.int64]  # list after list
    codes: NDArray[np.uint8]  # of shape (len(rows), 2 * dimensions): fp16 vectors, list after list


def best_of(numbers: NDArray[np.int64], scores: Vectors, limit: int) -> Found:
    if limit < len(scores):
        kept = np.argpartition(scores, len(scores) - limit)[len(scores) - limit :]
        numbers, scores = numbers[kept], scores[kept]
    order = np.lexsort((numbers, -scores))
    return numbers[order], scores[order]


def joined(parts: Sequence[Part]) -> ExactVectors:
    """The living vectors of some parts as one exact part."""
    numbers = np.concatenate([part.rows.living_numbers() for part in parts])
    vectors = np.concatenate([part.vectors_at(part.rows.living_rows()) for part in parts])
    return ExactVectors(NumberedRows.of(numbers), np.ascontiguousarray(vectors, dtype=np.float32))


def contents_of(part: ListedVectors) -> ListContents:
    """Without the dead: what was removed must not lie on the disk."""
    lists, code_size = part.index.invlists, part.index.code_size
    alive, moved_to = part.rows.alive, np.cumsum(part.rows.alive) - 1
    rows, codes, sizes = [], [], np.zeros(part.index.nlist, dtype=np.int64)
    for number in range(part.index.nlist):
        size = lists.list_size(number)
        if not size:
            continue
        here = faiss.rev_swig_ptr(lists.get_ids(number), size)
        kept = alive[here]
        sizes[number] = int(kept.sum())
        rows.append(moved_to[here[kept]])
        codes.append(faiss.rev_swig_ptr(lists.get_codes(number), size * code_size).reshape(size, code_size)[kept])
    return ListContents(
        part.rows.living_numbers(),
        part.index.quantizer.reconstruct_n(0, part.index.nlist),
        sizes,
        np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64),
        np.concatenate(codes) if codes else np.zeros((0, code_size), dtype=np.uint8),
    )


def lists_from(contents: ListContents) -> Any:
    """A FAISS index. Raises ValueError where the arrays do not fit together."""
    lists, dimensions = contents.centroids.shape
    ends = np.cumsum(contents.sizes)
    every_row = np.sort(contents.rows)
    if (
        len(contents.sizes) != lists
        or contents.codes.shape != (len(contents.rows), 2 * dimensions)
        or not np.array_equal(every_row, np.arange(len(contents.numbers)))
        or (ends[-1] if lists else 0) != len(contents.rows)
        or bool((contents.sizes < 0).any())
    ):
        raise ValueError("its lists do not fit together")
    index = _empty_lists(dimensions, lists)
    index.quantizer.add(np.ascontiguousarray(contents.centroids))
    index.is_trained = True
    for number, (end, size) in enumerate(zip(ends.tolist(), contents.sizes.tolist(), strict=True)):
        if size:
            rows = np.ascontiguousarray(contents.rows[end - size : end], dtype=np.int64)
            codes = np.ascontiguousarray(contents.codes[end - size : end])
            index.invlists.add_entries(number, size, faiss.swig_ptr(rows), faiss.swig_ptr(codes))
    index.ntotal = len(contents.rows)
    return index


def trained_lists(parts: Sequence[Part], chance: np.random.Generator) -> Any:
    """An empty FAISS index whose centroids suit the living vectors of `parts`."""
    total = sum(part.rows.living for part in parts)
    lists = max(1, min(round(_LISTS_PER_ROOT * total**0.5), total // _FEWEST_PER_LIST))
    index = _empty_lists(_dimensions(parts), lists)
    index.cp.niter, index.cp.seed = _TRAINING_ROUNDS, 1
    index.cp.min_points_per_centroid = 1  # fewer than it likes; the recall that is measured afterwards decides
    faiss.omp_set_num_threads(1)
    index.train(sampled(parts, min(total, _TRAINED_ON_PER_LIST * lists), chance))
    return index


def add_to_lists(index: Any, parts: Sequence[Part]) -> NDArray[np.int64]:
    """Adds the living vectors, some at a time; returns their numbers, in the order of the new rows."""
    faiss.omp_set_num_threads(1)
    for vectors in blocks_of(parts):
        index.add_with_ids(vectors, np.arange(index.ntotal, index.ntotal + len(vectors), dtype=np.int64))
    return np.concatenate([part.rows.living_numbers() for part in parts])


def blocks_of(parts: Sequence[Part]) -> Iterator[Vectors]:
    """The living vectors, in order, a block at a time."""
    for part in parts:
        rows = part.rows.living_rows()
        for first in range(0, len(rows), _AT_ONCE):
            yield np.ascontiguousarray(part.vectors_at(rows[first : first + _AT_ONCE]), dtype=np.float32)


def sampled(parts: Sequence[Part], count: int, chance: np.random.Generator) -> Vectors:
    """Some living vectors, each part by its share."""
    total = sum(part.rows.living for part in parts)
    chosen = np.sort(chance.choice(total, size=count, replace=False))
    found, first = [], 0
    for part in parts:
        here = chosen[(chosen >= first) & (chosen < first + part.rows.living)] - first
        found.append(part.vectors_at(part.rows.living_rows()[here]))
        first += part.rows.living
    return np.ascontiguousarray(np.concatenate(found), dtype=np.float32)


def _dimensions(parts: Sequence[Part]) -> int:
    part = parts[0]
    return int(part.vectors.shape[1] if isinstance(part, ExactVectors) else part.index.d)


def _empty_lists(dimensions: int, lists: int) -> Any:
    by_residual = False  # the vectors themselves, not their distances from a centroid: what goes in comes out
    return faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimensions),
        dimensions,
        lists,
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
        by_residual,
    )
