"""What every Embedder promises."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge.protocols import Embedder
from tests.fakes.embedder import FakeEmbedder

REFUNDS = "How do I get a refund for a broken kettle?"
ABOUT_REFUNDS = "Refunds. Send the broken kettle back and the refund reaches your account within five days."
ABOUT_OFFICES = "Our offices in Lisbon close at noon on public holidays."


@pytest.fixture(params=["fake"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return FakeEmbedder()


def test_every_text_gives_one_row_of_length_one(embedder: Embedder) -> None:
    texts = ["one", "怎么退货？", "", "   ", "word " * 2000, "\U0001f600"]
    for vectors in (embedder.embed_queries(texts), embedder.embed_passages(texts)):
        assert vectors.shape == (len(texts), embedder.dimensions)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-3)


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed_queries([]).shape == (0, embedder.dimensions)
    assert embedder.embed_passages([]).shape == (0, embedder.dimensions)


def test_the_same_text_gives_the_same_vector_alone_and_in_company(embedder: Embedder) -> None:
    alone = embedder.embed_passages([ABOUT_REFUNDS])[0]
    together = embedder.embed_passages([ABOUT_OFFICES, ABOUT_REFUNDS, "x"])[1]
    assert float(alone @ together) > 0.999


def test_a_question_is_nearer_to_the_passage_that_answers_it(embedder: Embedder) -> None:
    question = embedder.embed_queries([REFUNDS])[0]
    near, far = embedder.embed_passages([ABOUT_REFUNDS, ABOUT_OFFICES]) @ question
    assert near > far


def test_the_fingerprint_names_the_model_and_does_not_change(embedder: Embedder) -> None:
    assert embedder.fingerprint
    assert embedder.fingerprint == embedder.fingerprint
    embedder.embed_queries(["anything"])
    assert "/" not in embedder.fingerprint


def test_embedders_that_must_not_be_mixed_have_different_fingerprints() -> None:
    assert FakeEmbedder().fingerprint != FakeEmbedder(name="other").fingerprint
