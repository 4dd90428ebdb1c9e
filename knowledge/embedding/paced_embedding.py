"""Embeds many passages in parts of similar length, with a breath in between. Knows nothing of documents and models."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from knowledge.protocols import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OnEmbedded = Callable[[int, int], None]
"""Told how many passages are done, of how many, before each part and at the end. Raise from it to break off."""


def not_told(_done: int, _total: int) -> None:
    """For those whom nobody waits for."""
    return


_PART_SECONDS = 0.6  # what a part should take: nobody who cancels waits much longer
_FIRST_PART = 2_048  # tokens, about; the size of a part grows to what the machine does in the time above
_SMALLEST_PART = 512
_BYTES_PER_TOKEN = 4  # of UTF-8: so for English words and, three bytes a character, for Chinese


class PacedEmbedding:
    """Long passages first: texts of similar length are embedded together, so that little is padding.

    Remembers from call to call how much the machine embeds in a part's time, a GPU some hundred times more than a core.
    """

    def __init__(self, embedder: Embedder, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._embedder = embedder
        self._clock = clock
        self._part_tokens = float(_FIRST_PART)

    def embed(self, texts: Sequence[str], on_embedded: OnEmbedded) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), dimensions), in the order of `texts`."""
        import numpy as np

        vectors = np.empty((len(texts), self._embedder.dimensions), dtype=np.float32)
        done = 0
        for numbers in self._parts([_tokens(text) for text in texts]):
            on_embedded(done, len(texts))
            began = self._clock()
            vectors[numbers] = self._embedder.embed_passages([texts[number] for number in numbers])
            self._adjust(sum(_tokens(texts[number]) for number in numbers), self._clock() - began)
            done += len(numbers)
        on_embedded(done, len(texts))
        return vectors

    def _parts(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Positions in `lengths`; how much a part holds is decided when it begins."""
        waiting = sorted(range(len(lengths)), key=lambda number: -lengths[number])
        first = 0
        while first < len(waiting):
            size, last = 0, first
            while last < len(waiting) and (last == first or size + lengths[waiting[last]] <= self._part_tokens):
                size += lengths[waiting[last]]
                last += 1
            yield waiting[first:last]
            first = last

    def _adjust(self, tokens: int, seconds: float) -> None:
        fitting = tokens * _PART_SECONDS / max(seconds, 1e-6)
        self._part_tokens = max(_SMALLEST_PART, min(fitting, 2 * self._part_tokens))


def _tokens(text: str) -> int:
    return 1 + len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN
