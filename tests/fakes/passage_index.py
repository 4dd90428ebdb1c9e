"""A PassageIndex in a dictionary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexUnreadable
from knowledge.passages import IndexShape


class FakePassageIndex:
    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._vectors: dict[int, NDArray[np.float32]] = {}

    def __len__(self) -> int:
        return len(self._vectors)

    def copy(self) -> FakePassageIndex:
        twin = FakePassageIndex(self._dimensions)
        twin._vectors = dict(self._vectors)
        return twin

    def numbers(self) -> NDArray[np.int64]:
        return np.array(sorted(self._vectors), dtype=np.int64)

    @property
    def wants_compaction(self) -> bool:
        return False

    def compacted(self) -> FakePassageIndex:
        return self.copy()

    def shape(self) -> IndexShape:
        return IndexShape("flat", len(self), recall_at_10=1.0)

    def add(self, numbers: Sequence[int], vectors: NDArray[np.float32]) -> None:
        if vectors.shape != (len(numbers), self._dimensions):
            raise ValueError(f"expected shape {(len(numbers), self._dimensions)}, not {vectors.shape}")
        if len(set(numbers)) < len(numbers) or any(number in self._vectors for number in numbers):
            raise ValueError("numbers may be added once")
        self._vectors.update(zip(numbers, vectors.astype(np.float32), strict=True))

    def remove(self, numbers: Sequence[int]) -> int:
        return sum(self._vectors.pop(number, None) is not None for number in set(numbers))

    def search(self, query: NDArray[np.float32], *, limit: int) -> Sequence[tuple[int, float]]:
        numbers = list(self._vectors)
        scored = zip(numbers, self.similarities(query, numbers), strict=True)
        return sorted(scored, key=lambda found: (-found[1], found[0]))[: max(limit, 0)]

    def similarities(self, query: NDArray[np.float32], numbers: Sequence[int]) -> Sequence[float]:
        if query.shape != (self._dimensions,):
            raise ValueError(f"expected shape {(self._dimensions,)}, not {query.shape}")
        return [float(self._vectors[number] @ query) for number in numbers]

    def save(self, path: Path) -> None:
        stored = {number: vector.tolist() for number, vector in self._vectors.items()}
        path.write_text(json.dumps({"dimensions": self._dimensions, "vectors": stored}), encoding="utf-8")

    def load(self, path: Path) -> None:
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            vectors = {int(n): np.array(v, dtype=np.float32) for n, v in stored["vectors"].items()}
            dimensions = stored["dimensions"]
        except (OSError, ValueError, KeyError) as error:
            raise IndexUnreadable(f"Cannot read '{path}'") from error
        if dimensions != self._dimensions:
            raise IndexUnreadable(f"'{path}' has other dimensions")
        self._vectors = vectors
