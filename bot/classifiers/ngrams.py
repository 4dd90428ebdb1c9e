"""Words and pieces of words as a vector: TF-IDF by signed hashing, in numpy. Knows nothing of intents."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

WIDTH = 4096  # numbers of a text's vector
_FREQUENCY_SLOTS = 1 << 16
_LARGE_COLLECTION = 2000  # texts from which on a piece that occurs once is noise and not evidence

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_HAN}]|#|[^\W_{_HAN}]+(?:'[^\W_{_HAN}]+)*")
_NUMBER = re.compile(r"\d[\d.,:]*")


@dataclass(frozen=True, slots=True)
class NgramFeatures:
    """TF-IDF vectors of length 1. Pieces are hashed twice: to a slot that holds their inverse document frequency,
    and to one of WIDTH numbers with a sign, so that collisions cancel on average (Weinberger et al. 2009, §2).

    No word of the texts it was fitted on is kept.
    """

    inverse_frequency: NDArray[np.float32]  # (65536,); 0 for pieces that were not seen

    @classmethod
    def fit(cls, texts: Sequence[str]) -> NgramFeatures:
        found = np.zeros(_FREQUENCY_SLOTS, dtype=np.float64)
        for text in texts:
            found[list({piece % _FREQUENCY_SLOTS for piece in _hashed_pieces(text)})] += 1
        fewest = 2 if len(texts) >= _LARGE_COLLECTION else 1
        weights = np.where(found >= fewest, np.log((1 + len(texts)) / (1 + found)) + 1, 0)
        return cls(weights.astype(np.float32))

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Array of shape (len(texts), WIDTH); a text without known pieces is a row of zeros."""
        vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            counts = Counter(_hashed_pieces(text))
            if not counts:
                continue
            pieces = np.fromiter(counts, dtype=np.int64)
            weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float64))) * self._weights_of(pieces)
            np.add.at(row, pieces % WIDTH, np.where(pieces >> 31, weights, -weights))
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts),): the share of each text's different pieces that were seen; 0 for a text without any."""
        shares = [
            np.mean(self._weights_of(np.array(pieces)) > 0) if pieces else 0.0 for pieces in map(_hashed_pieces, texts)
        ]
        return np.array(shares, dtype=np.float32)

    def _weights_of(self, pieces: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.inverse_frequency[pieces % _FREQUENCY_SLOTS]


def _hashed_pieces(text: str) -> list[int]:
    return [zlib.crc32(piece.encode("utf-8", "replace")) for piece in pieces_of(text)]


def pieces_of(text: str) -> Iterator[str]:
    """Words, pairs of neighbouring words, and stretches of 2 to 4 characters of each word with its ends marked.

    A Chinese character is a word; all numbers are one word, so that an order's number is not learnt by heart.
    """
    folded = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    words = _WORD.findall(_NUMBER.sub("#", folded))
    yield from words
    yield from (f"{first} {second}" for first, second in pairwise(words))
    for word in words:
        if len(word) > 1:
            marked = f"<{word}>"
            yield from (
                f"~{marked[start : start + length]}"
                for length in range(2, 5)
                for start in range(len(marked) - length + 1)
            )
