"""The two indexes of one generation, kept in step, and ranking over them. Knows nothing of files and databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.languages import CHINESE, detect_language
from knowledge.lexical_index import LexicalIndex
from knowledge.protocols import PassageIndex
from knowledge.retrieval import CANDIDATES, Candidates, blended, fused_scores


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A passage ready to be added: what takes time has been done."""

    number: int
    terms: Counter[str]
    is_chinese: bool
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RankedPassage:
    number: int
    score: float
    dense: float
    lexical: float


@dataclass(frozen=True, slots=True)
class EmbeddedQuery:
    text: str
    vector: NDArray[np.float32]


class SearchState:
    """Not thread-safe: KnowledgeLibrary lets many read or one change."""

    def __init__(self, dense: PassageIndex, lexical: LexicalIndex, *, dimensions: int, generation: int) -> None:
        self.dense = dense
        self.lexical = lexical
        self.generation = generation
        self._anything = np.zeros(dimensions, dtype=np.float32)

    def __len__(self) -> int:
        return len(self.lexical)

    def add(self, passages: Sequence[IndexedPassage]) -> None:
        """Adds those that are not there yet."""
        fresh = [passage for passage in passages if passage.number not in self.lexical]
        if not fresh:
            return
        self.dense.add([passage.number for passage in fresh], np.stack([passage.vector for passage in fresh]))
        for passage in fresh:
            self.lexical.add_terms(passage.number, passage.terms, is_chinese=passage.is_chinese)

    def remove(self, numbers: Sequence[int]) -> None:
        self.dense.remove(numbers)
        for number in numbers:
            self.lexical.remove(number)

    def holds(self, number: int) -> bool:
        """Whether either index still knows the passage."""
        if number in self.lexical:
            return True
        try:
            self.dense.similarities(self._anything, [number])
        except KeyError:
            return False
        return True

    def ranked(self, queries: Sequence[EmbeddedQuery]) -> list[RankedPassage]:
        """All candidates, best first. `queries` is the last turn and, for a follow-up, the same after what came before.

        Each query proposes its best of both indexes; a candidate that a list does not name gets its exact score there.
        """
        proposed: dict[int, None] = {}
        for query in queries:
            proposed |= dict.fromkeys(number for number, _ in self.dense.search(query.vector, limit=CANDIDATES))
            proposed |= dict.fromkeys(hit.number for hit in self.lexical.search(query.text, CANDIDATES))
        numbers = list(proposed)
        chinese = np.array([self.lexical.is_chinese(number) for number in numbers], dtype=np.bool_)
        views = [self._candidates(query, numbers, chinese) for query in queries]
        scores, dense, coverage = (
            [fused_scores(view) for view in views],
            [view.dense for view in views],
            [view.coverage for view in views],
        )
        merged = [part[0] if len(part) == 1 else blended(part[0], part[1]) for part in (scores, dense, coverage)]
        order = np.lexsort((np.array(numbers, dtype=np.int64), -merged[0]))
        columns = [column[order].tolist() for column in merged]
        return [RankedPassage(numbers[i], *row) for i, *row in zip(order.tolist(), *columns, strict=True)]

    def _candidates(self, query: EmbeddedQuery, numbers: Sequence[int], chinese: NDArray[np.bool_]) -> Candidates:
        hits = self.lexical.scores(query.text, numbers)
        asked_in_chinese = detect_language(query.text) == CHINESE
        return Candidates(
            dense=np.array(self.dense.similarities(query.vector, numbers), dtype=np.float32),
            lexical=np.array([hit.score for hit in hits], dtype=np.float32),
            coverage=np.array([hit.coverage for hit in hits], dtype=np.float32),
            same_language=chinese == asked_in_chinese,
        )
