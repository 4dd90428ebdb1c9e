"""Word search (BM25) over numbered passages, kept up to date as they come and go. Knows nothing of embeddings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexUnreadable
from knowledge.indexing.array_files import load_arrays, save_arrays
from knowledge.indexing.lexical_tokens import TOKENS_VERSION, tokens
from knowledge.indexing.numbered_rows import ABSENT, as_numbers
from knowledge.indexing.word_parts import WordPart, as_arrays, from_arrays, joined_words, part_of, word_key
from knowledge.indexing.word_scores import K1, AskedWords, B, PassageArrays, QueryTerm
from knowledge.languages import is_written_in_chinese

_DEAD_SHARE = 0.25
_FEWEST_DEAD = 1_000


@dataclass(frozen=True, slots=True)
class LexicalHit:
    """A passage that shares words with the query.

    `coverage` is the score as a share of the best any passage could reach for this query, 0 to 1.
    """

    number: int
    score: float
    coverage: float


class LexicalIndex:
    """An inverted index with exact BM25: document frequencies and lengths always describe what is present now.

    It is made of parts that never change (`word_parts`): what is added becomes a small part, neighbours of
    about one size are joined, what is removed is a dead row. A copy shares all of that with its original. Many may
    read one that nobody changes.
    """

    def __init__(self) -> None:
        self._parts: tuple[WordPart, ...] = ()
        self._seen: PassageArrays | None = None

    def __len__(self) -> int:
        return sum(part.rows.living for part in self._parts)

    def __contains__(self, number: int) -> bool:
        return bool((self._slots_of(as_numbers([number])) != ABSENT)[0])

    def numbers(self) -> NDArray[np.int64]:
        return np.concatenate([part.rows.living_numbers() for part in self._parts] or [as_numbers(())])

    def copy(self) -> LexicalIndex:
        """One that can be changed while this one is searched."""
        twin = LexicalIndex()
        twin._parts, twin._seen = self._parts, self._seen
        return twin

    def is_chinese(self, number: int) -> bool:
        """Whether a passage's own words are Chinese. Raises KeyError for an absent number."""
        return bool(self.are_chinese([number])[0])

    def are_chinese(self, numbers: Sequence[int] | NDArray[np.int64]) -> NDArray[np.bool_]:
        return self._view().chinese[self.slots_of(numbers)]

    # Changing

    def add(self, number: int, text: str) -> None:
        """Raises ValueError when the number is already present."""
        self.add_terms(number, Counter(tokens(text)), is_chinese=is_written_in_chinese(text))

    def add_terms(self, number: int, terms: Counter[str], *, is_chinese: bool) -> None:
        """As `add`, with the slow part, finding the tokens, done by the caller."""
        self.add_many([(number, terms, is_chinese)])

    def add_many(self, passages: Sequence[tuple[int, Counter[str], bool]]) -> None:
        """Numbers, tokens with their counts, and whether the passage is Chinese."""
        numbers = [number for number, _, _ in passages]
        if (self._slots_of(as_numbers(numbers)) != ABSENT).any() or len(set(numbers)) < len(numbers):
            raise ValueError(f"some of these passages are already in the word index: {numbers[:5]}")
        if passages:
            self._become(_few((*self._parts, part_of(passages))))

    def remove(self, number: int) -> bool:
        """Whether the passage was present; it is never found again."""
        return self.remove_many([number]) == 1

    def remove_many(self, numbers: Sequence[int]) -> int:
        """Removes what is present of `numbers`; returns how many that were."""
        wanted, before = np.unique(as_numbers(numbers)), len(self)
        kept: list[WordPart] = []
        for part in self._parts:
            rows = part.rows.rows_of(wanted)
            rows = rows[rows != ABSENT]
            left = part.without(rows) if len(rows) else part
            if left.rows.living:
                kept.append(left)
        self._become(tuple(kept))
        return before - len(self)

    def _become(self, parts: tuple[WordPart, ...]) -> None:
        self._parts, self._seen = parts, None

    @property
    def wants_compaction(self) -> bool:
        return sum(part.rows.dead for part in self._parts) > max(_FEWEST_DEAD, _DEAD_SHARE * len(self))

    def compacted(self) -> LexicalIndex:
        """The same passages in one part, without the dead."""
        fresh = LexicalIndex()
        fresh._parts = (joined_words(self._parts),) if self._parts else ()
        return fresh

    # Searching

    def search(self, query: str, limit: int) -> list[LexicalHit]:
        """Passages that share a word with `query`, best first, at most `limit`."""
        asked = self.asked(query)
        numbers, scores = asked.best(limit)
        return _hits(numbers.tolist(), scores, asked.ideal)

    def scores(self, query: str, numbers: Sequence[int]) -> list[LexicalHit]:
        """The score of each of `numbers`, in their order, 0 where no word is shared. Raises KeyError if absent."""
        asked = self.asked(query)
        return _hits(list(numbers), asked.scores_of(numbers), asked.ideal)

    def asked(self, query: str) -> AskedWords:
        """The query with all that is known of its words, to be asked several times."""
        view = self._view()
        return AskedWords(self.slots_of, view, self._query_terms(query, view))

    def slots_of(self, numbers: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Where present passages stand in all arrays. Raises KeyError for an absent number."""
        slots = self._slots_of(as_numbers(numbers))
        if (slots == ABSENT).any():
            raise KeyError(int(as_numbers(numbers)[slots == ABSENT][0]))
        return slots

    def _slots_of(self, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
        slots, offset = np.full(len(wanted), ABSENT, dtype=np.int64), 0
        for part in self._parts:
            rows = part.rows.rows_of(wanted)
            slots = np.where(rows == ABSENT, slots, rows + offset)
            offset += len(part.rows)
        return slots

    def _view(self) -> PassageArrays:
        if self._seen is None:
            rows = [part.rows for part in self._parts]
            alive = _together([each.alive for each in rows], np.bool_)
            lengths = _together([part.lengths for part in self._parts], np.int32).astype(np.float32)
            living = len(self)
            mean = float(lengths[alive].sum(dtype=np.float64)) / living if living else 1.0
            self._seen = PassageArrays(
                numbers=_together([each.numbers for each in rows], np.int64),
                alive=alive,
                norms=(K1 * (1 - B + B * lengths / max(mean, 1.0))).astype(np.float32),
                chinese=_together([part.chinese for part in self._parts], np.bool_),
                living=living,
                any_dead=any(each.dead for each in rows),
            )
        return self._seen

    def _query_terms(self, query: str, view: PassageArrays) -> list[QueryTerm]:
        """The different tokens of the query, with their postings and weights."""
        terms = []
        for name in dict.fromkeys(tokens(query)):
            key = word_key(name)
            slots, counts = self._postings(key)
            present = self._living_frequency(key, slots, view)
            # The "1 +" keeps the weight of very common words above zero (as Lucene does).
            weight = math.log(1 + (view.living - present + 0.5) / (present + 0.5))
            terms.append(QueryTerm(slots, counts, weight))
        return terms

    def _postings(self, key: int) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        slots, counts, offset = [], [], 0
        for part in self._parts:
            here, often = part.postings(key)
            if len(here):
                slots.append(here + np.uint32(offset) if offset else here)
                counts.append(often)
            offset += len(part.rows)
        return _together(slots, np.uint32), _together(counts, np.uint8)

    def _living_frequency(self, key: int, slots: NDArray[np.uint32], view: PassageArrays) -> int:
        if not view.any_dead:
            return len(slots)
        if key not in view.frequencies:
            view.frequencies[key] = int(np.count_nonzero(view.alive[slots]))
        return view.frequencies[key]

    # On the disk

    def save(self, path: Path) -> None:
        """Writes the index to one file, beside first and then moved into place."""
        # What was removed must not lie on the disk. Saving changes nothing here, so readers may go on meanwhile.
        part = joined_words(self._parts) if self._parts else part_of(())
        save_arrays(path, {"tokens": TOKENS_VERSION}, as_arrays(part))

    def load(self, path: Path) -> None:
        """Replaces the contents by a saved index. Raises IndexUnreadable; the contents then stay as they were."""
        try:
            facts, arrays = load_arrays(path)
            part = _of_this_version(facts.get("tokens"), from_arrays(arrays))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexUnreadable(
                f"Cannot read the word index '{path}': {error}; `frontdesk index rebuild` writes a new one"
            ) from error
        self._become((part,) if len(part.rows) else ())


def _few(parts: tuple[WordPart, ...]) -> tuple[WordPart, ...]:
    """Joins neighbours of about one size: of n passages added one by one, some log n parts are left."""
    while len(parts) > 1 and parts[-2].rows.living <= 2 * parts[-1].rows.living:
        parts = (*parts[:-2], joined_words(parts[-2:]))
    return parts


def _hits(numbers: list[int], scores: NDArray[np.float32], ideal: float) -> list[LexicalHit]:
    return [LexicalHit(n, s, s / ideal) for n, s in zip(numbers, scores.tolist(), strict=True)]


def _together(arrays: Sequence[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=dtype)


def _of_this_version(version: object, part: WordPart) -> WordPart:
    if version != TOKENS_VERSION:
        raise ValueError(f"its tokens are of version {version}, this program makes version {TOKENS_VERSION}")
    return part
