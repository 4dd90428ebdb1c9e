"""SqlTranscripts: conversations in a database. Knows nothing of how answers come about."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Engine
from sqlmodel import Session

from bot.answers import Answer
from bot.errors import ConversationNotFound
from bot.messages import Author, Conversation, ConversationSummary, Handler, HandoffReason, Message, MessageState
from bot.protocols import Appended
from bot.serialization import answer_from_json, answer_to_json, storable_text, trace_from_json, trace_to_json
from bot.traces import Trace
from bot.transcript_rows import (
    find_answer,
    find_conversation,
    find_message,
    find_sent_message,
    insert_conversation,
    insert_message,
    list_conversations,
    list_messages,
    replace_feedback,
    retire_message,
    update_conversation,
)
from knowledge.database import reading, writing


class SqlTranscripts:
    """The TranscriptStore on SQLite or PostgreSQL; `engine` comes from knowledge.database.open_database.

    What changes a conversation first locks it (on SQLite the whole database), so that writers of one conversation,
    in whatever process, come one after the other: each decides on what the one before has left.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_conversation(self, *, channel: str, language: str = "en") -> Conversation:
        now = time.time()
        opened = Conversation(
            _new_id(), Handler.BOT, 1, storable_text(language), storable_text(channel), created_at=now, updated_at=now
        )
        with writing(self._engine) as session:
            insert_conversation(session, opened)
            session.commit()
        return opened

    def conversation(self, conversation_id: str) -> Conversation:
        with reading(self._engine) as session:
            return find_conversation(session, conversation_id)

    def conversations(
        self, *, limit: int = 50, offset: int = 0, containing: str = "", handler: Handler | None = None
    ) -> Sequence[ConversationSummary]:
        """Most recently active first. `containing` is looked for in the texts; case and width do not matter."""
        with reading(self._engine) as session:
            return list_conversations(session, limit=limit, offset=offset, containing=containing, handler=handler)

    def append(
        self, conversation_id: str, author: Author, text: str, *, client_message_id: str | None = None
    ) -> Appended:
        client_id = None if client_message_id is None else storable_text(client_message_id)
        with writing(self._engine) as session:
            conversation = find_conversation(session, conversation_id, lock=True)
            if client_id is not None:
                stored = find_sent_message(session, conversation.conversation_id, client_id)
                if stored is not None:
                    return Appended(stored, is_new=False)
            message = Message(
                _new_id(),
                conversation.conversation_id,
                Author(author),
                storable_text(text),
                created_at=time.time(),
                client_message_id=client_id,
            )
            _store(session, conversation, message)
        return Appended(message, is_new=True)

    def append_answer(
        self,
        conversation_id: str,
        *,
        reply_to: str,
        answer: Answer,
        trace: Trace,
        state: MessageState,
        handler_version: int,
        hand_over: HandoffReason | None = None,
    ) -> Message | None:
        """Stores the bot's answer, unless the handler is another or has changed since `handler_version`: then None.

        The check and the insert are one transaction under the conversation's lock: whoever takes the conversation
        over, in whatever process, is either seen here or waits until the answer is stored. With `hand_over` the
        conversation waits for a person from that transaction on.
        """
        with writing(self._engine) as session:
            conversation = find_conversation(session, conversation_id, lock=True)
            question = find_message(session, reply_to)
            if question.conversation_id != conversation.conversation_id:
                raise ConversationNotFound(f"Message '{reply_to}' is not in conversation '{conversation_id}'")
            if (conversation.handler, conversation.handler_version) != (Handler.BOT, handler_version):
                return None
            stored = find_answer(session, question.message_id)
            if stored is not None and stored.state is not MessageState.FAILED:
                return stored
            if stored is not None:
                retire_message(session, stored.message_id)
            message = Message(
                _new_id(),
                conversation.conversation_id,
                Author.BOT,
                storable_text(answer.text),
                created_at=time.time(),
                state=MessageState(state),
                reply_to=question.message_id,
                answer=answer_from_json(answer_to_json(answer)),  # as it will be read back
                trace=trace_from_json(trace_to_json(trace)),
            )
            if hand_over is not None:
                conversation = _handed_to(conversation, Handler.WAITING, hand_over)
            _store(session, conversation, message)
        return message

    def answer_to(self, message_id: str) -> Message | None:
        with reading(self._engine) as session:
            return find_answer(session, find_message(session, message_id).message_id)

    def message(self, message_id: str) -> Message:
        with reading(self._engine) as session:
            return find_message(session, message_id)

    def messages(self, conversation_id: str, *, after: str | None = None) -> Sequence[Message]:
        with reading(self._engine) as session:
            conversation = find_conversation(session, conversation_id)
            return list_messages(session, conversation.conversation_id, after=after)

    def change_handler(
        self,
        conversation_id: str,
        handler: Handler,
        *,
        reason: HandoffReason | None = None,
        expected_version: int | None = None,
    ) -> Conversation:
        """Gives the conversation to `handler`. The reason stays until another is given or the bot has it back."""
        with writing(self._engine) as session:
            current = find_conversation(session, conversation_id, lock=True)
            if current.handler is handler or expected_version not in (None, current.handler_version):
                return current
            changed = replace(_handed_to(current, handler, reason), updated_at=time.time())
            update_conversation(session, changed)
            session.commit()
        return changed

    def record_feedback(self, message_id: str, verdict: str, *, reason: str = "") -> None:
        """Keeps the customer's last word on an answer. Raises ValueError where `verdict` is not "up", "down" or ""."""
        if verdict not in ("up", "down", ""):
            raise ValueError(f"Feedback is 'up', 'down' or '' to take it back, not '{verdict}'")
        with writing(self._engine) as session:
            message = find_message(session, message_id, lock=True)
            replace_feedback(session, message.message_id, verdict, storable_text(reason), now=time.time())
            session.commit()


def _new_id() -> str:
    return secrets.token_hex(16)  # 128 random bits: who does not know an id cannot guess one


def _handed_to(conversation: Conversation, handler: Handler, reason: HandoffReason | None) -> Conversation:
    kept = None if handler is Handler.BOT else conversation.handoff_reason
    return replace(
        conversation,
        handler=handler,
        handler_version=conversation.handler_version + 1,
        handoff_reason=kept if reason is None else reason,
    )


def _store(session: Session, conversation: Conversation, message: Message) -> None:
    update_conversation(session, replace(conversation, updated_at=message.created_at))
    insert_message(session, message)
    session.commit()
