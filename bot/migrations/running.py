"""Runs migrations with Alembic. Knows nothing of what the tables mean."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from knowledge.errors import CatalogUnavailable

_FOLDER = Path(__file__).parent
_ADVISORY_LOCK = 4_711_202_611  # any number that all processes of ours agree on
_WAIT_FOR_OTHERS_MILLISECONDS = 10 * 60 * 1000  # another process may be moving a large table
_one_at_a_time = threading.Lock()  # Alembic keeps the environment under way in a module of its own


def run_missing(engine: Engine) -> None:
    """Runs every migration that the database has not seen, in one transaction: all of them or none."""
    with _one_at_a_time, engine.connect() as connection, _without_foreign_keys(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
        _run_migrations(connection)
        _check_foreign_keys(connection)


def head() -> str:
    """The last revision of the chain, as Alembic reads it."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _run_migrations(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if not isinstance(error.__cause__, ResolutionError):
            raise
        raise CatalogUnavailable(
            f"The database was written by a newer release of frontdesk ({error}); "
            "start that release, or restore a backup made by this one"
        ) from error


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite alters a table by building it anew; with foreign keys on, dropping the old one deletes what refers to it.

    The switch does nothing inside a transaction, so it is thrown on the driver's own connection, around ours.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = cast("Any", connection.connection.dbapi_connection)
    ((waits,),) = driver.execute("PRAGMA busy_timeout").fetchall()
    driver.execute("PRAGMA foreign_keys = OFF")
    driver.execute(f"PRAGMA busy_timeout = {_WAIT_FOR_OTHERS_MILLISECONDS}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout = {waits}")
        driver.execute("PRAGMA foreign_keys = ON")


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise CatalogUnavailable(
            f"The upgrade was taken back: rows in {tables} refer to rows that are gone; restore a backup"
        )
