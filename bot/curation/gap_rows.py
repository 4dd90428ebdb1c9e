"""Questions that went unanswered, as stored: the queries for them, their vectors, and those an editor has dismissed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, and_, func, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, select

from bot.answers import Outcome
from bot.messages import MessageState
from bot.transcript_rows import ConversationRow, FeedbackRow, MessageRow

_ITEMS_PER_STATEMENT = 500  # below every database's limit of parameters
# Answers on these channels are nobody's questions: an editor's trials, and evaluations.
UNCOUNTED_CHANNELS = ("rehearsal", "evaluation")


class QuestionVectorRow(SQLModel, table=True):
    """The vector of a question, by a digest of its text: the text itself stays in the conversation alone."""

    __tablename__ = "question_vector"

    digest: str = Field(primary_key=True, max_length=64)
    embedder: str  # the fingerprint of what made the embedding
    embedding: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # fp16, little-endian


class DismissedQuestionRow(SQLModel, table=True):
    """A question that needs no answer of ours, and with it what means the same; the customer's words are not kept."""

    __tablename__ = "dismissed_question"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: int | None = Field(default=None, primary_key=True)
    digest: str = Field(max_length=64)
    language: str
    embedder: str  # the fingerprint of what made the embedding
    embedding: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # fp16, little-endian
    editor: str
    at: float


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A question that was dismissed, without its words."""

    digest: str
    language: str
    embedder: str
    embedding: bytes  # fp16, little-endian


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A customer's message that was not answered, or whose answer was called unhelpful."""

    message_id: str
    conversation_id: str
    text: str
    language: str
    at: float  # seconds since 1970, UTC
    unhelpful: bool  # there was an answer, and the customer was not happy with it


def open_questions(session: Session, *, limit: int) -> list[OpenQuestion]:
    """The latest first. An answer that abstained counts, and one with a thumb down."""
    question = aliased(MessageRow)
    query = (
        select_columns(
            col(question.message_id),
            col(question.conversation_id),
            col(question.text),
            MessageRow.answer["language"].as_string(),  # type: ignore[index]  # a JSON column
            col(question.created_at),
            col(MessageRow.outcome),
        )
        .join(question, col(question.message_id) == col(MessageRow.reply_to))
        .join(ConversationRow, col(ConversationRow.conversation_id) == col(MessageRow.conversation_id))
        .outerjoin(FeedbackRow, col(FeedbackRow.message_id) == col(MessageRow.message_id))
        .where(_is_open(), col(ConversationRow.channel).not_in(UNCOUNTED_CHANNELS))
        .order_by(col(MessageRow.number).desc())
        .limit(limit)
    )
    rows: Sequence[Any] = session.connection().execute(query).all()
    return [OpenQuestion(row[0], row[1], row[2], row[3] or "en", row[4], row[5] != Outcome.ABSTAINED) for row in rows]


def stamp(session: Session) -> tuple[int, int, float, int, int]:
    """Changes whenever there may be other open questions: the last of all answers, thumbs and dismissals, and how
    many there are, since what is erased need not have been the last."""
    answer = session.exec(select(func.max(MessageRow.number)).where(col(MessageRow.outcome).is_not(None))).one()
    thumbs = session.exec(select(func.count(), func.max(FeedbackRow.created_at)).select_from(FeedbackRow)).one()
    away = session.exec(
        select(func.count(), func.max(DismissedQuestionRow.number)).select_from(DismissedQuestionRow)
    ).one()
    messages = session.exec(select(func.count()).select_from(MessageRow)).one()
    return (answer or 0, messages, (thumbs[1] or 0.0) + thumbs[0], away[0], away[1] or 0)


def dismissals(session: Session) -> list[Dismissal]:
    rows = session.exec(select(DismissedQuestionRow).order_by(col(DismissedQuestionRow.number)))
    return [Dismissal(row.digest, row.language, row.embedder, row.embedding) for row in rows]


def dismiss(session: Session, away: Dismissal, editor: str, now: float) -> None:
    session.add(
        DismissedQuestionRow(
            digest=away.digest,
            language=away.language,
            embedder=away.embedder,
            embedding=away.embedding,
            editor=editor,
            at=now,
        )
    )


def known_vectors(session: Session, digests: Collection[str], embedder: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    wanted = list(digests)
    for first in range(0, len(wanted), _ITEMS_PER_STATEMENT):
        part = select(QuestionVectorRow.digest, QuestionVectorRow.embedding).where(
            col(QuestionVectorRow.digest).in_(wanted[first : first + _ITEMS_PER_STATEMENT]),
            col(QuestionVectorRow.embedder) == embedder,
        )
        found |= dict(session.exec(part).all())
    return found


def store_question_vectors(session: Session, vectors: Mapping[str, bytes], embedder: str) -> None:
    for digest, vector in vectors.items():
        session.merge(QuestionVectorRow(digest=digest, embedder=embedder, embedding=vector))


def _is_open() -> ColumnElement[bool]:
    complete = col(MessageRow.state) == MessageState.COMPLETE.value
    abstained = col(MessageRow.outcome) == Outcome.ABSTAINED.value
    unhelpful = and_(
        col(FeedbackRow.verdict) == "down",
        col(MessageRow.outcome).in_([Outcome.ANSWERED.value, Outcome.CLARIFIED.value]),
    )
    return and_(complete, or_(abstained, unhelpful))
