"""The tables of conversations and the queries over them: values in, values out. Decides nothing; rows stay in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Index, UniqueConstraint, case, delete, func, update
from sqlalchemy import select as select_columns
from sqlmodel import Field, Session, SQLModel, col, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from bot.errors import ConversationNotFound
from bot.messages import Author, Conversation, ConversationSummary, Handler, HandoffReason, Message, MessageState
from bot.serialization import (
    answer_from_json,
    answer_to_json,
    searchable_text,
    storable_text,
    trace_from_json,
    trace_to_json,
)

# A failed answer that a later one replaced. The row stays, so that a reader who asks for what came after it is served.
_REPLACED = "replaced"


class ConversationRow(SQLModel, table=True):
    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("conversation_id", name="uq_conversation_conversation_id"),
        Index("ix_conversation_activity", "updated_at", "number"),
        Index("ix_conversation_handler", "handler", "updated_at", "number"),
        {"sqlite_autoincrement": True},
    )

    number: int | None = Field(default=None, primary_key=True)
    conversation_id: str
    handler: str
    handler_version: int
    language: str
    channel: str
    created_at: float
    updated_at: float
    handoff_reason: str | None = None


class MessageRow(SQLModel, table=True):
    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("message_id", name="uq_message_message_id"),
        UniqueConstraint("conversation_id", "client_message_id", name="uq_message_client_message_id"),
        UniqueConstraint("reply_to", name="uq_message_reply_to"),
        Index("ix_message_order", "conversation_id", "number"),
        {"sqlite_autoincrement": True},
    )

    number: int | None = Field(default=None, primary_key=True)  # the order of messages; never given twice
    message_id: str
    conversation_id: str = Field(foreign_key="conversation.conversation_id", ondelete="CASCADE")
    author: str
    state: str
    created_at: float
    client_message_id: str | None = None
    reply_to: str | None = None
    outcome: str | None = None  # the answer's, for lists
    text: str
    searchable: str
    # Last, because SQLite reads a row from its beginning: a search passes over these without loading them.
    answer: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    trace: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class FeedbackRow(SQLModel, table=True):
    __tablename__ = "feedback"

    message_id: str = Field(primary_key=True, foreign_key="message.message_id", ondelete="CASCADE")
    verdict: str
    reason: str
    created_at: float


def find_conversation(session: Session, conversation_id: str, *, lock: bool = False) -> Conversation:
    """Raises ConversationNotFound. With `lock`, other writers of this conversation wait until the transaction ends."""
    wanted = select(ConversationRow).where(col(ConversationRow.conversation_id) == storable_text(conversation_id))
    row = session.exec(wanted.with_for_update() if lock else wanted).first()
    if row is None:
        raise ConversationNotFound(f"No conversation has the id '{storable_text(conversation_id)}'; open a new one")
    return _conversation(row)


def insert_conversation(session: Session, conversation: Conversation) -> None:
    session.add(
        ConversationRow(
            conversation_id=conversation.conversation_id,
            handler=conversation.handler.value,
            handler_version=conversation.handler_version,
            language=conversation.language,
            channel=conversation.channel,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
        )
    )


def update_conversation(session: Session, conversation: Conversation) -> None:
    """Stores what can change in a conversation: who handles it, why, and when something last happened."""
    reason = conversation.handoff_reason
    session.exec(
        update(ConversationRow)
        .where(col(ConversationRow.conversation_id) == conversation.conversation_id)
        .values(
            handler=conversation.handler.value,
            handler_version=conversation.handler_version,
            handoff_reason=None if reason is None else reason.value,
            updated_at=conversation.updated_at,
        )
    )


def list_conversations(
    session: Session, *, limit: int, offset: int, containing: str, handler: Handler | None
) -> list[ConversationSummary]:
    """Most recently active first. Three queries, however many conversations."""
    rows = session.exec(_page(containing, handler).limit(limit).offset(offset)).all()
    return _summaries(session, [_conversation(row) for row in rows])


def find_message(session: Session, message_id: str, *, lock: bool = False) -> Message:
    """Raises ConversationNotFound. With `lock`, others who lock this message wait until the transaction ends."""
    wanted = _messages().where(col(MessageRow.message_id) == storable_text(message_id))
    stored = session.exec(wanted.with_for_update(of=MessageRow) if lock else wanted).first()
    if stored is None:
        raise _no_message(message_id)
    return _message(*stored)


def find_sent_message(session: Session, conversation_id: str, client_message_id: str) -> Message | None:
    wanted = _messages().where(
        col(MessageRow.conversation_id) == conversation_id, col(MessageRow.client_message_id) == client_message_id
    )
    stored = session.exec(wanted).first()
    return None if stored is None else _message(*stored)


def find_answer(session: Session, reply_to: str) -> Message | None:
    stored = session.exec(_messages().where(col(MessageRow.reply_to) == reply_to)).first()
    return None if stored is None else _message(*stored)


def list_messages(session: Session, conversation_id: str, *, after: str | None) -> list[Message]:
    wanted = _messages().where(col(MessageRow.conversation_id) == conversation_id).order_by(col(MessageRow.number))
    if after is not None:
        wanted = wanted.where(col(MessageRow.number) > _number(session, after, conversation_id))
    return [_message(*stored) for stored in session.exec(wanted)]


def insert_message(session: Session, message: Message) -> None:
    session.add(
        MessageRow(
            message_id=message.message_id,
            conversation_id=message.conversation_id,
            author=message.author.value,
            state=message.state.value,
            created_at=message.created_at,
            client_message_id=message.client_message_id,
            reply_to=message.reply_to,
            outcome=None if message.answer is None else message.answer.outcome.value,
            text=message.text,
            searchable=searchable_text(message.text),
            answer=None if message.answer is None else answer_to_json(message.answer),
            trace=None if message.trace is None else trace_to_json(message.trace),
        )
    )


def retire_message(session: Session, message_id: str) -> None:
    """Takes a failed answer out of sight, so that another can answer in its place."""
    session.exec(
        update(MessageRow)
        .where(col(MessageRow.message_id) == message_id)
        .values(state=_REPLACED, reply_to=None, outcome=None)
    )


def replace_feedback(session: Session, message_id: str, verdict: str, reason: str, *, now: float) -> None:
    """The last word counts; an empty verdict leaves none."""
    session.exec(delete(FeedbackRow).where(col(FeedbackRow.message_id) == message_id))
    if verdict:
        session.add(FeedbackRow(message_id=message_id, verdict=verdict, reason=reason, created_at=now))


def _number(session: Session, message_id: str, conversation_id: str) -> int:
    """The place of a message in the order; a replaced one keeps its own."""
    wanted = select(MessageRow.number).where(
        col(MessageRow.message_id) == storable_text(message_id), col(MessageRow.conversation_id) == conversation_id
    )
    number = session.exec(wanted).first()
    if number is None:
        raise _no_message(message_id)
    return number


def _no_message(message_id: str) -> ConversationNotFound:
    return ConversationNotFound(f"No message here has the id '{storable_text(message_id)}'; load the conversation anew")


def _is_visible() -> ColumnElement[bool]:
    return col(MessageRow.state) != _REPLACED


def _messages() -> Select[MessageRow, str | None]:
    """Messages, each with the verdict of its feedback."""
    return (
        select(MessageRow, FeedbackRow.verdict)
        .join(FeedbackRow, col(FeedbackRow.message_id) == col(MessageRow.message_id), isouter=True)
        .where(_is_visible())
    )


def _message(row: MessageRow, verdict: str | None) -> Message:
    return Message(
        row.message_id,
        row.conversation_id,
        Author(row.author),
        row.text,
        created_at=row.created_at,
        state=MessageState(row.state),
        client_message_id=row.client_message_id,
        reply_to=row.reply_to,
        answer=None if row.answer is None else answer_from_json(row.answer),
        trace=None if row.trace is None else trace_from_json(row.trace),
        feedback=verdict,
    )


def _conversation(row: ConversationRow) -> Conversation:
    return Conversation(
        row.conversation_id,
        Handler(row.handler),
        row.handler_version,
        row.language,
        row.channel,
        created_at=row.created_at,
        updated_at=row.updated_at,
        handoff_reason=None if row.handoff_reason is None else HandoffReason(row.handoff_reason),
    )


def _page(containing: str, handler: Handler | None) -> SelectOfScalar[ConversationRow]:
    wanted = select(ConversationRow).order_by(
        col(ConversationRow.updated_at).desc(), col(ConversationRow.number).desc()
    )
    if handler is not None:
        wanted = wanted.where(col(ConversationRow.handler) == handler.value)
    if containing:
        said = select(MessageRow.number).where(
            col(MessageRow.conversation_id) == col(ConversationRow.conversation_id),
            _is_visible(),
            col(MessageRow.searchable).contains(searchable_text(containing), autoescape=True),
        )
        wanted = wanted.where(said.exists())
    return wanted


def _summaries(session: Session, conversations: Sequence[Conversation]) -> list[ConversationSummary]:
    """Two queries, however many conversations: what is counted, then the texts that were picked out."""
    number, of = col(MessageRow.number), col(MessageRow.conversation_id)
    counting = (
        select_columns(
            of,
            func.count().label("messages"),
            func.min(case((col(MessageRow.author) == Author.CUSTOMER.value, number))).label("first"),
            func.max(case((col(MessageRow.outcome).is_not(None), number))).label("last"),
            func.max(case((col(FeedbackRow.verdict) == "down", 1), else_=0)).label("complaint"),
        )
        .join(FeedbackRow, col(FeedbackRow.message_id) == col(MessageRow.message_id), isouter=True)
        .where(of.in_([each.conversation_id for each in conversations]), _is_visible())
        .group_by(of)
    )
    counted = {each.conversation_id: each for each in session.connection().execute(counting)}
    picked = [place for each in counted.values() for place in (each.first, each.last) if place is not None]
    texts = select(number, col(MessageRow.text), col(MessageRow.outcome)).where(number.in_(picked))
    said = {place: (text, outcome) for place, text, outcome in session.exec(texts)}
    return [_summary(each, counted.get(each.conversation_id), said) for each in conversations]


def _summary(
    conversation: Conversation, counted: Any, said: Mapping[Any, tuple[str, str | None]]
) -> ConversationSummary:
    if counted is None:
        return ConversationSummary(conversation, 0, first_text="", last_outcome=None, has_negative_feedback=False)
    return ConversationSummary(
        conversation,
        messages=counted.messages,
        first_text=said.get(counted.first, ("", None))[0],
        last_outcome=said.get(counted.last, ("", None))[1],
        has_negative_feedback=counted.complaint > 0,
    )
