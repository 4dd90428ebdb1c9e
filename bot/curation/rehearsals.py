"""What a customer would read, tried without a customer: turns that nobody stores. Knows no model and no page."""

# ruff: noqa: ARG002 - a store of one conversation has little to choose by
from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from bot.answers import Answer
from bot.curation.gap_rows import UNCOUNTED_CHANNELS
from bot.errors import ConversationNotFound
from bot.messages import Author, Conversation, ConversationSummary, Handler, HandoffReason, Message, MessageState
from bot.protocols import Appended
from bot.traces import Trace

CHANNEL = UNCOUNTED_CHANNELS[0]
_ID = "rehearsal"


class Rehearsal:
    """A TranscriptStore of one conversation, in memory and gone with it: each trial is given a new one."""

    def __init__(self, language: str) -> None:
        now = time.time()
        self._conversation = Conversation(_ID, Handler.BOT, 1, language, CHANNEL, now, now)
        self._messages: list[Message] = []

    def open_conversation(self, *, channel: str, language: str = "en") -> Conversation:
        return self._conversation

    def conversation(self, conversation_id: str) -> Conversation:
        return self._conversation

    def conversations(
        self, *, limit: int = 50, offset: int = 0, containing: str = "", handler: Handler | None = None
    ) -> Sequence[ConversationSummary]:
        return ()

    def append(
        self, conversation_id: str, author: Author, text: str, *, client_message_id: str | None = None
    ) -> Appended:
        return Appended(self._kept(author, text), is_new=True)

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
        message = self._kept(Author.BOT, answer.text)
        self._messages[-1] = replace(message, reply_to=reply_to, answer=answer, trace=trace, state=state)
        return self._messages[-1]

    def answer_to(self, message_id: str) -> Message | None:
        return next((each for each in self._messages if each.reply_to == message_id), None)

    def message(self, message_id: str) -> Message:
        found = next((each for each in self._messages if each.message_id == message_id), None)
        if found is None:
            raise ConversationNotFound(f"No message of this trial has the id '{message_id}'")
        return found

    def messages(self, conversation_id: str, *, after: str | None = None) -> Sequence[Message]:
        ids = [each.message_id for each in self._messages]
        return tuple(self._messages[ids.index(after) + 1 :] if after is not None else self._messages)

    def change_handler(
        self,
        conversation_id: str,
        handler: Handler,
        *,
        reason: HandoffReason | None = None,
        expected_version: int | None = None,
    ) -> Conversation:
        self._conversation = replace(self._conversation, handler=handler, handoff_reason=reason)
        return self._conversation

    def record_feedback(self, message_id: str, verdict: str, *, reason: str = "") -> None:
        return

    def _kept(self, author: Author, text: str) -> Message:
        message = Message(f"{_ID}-{len(self._messages)}", _ID, author, text, created_at=time.time())
        self._messages.append(message)
        return message
