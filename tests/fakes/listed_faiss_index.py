"""The real dense index, put into lists after every change however few its vectors are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.indexing.faiss_index import FaissIndex


class ListedFaissIndex(FaissIndex):
    def add(self, numbers: Sequence[int], vectors: NDArray[np.float32]) -> None:
        super().add(numbers, vectors)
        self._into_lists()

    def remove(self, numbers: Sequence[int]) -> int:
        removed = super().remove(numbers)
        self._into_lists()
        return removed

    def load(self, path: Path) -> None:
        super().load(path)
        self._into_lists()

    def _into_lists(self) -> None:
        self.__dict__.update(self.compacted().__dict__)
