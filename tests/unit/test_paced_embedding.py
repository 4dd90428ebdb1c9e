"""Parts of similar length, none of which takes long, whatever the machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.embedding.paced_embedding import PacedEmbedding
from tests.fakes.embedder import FakeEmbedder


class TimedEmbedder(FakeEmbedder):
    """Takes a second for so many bytes of text, on a clock of its own."""

    def __init__(self, *, bytes_per_second: float) -> None:
        super().__init__(dimensions=16)
        self.now = 0.0
        self.parts: list[list[str]] = []
        self._speed = bytes_per_second

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.parts.append(list(texts))
        self.now += sum(len(text.encode()) for text in texts) / self._speed
        return super().embed_passages(texts)


def ignored(_done: int, _total: int) -> None:
    return


@given(st.lists(st.text(max_size=300), max_size=60))
def test_vectors_come_in_the_order_of_their_texts(texts: list[str]) -> None:
    embedder = FakeEmbedder(dimensions=16)
    made = PacedEmbedding(embedder).embed(texts, ignored)
    assert made.shape == (len(texts), 16)
    if texts:
        assert np.array_equal(made, embedder.embed_passages(texts))


@pytest.mark.parametrize("bytes_per_second", [4_000, 20_000, 100_000])
def test_no_part_keeps_whoever_cancels_waiting(bytes_per_second: float) -> None:
    embedder = TimedEmbedder(bytes_per_second=bytes_per_second)
    embedding = PacedEmbedding(embedder, clock=lambda: embedder.now)
    texts = ["word " * (20 + 7 * n % 180) for n in range(2000)]
    embedding.embed(texts[:200], ignored)  # learns how fast the machine is
    embedder.parts.clear()
    embedding.embed(texts[200:], ignored)
    seconds = [sum(map(len, part)) / bytes_per_second for part in embedder.parts]
    assert max(seconds) < 1.5
    assert np.median(seconds) > 0.25, "parts so small that they are all overhead"


def test_texts_of_similar_length_come_together() -> None:
    embedder = TimedEmbedder(bytes_per_second=40_000)
    PacedEmbedding(embedder, clock=lambda: embedder.now).embed(
        ["word " * (1 + 37 * n % 200) for n in range(800)], ignored
    )
    used = sum(len(text) for part in embedder.parts for text in part)
    padded = sum(max(map(len, part)) * len(part) for part in embedder.parts)
    assert used / padded > 0.9


def test_raising_breaks_off_before_the_next_part() -> None:
    embedder = TimedEmbedder(bytes_per_second=10_000)

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PacedEmbedding(embedder, clock=lambda: embedder.now).embed(["word " * 100] * 400, stop)
    assert len(embedder.parts) == 1
