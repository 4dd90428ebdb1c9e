"""An answer while it grows: markers, gaps and citations."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.drafts import AnswerDraft
from bot.answers import Outcome
from bot.protocols import EvidenceSentence
from knowledge.passages import ScoredPassage
from tests.fakes.retriever import a_passage

FIRST = "Unopened kits go back within 30 days. Opened pods cannot be returned."
SECOND = "Refunds take five days. " + "Filler words. " * 60 + "Banks take seven more."
PASSAGES = [ScoredPassage(a_passage(text, number=n), 0.9) for n, text in enumerate((FIRST, SECOND), start=1)]


def evidence(passage: int, text: str) -> EvidenceSentence:
    start = PASSAGES[passage].passage.text.index(text)
    return EvidenceSentence(passage, start, start + len(text), text, 0.9)


def test_an_empty_draft_is_false_and_a_begun_one_true() -> None:
    draft = AnswerDraft(PASSAGES, "en")
    assert not draft
    draft.add("Refunds take five days.", evidence(1, "Refunds take five days."))
    assert draft


def test_markers_count_passages_in_the_order_in_which_they_are_used() -> None:
    draft = AnswerDraft(PASSAGES, "en")
    shown = [
        draft.add("Five days.", evidence(1, "Refunds take five days.")),
        draft.add("Thirty days.", evidence(0, "Unopened kits go back within 30 days.")),
        draft.add("Seven more.", evidence(1, "Banks take seven more.")),
    ]
    assert shown == ["Five days. [1]", " Thirty days. [2]", " Seven more. [1]"]
    answer = draft.answer()
    assert answer.text == "".join(shown)
    assert [citation.document_id for citation in answer.citations] == ["document-2", "document-1"]
    assert answer.outcome is Outcome.ANSWERED


def test_a_citation_marks_from_the_first_to_the_last_sentence_used() -> None:
    draft = AnswerDraft(PASSAGES, "en")
    draft.add("x", evidence(0, "Opened pods cannot be returned."), evidence(0, "Unopened kits go back within 30 days."))
    assert draft.answer().citations[0].quote == FIRST


def test_a_citation_does_not_mark_half_a_page() -> None:
    draft = AnswerDraft(PASSAGES, "en")
    draft.add("x", evidence(1, "Refunds take five days."), evidence(1, "Banks take seven more."))
    assert draft.answer().citations[0].quote == "Refunds take five days."


def test_chinese_sentences_follow_each_other_without_a_space() -> None:
    draft = AnswerDraft(PASSAGES, "zh")
    shown = draft.add("五天。", evidence(0, FIRST)) + draft.add("七天。", evidence(0, FIRST))
    assert shown == "五天。 [1]七天。 [1]"


def test_the_lines_of_a_list_stay_lines() -> None:
    draft = AnswerDraft(PASSAGES, "en")
    draft.add("Do this:", evidence(0, FIRST))
    assert draft.add("1.  Open it.\n\n2. Close it.", evidence(0, FIRST)) == "\n1. Open it.\n2. Close it. [1]"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=40), st.integers(0, 1)), min_size=1, max_size=6))
def test_the_answer_is_what_was_shown_and_cites_only_what_stands_in_its_passages(added: list[tuple[str, int]]) -> None:
    draft = AnswerDraft(PASSAGES, "en")
    whole = ["Unopened kits go back within 30 days.", "Refunds take five days."]
    shown = "".join(draft.add(text, evidence(number, whole[number])) for text, number in added)
    answer = draft.answer()
    assert answer.text == shown
    assert [citation.marker for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert all(citation.quote and citation.quote in citation.passage_text for citation in answer.citations)
