"""What a report is counted from: conversations without a word of what was said. Reads the tables of conversations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, and_
from sqlalchemy import select as select_columns
from sqlmodel import col

from bot.answers import Outcome
from bot.messages import Author, Handler
from bot.transcript_rows import ConversationRow, FeedbackRow, MessageRow
from knowledge.database import reading

_REPLACED = "replaced"  # a failed answer that a later one stands for


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    at: float  # seconds since 1970, UTC
    outcome: str | None  # None where the turn failed
    intent: str
    verdict: str | None  # "up" or "down"
    first_token_ms: float | None
    total_ms: float | None


@dataclass(slots=True)
class ConversationFacts:
    conversation_id: str
    opened_at: float
    language: str
    channel: str
    handler: Handler
    asked: list[float] = field(default_factory=list)  # when the customer wrote, rising
    answers: list[AnswerFacts] = field(default_factory=list)  # of the assistant, in order
    person: list[float] = field(default_factory=list)  # when a person wrote, rising

    @property
    def is_counted(self) -> bool:
        """Whether something was wanted: a page that was only opened, and a mere greeting, are no conversation."""
        return any(one.outcome != Outcome.SMALL_TALK for one in self.answers) or (
            self.handler in (Handler.WAITING, Handler.OPERATOR)
            or bool(self.person)
            or len(self.asked) > len(self.answers)  # of which one has no answer
        )

    @property
    def last_at(self) -> float:
        return max([self.opened_at, *self.asked, *self.person, *(one.at for one in self.answers)])


def conversations_since(engine: Engine, since: float) -> Sequence[ConversationFacts]:
    """Those opened since then, the oldest first. One query. Raises CatalogUnavailable."""
    found: dict[str, ConversationFacts] = {}
    with reading(engine) as session:
        for row in session.connection().execute(_messages(since)):
            facts = found.get(row.conversation_id)
            if facts is None:
                place = (row.conversation_id, row.opened_at, row.language, row.channel, Handler(row.handler))
                facts = found[row.conversation_id] = ConversationFacts(*place)
            _note(facts, row)
    return tuple(found.values())


def _messages(since: float) -> Any:
    trace: Any = col(MessageRow.trace)
    took = trace["milliseconds"]
    same_conversation = col(MessageRow.conversation_id) == col(ConversationRow.conversation_id)
    return (
        select_columns(
            col(ConversationRow.conversation_id),
            col(ConversationRow.created_at).label("opened_at"),
            col(ConversationRow.language),
            col(ConversationRow.channel),
            col(ConversationRow.handler),
            col(MessageRow.author),
            col(MessageRow.created_at).label("at"),
            col(MessageRow.outcome),
            col(FeedbackRow.verdict),
            trace["intent"].as_string().label("intent"),
            took["first_token"].as_float().label("first_token"),
            took["total"].as_float().label("total"),
        )
        .join(MessageRow, and_(same_conversation, col(MessageRow.state) != _REPLACED), isouter=True)
        .join(FeedbackRow, col(FeedbackRow.message_id) == col(MessageRow.message_id), isouter=True)
        .where(col(ConversationRow.created_at) >= since)
        .order_by(col(ConversationRow.number), col(MessageRow.number))
    )


def _note(facts: ConversationFacts, row: Any) -> None:
    if row.author == Author.CUSTOMER:
        facts.asked.append(row.at)
    elif row.author == Author.OPERATOR:
        facts.person.append(row.at)
    elif row.author == Author.BOT:
        facts.answers.append(
            AnswerFacts(row.at, row.outcome, row.intent or "", row.verdict, row.first_token, row.total)
        )
