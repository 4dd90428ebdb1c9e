"""Vectors of sentences, kept while they are in use: a company's passages are asked about again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.protocols import Embedder


class SentenceVectors:
    """Embeds what it has not seen lately, in one batch. Thread-safe.

    Keeps at most `capacity` vectors as 16-bit numbers: 16,384 of 384 dimensions take 12 MB.
    """

    def __init__(self, embedder: Embedder, *, capacity: int = 16_384) -> None:
        self._embedder = embedder
        self._capacity = capacity
        self._vectors: OrderedDict[str, NDArray[np.float16]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._vectors)

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Array of shape (len(texts), dimensions), rows of length 1."""
        if not texts:
            return np.empty((0, self._embedder.dimensions), dtype=np.float32)
        known = self._known(texts)
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh:
            vectors = self._embedder.embed_passages(fresh).astype(np.float16)
            known |= dict(zip(fresh, vectors, strict=True))
        self._keep(known)
        return np.stack([known[text] for text in texts]).astype(np.float32)

    def _known(self, texts: Sequence[str]) -> dict[str, NDArray[np.float16]]:
        with self._lock:
            return {text: self._vectors[text] for text in texts if text in self._vectors}

    def _keep(self, used: dict[str, NDArray[np.float16]]) -> None:
        with self._lock:
            for text, vector in used.items():
                self._vectors[text] = vector
                self._vectors.move_to_end(text)
            while len(self._vectors) > self._capacity:
                self._vectors.popitem(last=False)
