"""One query's words scored by BM25 over flat arrays: the best passages, and any one's score. Knows no texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", section 3.5: how soon a repeated
# word stops counting, and how much a long passage is discounted. Their usual ranges are 1.2-2 and 0.5-0.8.
K1 = 1.2
B = 0.75

_COMMON_SHARE = 0.05  # a word in more passages than this is scored last


@dataclass(frozen=True, slots=True)
class QueryTerm:
    slots: NDArray[np.uint32]  # where the term occurs, rising
    counts: NDArray[np.uint8]  # how often, there
    weight: float  # inverse document frequency

    @property
    def ideal(self) -> float:
        """What this term adds at most, however often it is repeated."""
        return self.weight * (K1 + 1)

    def everywhere(self, norms: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The slots where the term occurs and what it adds there."""
        slots = self.slots.astype(np.intp)
        return slots, self._added(self.counts.astype(np.float32), norms[slots])

    def at(self, wanted: NDArray[np.uint32], norms: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the term adds at some slots, whose `norms` are given."""
        if not len(self.slots):
            return np.zeros(len(wanted), dtype=np.float32)
        place = np.minimum(self.slots.searchsorted(wanted), len(self.slots) - 1)
        frequencies = np.where(self.slots[place] == wanted, self.counts[place], 0).astype(np.float32)
        return self._added(frequencies, norms)

    def _added(self, frequencies: NDArray[np.float32], norms: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.float32(self.ideal) * frequencies / (frequencies + norms)


@dataclass(frozen=True, slots=True, eq=False)
class PassageArrays:
    """All parts as one: a passage's slot is its row plus the rows of the parts before."""

    numbers: NDArray[np.int64]
    alive: NDArray[np.bool_]
    norms: NDArray[np.float32]
    chinese: NDArray[np.bool_]
    living: int
    any_dead: bool
    frequencies: dict[int, int] = field(default_factory=dict)  # word → living passages that hold it, where counted


SlotsOf = Callable[[Sequence[int] | NDArray[np.int64]], NDArray[np.int64]]


class AskedWords:
    """One query to one state of a LexicalIndex: what its rarer words add is worked out for all passages at once.

    Common words have long postings and weigh little. Scored last, and only where a passage can still be among the
    best or is asked for, they cost next to nothing, and the result stays exact (the bound of MaxScore, Turtle & Flood
    1995).
    """

    def __init__(self, slots_of: SlotsOf, view: PassageArrays, terms: Sequence[QueryTerm]) -> None:
        self._slots_of = slots_of
        self._view = view
        self.ideal = sum(term.ideal for term in terms) or 1.0  # the best score any passage could reach
        longest_of_the_rare = _COMMON_SHARE * view.living
        self._common = sorted(
            (term for term in terms if len(term.slots) > longest_of_the_rare), key=lambda term: len(term.slots)
        )
        self._rare = np.zeros(len(view.numbers), dtype=np.float32)  # by slot
        for term in terms:
            if len(term.slots) <= longest_of_the_rare:
                slots, added = term.everywhere(view.norms)
                self._rare[slots] += added

    def best(self, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Numbers and scores of passages that share a word, best first, at most `limit`."""
        view = self._view
        still_to_come = sum(term.ideal for term in self._common)
        candidates = _within_reach(self._rare, view, limit, still_to_come)
        scores = self._rare[candidates] if candidates is not None else self._everywhere()
        if candidates is None:
            candidates = _living(scores, view)
            scores = scores[candidates]
        else:
            norms = view.norms[candidates]
            for term in self._common:
                scores += term.at(candidates, norms)
        if len(candidates) > limit:
            kept = scores.argpartition(len(scores) - limit)[len(scores) - limit :]
            candidates, scores = candidates[kept], scores[kept]
        order = np.lexsort((candidates, -scores))
        return view.numbers[candidates[order]], scores[order]

    def _everywhere(self) -> NDArray[np.float32]:
        scores = self._rare.copy()
        for term in self._common:
            slots, added = term.everywhere(self._view.norms)
            scores[slots] += added
        return scores

    def scores_of(self, numbers: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Raises KeyError for an absent number."""
        slots = self._slots_of(numbers)
        scores = self._rare[slots]
        wanted, norms = slots.astype(np.uint32), self._view.norms[slots]
        for term in self._common:
            scores += term.at(wanted, norms)
        return scores


def _within_reach(
    scores: NDArray[np.float32], view: PassageArrays, limit: int, to_come: float
) -> NDArray[np.uint32] | None:
    """Slots that can be among the best `limit` when at most `to_come` is added to each; None if any might be."""
    found = _living(scores, view)
    if len(found) < limit:
        return None
    reached = scores[found]
    threshold = np.partition(reached, -limit)[-limit] - to_come
    return found[reached >= threshold] if threshold > 0 else None


def _living(scores: NDArray[np.float32], view: PassageArrays) -> NDArray[np.uint32]:
    found = scores > 0
    if view.any_dead:
        found &= view.alive
    return np.flatnonzero(found).astype(np.uint32)
