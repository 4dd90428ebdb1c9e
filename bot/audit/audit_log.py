"""The audit log in the database: entries are added, never changed; each carries the hash of the one before.

The database itself refuses to change or delete a row (see the migration); who goes around that breaks the chain.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Engine, Text, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, col, select

from bot.audit.chain import GENESIS, Action, AuditEntry, Verification, sealed, verified
from bot.serialization import storable_text
from knowledge.database import reading, writing
from knowledge.errors import CatalogUnavailable

COMMAND_LINE = "command line"  # whoever has a shell on the machine; no account can have a space in its name
SERVER = "the server"

_LONGEST = 200  # characters of an actor, a target, or a detail
_TRIES = 20  # on a database where two transactions may read the same end
_READ_AT_ONCE = 1000

_log = logging.getLogger(__name__)


class AuditRow(SQLModel, table=True):
    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("hash", name="uq_audit_entry_hash"),)

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: float
    actor: str
    action: str
    target: str
    details: str = Field(sa_column=Column(Text, nullable=False))  # JSON as it was hashed
    previous: str
    hash: str


class AuditLog:
    """Thread-safe; any number of processes may append at once."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def record(self, actor: str, action: Action, target: str = "", **details: str | int) -> AuditEntry:
        """Appends an entry and returns it. Raises CatalogUnavailable."""
        short = {name: _short(value) if isinstance(value, str) else value for name, value in details.items()}
        for _ in range(_TRIES):
            try:
                with writing(self._engine) as session:
                    return self._append(session, _short(actor), action, _short(target), short)
            except IntegrityError:  # another process was first with this number: on SQLite it would have waited
                continue
        raise CatalogUnavailable("The audit log is written to by too many at once; try again")

    def entries(self, *, limit: int = 50) -> Sequence[AuditEntry]:
        """The newest first."""
        with reading(self._engine) as session:
            rows = session.exec(select(AuditRow).order_by(col(AuditRow.number).desc()).limit(limit))
            return [_entry(row) for row in rows]

    def latest(self, action: Action) -> AuditEntry | None:
        """The last entry of a kind."""
        wanted = select(AuditRow).where(col(AuditRow.action) == action.value).order_by(col(AuditRow.number).desc())
        with reading(self._engine) as session:
            row = session.exec(wanted.limit(1)).first()
            return None if row is None else _entry(row)

    def verify(self, *, head: str = "") -> Verification:
        """Whether the log is as it was written; see bot.audit.chain.verified."""
        with reading(self._engine) as session:
            return verified(_all(session), head=head)

    def _append(
        self, session: Session, actor: str, action: Action, target: str, details: Mapping[str, str | int]
    ) -> AuditEntry:
        last = session.exec(select(AuditRow).order_by(col(AuditRow.number).desc()).limit(1)).first()
        number, previous = (1, GENESIS) if last is None else (last.number + 1, last.hash)
        entry = sealed(number, self._clock(), actor, action.value, target, details, previous)
        session.add(
            AuditRow(
                number=entry.number,
                at=entry.at,
                actor=entry.actor,
                action=entry.action,
                target=entry.target,
                details=json.dumps(dict(entry.details), ensure_ascii=True, sort_keys=True),
                previous=entry.previous,
                hash=entry.hash,
            )
        )
        session.commit()
        return entry


def _all(session: Session) -> Iterator[AuditEntry]:
    rows = session.exec(select(AuditRow).order_by(col(AuditRow.number)).execution_options(yield_per=_READ_AT_ONCE))
    return (_entry(row) for row in rows)


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(row.number, row.at, row.actor, row.action, row.target, _details(row), row.previous, row.hash)


def _details(row: AuditRow) -> dict[str, Any]:
    try:
        values = json.loads(row.details)
    except ValueError:
        return {"unreadable": row.details}  # whose hash cannot fit
    return values if isinstance(values, dict) else {"unreadable": row.details}


def _short(text: str) -> str:
    return storable_text(text)[:_LONGEST]
