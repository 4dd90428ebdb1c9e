"""Lets go of what has been kept long enough, and of nothing else. Knows of time only what its clock says."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Engine, delete, null, update
from sqlmodel import Session, col, select

from bot.audit.audit_log import SERVER, AuditLog
from bot.audit.chain import Action
from bot.errors import BotError
from bot.personal_data.erasing import Erased, erase_older
from bot.settings import RetentionSettings
from bot.signal_log import SignalRow
from bot.transcript_rows import MessageRow
from knowledge.database import writing
from knowledge.errors import KnowledgeError

_DAY_SECONDS = 86_400.0
_EVERY_SECONDS = 3600.0
_AT_ONCE = 100  # conversations or rows in one transaction: customers who write meanwhile wait for no more

_log = logging.getLogger(__name__)


def expire(engine: Engine, retention: RetentionSettings, *, now: float) -> Erased:
    """Deletes whatever is older than its setting allows; of a setting of 0, nothing. Raises CatalogUnavailable.

    Entries and training examples stay as they are (see `erase_older`).
    """
    counts: dict[str, int] = {}
    texts: list[str] = []
    if retention.conversations_days:
        before = now - retention.conversations_days * _DAY_SECONDS
        while erased := erase_older(engine, before, at_once=_AT_ONCE):
            for name, count in erased.counts.items():
                counts[name] = counts.get(name, 0) + count
            texts += erased.texts
    if retention.traces_days:
        counts["traces"] = counts.get("traces", 0) + _forget_traces(engine, now - retention.traces_days * _DAY_SECONDS)
    if retention.signals_days:
        gone = _delete_signals(engine, now - retention.signals_days * _DAY_SECONDS)
        counts["signals"] = counts.get("signals", 0) + gone
    return Erased(counts, tuple(texts))


class RetentionKeeper:
    """Looks once an hour, in a thread of the server."""

    def __init__(self, engine: Engine, retention: RetentionSettings, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._retention = retention
        self._clock = clock
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Does nothing where everything is kept for ever."""
        if any(self._retention.model_dump().values()):
            self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> Mapping[str, int]:
        """Deletes what is due, and notes it down."""
        counts = {name: count for name, count in self._expired().items() if count}
        if counts:
            AuditLog(self._engine).record(SERVER, Action.DATA_EXPIRED, "", **counts)
        return counts

    def _expired(self) -> Mapping[str, int]:
        return expire(self._engine, self._retention, now=self._clock()).counts

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except (BotError, KnowledgeError) as error:
                _log.warning("What is due to be deleted waits for an hour: %s", error)
            if self._ending.wait(_EVERY_SECONDS):
                return


def _forget_traces(engine: Engine, before: float) -> int:
    old = select(MessageRow.number).where(col(MessageRow.created_at) < before, col(MessageRow.trace).is_not(None))

    def forget(session: Session, found: list[Any]) -> None:
        session.exec(update(MessageRow).where(col(MessageRow.number).in_(found)).values(trace=null()))

    return _in_parts(engine, lambda session: session.exec(old.limit(_AT_ONCE)), forget)


def _delete_signals(engine: Engine, before: float) -> int:
    old = select(SignalRow.message_id).where(col(SignalRow.at) < before)

    def forget(session: Session, found: list[Any]) -> None:
        session.exec(delete(SignalRow).where(col(SignalRow.message_id).in_(found)))

    return _in_parts(engine, lambda session: session.exec(old.limit(_AT_ONCE)), forget)


def _in_parts(
    engine: Engine, find: Callable[[Session], Iterable[Any]], forget: Callable[[Session, list[Any]], None]
) -> int:
    done = 0
    while True:
        with writing(engine) as session:
            found = list(find(session))
            if not found:
                return done
            forget(session, found)
            session.commit()
            done += len(found)
