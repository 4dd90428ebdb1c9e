"""A TranscriptStore in memory, for tests of what stands on one. Passes the same contract suite as SqlTranscripts."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from bot.answers import Answer
from bot.errors import ConversationNotFound
from bot.messages import Author, Conversation, ConversationSummary, Handler, HandoffReason, Message, MessageState
from bot.protocols import Appended
from bot.serialization import (
    answer_from_json,
    answer_to_json,
    searchable_text,
    storable_text,
    trace_from_json,
    trace_to_json,
)
from bot.traces import Trace


class MemoryTranscripts:
    """One lock around everything. `_order` holds message ids for ever; a replaced message leaves `_messages` only."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._conversations: dict[str, Conversation] = {}
        self._messages: dict[str, Message] = {}
        self._order: dict[str, list[str]] = {}  # conversation → message ids

    def open_conversation(self, *, channel: str, language: str = "en") -> Conversation:
        now = time.time()
        conversation = Conversation(
            secrets.token_hex(16), Handler.BOT, 1, storable_text(language), storable_text(channel), now, now
        )
        with self._lock:
            self._conversations[conversation.conversation_id] = conversation
            self._order[conversation.conversation_id] = []
        return conversation

    def conversation(self, conversation_id: str) -> Conversation:
        with self._lock:
            if conversation_id not in self._conversations:
                raise ConversationNotFound(f"No conversation has the id '{conversation_id}'; open a new one")
            return self._conversations[conversation_id]

    def conversations(
        self, *, limit: int = 50, offset: int = 0, containing: str = "", handler: Handler | None = None
    ) -> Sequence[ConversationSummary]:
        with self._lock:
            newest_first = sorted(reversed(self._conversations.values()), key=lambda each: -each.updated_at)
            wanted = [
                self._summary(each)
                for each in newest_first
                if handler in (None, each.handler) and self._contains(each.conversation_id, containing)
            ]
        return wanted[offset : offset + limit]

    def append(
        self, conversation_id: str, author: Author, text: str, *, client_message_id: str | None = None
    ) -> Appended:
        client_id = None if client_message_id is None else storable_text(client_message_id)
        with self._lock:
            for stored in self.messages(conversation_id):
                if client_id is not None and stored.client_message_id == client_id:
                    return Appended(stored, is_new=False)
            message = Message(
                secrets.token_hex(16),
                conversation_id,
                author,
                storable_text(text),
                time.time(),
                client_message_id=client_id,
            )
            self._store(message)
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
        with self._lock:
            conversation = self.conversation(conversation_id)
            self._known(reply_to, conversation_id)
            if (conversation.handler, conversation.handler_version) != (Handler.BOT, handler_version):
                return None
            stored = self.answer_to(reply_to)
            if stored is not None and stored.state is not MessageState.FAILED:
                return stored
            if stored is not None:
                del self._messages[stored.message_id]
            message = Message(
                secrets.token_hex(16),
                conversation_id,
                Author.BOT,
                storable_text(answer.text),
                time.time(),
                state=state,
                reply_to=reply_to,
                answer=answer_from_json(answer_to_json(answer)),
                trace=trace_from_json(trace_to_json(trace)),
            )
            self._store(message)
            if hand_over is not None:
                self.change_handler(conversation_id, Handler.WAITING, reason=hand_over)
        return message

    def answer_to(self, message_id: str) -> Message | None:
        with self._lock:
            self.message(message_id)
            return next((each for each in self._messages.values() if each.reply_to == message_id), None)

    def message(self, message_id: str) -> Message:
        with self._lock:
            return self._known(message_id)

    def messages(self, conversation_id: str, *, after: str | None = None) -> Sequence[Message]:
        with self._lock:
            self.conversation(conversation_id)
            order = self._order[conversation_id]
            if after is not None and after not in order:
                raise ConversationNotFound(f"No message here has the id '{after}'; load the conversation anew")
            following = order if after is None else order[order.index(after) + 1 :]
            return [self._messages[each] for each in following if each in self._messages]

    def change_handler(
        self,
        conversation_id: str,
        handler: Handler,
        *,
        reason: HandoffReason | None = None,
        expected_version: int | None = None,
    ) -> Conversation:
        with self._lock:
            current = self.conversation(conversation_id)
            if current.handler is handler or expected_version not in (None, current.handler_version):
                return current
            kept = None if handler is Handler.BOT else current.handoff_reason
            changed = replace(
                current,
                handler=handler,
                handler_version=current.handler_version + 1,
                handoff_reason=kept if reason is None else reason,
                updated_at=time.time(),
            )
            self._conversations[conversation_id] = changed
        return changed

    def record_feedback(self, message_id: str, verdict: str, *, reason: str = "") -> None:
        if verdict not in ("up", "down", ""):
            raise ValueError(f"Feedback is 'up', 'down' or '' to take it back, not '{verdict}'")
        with self._lock:
            self._messages[message_id] = replace(self._known(message_id), feedback=verdict or None)

    def _known(self, message_id: str, conversation_id: str | None = None) -> Message:
        message = self._messages.get(message_id)
        if message is None or conversation_id not in (None, message.conversation_id):
            raise ConversationNotFound(f"No message here has the id '{message_id}'; load the conversation anew")
        return message

    def _store(self, message: Message) -> None:
        conversation = self._conversations[message.conversation_id]
        self._conversations[message.conversation_id] = replace(conversation, updated_at=message.created_at)
        self._messages[message.message_id] = message
        self._order[message.conversation_id].append(message.message_id)

    def _contains(self, conversation_id: str, containing: str) -> bool:
        wanted = searchable_text(containing)
        return not wanted or any(wanted in searchable_text(each.text) for each in self.messages(conversation_id))

    def _summary(self, conversation: Conversation) -> ConversationSummary:
        messages = self.messages(conversation.conversation_id)
        asked = [each.text for each in messages if each.author is Author.CUSTOMER]
        outcomes = [each.answer.outcome for each in messages if each.answer is not None]
        return ConversationSummary(
            conversation,
            messages=len(messages),
            first_text=asked[0] if asked else "",
            last_outcome=outcomes[-1].value if outcomes else None,
            has_negative_feedback=any(each.feedback == "down" for each in messages),
        )
