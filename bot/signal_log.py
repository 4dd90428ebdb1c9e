"""The signals of every customer message in the database, for the trend that operators see. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Column, Engine, Index, case, delete, func
from sqlalchemy import select as select_columns
from sqlmodel import Field, SQLModel, col

from bot.messages import Message
from bot.serialization import signals_to_json
from bot.signals.masking import without_personal
from bot.signals.trend import Bucket
from bot.signals.values import Signals
from knowledge.database import reading, writing


class SignalRow(SQLModel, table=True):
    __tablename__ = "message_signal"
    __table_args__ = (Index("ix_message_signal_at", "at"),)

    message_id: str = Field(primary_key=True, foreign_key="message.message_id", ondelete="CASCADE")
    at: float
    language: str
    frustration: float | None = None
    entities: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))


class SqlSignalLog:
    """The SignalLog on SQLite or PostgreSQL; `engine` comes from knowledge.database.open_database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, message: Message, signals: Signals) -> None:
        values = signals_to_json(without_personal(signals))
        with writing(self._engine) as session:
            session.exec(delete(SignalRow).where(col(SignalRow.message_id) == message.message_id))
            session.add(
                SignalRow(
                    message_id=message.message_id,
                    at=message.created_at,
                    language=values["language"],
                    frustration=values["frustration"],
                    entities=values["entities"],
                )
            )
            session.commit()

    def buckets(self, *, since: float, seconds: float, frustrated: float) -> Sequence[Bucket]:
        number = func.floor((col(SignalRow.at) - since) / seconds)
        counting = (
            select_columns(
                number.label("number"),
                func.count().label("messages"),
                func.sum(case((col(SignalRow.frustration) >= frustrated, 1), else_=0)).label("frustrated"),
            )
            .where(col(SignalRow.at) >= since, col(SignalRow.frustration).is_not(None))
            .group_by(number)
            .order_by(number)
        )
        with reading(self._engine) as session:
            rows = session.connection().execute(counting).all()
        return [Bucket(since + int(row.number) * seconds, row.messages, int(row.frustrated)) for row in rows]
