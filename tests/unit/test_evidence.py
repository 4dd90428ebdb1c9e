"""What is measured of sentences and questions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.verifiers.calibration import Centres
from bot.verifiers.evidence import compare, is_statement, ranking_scores, sentences_of
from bot.verifiers.question_words import coverage, overlaps, question_words
from bot.verifiers.sentence_vectors import SentenceVectors
from knowledge.passages import ScoredPassage
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.retriever import a_passage


@pytest.mark.parametrize(
    "text", ["It costs €5.", "Plan: Home; Price: €22", "- Drain the tank", "退款需要五天", "2.4 GHz 可用"]
)
def test_sentences_records_and_items_can_answer(text: str) -> None:
    assert is_statement(text)


@pytest.mark.parametrize("text", ["How long does it take?", "Shipping", "Returns and refunds?”", "退款", "多久到账？"])
def test_questions_headings_and_fragments_cannot(text: str) -> None:
    assert not is_statement(text)


def test_the_words_of_a_question_are_those_that_say_something() -> None:
    assert question_words("How do I return my opened kits?") == ("return", "open", "kit")
    assert question_words("怎么退货？") == ("退货",)
    assert question_words("多久？") == ()


def test_coverage_is_the_share_of_words_that_a_text_has() -> None:
    assert coverage(("return", "kit"), "Returning things") == 0.5
    assert coverage((), "anything") == 0.5


def test_rare_words_weigh_more_than_common_ones() -> None:
    common, rare, neither = overlaps(("kit", "red"), ["The kit.", "A kit blinks red.", "Kit."])[:3]
    assert rare > common
    assert common == neither


def test_a_question_among_the_sentences_ranks_below_a_statement_like_it() -> None:
    passages = [ScoredPassage(a_passage("When does the refund arrive? The refund arrives in May."), 1.0, 0.8)]
    embedder, question = FakeEmbedder(dimensions=64), "When does the refund arrive"
    sentences = sentences_of(passages)
    vectors = np.ones((2, 64), dtype=np.float32)
    evidence = compare(
        question, embedder.embed_queries([question])[0], passages, sentences, vectors, Centres.at_zero(64)
    )
    asked, stated = ranking_scores(evidence)
    assert stated > asked


def test_centring_takes_away_what_all_sentences_share() -> None:
    passages = [ScoredPassage(a_passage("One is here. Two is there."), 1.0)]
    shared = np.array([10.0, 0.0, 0.0], dtype=np.float32)
    vectors = np.array([[10.0, 1.0, 0.0], [10.0, 0.0, 1.0]], dtype=np.float32)
    centres = Centres({"en": shared, "zh": shared}, {"en": shared, "zh": shared})
    evidence = compare("One?", vectors[0], passages, sentences_of(passages), vectors, centres)
    assert evidence.similarities.tolist() == pytest.approx([1.0, 0.0])


class CountingEmbedder(FakeEmbedder):
    def __init__(self) -> None:
        super().__init__(dimensions=64)
        self.batches: list[list[str]] = []

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.batches.append(list(texts))
        return super().embed_passages(texts)


def test_a_sentence_is_embedded_once_and_new_ones_together() -> None:
    embedder = CountingEmbedder()
    vectors = SentenceVectors(embedder)
    vectors.of(["one", "two", "one"])
    vectors.of(["two", "three", "four"])
    assert embedder.batches == [["one", "two"], ["three", "four"]]


def test_a_remembered_vector_is_the_one_that_was_made() -> None:
    vectors = SentenceVectors(FakeEmbedder(dimensions=64))
    assert np.array_equal(vectors.of(["one", "two"])[1], vectors.of(["two"])[0])
    assert vectors.of([]).shape == (0, 64)


def test_no_more_vectors_are_kept_than_agreed() -> None:
    vectors = SentenceVectors(FakeEmbedder(dimensions=64), capacity=3)
    assert vectors.of([str(number) for number in range(10)]).shape == (10, 64)
    assert len(vectors) == 3
