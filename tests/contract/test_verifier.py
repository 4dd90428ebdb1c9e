"""What every Verifier promises."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.protocols import Verifier
from bot.verifiers.calibration import load_calibration
from bot.verifiers.opening import open_verifier
from bot.verifiers.similarity import SimilarityVerifier
from knowledge.embedding.embeddings import TorchEmbedder
from knowledge.passages import ScoredPassage
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.retriever import a_passage
from tests.fakes.verifier import WordVerifier
from tests.models import embedder_folder

REFUND = "Start in your account. A refund reaches your bank within five days.\n- Drain the tank first."
COURIER = "We ship every kettle by courier. Do you need it sooner? Choose express."


@pytest.fixture(
    scope="module",
    params=[
        "words",
        "similarity on a fake embedder",
        pytest.param("similarity", marks=pytest.mark.models),
        pytest.param("trained", marks=pytest.mark.models),
    ],
)
def verifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    if request.param == "words":
        return WordVerifier()
    if request.param == "similarity":
        return SimilarityVerifier(TorchEmbedder(embedder_folder()), load_calibration())
    if request.param == "trained":
        return open_verifier(TorchEmbedder(embedder_folder()))
    return SimilarityVerifier(FakeEmbedder(), load_calibration())


def found(*texts: str) -> list[ScoredPassage]:
    return [
        ScoredPassage(a_passage(text, number=number), score=1 - number / 10, dense=0.85, lexical=0.3)
        for number, text in enumerate(texts)
    ]


def test_a_sentence_is_what_stands_at_its_place_in_its_passage(verifier: Verifier) -> None:
    passages = found(REFUND, COURIER)
    for sentence in verifier.assess("When does my refund reach the bank?", passages).sentences:
        assert passages[sentence.passage].passage.text[sentence.start : sentence.end] == sentence.text


def test_every_sentence_is_assessed_best_first(verifier: Verifier) -> None:
    assessment = verifier.assess("When does my refund reach the bank?", found(REFUND, COURIER))
    scores = [sentence.score for sentence in assessment.sentences]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 6
    assert all(0 <= score <= 1 for score in [*scores, assessment.answerable])


def test_the_sentence_that_answers_comes_first(verifier: Verifier) -> None:
    best = verifier.assess("When does the refund reach my bank?", found(COURIER, REFUND)).sentences[0]
    assert best.text == "A refund reaches your bank within five days."


def test_without_passages_nothing_can_be_answered(verifier: Verifier) -> None:
    assessment = verifier.assess("When does my refund reach the bank?", [])
    assert assessment.sentences == ()
    assert assessment.answerable < 0.1


def test_what_stands_there_is_supported_more_than_what_does_not(verifier: Verifier) -> None:
    claim = "The refund reaches your bank within five days."
    same, other = verifier.supports(claim, ["A refund reaches your bank within five days.", "We ship kettles."])
    assert same > 0.5 > other


def test_support_has_one_probability_for_each_sentence(verifier: Verifier) -> None:
    assert len(verifier.supports("A claim.", [])) == 0
    assert len(verifier.supports("A claim.", ["One.", "Two.", "One."])) == 3


def test_the_same_question_is_assessed_the_same_way(verifier: Verifier) -> None:
    first = verifier.assess("When does my refund arrive?", found(REFUND, COURIER))
    again = verifier.assess("When does my refund arrive?", found(REFUND, COURIER))
    assert [sentence.text for sentence in first.sentences] == [sentence.text for sentence in again.sentences]
    assert first.answerable == pytest.approx(again.answerable, abs=0.01)
    assert verifier.release == verifier.release


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text(min_size=1, max_size=60), texts=st.lists(st.text(max_size=120), max_size=3))
def test_any_text_can_be_assessed(verifier: Verifier, question: str, texts: list[str]) -> None:
    passages = found(*texts)
    assessment = verifier.assess(question, passages)
    assert 0 <= assessment.answerable <= 1
    for sentence in assessment.sentences:
        assert sentence.text == passages[sentence.passage].passage.text[sentence.start : sentence.end]
