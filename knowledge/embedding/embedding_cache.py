"""Remembers the vectors of the latest questions: a message is embedded once, whoever asks for its vector."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from knowledge.errors import ModelUnavailable
from knowledge.protocols import Embedder

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from knowledge.embedding.token_states import TokenStates
    from knowledge.embedding.tunable_encoder import Method, TunableEmbedder, TunableEncoder


class CachingEmbedder:
    """An Embedder that asks `embedder` only for questions it has not seen lately. Passages are passed through.

    Holds at most `capacity` vectors: 1,024 of 384 numbers take 1.5 MB.
    """

    def __init__(self, embedder: Embedder, *, capacity: int = 1024) -> None:
        self._embedder = embedder
        self._capacity = capacity
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def fingerprint(self) -> str:
        return self._embedder.fingerprint

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._embedder.embed_passages(texts)

    def tunable(self, method: Method) -> TunableEncoder:
        """As the embedder's; raises ModelUnavailable where it cannot learn."""
        return _tunable(self._embedder).tunable(method)

    def tuned(self, changes: Path) -> CachingEmbedder:
        """As the embedder's, with a memory of its own; raises ModelUnavailable where it cannot learn."""
        return CachingEmbedder(_tunable(self._embedder).tuned(changes), capacity=self._capacity)

    def token_states(self, texts: Sequence[str], *, asks: bool = False) -> list[TokenStates]:
        """As the embedder's; raises ModelUnavailable where it does not tell single words."""
        from knowledge.embedding.token_states import WordEmbedder

        if not isinstance(self._embedder, WordEmbedder):
            raise ModelUnavailable("This embedder does not tell the words of a text; set a model folder")
        return self._embedder.token_states(texts, asks=asks)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        with self._lock:
            known = {text: self._vectors[text] for text in set(texts) if text in self._vectors}
        unknown = list(dict.fromkeys(text for text in texts if text not in known))
        if unknown:
            known |= dict(zip(unknown, self._embedder.embed_queries(unknown), strict=True))
            self._remember(unknown, known)
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        return np.stack([known[text] for text in texts])

    def _remember(self, texts: Sequence[str], vectors: dict[str, NDArray[np.float32]]) -> None:
        with self._lock:
            for text in texts[-self._capacity :]:
                self._vectors[text] = vectors[text]
                self._vectors.move_to_end(text)
            while len(self._vectors) > self._capacity:
                self._vectors.popitem(last=False)


def _tunable(embedder: Embedder) -> TunableEmbedder:
    from knowledge.embedding.tunable_encoder import TunableEmbedder

    if isinstance(embedder, TunableEmbedder):
        return embedder
    raise ModelUnavailable("This embedder cannot be tuned; train with `--method head`, or set a model folder")
