"""What every TranscriptStore promises, checked on the fake and on the real one.

Set FRONTDESK_TEST_DATABASE_URL to a PostgreSQL URL to check that too; each test gets a schema of its own there.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, make_url, text

from bot.answers import Answer, Citation, Outcome
from bot.errors import ConversationNotFound
from bot.messages import Author, Conversation, Handler, HandoffReason, Message, MessageState
from bot.migrations import upgrade_database
from bot.protocols import TranscriptStore
from bot.traces import DroppedSentence, Release, Trace, TracedPassage
from bot.transcripts import SqlTranscripts
from knowledge.database import open_database
from tests.fakes.transcripts import MemoryTranscripts

POSTGRESQL_URL = os.environ.get("FRONTDESK_TEST_DATABASE_URL", "")
RACES = 300

ANSWER = Answer(
    "You can return it within 30 days [1].",
    Outcome.ANSWERED,
    "en",
    (
        Citation(
            1, "returns", "Returns", "returns#1", "within 30 days", "Returns > Terms", "returns.md", 2, "… 30 days …"
        ),
    ),
)
TRACE = Trace(
    "return_item",
    0.93,
    "en",
    Release("generator-1", "classifier-1", "verifier-1", 7, "p1"),
    (TracedPassage("returns#1", "returns", "Returns", 0.9, 0.8, 0.7),),
    answerable=0.87,
    dropped=(DroppedSentence("It is free.", "no passage says so"),),
    milliseconds={"search": 12.5, "total": 340.0},
)


@pytest.fixture(params=["memory", "sqlite", *(["postgresql"] if POSTGRESQL_URL else [])])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TranscriptStore]:
    if request.param == "memory":
        yield MemoryTranscripts()
    elif request.param == "sqlite":
        yield from _sql_store(f"sqlite:///{tmp_path / 'frontdesk.db'}")
    else:
        yield from _postgresql_store()


def _sql_store(url: str) -> Iterator[TranscriptStore]:
    engine = open_database(url)
    upgrade_database(engine)
    yield SqlTranscripts(engine)
    engine.dispose()


def _postgresql_store() -> Iterator[TranscriptStore]:
    schema = f"test_{secrets.token_hex(8)}"
    owner = create_engine(POSTGRESQL_URL)
    with owner.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(POSTGRESQL_URL).update_query_dict({"options": f"-csearch_path={schema}"})
    yield from _sql_store(url.render_as_string(hide_password=False))
    with owner.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    owner.dispose()


def asked(store: TranscriptStore, question: str = "Can I return it?") -> tuple[Conversation, Message]:
    conversation = store.open_conversation(channel="chat")
    return conversation, store.append(conversation.conversation_id, Author.CUSTOMER, question).message


def answered(
    store: TranscriptStore,
    conversation: Conversation,
    question: Message,
    *,
    answer: Answer = ANSWER,
    state: MessageState = MessageState.COMPLETE,
    hand_over: HandoffReason | None = None,
) -> Message | None:
    return store.append_answer(
        conversation.conversation_id,
        reply_to=question.message_id,
        answer=answer,
        trace=TRACE,
        state=state,
        handler_version=conversation.handler_version,
        hand_over=hand_over,
    )


def texts(store: TranscriptStore, conversation: Conversation) -> list[str]:
    return [message.text for message in store.messages(conversation.conversation_id)]


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
