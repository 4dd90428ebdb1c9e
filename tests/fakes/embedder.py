"""An Embedder without a model: texts that share words have similar vectors, the same on every machine."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.indexing.lexical_tokens import tokens


class FakeEmbedder:
    """A hashed bag of words. `name` makes embedders whose vectors must not be compared."""

    def __init__(self, *, dimensions: int = 256, name: str = "fake") -> None:
        self._dimensions = dimensions
        self._name = name
        self.passages_embedded = 0

    @property
    def fingerprint(self) -> str:
        return f"{self._name}-{self._dimensions}"

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.passages_embedded += len(texts)
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[0] = 0.1  # a text without words has a direction too
            for token in tokens(text):
                hashed = zlib.crc32(f"{self._name} {token}".encode())
                row[hashed % self._dimensions] += 1 if hashed & 0x10000 else -1
            if not row.any():
                row[0] = 1
        normal: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normal
