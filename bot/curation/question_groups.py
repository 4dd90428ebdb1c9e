"""Questions that mean the same, put together. Pure arithmetic on vectors; the same groups every time.

Leader clustering: questions come in a fixed order, most frequent first; each joins the most similar leader at or above
the threshold, or becomes a leader itself. One pass, no number of groups to choose, and a new question never reshuffles
the groups before it. (Hartigan, Clustering Algorithms, 1975, chapter 3.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from knowledge.languages import CHINESE, ENGLISH

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Cosine of two questions, below that of an entry's: an editor reads the group before anything is said to a customer.
SAME_MEANING: Mapping[str, float] = MappingProxyType({ENGLISH: 0.9, CHINESE: 0.91})
_BLOCK = 256  # questions compared with all leaders in one product


def grouped(vectors: NDArray[np.float32], languages: Sequence[str]) -> list[list[int]]:
    """Groups of row numbers, each beginning with its leader, in the order of the leaders.

    `vectors` has the shape (n, dimensions), rows of length 1, in the order in which they may lead. Questions of two
    languages are never one group: their vectors lie further apart than their meanings.
    """
    groups: dict[int, list[int]] = {}
    for language in dict.fromkeys(languages):
        rows = np.array([row for row, each in enumerate(languages) if each == language], dtype=np.int64)
        for leader, members in _grouped(vectors[rows], SAME_MEANING.get(language, 0.9)).items():
            groups[int(rows[leader])] = [int(rows[member]) for member in members]
    return [groups[leader] for leader in sorted(groups)]


def _grouped(vectors: NDArray[np.float32], threshold: float) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    leaders: list[int] = []
    for first in range(0, len(vectors), _BLOCK):
        block = vectors[first : first + _BLOCK]
        before = len(leaders)
        to_leaders = block @ vectors[leaders].T
        to_block = block @ block.T
        for place in range(len(block)):
            fresh = [leader - first for leader in leaders[before:]]
            scores = np.concatenate([to_leaders[place], to_block[place, fresh]])
            best = int(scores.argmax()) if len(scores) else -1
            if best >= 0 and scores[best] >= threshold:
                groups[leaders[best]].append(first + place)
            else:
                leaders.append(first + place)
                groups[first + place] = [first + place]
    return groups
