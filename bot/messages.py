"""What is said in a conversation, and by whom. Values, and what a text must be to be taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.errors import MessageRefused

if TYPE_CHECKING:
    from bot.answers import Answer
    from bot.traces import Trace


class Author(StrEnum):
    CUSTOMER = "customer"
    BOT = "bot"
    OPERATOR = "operator"
    SYSTEM = "system"  # notices such as "a person has joined"


class Handler(StrEnum):
    """Who answers this conversation now."""

    BOT = "bot"
    WAITING = "waiting"  # for a person; the bot is already silent
    OPERATOR = "operator"
    CLOSED = "closed"


class HandoffReason(StrEnum):
    ASKED = "asked"
    BUTTON = "button"
    OPERATOR_CHOICE = "operator_choice"
    FRUSTRATION = "frustration"  # strong, in messages one after the other


class MessageState(StrEnum):
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"  # the customer left or pressed stop; the text is what was shown until then
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Conversation:
    conversation_id: str
    handler: Handler
    handler_version: int  # grows with every change of handler; an answer is stored only for the version it began with
    language: str
    channel: str  # "chat", "widget", "api", "openai", "cli"
    created_at: float  # seconds since 1970, UTC
    updated_at: float
    handoff_reason: HandoffReason | None = None


@dataclass(frozen=True, slots=True)
class Message:
    message_id: str
    conversation_id: str
    author: Author
    text: str
    created_at: float  # seconds since 1970, UTC
    state: MessageState = MessageState.COMPLETE
    client_message_id: str | None = None  # chosen by the customer's program; unique in its conversation
    reply_to: str | None = None  # of an answer: the customer message it answers
    answer: Answer | None = None  # of an answer: outcome and citations
    trace: Trace | None = None  # of an answer: what made it
    feedback: str | None = None  # "up" or "down"


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """A conversation as a line in a list."""

    conversation: Conversation
    messages: int
    first_text: str
    last_outcome: str | None
    has_negative_feedback: bool


def checked_text(text: str, *, longest: int) -> str:
    """The text as it would be stored, of at most `longest` characters. Raises MessageRefused."""
    text = text.strip()
    if not text:
        raise MessageRefused("message_empty", "The message is empty; write a question")
    if len(text) > longest:
        raise MessageRefused(
            "message_too_long", f"The message has {len(text):,} characters; at most {longest:,} are taken"
        )
    return text
