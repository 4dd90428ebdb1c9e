"""Vectors of passages lean towards their titles, and each title is embedded once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.embedding.paced_embedding import not_told
from knowledge.embedding.titled_vectors import TITLE_WEIGHT, TitledText, TitledVectors
from tests.fakes.embedder import FakeEmbedder

REFUNDS = TitledText("Returns", "Returns\nWe pay the money back within five days.")


def test_a_vector_is_that_of_the_text_and_some_of_the_titles() -> None:
    embedder = FakeEmbedder()
    (made,) = TitledVectors(embedder).embed([REFUNDS], not_told)
    text, title = embedder.embed_passages([REFUNDS.text, REFUNDS.title])
    expected = text + TITLE_WEIGHT * title
    assert made == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert made @ title > text @ title


def test_a_title_is_embedded_once_however_many_passages_it_has() -> None:
    embedder = FakeEmbedder()
    vectors = TitledVectors(embedder)
    vectors.embed([REFUNDS, REFUNDS._replace(text="Returns\nIn its box.")], not_told)
    assert embedder.passages_embedded == 3
    vectors.embed([REFUNDS._replace(text="Returns\nBy post.")], not_told)
    assert embedder.passages_embedded == 4


TITLED = st.builds(TitledText, st.sampled_from(["", " ", "Returns", "退货"]), st.text(max_size=40))


@given(st.lists(TITLED, max_size=20))
def test_every_vector_has_length_one_and_its_own_place(passages: list[TitledText]) -> None:
    embedder = FakeEmbedder(dimensions=32)
    made = TitledVectors(embedder).embed(passages, not_told)
    assert made.shape == (len(passages), 32)
    for passage, vector in zip(passages, made, strict=True):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert vector == pytest.approx(TitledVectors(embedder).embed([passage], not_told)[0], abs=1e-6)


def test_vectors_of_another_recipe_are_not_compared_with_these() -> None:
    assert TitledVectors(FakeEmbedder()).fingerprint != FakeEmbedder().fingerprint
    assert TitledVectors(FakeEmbedder()).fingerprint != TitledVectors(FakeEmbedder(name="other")).fingerprint
