"""Opens the database and hands out sessions. Knows nothing of what the tables hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from knowledge.errors import CatalogUnavailable

BUSY_TIMEOUT_SECONDS = 15.0
SYNCHRONOUS_LEVELS = ("FULL", "NORMAL", "EXTRA")
_READS_ONLY = "frontdesk_reads_only"
_NO_TRANSACTION = "frontdesk_no_transaction"


def open_database(url: str, *, synchronous: str = "FULL") -> Engine:
    """The engine for `url`, proven to be writable; creates the folder of a SQLite file, but no tables.

    SQLite runs in WAL mode with foreign keys on and waits up to 15 s for another writer. `synchronous` is FULL (a
    commit survives a power cut) or NORMAL (it survives a crash of the program, at twice the speed). Any other
    database's URL is handed to SQLAlchemy unchanged.

    Raises CatalogUnavailable, naming the place and the way out.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise CatalogUnavailable(
            f"'{url}' is not a database URL; write for example sqlite:///var/frontdesk.db"
        ) from error
    if parsed.get_backend_name() != "sqlite":
        return _opened(_server_engine(parsed), parsed.render_as_string(hide_password=True))
    if synchronous not in SYNCHRONOUS_LEVELS:
        raise CatalogUnavailable(f"synchronous is '{synchronous}'; it must be one of {', '.join(SYNCHRONOUS_LEVELS)}")
    _make_folder(parsed)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})
    _configure_sqlite(engine, synchronous)
    return _opened(engine, parsed.database or ":memory:")


def _server_engine(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True)
    except (ImportError, ArgumentError) as error:
        raise CatalogUnavailable(
            f"Cannot use '{url.drivername}': {error}; for PostgreSQL install frontdesk's extra `postgres` and write "
            "postgresql+psycopg://…"
        ) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads: on SQLite it takes no lock, so it never waits for a writer. CatalogUnavailable."""
    with writing(engine) as session:
        session.connection(execution_options={_READS_ONLY: True})
        yield session


@contextmanager
def asking(engine: Engine) -> Iterator[Connection]:
    """For the single queries of every search: without session and transaction, which cost more than the query."""
    try:
        with engine.connect() as connection:
            yield connection.execution_options(**{_NO_TRANSACTION: True})
    except OperationalError as error:
        place = engine.url.database or engine.url.render_as_string(hide_password=True)
        raise CatalogUnavailable(_reason(place, error.orig)) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that writes: on SQLite it takes the write lock at its first statement, so it cannot deadlock.

    What is not committed by the caller is rolled back. Raises CatalogUnavailable when the database fails.
    """
    try:
        with Session(engine) as session:
            yield session
    except OperationalError as error:
        place = engine.url.database or engine.url.render_as_string(hide_password=True)
        raise CatalogUnavailable(_reason(place, error.orig)) from error


def _make_folder(url: URL) -> None:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        return
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogUnavailable(
            f"Cannot create the folder '{folder}' for the database: {error.strerror}; "
            "choose another with FRONTDESK_HOME or FRONTDESK_DATABASE_URL"
        ) from error


def _configure_sqlite(engine: Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        cursor = connection.cursor()
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "foreign_keys = ON",
            f"busy_timeout = {int(BUSY_TIMEOUT_SECONDS * 1000)}",
            "secure_delete = ON",  # removed text is overwritten in the file, not only unlinked
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that reads and then writes fails at once when another wrote in between, without
        # waiting for busy_timeout: whoever may write takes the lock first.
        if connection.get_execution_options().get(_NO_TRANSACTION, False):
            return
        reads_only = connection.get_execution_options().get(_READS_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _opened(engine: Engine, place: str) -> Engine:
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                # BEGIN IMMEDIATE succeeds on a read-only file; only a write tells. It is rolled back at the end.
                version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")
            connection.exec_driver_sql("SELECT 1")
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise CatalogUnavailable(_reason(place, getattr(error, "orig", None) or error)) from error
    return engine


def _reason(place: str, error: Any) -> str:
    folder = Path(place).parent
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "not a database" in said:
        return f"'{place}' is not a database; move it out of the folder '{folder}' or restore a backup over it"
    if "readonly" in said or "read-only" in said or "unable to open" in said:
        return f"Cannot write to '{place}': the folder '{folder}' must exist and be writable for the database ({said})"
    if "locked" in said:
        return f"The database '{place}' was busy for {BUSY_TIMEOUT_SECONDS:.0f} s; end whatever else writes to it"
    if "full" in said:
        return f"The disk of '{folder}' is full; free some space for the database"
    return f"Cannot use the database '{place}': {said}; check FRONTDESK_DATABASE_URL"
