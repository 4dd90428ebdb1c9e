"""What may become a question-and-answer entry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.entries.entry_values import LONGEST_ANSWER, LONGEST_WORDING, MOST_WORDINGS, EntryDraft, checked
from knowledge.errors import EntryRefused


def a_draft(question: str = "Are you open?", answer: str = "Yes.", link: str = "") -> EntryDraft:
    return EntryDraft({"en": (question,)}, {"en": answer}, link)


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (a_draft(question="  \u200b "), "question_missing"),
        (a_draft(answer=" \n "), "answer_missing"),
        (a_draft(question="x" * 100_000), "question_too_long"),
        (a_draft(answer="x" * 100_000), "answer_too_long"),
        (
            EntryDraft({"en": tuple(f"Question {n}?" for n in range(MOST_WORDINGS + 1))}, {"en": "x"}),
            "too_many_questions",
        ),
        (a_draft(link="javascript:alert(1)"), "link_invalid"),
        (a_draft(link="https://"), "link_invalid"),
        (a_draft(link='https://a.example/"><script>'), "link_invalid"),
        (a_draft(link="https://[broken"), "link_invalid"),
    ],
)
def test_what_cannot_be_an_entry_is_refused_and_says_why(draft: EntryDraft, code: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        checked(draft)
    assert refused.value.code == code
    assert str(refused.value)


def test_an_answer_keeps_its_every_character_that_can_be_seen() -> None:
    answer = "**Yes** <b>& no</b> [1]\n\n• 10 €\t👩‍🌾 {x}"
    assert checked(a_draft(answer=answer)).answers == {"en": answer}


def test_repeated_and_empty_questions_are_dropped() -> None:
    draft = checked(EntryDraft({"en": ("A?", " A? ", "", "B?")}, {"en": "x", "zh": " "}, " https://a.example/b "))
    assert draft == EntryDraft({"en": ("A?", "B?")}, {"en": "x"}, "https://a.example/b")


@given(st.text(max_size=LONGEST_WORDING), st.text(max_size=300))
def test_what_was_checked_once_stays_as_it_is(question: str, answer: str) -> None:
    try:
        once = checked(a_draft(question, answer))
    except EntryRefused:
        return
    assert checked(once) == once
    assert len(once.answers["en"]) <= LONGEST_ANSWER
