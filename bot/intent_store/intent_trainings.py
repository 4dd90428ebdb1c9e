"""The trainings of a company's intents, in the database. Knows nothing of models or of what the intents are.

A training is a row that whoever works on it keeps alive; at most one is under way, in all processes.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Engine, UniqueConstraint, delete, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, col, select

from bot.errors import TrainingUnderWay
from bot.serialization import storable_text
from knowledge.database import reading, writing

SILENT_SECONDS = 45.0  # without a sign of life a training has died with its process
_KEPT = 50


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its process ended in the middle


@dataclass(frozen=True, slots=True)
class TrainingRun:
    run_id: str
    list_version: int
    started_by: str
    state: RunState
    stage: str
    share: float  # 0 to 1
    started_at: float
    heartbeat_at: float
    cancelled: bool  # somebody has asked it to stop
    problem: str  # a sentence, where it failed
    release: str  # name of the release it made
    findings: Mapping[str, Any]  # what was measured; see bot/training/intent_findings.py


class IntentTrainingRow(SQLModel, table=True):
    __tablename__ = "intent_training"
    __table_args__ = (
        UniqueConstraint("active", name="uq_intent_training_active"),
        UniqueConstraint("run_id", name="uq_intent_training_run_id"),
        {"sqlite_autoincrement": True},
    )

    number: int | None = Field(default=None, primary_key=True)
    run_id: str
    active: int | None  # 1 while it is under way, so that the database itself allows only one
    list_version: int
    started_by: str
    state: str
    stage: str
    share: float
    started_at: float
    heartbeat_at: float
    cancelled: bool
    problem: str
    release: str
    findings: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class IntentTrainings:
    """Thread-safe; several processes may use one database."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, list_version: int, started_by: str) -> TrainingRun:
        """Raises TrainingUnderWay where another one is alive. One that has died is called interrupted first."""
        self.bury_dead()
        now = self._clock()
        row = IntentTrainingRow(
            run_id=secrets.token_hex(8),
            active=1,
            list_version=list_version,
            started_by=storable_text(started_by),
            state=RunState.RUNNING,
            stage="",
            share=0.0,
            started_at=now,
            heartbeat_at=now,
            cancelled=False,
            problem="",
            release="",
        )
        with writing(self._engine) as session:
            _forget_old(session)
            session.add(row)
            try:
                session.commit()
            except IntegrityError:
                raise TrainingUnderWay("A training is under way already; wait for it, or cancel it") from None
            session.refresh(row)
            return _run(row)

    def keep_alive(self, run_id: str, stage: str | None = None, share: float = 0.0) -> bool:
        """A sign of life, with the progress where given. False where the training is to stop."""
        values: dict[str, Any] = {"heartbeat_at": self._clock()}
        if stage is not None:
            values |= {"stage": stage, "share": min(1.0, share)}
        alive = col(IntentTrainingRow.run_id) == run_id, col(IntentTrainingRow.active) == 1
        with writing(self._engine) as session:
            session.exec(update(IntentTrainingRow).where(*alive).values(**values))
            session.commit()
            wanted = select(IntentTrainingRow.cancelled).where(*alive)
            return session.exec(wanted).first() is False

    def end(
        self,
        run_id: str,
        state: RunState,
        *,
        problem: str = "",
        release: str = "",
        findings: Mapping[str, Any] | None = None,
    ) -> bool:
        """False, and nothing is stored, where the training had ended already."""
        with writing(self._engine) as session:
            ended = session.exec(
                update(IntentTrainingRow)
                .where(col(IntentTrainingRow.run_id) == run_id, col(IntentTrainingRow.active) == 1)
                .values(
                    active=None,
                    state=state.value,
                    problem=storable_text(problem),
                    release=release,
                    findings=None if findings is None else dict(findings),
                    heartbeat_at=self._clock(),
                )
            )
            session.commit()
            return ended.rowcount == 1

    def cancel(self, run_id: str) -> None:
        """Asks a training to stop; it does at its next step."""
        with writing(self._engine) as session:
            session.exec(
                update(IntentTrainingRow)
                .where(col(IntentTrainingRow.run_id) == run_id, col(IntentTrainingRow.active) == 1)
                .values(cancelled=True)
            )
            session.commit()

    def bury_dead(self) -> None:
        """Calls a training interrupted that has given no sign of life for SILENT_SECONDS."""
        with writing(self._engine) as session:
            session.exec(
                update(IntentTrainingRow)
                .where(
                    col(IntentTrainingRow.active) == 1,
                    col(IntentTrainingRow.heartbeat_at) < self._clock() - SILENT_SECONDS,
                )
                .values(active=None, state=RunState.INTERRUPTED.value)
            )
            session.commit()

    def runs(self, limit: int = 20) -> Sequence[TrainingRun]:
        """The newest first. One that has died reads as interrupted."""
        with reading(self._engine) as session:
            wanted = select(IntentTrainingRow).order_by(col(IntentTrainingRow.number).desc()).limit(limit)
            return [self._seen(_run(row)) for row in session.exec(wanted)]

    def run(self, run_id: str) -> TrainingRun | None:
        with reading(self._engine) as session:
            row = session.exec(select(IntentTrainingRow).where(col(IntentTrainingRow.run_id) == run_id)).first()
            return None if row is None else self._seen(_run(row))

    def _seen(self, run: TrainingRun) -> TrainingRun:
        dead = run.state is RunState.RUNNING and run.heartbeat_at < self._clock() - SILENT_SECONDS
        return replace(run, state=RunState.INTERRUPTED) if dead else run


def _forget_old(session: Session) -> None:
    newest = session.exec(select(func.max(IntentTrainingRow.number))).first() or 0
    session.exec(delete(IntentTrainingRow).where(col(IntentTrainingRow.number) <= newest - _KEPT))


def _run(row: IntentTrainingRow) -> TrainingRun:
    return TrainingRun(
        run_id=row.run_id,
        list_version=row.list_version,
        started_by=row.started_by,
        state=RunState(row.state),
        stage=row.stage,
        share=row.share,
        started_at=row.started_at,
        heartbeat_at=row.heartbeat_at,
        cancelled=row.cancelled,
        problem=row.problem,
        release=row.release,
        findings=row.findings or {},
    )
