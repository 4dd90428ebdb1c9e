"""An Embedder that waits inside the embedding of passages until it is told to go on."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tests.fakes.embedder import FakeEmbedder


class PausingEmbedder(FakeEmbedder):
    """Waits in its first part, then in every part while `go_on` is clear."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.reached.set()
        assert self.go_on.wait(30)
        return super().embed_passages(texts)
