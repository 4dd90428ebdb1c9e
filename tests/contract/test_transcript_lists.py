"""What every TranscriptStore promises of the lists that operators see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answers import Outcome
from bot.messages import Author, Handler, MessageState
from bot.protocols import TranscriptStore
from tests.fakes.told import ANSWER, answered, asked


class TestLists:
    def test_the_most_recently_active_come_first(self, store: TranscriptStore) -> None:
        opened = [store.open_conversation(channel="chat") for _ in range(4)]
        store.append(opened[1].conversation_id, Author.CUSTOMER, "hello")
        store.change_handler(opened[0].conversation_id, Handler.OPERATOR)
        order = [each.conversation.conversation_id for each in store.conversations()]
        assert order == [opened[number].conversation_id for number in (0, 1, 3, 2)]
        assert [each.conversation.conversation_id for each in store.conversations(limit=2, offset=1)] == order[1:3]
        assert store.conversations(offset=4) == []

    def test_a_line_says_what_matters(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        store.append(conversation.conversation_id, Author.SYSTEM, "A person has joined")
        answer = answered(store, conversation, question)
        second = store.append(conversation.conversation_id, Author.CUSTOMER, "And the cable?").message
        answered(store, conversation, second, answer=replace(ANSWER, outcome=Outcome.ABSTAINED))
        assert answer is not None
        store.record_feedback(answer.message_id, "down")
        (line,) = store.conversations()
        assert line.conversation == store.conversation(conversation.conversation_id)
        assert (line.messages, line.first_text, line.last_outcome, line.has_negative_feedback) == (
            5,
            "Can I return it?",
            "abstained",
            True,
        )

    def test_an_empty_conversation_is_listed_too(self, store: TranscriptStore) -> None:
        store.open_conversation(channel="chat")
        (line,) = store.conversations()
        assert (line.messages, line.first_text, line.last_outcome, line.has_negative_feedback) == (0, "", None, False)

    def test_praise_is_no_complaint_and_a_replaced_answer_does_not_count(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        failed = answered(store, conversation, question, state=MessageState.FAILED)
        assert failed is not None
        store.record_feedback(failed.message_id, "down")
        answer = answered(store, conversation, question)
        assert answer is not None
        store.record_feedback(answer.message_id, "up")
        (line,) = store.conversations()
        assert (line.messages, line.has_negative_feedback) == (2, False)

    @pytest.mark.parametrize(
        ("said", "containing", "is_found"),
        [
            ("Where is my PARCEL?", "parcel", True),
            ("ÉCLAIR und STRASSE", "éclair und straße", True),
            ("我想退货", "退货", True),
            ("订单号ＡＢ１２", "ab12", True),
            ("50% off", "0%", True),
            ("500 off", "0%", False),
            ("snake_case", "e_c", True),
            ("snakescase", "e_c", False),
            (r"back\slash", "k\\s", True),
            ("a/b", "/", True),
            ("plain", "'", False),
        ],
    )
    def test_texts_are_searched_literally_and_without_case(
        self, store: TranscriptStore, said: str, containing: str, is_found: bool
    ) -> None:
        asked(store, said)
        asked(store, "something else entirely")
        found = [each.first_text for each in store.conversations(containing=containing)]
        assert found == ([said] if is_found else [])

    def test_lists_can_be_narrowed_to_one_handler(self, store: TranscriptStore) -> None:
        conversation, _ = asked(store, "first parcel")
        asked(store, "second parcel")
        store.change_handler(conversation.conversation_id, Handler.WAITING)
        found = store.conversations(containing="parcel", handler=Handler.WAITING)
        assert [each.first_text for each in found] == ["first parcel"]
        assert store.conversations(handler=Handler.OPERATOR) == []
