"""What every TranscriptStore promises of answers, also where two want to answer at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bot.errors import ConversationNotFound
from bot.messages import Author, Handler, HandoffReason, Message, MessageState
from bot.protocols import TranscriptStore
from tests.fakes.told import ANSWER, TRACE, answered, asked, texts

RACES = 300


class TestAnswers:
    def test_an_answer_comes_back_with_what_made_it(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        assert store.answer_to(question.message_id) is None
        answer = answered(store, conversation, question)
        assert answer is not None
        assert (answer.answer, answer.trace, answer.text) == (ANSWER, TRACE, ANSWER.text)
        assert (answer.author, answer.reply_to, answer.state) == (
            Author.BOT,
            question.message_id,
            MessageState.COMPLETE,
        )
        assert store.answer_to(question.message_id) == answer
        assert store.message(answer.message_id) == answer
        assert store.messages(conversation.conversation_id) == [question, answer]

    @pytest.mark.parametrize("state", [MessageState.COMPLETE, MessageState.INTERRUPTED])
    def test_a_stored_answer_is_returned_instead_of_another(self, store: TranscriptStore, state: MessageState) -> None:
        conversation, question = asked(store)
        first = answered(store, conversation, question, state=state)
        again = answered(store, conversation, question, answer=replace(ANSWER, text="Something else"))
        assert again == first
        assert len(store.messages(conversation.conversation_id)) == 2

    def test_a_failed_answer_is_replaced(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        failed = answered(store, conversation, question, state=MessageState.FAILED)
        later = store.append(conversation.conversation_id, Author.CUSTOMER, "Are you there?").message
        answer = answered(store, conversation, question)
        assert failed is not None
        assert answer is not None
        assert answer.state is MessageState.COMPLETE
        assert store.answer_to(question.message_id) == answer
        assert store.messages(conversation.conversation_id) == [question, later, answer]
        with pytest.raises(ConversationNotFound):
            store.message(failed.message_id)

    def test_who_saw_the_failed_answer_last_is_told_of_its_replacement(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        first = answered(store, conversation, question, state=MessageState.FAILED)
        second = answered(store, conversation, question, state=MessageState.FAILED)
        third = answered(store, conversation, question)
        assert first is not None
        assert second is not None
        for seen in (first, second):
            assert store.messages(conversation.conversation_id, after=seen.message_id) == [third]

    def test_nothing_is_answered_once_a_person_has_taken_over(self, store: TranscriptStore) -> None:
        for handler in (Handler.WAITING, Handler.OPERATOR, Handler.CLOSED):
            conversation, question = asked(store)
            changed = store.change_handler(conversation.conversation_id, handler)
            assert answered(store, conversation, question) is None
            assert answered(store, changed, question) is None
            assert store.messages(conversation.conversation_id) == [question]

    def test_an_answer_begun_before_the_bot_got_the_conversation_back_is_not_stored(
        self, store: TranscriptStore
    ) -> None:
        conversation, question = asked(store)
        store.change_handler(conversation.conversation_id, Handler.OPERATOR)
        back = store.change_handler(conversation.conversation_id, Handler.BOT)
        assert answered(store, conversation, question) is None
        assert answered(store, back, question) is not None

    def test_an_answer_can_hand_the_conversation_over(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        answer = answered(store, conversation, question, hand_over=HandoffReason.ASKED)
        after = store.conversation(conversation.conversation_id)
        assert store.messages(conversation.conversation_id) == [question, answer]
        assert (after.handler, after.handoff_reason) == (Handler.WAITING, HandoffReason.ASKED)
        assert after.handler_version == conversation.handler_version + 1

    def test_an_answer_that_comes_too_late_hands_nothing_over(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        taken = store.change_handler(conversation.conversation_id, Handler.OPERATOR)
        assert answered(store, conversation, question, hand_over=HandoffReason.ASKED) is None
        assert store.conversation(conversation.conversation_id) == taken

    def test_characters_and_numbers_that_no_database_takes_do_not_lose_the_answer(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        stored = store.append_answer(
            conversation.conversation_id,
            reply_to=question.message_id,
            answer=replace(ANSWER, text="a\0b\ud83d"),
            trace=replace(TRACE, confidence=float("nan"), answerable=float("inf")),
            state=MessageState.COMPLETE,
            handler_version=conversation.handler_version,
        )
        assert stored is not None
        assert stored == store.message(stored.message_id)
        assert stored.answer is not None
        assert stored.text == stored.answer.text == "ab\ufffd"


class TestRaces:
    def test_eight_threads_with_one_client_id_store_one_message(self, store: TranscriptStore) -> None:
        conversation = store.open_conversation(channel="chat")
        gate = threading.Barrier(8)

        def send(client_id: str) -> tuple[bool, str]:
            gate.wait()
            appended = store.append(conversation.conversation_id, Author.CUSTOMER, "hello", client_message_id=client_id)
            return appended.is_new, appended.message.message_id

        with ThreadPoolExecutor(8) as threads:
            for number in range(15):
                results = list(threads.map(send, [f"c{number}"] * 8))
                assert sum(is_new for is_new, _ in results) == 1
                assert len({message_id for _, message_id in results}) == 1
        assert len(texts(store, conversation)) == 15

    def test_the_bot_never_speaks_after_a_take_over(self, store: TranscriptStore) -> None:
        """Whoever has taken over sees all that the bot will ever have said."""
        with ThreadPoolExecutor(1) as operator:
            for race in range(RACES):
                conversation, question = asked(store)
                gate = threading.Barrier(2)
                seen = operator.submit(_take_over, store, conversation.conversation_id, gate, hesitation=race % 6)
                gate.wait()
                answer = answered(store, conversation, question)
                expected = [question] if answer is None else [question, answer]
                assert seen.result() == store.messages(conversation.conversation_id) == expected

    def test_eight_threads_answering_one_question_store_one_answer(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        gate = threading.Barrier(8)

        def answer(number: int) -> Message | None:
            gate.wait()
            return answered(store, conversation, question, answer=replace(ANSWER, text=f"answer {number}"))

        with ThreadPoolExecutor(8) as threads:
            results = list(threads.map(answer, range(8)))
        assert results == [store.answer_to(question.message_id)] * 8
        assert len(store.messages(conversation.conversation_id)) == 2

    def test_eight_threads_giving_feedback_leave_one(self, store: TranscriptStore) -> None:
        _, question = asked(store)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda verdict: store.record_feedback(question.message_id, verdict), ["up", "down"] * 8))
        assert store.message(question.message_id).feedback in ("up", "down")


def _take_over(store: TranscriptStore, conversation_id: str, gate: threading.Barrier, *, hesitation: int) -> object:
    gate.wait()
    for _ in range(hesitation):  # so that now the operator is first and now the bot
        store.conversation(conversation_id)
    store.change_handler(conversation_id, Handler.OPERATOR)
    return store.messages(conversation_id)
