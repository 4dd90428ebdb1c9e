"""What every Retriever promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.protocols import Retriever
from tests.fakes.knowledge import a_draft, a_library
from tests.fakes.passage_index import FakePassageIndex
from tests.fakes.retriever import WordRetriever, a_passage

TEXTS = (
    "A refund reaches your account within five days.",
    "We ship every kettle by courier.",
    "Invoices are sent by email on the first day of the month.",
)
NewRetriever = Callable[..., Retriever]


@pytest.fixture(params=["fake", "library", "library on the fake index"])
def new_retriever(request: pytest.FixtureRequest, tmp_path: Path) -> NewRetriever:
    def fake(*texts: str) -> Retriever:
        return WordRetriever(*(a_passage(text, number=number) for number, text in enumerate(texts)))

    def library(*texts: str) -> Retriever:
        made = a_library(tmp_path) if request.param == "library" else a_library(tmp_path, new_index=FakePassageIndex)
        for number, text in enumerate(texts):
            made.add_document(a_draft(f"document-{number}", text))
        return made

    return fake if request.param == "fake" else library


def test_the_passage_that_answers_comes_first(new_retriever: NewRetriever) -> None:
    found = new_retriever(*TEXTS).search("When do I get my refund?", limit=3)
    assert found[0].passage.document_id == "document-0"
    assert found[0].passage.text == TEXTS[0]


def test_scores_fall_and_lie_between_0_and_1(new_retriever: NewRetriever) -> None:
    scores = [found.score for found in new_retriever(*TEXTS).search("refund by email on the first day", limit=3)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_no_more_passages_are_given_than_asked_for(new_retriever: NewRetriever) -> None:
    retriever = new_retriever(*TEXTS)
    assert len(retriever.search("refund kettle email", limit=1)) == 1
    assert len(retriever.search("refund kettle email", limit=2)) == 2
    assert len(retriever.search("refund kettle email", limit=50)) <= 3


def test_a_follow_up_is_read_with_the_exchange_before(new_retriever: NewRetriever) -> None:
    found = new_retriever(*TEXTS).search("How long does that take?", limit=1, earlier="Tell me about the refund.")
    assert found[0].passage.document_id == "document-0"


def test_an_empty_knowledge_base_finds_nothing(new_retriever: NewRetriever) -> None:
    assert list(new_retriever().search("refund", limit=5)) == []


def test_the_same_question_gives_the_same_answer(new_retriever: NewRetriever) -> None:
    retriever = new_retriever(*TEXTS)
    assert retriever.search("kettle", limit=3) == retriever.search("kettle", limit=3)
    assert retriever.generation == retriever.generation
