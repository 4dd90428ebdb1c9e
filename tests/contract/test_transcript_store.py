"""What every TranscriptStore promises of conversations and messages, checked on the fake and on the real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import ConversationNotFound
from bot.messages import Author, Handler, HandoffReason
from bot.protocols import TranscriptStore
from tests.fakes.told import answered, asked, texts


class TestConversations:
    def test_a_new_conversation_is_the_bots(self, store: TranscriptStore) -> None:
        opened = store.open_conversation(channel="api", language="zh")
        assert store.conversation(opened.conversation_id) == opened
        assert (opened.handler, opened.language, opened.channel) == (Handler.BOT, "zh", "api")
        assert opened.handoff_reason is None

    def test_ids_are_long_and_never_the_same(self, store: TranscriptStore) -> None:
        ids = {store.open_conversation(channel="chat").conversation_id for _ in range(20)}
        assert len(ids) == 20
        assert all(len(each) >= 22 for each in ids)

    @pytest.mark.parametrize("unknown", ["nothing", "", "\0", "\ud800", "'; DROP TABLE message; --"])
    def test_an_unknown_conversation_is_refused_everywhere(self, store: TranscriptStore, unknown: str) -> None:
        conversation, question = asked(store)
        attempts: list[Callable[[], object]] = [
            lambda: store.conversation(unknown),
            lambda: store.messages(unknown),
            lambda: store.append(unknown, Author.CUSTOMER, "hello"),
            lambda: store.change_handler(unknown, Handler.OPERATOR),
            lambda: answered(store, replace(conversation, conversation_id=unknown), question),
        ]
        for attempt in attempts:
            with pytest.raises(ConversationNotFound):
                attempt()

    @pytest.mark.parametrize("unknown", ["nothing", "", "\0", "\ud800"])
    def test_an_unknown_message_is_refused_everywhere(self, store: TranscriptStore, unknown: str) -> None:
        conversation, question = asked(store)
        attempts: list[Callable[[], object]] = [
            lambda: store.message(unknown),
            lambda: store.answer_to(unknown),
            lambda: store.messages(conversation.conversation_id, after=unknown),
            lambda: store.record_feedback(unknown, "up"),
            lambda: answered(store, conversation, replace(question, message_id=unknown)),
        ]
        for attempt in attempts:
            with pytest.raises(ConversationNotFound):
                attempt()

    def test_a_message_of_another_conversation_is_unknown_in_this_one(self, store: TranscriptStore) -> None:
        conversation, _ = asked(store)
        _, elsewhere = asked(store)
        with pytest.raises(ConversationNotFound):
            store.messages(conversation.conversation_id, after=elsewhere.message_id)
        with pytest.raises(ConversationNotFound):
            answered(store, conversation, elsewhere)


class TestMessages:
    def test_messages_come_back_as_stored_and_in_order(self, store: TranscriptStore) -> None:
        conversation = store.open_conversation(channel="chat")
        stored = [
            store.append(conversation.conversation_id, author, f"message {number}").message
            for number, author in enumerate([Author.CUSTOMER, Author.SYSTEM, Author.OPERATOR, Author.CUSTOMER])
        ]
        assert store.messages(conversation.conversation_id) == stored
        assert [store.message(each.message_id) for each in stored] == stored
        assert store.messages(conversation.conversation_id, after=stored[1].message_id) == stored[2:]
        assert store.messages(conversation.conversation_id, after=stored[-1].message_id) == []

    def test_an_empty_conversation_has_no_messages(self, store: TranscriptStore) -> None:
        conversation = store.open_conversation(channel="chat")
        assert store.messages(conversation.conversation_id) == []

    def test_time_does_not_run_backwards(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        answer = answered(store, conversation, question)
        assert answer is not None
        assert conversation.created_at <= question.created_at <= answer.created_at
        assert store.conversation(conversation.conversation_id).updated_at == answer.created_at

    def test_the_same_client_id_is_one_message(self, store: TranscriptStore) -> None:
        conversation = store.open_conversation(channel="chat")
        first = store.append(conversation.conversation_id, Author.CUSTOMER, "hello", client_message_id="c1")
        again = store.append(conversation.conversation_id, Author.CUSTOMER, "changed", client_message_id="c1")
        assert (first.is_new, again.is_new) == (True, False)
        assert again.message == first.message
        assert texts(store, conversation) == ["hello"]

    def test_a_client_id_counts_within_its_conversation_only(self, store: TranscriptStore) -> None:
        for _ in range(2):
            conversation = store.open_conversation(channel="chat")
            assert store.append(conversation.conversation_id, Author.CUSTOMER, "hello", client_message_id="c1").is_new

    def test_messages_without_client_id_are_never_taken_for_one(self, store: TranscriptStore) -> None:
        conversation = store.open_conversation(channel="chat")
        assert all(store.append(conversation.conversation_id, Author.CUSTOMER, "hello").is_new for _ in range(3))
        assert len(texts(store, conversation)) == 3

    def test_no_database_takes_these_characters_so_they_are_replaced(self, store: TranscriptStore) -> None:
        conversation = store.open_conversation(channel="chat")
        message = store.append(
            conversation.conversation_id, Author.CUSTOMER, "a\0b\ud83dc", client_message_id="\0\udc00"
        ).message
        assert message.text == "ab\ufffdc"
        assert store.message(message.message_id) == message
        assert not store.append(conversation.conversation_id, Author.CUSTOMER, "x", client_message_id="\0\udc00").is_new

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(said=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
    def test_any_text_comes_back_unchanged_and_is_found(self, store: TranscriptStore, said: str) -> None:
        conversation = store.open_conversation(channel="chat")
        message = store.append(conversation.conversation_id, Author.CUSTOMER, said).message
        assert store.message(message.message_id).text == said
        found = store.conversations(containing=said, limit=1)
        assert [each.conversation for each in found] == [store.conversation(conversation.conversation_id)]


class TestHandlers:
    def test_the_version_grows_with_every_change_and_only_then(self, store: TranscriptStore) -> None:
        opened = store.open_conversation(channel="chat")
        waiting = store.change_handler(opened.conversation_id, Handler.WAITING, reason=HandoffReason.ASKED)
        again = store.change_handler(opened.conversation_id, Handler.WAITING, reason=HandoffReason.BUTTON)
        assert waiting.handler_version == opened.handler_version + 1
        assert again == waiting == store.conversation(opened.conversation_id)
        assert waiting.handoff_reason is HandoffReason.ASKED

    def test_the_reason_stays_until_the_bot_has_the_conversation_back(self, store: TranscriptStore) -> None:
        identity = store.open_conversation(channel="chat").conversation_id
        store.change_handler(identity, Handler.WAITING, reason=HandoffReason.BUTTON)
        assert store.change_handler(identity, Handler.OPERATOR).handoff_reason is HandoffReason.BUTTON
        assert store.change_handler(identity, Handler.BOT).handoff_reason is None

    def test_a_change_expecting_another_version_does_nothing(self, store: TranscriptStore) -> None:
        opened = store.open_conversation(channel="chat")
        taken = store.change_handler(opened.conversation_id, Handler.OPERATOR)
        late = store.change_handler(opened.conversation_id, Handler.WAITING, expected_version=opened.handler_version)
        assert late == taken
        closed = store.change_handler(opened.conversation_id, Handler.CLOSED, expected_version=taken.handler_version)
        assert closed.handler is Handler.CLOSED


class TestFeedback:
    def test_the_last_word_counts_and_can_be_taken_back(self, store: TranscriptStore) -> None:
        conversation, question = asked(store)
        answer = answered(store, conversation, question)
        assert answer is not None
        for verdict, kept in (("up", "up"), ("down", "down"), ("down", "down"), ("", None), ("", None)):
            store.record_feedback(answer.message_id, verdict, reason="because\0\ud800")
            assert store.message(answer.message_id).feedback == kept
        assert store.message(answer.message_id) == answer

    def test_another_verdict_is_refused(self, store: TranscriptStore) -> None:
        _, question = asked(store)
        with pytest.raises(ValueError, match="not 'sideways'"):
            store.record_feedback(question.message_id, "sideways")
