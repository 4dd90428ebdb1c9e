"""The parts a word index is made of: which word occurs in which passage how often. They never change.

Words are kept as 64-bit hashes: they sort and join as numbers, and a file of them spells out nobody's text. Two of a
million different words share a hash with a probability of 3 in 100 million.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.indexing.numbered_rows import NumberedRows

_MOST_COUNTED = 255  # more occurrences of a word in one passage change its score by less than half a percent

Postings = tuple[NDArray[np.uint32], NDArray[np.uint8]]  # rows, rising, and how often the word occurs in each


@dataclass(frozen=True, slots=True, eq=False)
class WordPart:
    """An inverted index in flat arrays: word `keys[i]` occurs in `slots[starts[i]:starts[i + 1]]`."""

    rows: NumberedRows
    lengths: NDArray[np.int32]  # tokens, by row
    chinese: NDArray[np.bool_]  # by row
    keys: NDArray[np.uint64]  # rising
    starts: NDArray[np.int64]  # one more than keys
    slots: NDArray[np.uint32]
    counts: NDArray[np.uint8]

    def postings(self, key: int) -> Postings:
        at = int(self.keys.searchsorted(np.uint64(key)))
        if at == len(self.keys) or self.keys[at] != key:
            return self.slots[:0], self.counts[:0]
        here = slice(int(self.starts[at]), int(self.starts[at + 1]))
        return self.slots[here], self.counts[here]

    def without(self, rows: NDArray[np.int64]) -> WordPart:
        """The same with some living rows dead."""
        left = self.rows.without(rows)
        return WordPart(left, self.lengths, self.chinese, self.keys, self.starts, self.slots, self.counts)

    def check(self) -> None:
        """Raises ValueError where the arrays do not fit together."""
        fits = (
            len(self.rows) == len(self.lengths) == len(self.chinese)
            and len(self.starts) == len(self.keys) + 1
            and len(self.slots) == len(self.counts) == int(self.starts[-1])
            and bool((np.diff(self.starts) > 0).all())
            and bool((self.keys[1:] > self.keys[:-1]).all())
            and (not len(self.slots) or int(self.slots.max()) < len(self.rows))
        )
        if not fits or len(np.unique(self.rows.numbers)) < len(self.rows):
            raise ValueError("its parts do not fit together")


@lru_cache(maxsize=1 << 16)
def word_key(token: str) -> int:
    return int.from_bytes(blake2b(token.encode(), digest_size=8).digest(), "little")


def part_of(passages: Sequence[tuple[int, Counter[str], bool]]) -> WordPart:
    """Of passages' numbers, tokens with their counts, and whether they are Chinese. Numbers must differ."""
    sizes = [len(terms) for _, terms, _ in passages]
    keys = np.array([word_key(token) for _, terms, _ in passages for token in terms], dtype=np.uint64)
    counts = np.array([count for _, terms, _ in passages for count in terms.values()], dtype=np.int64)
    slots = np.repeat(np.arange(len(passages), dtype=np.uint32), sizes)
    by_word = np.argsort(keys, kind="stable")  # and by row within a word, for that is how they came
    different, starts = np.unique(keys[by_word], return_index=True)
    return WordPart(
        rows=NumberedRows.of([number for number, _, _ in passages]),
        lengths=np.array([terms.total() for _, terms, _ in passages], dtype=np.int32),
        chinese=np.array([is_chinese for _, _, is_chinese in passages], dtype=np.bool_),
        keys=different,
        starts=np.append(starts, len(keys)).astype(np.int64),
        slots=slots[by_word],
        counts=np.minimum(counts, _MOST_COUNTED).astype(np.uint8)[by_word],
    )


def joined_words(parts: Sequence[WordPart]) -> WordPart:
    """One part without the dead, of any number of parts."""
    living = [_living(part) for part in parts]
    offsets = np.cumsum([0, *(len(part.rows) for part in living)])
    keys = np.unique(np.concatenate([part.keys for part in living]))
    sizes = np.zeros(len(keys), dtype=np.int64)
    places = [np.searchsorted(keys, part.keys) for part in living]
    for part, place in zip(living, places, strict=True):
        sizes[place] += np.diff(part.starts)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    slots = np.empty(int(starts[-1]), dtype=np.uint32)
    counts = np.empty(int(starts[-1]), dtype=np.uint8)
    filled = starts[:-1].copy()
    for part, place, offset in zip(living, places, offsets.tolist(), strict=False):
        here = np.diff(part.starts)
        to = np.repeat(filled[place] - part.starts[:-1], here) + np.arange(len(part.slots), dtype=np.int64)
        slots[to] = part.slots + np.uint32(offset)
        counts[to] = part.counts
        filled[place] += here
    return WordPart(
        rows=NumberedRows.of(np.concatenate([part.rows.numbers for part in living])),
        lengths=np.concatenate([part.lengths for part in living]),
        chinese=np.concatenate([part.chinese for part in living]),
        keys=keys,
        starts=starts,
        slots=slots,
        counts=counts,
    )


def _living(part: WordPart) -> WordPart:
    if not part.rows.dead:
        return part
    alive = part.rows.alive
    kept = alive[part.slots]
    kept_before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    starts = kept_before[part.starts]
    used = np.diff(starts) > 0
    moved_to = (np.cumsum(alive) - 1).astype(np.uint32)
    return WordPart(
        rows=NumberedRows.of(part.rows.living_numbers()),
        lengths=part.lengths[alive],
        chinese=part.chinese[alive],
        keys=part.keys[used],
        starts=np.append(starts[:-1][used], starts[-1]),
        slots=moved_to[part.slots[kept]],
        counts=part.counts[kept],
    )


def as_arrays(part: WordPart) -> dict[str, NDArray[Any]]:
    names = ("lengths", "chinese", "keys", "starts", "slots", "counts")
    return {"numbers": part.rows.numbers, **{name: getattr(part, name) for name in names}}


def from_arrays(arrays: dict[str, NDArray[Any]]) -> WordPart:
    """Raises KeyError where one is missing, ValueError where they do not fit together."""
    part = WordPart(rows=NumberedRows.of(arrays.pop("numbers")), **arrays)
    part.check()
    return part
