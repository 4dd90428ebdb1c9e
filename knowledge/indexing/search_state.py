"""The indexes of one generation, kept in step, and ranking over them. Knows nothing of files and databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from knowledge.indexing.lexical_index import LexicalIndex
from knowledge.indexing.retrieval import (
    CANDIDATES,
    Candidates,
    blended,
    fused_scores,
    language_gap,
    subject_stayed,
)
from knowledge.indexing.word_scores import AskedWords
from knowledge.languages import CHINESE, ENGLISH, detect_language
from knowledge.passages import IndexShape
from knowledge.protocols import PassageIndex


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

    Many may read one that nobody changes: whoever changes it changes a copy and shows it when it is whole.
    """

    def __init__(self, english: PassageIndex, chinese: PassageIndex, lexical: LexicalIndex, *, generation: int) -> None:
        self.dense = {False: english, True: chinese}  # by "is Chinese"
        self.lexical = lexical
        self.generation = generation

    def __len__(self) -> int:
        return len(self.lexical)

    def copy(self) -> SearchState:
        """Cheap: what does not change is shared."""
        dense = {key: index.copy() for key, index in self.dense.items()}
        return SearchState(dense[False], dense[True], self.lexical.copy(), generation=self.generation)

    def numbers(self) -> NDArray[np.int64]:
        """Of the passages that can be found, rising."""
        return np.sort(self.lexical.numbers())

    def is_in_step(self) -> bool:
        """Whether both kinds of index hold the same passages."""
        dense = np.concatenate([index.numbers() for index in self.dense.values()])
        return np.array_equal(np.sort(dense), self.numbers())

    @property
    def wants_compaction(self) -> bool:
        return self.lexical.wants_compaction or any(index.wants_compaction for index in self.dense.values())

    def compacted(self) -> SearchState:
        """The same, without the dead and in few parts; those that are in order are shared. May take seconds."""
        dense = {key: index.compacted() if index.wants_compaction else index for key, index in self.dense.items()}
        lexical = self.lexical.compacted() if self.lexical.wants_compaction else self.lexical
        return SearchState(dense[False], dense[True], lexical, generation=self.generation)

    def shapes(self) -> dict[str, IndexShape]:
        """How the dense index of each language is built."""
        return {CHINESE if is_chinese else ENGLISH: index.shape() for is_chinese, index in self.dense.items()}

    def add(self, passages: Sequence[IndexedPassage]) -> None:
        """Adds those that are not there yet."""
        there = set(np.intersect1d(self.lexical.numbers(), [passage.number for passage in passages]).tolist())
        fresh = [passage for passage in passages if passage.number not in there]
        for is_chinese, index in self.dense.items():
            part = [passage for passage in fresh if passage.is_chinese == is_chinese]
            if part:
                index.add([passage.number for passage in part], np.stack([passage.vector for passage in part]))
        self.lexical.add_many([(passage.number, passage.terms, passage.is_chinese) for passage in fresh])

    def remove(self, numbers: Sequence[int]) -> None:
        for index in self.dense.values():
            index.remove(numbers)
        self.lexical.remove_many(numbers)

    def holds_any(self, numbers: Sequence[int]) -> bool:
        wanted = np.array(numbers, dtype=np.int64)
        held = [self.lexical.numbers(), *(index.numbers() for index in self.dense.values())]
        return bool(np.isin(wanted, np.concatenate(held)).any())

    def similarity(self, vector: NDArray[np.float32], number: int) -> float | None:
        """None where no dense index holds the passage."""
        for index in self.dense.values():
            try:
                return index.similarities(vector, [number])[0]
            except KeyError:
                continue
        return None

    def ranked(self, queries: Sequence[EmbeddedQuery]) -> Ranking:
        """All candidates, best first. `queries` is the last turn and, for a follow-up, the same after what came before.

        Each query proposes its best of every index; a candidate that a list does not name gets its exact score there.
        """
        looks = [self._look(query) for query in queries]
        numbers = np.unique(np.concatenate([found for look in looks for found in (look.similar[0], look.worded)]))
        chinese = self.lexical.are_chinese(numbers)
        views = [self._candidates(look, numbers, chinese) for look in looks]
        fused = [fused_scores(view) for view in views]
        dense = _merged([view.dense for view in views])
        coverage = _merged([view.coverage for view in views])
        stayed = subject_stayed(*fused) if len(fused) == 2 else 0.0
        return Ranking(numbers, _merged(fused), dense, coverage, stayed)

    def _look(self, query: EmbeddedQuery) -> _Look:
        by_language = {
            is_chinese: index.search(query.vector, limit=CANDIDATES) for is_chinese, index in self.dense.items()
        }
        asked_in_chinese = detect_language(query.text) == CHINESE
        same, other = ([score for _, score in by_language[key]] for key in (asked_in_chinese, not asked_in_chinese))
        found = [one for found in by_language.values() for one in found]
        similar = np.array([number for number, _ in found], dtype=np.int64), np.array([score for _, score in found])
        words = self.lexical.asked(query.text)
        worded = words.best(CANDIDATES)[0]
        return _Look(query, asked_in_chinese, language_gap(same, other), similar, words, worded)

    def _candidates(self, look: _Look, numbers: NDArray[np.int64], chinese: NDArray[np.bool_]) -> Candidates:
        lexical = look.words.scores_of(numbers)
        return Candidates(
            dense=self._similarities(look, numbers, chinese),
            lexical=lexical,
            coverage=lexical / np.float32(look.words.ideal),
            same_language=chinese == look.asked_in_chinese,
            language_gap=look.language_gap,
        )

    def _similarities(self, look: _Look, numbers: NDArray[np.int64], chinese: NDArray[np.bool_]) -> NDArray[np.float32]:
        """What the search has not told already is asked of the index of the passage's language."""
        dense = np.full(len(numbers), np.nan, dtype=np.float32)
        found, scores = look.similar
        dense[numbers.searchsorted(found)] = scores
        for is_chinese, index in self.dense.items():
            here = np.flatnonzero((chinese == is_chinese) & np.isnan(dense))
            if len(here):
                dense[here] = index.similarities(look.query.vector, numbers[here].tolist())
        return dense


@dataclass(frozen=True, slots=True)
class _Look:
    """One query's first look at the indexes."""

    query: EmbeddedQuery
    asked_in_chinese: bool
    language_gap: float
    similar: tuple[NDArray[np.int64], NDArray[np.float64]]  # the nearest in each language, and how near they are
    words: AskedWords
    worded: NDArray[np.int64]  # those that share most words


class Ranking(Sequence[RankedPassage]):
    """Some hundred candidates in arrays, best first; of most nobody ever asks, so they are made when one does.

    `stayed` is how far a follow-up goes on with the subject of the exchange before, 0 to 1.
    """

    def __init__(
        self,
        numbers: NDArray[np.int64],
        scores: NDArray[np.float32],
        dense: NDArray[np.float32],
        lexical: NDArray[np.float32],
        stayed: float = 0.0,
    ) -> None:
        order = np.lexsort((numbers, -scores))
        self._arrays = (numbers[order], scores[order], dense[order], lexical[order])
        self.stayed = stayed

    def numbers(self) -> list[int]:
        """Of all candidates, best first."""
        return list(self._arrays[0].tolist())

    def rescored(self, change: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Ranking:
        """The same candidates by other scores, made of those they have, best first."""
        numbers, scores, dense, lexical = self._arrays
        return Ranking(numbers, change(scores), dense, lexical, self.stayed)

    def __len__(self) -> int:
        return len(self._arrays[0])

    @overload
    def __getitem__(self, place: int) -> RankedPassage: ...

    @overload
    def __getitem__(self, place: slice) -> list[RankedPassage]: ...

    def __getitem__(self, place: int | slice) -> RankedPassage | list[RankedPassage]:
        if isinstance(place, int):
            return RankedPassage(*(array[place].item() for array in self._arrays))
        return [RankedPassage(*values) for values in zip(*(a[place].tolist() for a in self._arrays), strict=True)]


def _merged(views: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return views[0] if len(views) == 1 else blended(views[0], views[1])
