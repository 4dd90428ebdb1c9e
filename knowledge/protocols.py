"""The replaceable parts of the knowledge base. Each has one contract suite in tests/contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from knowledge.passages import IndexShape, ScoredPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into vectors whose inner product is their similarity in meaning."""

    @property
    def fingerprint(self) -> str:
        """Names model and settings: vectors of different fingerprints must not be compared."""
        ...

    @property
    def dimensions(self) -> int: ...

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Questions → array of shape (len(texts), dimensions), every row of length 1."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Passages → array of shape (len(texts), dimensions), every row of length 1."""
        ...


class PassageIndex(Protocol):
    """A dense index over numbered vectors. Numbers are the catalogue's row numbers, positive and unique.

    Not thread-safe for writing; many may read one that nobody changes. Writers change a copy.
    """

    def __len__(self) -> int: ...

    def copy(self) -> PassageIndex:
        """One that can be changed while this one is searched; cheap, for what does not change is shared."""
        ...

    def numbers(self) -> NDArray[np.int64]:
        """What is present, in any order."""
        ...

    @property
    def wants_compaction(self) -> bool:
        """Whether removed or newly added vectors cost more than making the index anew would."""
        ...

    def compacted(self) -> PassageIndex:
        """The same contents in the kind that suits their number; may take seconds."""
        ...

    def shape(self) -> IndexShape: ...

    def add(self, numbers: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Adds vectors of shape (len(numbers), dimensions).

        Raises ValueError when a number is already present or repeated, or shapes do not match.
        """
        ...

    def remove(self, numbers: Sequence[int]) -> int:
        """Removes what is present of `numbers`; returns how many that were."""
        ...

    def search(self, query: NDArray[np.float32], *, limit: int) -> Sequence[tuple[int, float]]:
        """The nearest numbers with their inner products, best first; fewer than `limit` when fewer exist."""
        ...

    def similarities(self, query: NDArray[np.float32], numbers: Sequence[int]) -> Sequence[float]:
        """Inner product of `query` with each of `numbers`. Raises KeyError for an absent number."""
        ...

    def save(self, path: Path) -> None: ...

    def load(self, path: Path) -> None:
        """Replaces the contents by a saved index. Raises IndexUnreadable."""
        ...


class Retriever(Protocol):
    """Finds the passages that may answer a question."""

    @property
    def generation(self) -> int:
        """Grows with every change of what can be found."""
        ...

    def search(self, query: str, *, limit: int, earlier: str = "") -> Sequence[ScoredPassage]:
        """The best passages, best first. `earlier` is the exchange before, for follow-up questions."""
        ...
