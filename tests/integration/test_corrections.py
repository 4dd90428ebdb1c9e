"""Corrections: the right question, one entry however often one presses, and nobody's work overwritten unseen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answers import Answer, Outcome
from bot.messages import Author, Message
from knowledge.entries.entry_values import EntryDraft
from knowledge.errors import EntryChanged, EntryRefused
from tests.fakes.frontdesk import Desk
from ui.corrections import correctable, correction_of, store_correction

QUESTION = "Do you sell square kettles?"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def asked(key: str, text: str) -> Message:
    return Message(key, "c", Author.CUSTOMER, text, created_at=1.0)


def answered(key: str, reply_to: str, text: str, outcome: Outcome = Outcome.ANSWERED) -> Message:
    answer = Answer(text, outcome, "en")
    return Message(key, "c", Author.BOT, text, created_at=2.0, reply_to=reply_to, answer=answer)


def test_the_form_holds_the_question_that_was_answered_even_where_the_next_one_came_before_the_answer(
    desk: Desk,
) -> None:
    messages = [
        asked("q1", QUESTION),
        asked("q2", "Where is my parcel?"),
        answered("a1", "q1", "We sell lamps. [1]"),
        answered("a2", "q2", "I do not know.", Outcome.ABSTAINED),
    ]
    first, second = (correction_of(key, messages, desk.entries) for key in ("a1", "a2"))
    assert first is not None
    assert second is not None
    assert (first.question, first.answer, first.seen) == (QUESTION, "We sell lamps.", "")
    assert (second.question, second.answer) == ("Where is my parcel?", "")


def test_a_follow_up_is_corrected_with_what_it_leans_on(desk: Desk) -> None:
    messages = [
        asked("q1", "How much is the Home plan?"),
        answered("a1", "q1", "9 euro."),
        asked("q2", "and for students?"),
        answered("a2", "q2", "9 euro."),
    ]
    correction = correction_of("a2", messages, desk.entries)
    assert correction is not None
    assert correction.question == "How much is the Home plan? and for students?"


def test_what_the_assistant_did_not_answer_cannot_be_corrected(desk: Desk) -> None:
    handed = answered("a1", "q1", "A person comes.", Outcome.HANDED_OVER)
    assert not correctable(handed)
    assert correction_of("a1", [asked("q1", "a human"), handed], desk.entries) is None
    assert correction_of("elsewhere", [asked("q1", "a human")], desk.entries) is None


def test_pressing_twice_makes_one_entry(desk: Desk) -> None:
    first, second = (
        store_correction(QUESTION, " Yes, in red. ", desk.entries, seen="", editor="olga") for _ in range(2)
    )
    assert first.entry_id == second.entry_id
    assert desk.entries.book.entries().total == 1


def test_an_entry_is_written_over_by_whoever_has_seen_it(desk: Desk) -> None:
    entry = store_correction(QUESTION, "Yes, in red.", desk.entries, seen="", editor="olga")
    correction = correction_of("a1", [asked("q1", QUESTION), answered("a1", "q1", "No.")], desk.entries)
    assert correction is not None
    assert (correction.answer, correction.written_by) == ("Yes, in red.", "olga")
    changed = store_correction(QUESTION, "Yes, in blue.", desk.entries, seen=correction.seen, editor="ada")
    assert (changed.entry_id, changed.answers["en"], changed.updated_by) == (entry.entry_id, "Yes, in blue.", "ada")


@pytest.mark.parametrize("seen_before", [True, False])
def test_what_somebody_else_has_written_meanwhile_is_not_overwritten(desk: Desk, seen_before: bool) -> None:
    draft = EntryDraft({"en": (QUESTION,)}, {"en": "Edda's answer."})
    seen = ""
    if seen_before:
        entry = store_correction(QUESTION, "Yes, in red.", desk.entries, seen="", editor="olga")
        seen = f"{entry.entry_id}:{entry.version}"
        desk.entries.book.edit(entry.entry_id, draft, editor="edda", expected_version=entry.version)
    else:
        desk.entries.book.add(draft, editor="edda")
    with pytest.raises(EntryChanged, match="edda"):
        store_correction(QUESTION, "Olga's answer.", desk.entries, seen=seen, editor="olga")
    (stored,) = desk.entries.book.entries().entries
    assert stored.answers["en"] == "Edda's answer."


@pytest.mark.parametrize(("question", "answer"), [("", "Yes."), (QUESTION, "  "), ("x" * 401, "Yes.")])
def test_half_a_correction_is_refused(desk: Desk, question: str, answer: str) -> None:
    with pytest.raises(EntryRefused):
        store_correction(question, answer, desk.entries, seen="", editor="olga")
    assert desk.entries.book.entries().total == 0
