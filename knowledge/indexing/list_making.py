"""Makes inverted lists of vectors, and proves on sampled queries that they find what exact search finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.indexing.numbered_rows import NumberedRows
from knowledge.indexing.vector_parts import (
    ExactVectors,
    ListedVectors,
    Part,
    Vectors,
    add_to_lists,
    blocks_of,
    contents_of,
    faiss,
    lists_from,
    sampled,
    trained_lists,
)

RECALL_AT = 10
LEAST_RECALL = 0.99  # on the sampled queries, half of which are harder than questions are
_QUERIES = 128
_FEWEST_PROBES = 16
_MORE_PROBES = 1.25
_MOST_PROBES_SHARE = 0.25  # of the lists: beyond, exact search is as quick
# Half of the queries are like a question that a passage answers, about .89 similar to it: a vector and this much of a
# random direction. The other half lie between two passages that have nothing to do with one another, as a question does
# that nothing answers: their neighbours are spread over more lists.
_QUERY_NOISE = 0.5


def listed(parts: Sequence[Part]) -> tuple[ListedVectors | None, float]:
    """The living vectors of `parts` in lists, and the recall at ten; None where that stays below LEAST_RECALL.

    Centroids are kept while there are less than twice the vectors they were found for: then this is a copy, else
    training takes some ten seconds for 100,000 vectors on one thread.
    """
    chance = np.random.default_rng(1)  # the same vectors always give the same lists
    total = sum(part.rows.living for part in parts)
    old = next((part for part in parts if isinstance(part, ListedVectors)), None)
    if old is not None and old.trained_on / 2 <= total <= 2 * old.trained_on:
        trained_on, kept = old.trained_on, contents_of(old)
        added: list[Part] = [part for part in parts if isinstance(part, ExactVectors)]
        index, numbers = lists_from(kept), [kept.numbers]
    else:
        trained_on, added, index, numbers = total, list(parts), trained_lists(parts, chance), []
    if added:
        numbers.append(add_to_lists(index, added))
    index.make_direct_map(True)
    probes, recall = _probes_needed(index, chance)
    if recall < LEAST_RECALL:
        return None, recall
    return ListedVectors(NumberedRows.of(np.concatenate(numbers)), index, probes, recall, trained_on), recall


def _probes_needed(index: Any, chance: np.random.Generator) -> tuple[int, float]:
    rows = NumberedRows.of(np.arange(index.ntotal, dtype=np.int64))
    everything = [ListedVectors(rows, index, 1, 0.0, 0)]
    queries = _like_questions(sampled(everything, min(_QUERIES, index.ntotal), chance), chance)
    nearest = _exact_nearest(everything, queries)
    probes = min(_FEWEST_PROBES, index.nlist)
    while True:
        found = index.search(queries, RECALL_AT, params=faiss.SearchParametersIVF(nprobe=probes))[1]
        shared = [len(set(ours) & set(theirs)) for ours, theirs in zip(found.tolist(), nearest.tolist(), strict=True)]
        recall = sum(shared) / nearest.size
        more = max(probes + 1, round(_MORE_PROBES * probes))
        if recall >= LEAST_RECALL or more > _MOST_PROBES_SHARE * index.nlist:
            return probes, recall
        probes = more


def _like_questions(vectors: Vectors, chance: np.random.Generator) -> Vectors:
    middle = len(vectors) // 2
    vectors = np.concatenate([vectors[:middle], (vectors[middle:] + vectors[::-1][: len(vectors) - middle]) / 2])
    noise = chance.normal(size=vectors.shape).astype(np.float32)
    noise *= _QUERY_NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    queries = vectors + noise
    normal: Vectors = np.ascontiguousarray(queries / np.linalg.norm(queries, axis=1, keepdims=True), dtype=np.float32)
    return normal


def _exact_nearest(parts: Sequence[Part], queries: Vectors) -> NDArray[np.int64]:
    """The places of each query's nearest ten among the living vectors: shape (queries, at most ten)."""
    faiss.omp_set_num_threads(1)
    scores = np.zeros((len(queries), 0), dtype=np.float32)
    places = np.zeros((len(queries), 0), dtype=np.int64)
    first = 0
    for block in blocks_of(parts):
        here, where = faiss.knn(queries, block, min(RECALL_AT, len(block)), metric=faiss.METRIC_INNER_PRODUCT)
        scores, places = np.hstack([scores, here]), np.hstack([places, where + first])
        best = np.argsort(-scores, axis=1, kind="stable")[:, :RECALL_AT]
        scores, places = np.take_along_axis(scores, best, axis=1), np.take_along_axis(places, best, axis=1)
        first += len(block)
    return places
