"""The indexes of one generation, kept in step, and ranking over them. Knows nothing of files and databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.languages import CHINESE, detect_language
from knowledge.lexical_index import LexicalIndex
from knowledge.protocols import PassageIndex
from knowledge.retrieval import CANDIDATES, Candidates, blended, fused_scores, language_gap


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
    """A dense index for each language and one word index. Two languages in one dense index would crowd each other out.

    Not thread-safe: IndexKeeper lets many read or one change.
    """

    def __init__(self, english: PassageIndex, chinese: PassageIndex, lexical: LexicalIndex, *, generation: int) -> None:
        self.dense = {False: english, True: chinese}  # by "is Chinese"
        self.lexical = lexical
        self.generation = generation

    def __len__(self) -> int:
        return len(self.lexical)

    def is_in_step(self) -> bool:
        """Whether both kinds of index hold equally many passages."""
        return sum(len(index) for index in self.dense.values()) == len(self.lexical)

    def add(self, passages: Sequence[IndexedPassage]) -> None:
        """Adds those that are not there yet."""
        fresh = [passage for passage in passages if passage.number not in self.lexical]
        for is_chinese, index in self.dense.items():
            part = [passage for passage in fresh if passage.is_chinese == is_chinese]
            if part:
                index.add([passage.number for passage in part], np.stack([passage.vector for passage in part]))
        for passage in fresh:
            self.lexical.add_terms(passage.number, passage.terms, is_chinese=passage.is_chinese)

    def remove(self, numbers: Sequence[int]) -> None:
        for index in self.dense.values():
            index.remove(numbers)
        for number in numbers:
            self.lexical.remove(number)

    def similarity(self, vector: NDArray[np.float32], number: int) -> float | None:
        """None where no dense index holds the passage."""
        for index in self.dense.values():
            try:
                return index.similarities(vector, [number])[0]
            except KeyError:
                continue
        return None

    def ranked(self, queries: Sequence[EmbeddedQuery]) -> list[RankedPassage]:
        """All candidates, best first. `queries` is the last turn and, for a follow-up, the same after what came before.

        Each query proposes its best of every index; a candidate that a list does not name gets its exact score there.
        """
        looks = [self._look(query) for query in queries]
        numbers = list({number: None for look in looks for number in look.proposed})
        views = [self._candidates(look, numbers) for look in looks]
        scores = _merged([fused_scores(view) for view in views])
        dense = _merged([view.dense for view in views])
        coverage = _merged([view.coverage for view in views])
        order = np.lexsort((np.array(numbers, dtype=np.int64), -scores)).tolist()
        return [RankedPassage(numbers[i], float(scores[i]), float(dense[i]), float(coverage[i])) for i in order]

    def _look(self, query: EmbeddedQuery) -> _Look:
        by_language = {
            is_chinese: index.search(query.vector, limit=CANDIDATES) for is_chinese, index in self.dense.items()
        }
        asked_in_chinese = detect_language(query.text) == CHINESE
        same, other = ([score for _, score in by_language[key]] for key in (asked_in_chinese, not asked_in_chinese))
        proposed = [number for found in by_language.values() for number, _ in found]
        proposed += [hit.number for hit in self.lexical.search(query.text, CANDIDATES)]
        return _Look(query, asked_in_chinese, language_gap(same, other), proposed)

    def _candidates(self, look: _Look, numbers: Sequence[int]) -> Candidates:
        hits = self.lexical.scores(look.query.text, numbers)
        chinese = np.array([self.lexical.is_chinese(number) for number in numbers], dtype=np.bool_)
        dense = np.zeros(len(numbers), dtype=np.float32)
        for is_chinese, index in self.dense.items():
            here = np.flatnonzero(chinese == is_chinese)
            dense[here] = index.similarities(look.query.vector, [numbers[i] for i in here.tolist()])
        return Candidates(
            dense=dense,
            lexical=np.array([hit.score for hit in hits], dtype=np.float32),
            coverage=np.array([hit.coverage for hit in hits], dtype=np.float32),
            same_language=chinese == look.asked_in_chinese,
            language_gap=look.language_gap,
        )


@dataclass(frozen=True, slots=True)
class _Look:
    """One query's first look at the indexes."""

    query: EmbeddedQuery
    asked_in_chinese: bool
    language_gap: float
    proposed: Sequence[int]


def _merged(views: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return views[0] if len(views) == 1 else blended(views[0], views[1])
