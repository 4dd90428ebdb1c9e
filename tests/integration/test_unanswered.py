"""Unanswered questions out of real conversations, grouped, covered and dismissed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.answering.entry_matching import EntryMatcher
from bot.answers import Answer, Outcome
from bot.curation.unanswered import EMBEDDED_AT_ONCE, UnansweredQuestions
from bot.messages import Author, MessageState
from bot.migrations import upgrade_database
from bot.traces import Release, Trace
from bot.transcripts import SqlTranscripts
from knowledge.database import open_database
from knowledge.entries.entry_book import EntryBook
from knowledge.entries.entry_values import EntryDraft
from knowledge.languages import detect_language
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.scripted_library import ScriptedLibrary

ABSTAINED, ANSWERED = Outcome.ABSTAINED, Outcome.ANSWERED
TRACE = Trace("unknown", 0.2, "en", Release("g", "c", "v", 1, "1"))


class Front:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.transcripts = SqlTranscripts(engine)
        self.book = EntryBook(engine, FakeEmbedder(), ScriptedLibrary())
        matcher = EntryMatcher(self.book, FakeEmbedder(), thresholds={"en": 0.9, "zh": 0.9})
        self.gaps = UnansweredQuestions(engine, FakeEmbedder(), matcher)

    def ask(self, question: str, outcome: Outcome = ABSTAINED, *, channel: str = "chat", thumb: str = "") -> None:
        transcripts = self.transcripts
        conversation = transcripts.open_conversation(channel=channel)
        asked = transcripts.append(conversation.conversation_id, Author.CUSTOMER, question).message
        answer = transcripts.append_answer(
            conversation.conversation_id,
            reply_to=asked.message_id,
            answer=Answer("words", outcome, detect_language(question)),
            trace=TRACE,
            state=MessageState.COMPLETE,
            handler_version=conversation.handler_version,
        )
        if thumb and answer is not None:
            transcripts.record_feedback(answer.message_id, thumb)


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    engine = open_database(f"sqlite:///{tmp_path / 'frontdesk.db'}")
    upgrade_database(engine)
    yield Front(engine)
    engine.dispose()


def test_what_was_not_answered_is_grouped_the_most_frequent_first(front: Front) -> None:
    for question in ("Do you sell elephants?", "do you sell ELEPHANTS", "Elephants, do you sell?", "Who is your boss?"):
        front.ask(question)
    front.ask("你们卖大象吗？")
    front.ask("你们卖大象吗")
    front.ask("How long does a refund take?", ANSWERED)
    first, second, third = front.gaps.look().groups
    assert (first.count, first.customers, first.language) == (3, 3, "en")
    assert "elephants" in first.question.lower()
    assert (second.question, second.count, second.language) == ("你们卖大象吗", 2, "zh")
    assert (third.question, third.count) == ("Who is your boss?", 1)
    assert front.gaps.look() is front.gaps.look()


def test_a_thumb_down_makes_an_answer_a_gap_and_taking_it_back_unmakes_it(front: Front) -> None:
    front.ask("What is the fee?", ANSWERED, thumb="down")
    front.ask("Where is my parcel?", ANSWERED, thumb="up")
    (gap,) = front.gaps.look().groups
    assert (gap.question, gap.unhelpful) == ("What is the fee?", 1)
    with front.engine.begin() as connection:
        connection.execute(text("DELETE FROM feedback WHERE verdict = 'down'"))
    assert front.gaps.look().groups == ()


def test_an_entry_covers_a_group_and_its_removal_uncovers_it(front: Front) -> None:
    front.ask("Do you sell elephants?")
    front.ask("Who is your boss?")
    draft = EntryDraft({"en": ("Do you sell elephants?",)}, {"en": "No."})
    entry = front.book.add(draft, editor="edda")
    found = front.gaps.look()
    assert [gap.question for gap in found.groups] == ["Who is your boss?"]
    assert found.covered == 1
    front.book.remove(entry.entry_id, editor="edda")
    assert len(front.gaps.look().groups) == 2


def test_a_dismissed_group_stays_away_with_what_is_asked_in_its_meaning(front: Front) -> None:
    front.ask("Do you sell elephants?")
    gap = front.gaps.look().groups[0]
    front.gaps.dismiss(gap, editor="edda")
    assert front.gaps.look().groups == ()
    front.ask("elephants: do you sell")
    assert front.gaps.look().groups == ()
    front.ask("Do you sell tigers in the zoo?")
    assert len(front.gaps.look().groups) == 1
    assert front.gaps.gap(gap.gap_id) is None


def test_an_editors_trials_are_nobodys_questions(front: Front) -> None:
    front.ask("Do you sell elephants?", channel="rehearsal")
    assert front.gaps.look().groups == ()


def test_many_new_questions_are_taken_in_look_by_look(front: Front) -> None:
    for number in range(EMBEDDED_AT_ONCE + 10):
        front.ask(f"word{number} another{number * 7919}")
    first = front.gaps.look()
    assert (first.questions, first.waiting) == (EMBEDDED_AT_ONCE, 10)
    second = front.gaps.look()
    assert (second.questions, second.waiting) == (EMBEDDED_AT_ONCE + 10, 0)


def test_only_vectors_are_kept_of_a_question_that_is_erased(front: Front) -> None:
    front.ask("My number is 555 0100, who calls me?")
    front.gaps.look()
    with front.engine.begin() as connection:
        connection.execute(text("DELETE FROM conversation"))
        assert "555 0100" not in str(connection.execute(text("SELECT * FROM question_vector")).all())
    assert front.gaps.look().groups == ()


def test_a_dismissed_question_is_kept_without_the_customers_words(front: Front) -> None:
    front.ask("My number is 555 0100, who calls me?")
    front.gaps.dismiss(front.gaps.look().groups[0], editor="edda")
    with front.engine.begin() as connection:
        connection.execute(text("DELETE FROM conversation"))
        assert "555 0100" not in str(connection.execute(text("SELECT * FROM dismissed_question")).all())
    front.ask("my number is 555 0100: who calls me")
    assert front.gaps.look().groups == ()


def test_an_erased_conversation_leaves_the_groups_though_it_was_not_the_last(front: Front) -> None:
    front.ask("Do you sell elephants?")
    front.ask("Who is your boss?")
    assert len(front.gaps.look().groups) == 2
    with front.engine.begin() as connection:
        connection.execute(text("DELETE FROM conversation WHERE number = (SELECT MIN(number) FROM conversation)"))
    assert [gap.question for gap in front.gaps.look().groups] == ["Who is your boss?"]


def test_taking_a_dismissal_back_brings_its_group_back(front: Front) -> None:
    front.ask("Do you sell elephants?")
    gap = front.gaps.look().groups[0]
    front.gaps.dismiss(gap, editor="edda")
    assert front.gaps.look().groups == ()
    with front.engine.begin() as connection:
        connection.execute(text("DELETE FROM dismissed_question"))
    assert [each.question for each in front.gaps.look().groups] == [gap.question]
