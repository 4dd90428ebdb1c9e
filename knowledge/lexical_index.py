"""Word search (BM25) over numbered passages, kept up to date one passage at a time. Knows nothing of embeddings."""

from __future__ import annotations

import io
import math
import zipfile
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.durable_files import write_durably
from knowledge.errors import IndexUnreadable
from knowledge.languages import CHINESE, detect_language
from knowledge.lexical_tokens import TOKENS_VERSION, tokens

# Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", section 3.5: how soon a repeated
# word stops counting, and how much a long passage is discounted. Their usual ranges are 1.2-2 and 0.5-0.8.
K1 = 1.2
B = 0.75

_MOST_PASSAGES = 1 << 24  # a posting is 24 bits of slot and 8 bits of frequency
_COMPACT_WHEN_DEAD = 0.25
_COMMON_SHARE = 0.05  # a word in more passages than this is scored last


@dataclass(frozen=True, slots=True)
class LexicalHit:
    """A passage that shares words with the query.

    `coverage` is the score as a share of the best any passage could reach for this query, 0 to 1.
    """

    number: int
    score: float
    coverage: float


@dataclass(frozen=True, slots=True)
class _QueryTerm:
    slots: NDArray[np.int64]  # where the term occurs, rising
    frequencies: NDArray[np.float32]  # how often, there
    weight: float  # inverse document frequency

    @property
    def ideal(self) -> float:
        """What this term adds at most, however often it is repeated."""
        return self.weight * (K1 + 1)

    def contributions(self, norms: NDArray[np.float32], frequencies: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.float32(self.ideal) * frequencies / (frequencies + norms)

    def frequencies_at(self, wanted: NDArray[np.int64]) -> NDArray[np.float32]:
        if not len(self.slots):
            return np.zeros(len(wanted), dtype=np.float32)
        at = np.minimum(np.searchsorted(self.slots, wanted), len(self.slots) - 1)
        return np.where(self.slots[at] == wanted, self.frequencies[at], np.float32(0))


class LexicalIndex:
    """An inverted index with exact BM25: document frequencies and lengths always describe what is present now.

    Every passage has a slot, given in the order of arrival. A term's postings are one array of 32-bit integers,
    slot * 256 + frequency, in rising order, so that adding appends and numpy reads them in place. A removed passage's
    slot is marked dead; when a quarter is dead the index is compacted. Not thread-safe: KnowledgeLibrary guards it.
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._postings: dict[str, array[int]] = {}
        self._slots: dict[int, int] = {}  # number → slot
        self._numbers: array[int] = array("q")  # slot → number
        self._lengths: array[int] = array("i")  # slot → tokens; -1 marks a dead slot
        self._chinese = bytearray()  # slot → 1 where the passage is in Chinese
        self._total_length = 0
        self._norms: NDArray[np.float32] | None = None  # per slot, recomputed after a change

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, number: int) -> bool:
        return number in self._slots

    def numbers(self) -> Iterator[int]:
        return iter(self._slots)

    def is_chinese(self, number: int) -> bool:
        """Whether a passage's own words are Chinese. Raises KeyError for an absent number."""
        return bool(self._chinese[self._slots[number]])

    def add(self, number: int, text: str) -> None:
        """Raises ValueError when the number is already present."""
        self.add_terms(number, Counter(tokens(text)), is_chinese=detect_language(text) == CHINESE)

    def add_terms(self, number: int, terms: Counter[str], *, is_chinese: bool) -> None:
        """As `add`, with the slow part, finding the tokens, done by the caller."""
        if number in self._slots:
            raise ValueError(f"passage {number} is already in the word index")
        slot = len(self._numbers)
        if slot >= _MOST_PASSAGES:
            raise ValueError(f"a word index holds at most {_MOST_PASSAGES} passages")
        for term, count in terms.items():
            postings = self._postings.get(term)
            if postings is None:
                postings = self._postings[term] = array("I")
            postings.append(slot << 8 | min(count, 255))
        length = terms.total()
        self._slots[number] = slot
        self._numbers.append(number)
        self._lengths.append(length)
        self._chinese.append(is_chinese)
        self._total_length += length
        self._norms = None

    def remove(self, number: int) -> bool:
        """Whether the passage was present; it is never found again."""
        slot = self._slots.pop(number, None)
        if slot is None:
            return False
        self._total_length -= self._lengths[slot]
        self._lengths[slot] = -1
        self._norms = None
        if len(self._numbers) - len(self._slots) > max(64, _COMPACT_WHEN_DEAD * len(self._numbers)):
            self.__dict__.update(self._compacted().__dict__)
        return True

    def search(self, query: str, limit: int) -> list[LexicalHit]:
        """Passages that share a word with `query`, best first, at most `limit`."""
        terms = sorted(self._query_terms(query), key=lambda term: len(term.slots))
        ideal = still_to_come = sum(term.ideal for term in terms)
        scores = np.zeros(len(self._numbers), dtype=np.float32)
        norms = self._current_norms()
        candidates: NDArray[np.int64] | None = None  # None: any passage can still be among the best
        for term in terms:
            if candidates is None and len(term.slots) > _COMMON_SHARE * len(self._slots):
                candidates = self._within_reach(scores, limit, still_to_come)
            if candidates is None:
                scores[term.slots] += term.contributions(norms[term.slots], term.frequencies)
            else:
                scores[candidates] += term.contributions(norms[candidates], term.frequencies_at(candidates))
            still_to_come -= term.ideal
        if candidates is None:
            candidates = self._living(scores)
        candidates = candidates[scores[candidates] > 0]
        if len(candidates) > limit:
            candidates = candidates[np.argpartition(scores[candidates], -limit)[-limit:]]
        best = candidates[np.lexsort((candidates, -scores[candidates]))]
        return [LexicalHit(self._numbers[i], float(scores[i]), float(scores[i]) / ideal) for i in best.tolist()]

    def _living(self, scores: NDArray[np.float32]) -> NDArray[np.int64]:
        alive = np.frombuffer(self._lengths, dtype=np.int32) >= 0
        return np.flatnonzero(alive & (scores > 0))

    def _within_reach(self, scores: NDArray[np.float32], limit: int, to_come: float) -> NDArray[np.int64] | None:
        """The slots that can still be among the best `limit` when at most `to_come` is added to each; None if all can.

        Common words have long postings and weigh little: scored last and only here they cost next to nothing, and
        the result stays exact (the bound of MaxScore, Turtle & Flood 1995).
        """
        found = self._living(scores)
        if len(found) < limit:
            return None
        threshold = np.partition(scores[found], -limit)[-limit] - to_come
        return found[scores[found] >= threshold] if threshold > 0 else None

    def scores(self, query: str, numbers: Sequence[int]) -> list[LexicalHit]:
        """The score of each of `numbers`, in their order, 0 where no word is shared. Raises KeyError if absent."""
        wanted = np.array([self._slots[number] for number in numbers], dtype=np.int64)
        norms = self._current_norms()[wanted]
        terms = list(self._query_terms(query))
        scores = np.zeros(len(wanted), dtype=np.float32)
        for term in terms:
            scores += term.contributions(norms, term.frequencies_at(wanted))
        ideal = sum(term.ideal for term in terms) or 1.0
        return [LexicalHit(n, s, s / ideal) for n, s in zip(numbers, scores.tolist(), strict=True)]

    def _query_terms(self, query: str) -> Iterator[_QueryTerm]:
        """The different tokens of the query, with their postings and weights."""
        lengths = np.frombuffer(self._lengths, dtype=np.int32)
        any_dead = len(self._slots) < len(self._numbers)
        for name in dict.fromkeys(tokens(query)):
            packed = np.frombuffer(self._postings.get(name, array("I")), dtype=np.uint32)
            slots = (packed >> 8).astype(np.int64)
            present = int((lengths[slots] >= 0).sum()) if any_dead else len(slots)
            # The "1 +" keeps the weight of very common words above zero (as Lucene does).
            weight = math.log(1 + (len(self._slots) - present + 0.5) / (present + 0.5))
            yield _QueryTerm(slots, (packed & 0xFF).astype(np.float32), weight)

    def _current_norms(self) -> NDArray[np.float32]:
        if self._norms is None:
            lengths = np.frombuffer(self._lengths, dtype=np.int32).astype(np.float32)
            mean = self._total_length / len(self._slots) if self._slots else 1.0
            self._norms = (K1 * (1 - B + B * lengths / max(mean, 1.0))).astype(np.float32)
        return self._norms

    def _compacted(self) -> LexicalIndex:
        """The same index without its dead slots."""
        fresh = LexicalIndex()
        alive = np.frombuffer(self._lengths, dtype=np.int32) >= 0
        new_slot = (np.cumsum(alive) - 1).astype(np.uint32)
        for term, packed_array in self._postings.items():
            packed = np.frombuffer(packed_array, dtype=np.uint32)
            slots = packed >> 8
            living = alive[slots]
            if living.any():
                renumbered = (new_slot[slots[living]] << np.uint32(8)) | (packed[living] & np.uint32(0xFF))
                fresh._postings[term] = array("I", renumbered.tobytes())
        kept = np.flatnonzero(alive).tolist()
        fresh._numbers = array("q", [self._numbers[i] for i in kept])
        fresh._lengths = array("i", [self._lengths[i] for i in kept])
        fresh._chinese = bytearray(self._chinese[i] for i in kept)
        fresh._slots = {number: slot for slot, number in enumerate(fresh._numbers)}
        fresh._total_length = self._total_length
        return fresh

    def save(self, path: Path) -> None:
        """Writes the index to one .npz file, beside first and then moved into place."""
        # What was removed must not lie on the disk. Saving changes nothing here, so readers may go on meanwhile.
        index = self._compacted() if len(self._slots) < len(self._numbers) else self
        postings = index._postings
        sizes = np.fromiter((len(p) for p in postings.values()), dtype=np.int64, count=len(postings))
        buffer = io.BytesIO()
        np.savez(
            buffer,
            version=np.array([TOKENS_VERSION], dtype=np.int64),
            terms=np.frombuffer("\n".join(postings).encode(), dtype=np.uint8),
            sizes=sizes,
            postings=np.frombuffer(b"".join(p.tobytes() for p in postings.values()), dtype=np.uint32),
            numbers=np.frombuffer(index._numbers, dtype=np.int64),
            lengths=np.frombuffer(index._lengths, dtype=np.int32),
            chinese=np.frombuffer(bytes(index._chinese), dtype=np.uint8),
        )
        write_durably(path, buffer.getbuffer())

    def load(self, path: Path) -> None:
        """Replaces the contents by a saved index. Raises IndexUnreadable; the contents then stay as they were."""
        try:
            with np.load(path, allow_pickle=False) as file:
                fresh = _from_arrays({name: file[name] for name in file.files})
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise IndexUnreadable(
                f"Cannot read the word index '{path}': {error}; `frontdesk index rebuild` writes a new one"
            ) from error
        self.__dict__.update(fresh.__dict__)


def _from_arrays(stored: dict[str, NDArray[Any]]) -> LexicalIndex:
    version = int(stored["version"][0])
    if version != TOKENS_VERSION:
        raise ValueError(f"its tokens are of version {version}, this program makes version {TOKENS_VERSION}")
    index = LexicalIndex()
    names = stored["terms"].tobytes().decode().split("\n") if len(stored["terms"]) else []
    ends = np.cumsum(stored["sizes"]).tolist()
    raw = stored["postings"].astype(np.uint32).tobytes()
    if len(names) != len(ends) or (ends[-1] if ends else 0) * 4 != len(raw):
        raise ValueError("its parts do not fit together")
    start = 0
    for name, end in zip(names, ends, strict=True):
        index._postings[name] = array("I", raw[start * 4 : end * 4])
        start = end
    index._numbers = array("q", stored["numbers"].astype(np.int64).tobytes())
    index._lengths = array("i", stored["lengths"].astype(np.int32).tobytes())
    index._chinese = bytearray(stored["chinese"].astype(np.uint8).tobytes())
    index._slots = {number: slot for slot, number in enumerate(index._numbers)}
    index._total_length = sum(index._lengths)
    if not len(index._slots) == len(index._numbers) == len(index._lengths) == len(index._chinese):
        raise ValueError("its parts do not fit together")
    return index
