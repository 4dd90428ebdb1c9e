"""Migrations against real SQLite files: they make the tables the code declares, whatever happens on the way."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, UniqueConstraint, inspect
from sqlmodel import SQLModel

import bot.audit.audit_log
import bot.curation.gap_rows
import bot.intent_store.intent_lists
import bot.signal_log
import bot.transcripts  # noqa: F401
import knowledge.entries.entry_rows
import knowledge.storing.catalog  # noqa: F401
import ui.accounts  # noqa: F401
from bot.migrations import newest_revision, upgrade_database
from bot.migrations.running import head
from knowledge.database import open_database
from knowledge.errors import CatalogUnavailable

ROOT = Path(__file__).parents[2]

UPGRADE = """
    import sys
    from bot.migrations import upgrade_database
    from knowledge.database import open_database
    upgrade_database(open_database(sys.argv[1]))
"""

UPGRADE_AND_STALL = """
    import sys
    from sqlalchemy import event
    from bot.migrations import upgrade_database
    from knowledge.database import open_database
    engine, statements = open_database(sys.argv[1]), []
    @event.listens_for(engine, "after_cursor_execute")
    def stall(_connection, _cursor, statement, *_rest):
        if statement.strip().startswith(("CREATE", "INSERT")):
            statements.append(statement)
        if len(statements) == int(sys.argv[2]):
            print("stalled", flush=True)
            sys.stdin.read()
    upgrade_database(engine)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'frontdesk.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    yield engine
    engine.dispose()


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        cwd=Path(arguments[0].removeprefix("sqlite:///")).parent,  # not the repository: nothing may depend on it
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def differences(engine: Engine) -> Sequence[object]:
    with engine.connect() as connection:
        found: Sequence[object] = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    return found


def test_the_migrated_tables_are_those_the_code_declares(engine: Engine) -> None:
    upgrade_database(engine)
    assert differences(engine) == []


def test_numbers_deletions_and_unique_columns_are_as_declared(engine: Engine, tmp_path: Path) -> None:
    """What the comparison above does not look at on SQLite: AUTOINCREMENT, ON DELETE, unique constraints."""
    declared = open_database(f"sqlite:///{tmp_path / 'declared.db'}")
    SQLModel.metadata.create_all(declared)
    upgrade_database(engine)
    assert _details(engine) == _details(declared)
    declared.dispose()


def _details(engine: Engine) -> dict[str, object]:
    inspector = inspect(engine)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        created = {name: sql for name, sql in found}
    return {
        table: (
            "AUTOINCREMENT" in created[table],
            sorted(
                (key["constrained_columns"], key["referred_table"], key["options"])
                for key in inspector.get_foreign_keys(table)
            ),
            sorted((unique["name"], unique["column_names"]) for unique in inspector.get_unique_constraints(table)),
            inspector.get_pk_constraint(table)["constrained_columns"],
        )
        for table in SQLModel.metadata.tables
    }


def test_upgrading_again_changes_nothing_and_keeps_what_is_stored(engine: Engine) -> None:
    upgrade_database(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO account VALUES (1, 'ann', 'hash', 'admin', 0.0)")
    upgrade_database(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM account").scalars().all() == ["ann"]
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [
            newest_revision()
        ]


def test_the_newest_revision_by_name_is_the_head_of_the_chain() -> None:
    assert newest_revision() == head()


def test_an_upgrade_prints_nothing(engine: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    upgrade_database(engine)
    assert capfd.readouterr() == ("", "")


def test_foreign_keys_are_on_again_after_an_upgrade(engine: Engine) -> None:
    upgrade_database(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() < 60_000


@pytest.mark.parametrize("statements", [1, 9, 20])
def test_an_upgrade_killed_in_the_middle_is_done_by_the_next_one(url: str, statements: int) -> None:
    stalled = start(UPGRADE_AND_STALL, url, str(statements))
    assert stalled.stdout is not None
    assert stalled.stdout.readline() == "stalled\n"
    stalled.send_signal(signal.SIGKILL)
    stalled.communicate()

    engine = open_database(url)
    assert inspect(engine).get_table_names() == []
    upgrade_database(engine)
    assert differences(engine) == []
    engine.dispose()


def test_processes_that_start_at_once_wait_for_one_another(url: str) -> None:
    started = [start(UPGRADE, url) for _ in range(3)]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in started]
    assert ended == [("", "", 0)] * 3
    engine = open_database(url)
    assert differences(engine) == []
    engine.dispose()


def test_a_database_of_a_newer_release_is_refused_with_a_way_out(engine: Engine) -> None:
    upgrade_database(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CatalogUnavailable, match=r"newer release.*9999.*restore a backup"):
        upgrade_database(engine)


def test_an_upgrade_that_leaves_rows_referring_to_nothing_is_taken_back(engine: Engine, tmp_path: Path) -> None:
    driver = sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)
    driver.execute("CREATE TABLE shelf (id INTEGER PRIMARY KEY)")
    driver.execute("CREATE TABLE book (shelf INTEGER REFERENCES shelf (id))")
    driver.execute("INSERT INTO book VALUES (7)")
    driver.close()
    with pytest.raises(CatalogUnavailable, match="rows in book refer to rows that are gone"):
        upgrade_database(engine)
    assert set(inspect(engine).get_table_names()) == {"book", "shelf"}


def test_a_database_that_is_up_to_date_is_not_locked(engine: Engine) -> None:
    upgrade_database(engine)
    with engine.begin():  # holds the write lock
        upgrade_database(engine)


def migrations() -> list[ModuleType]:
    """All of them, the oldest first."""
    scripts = sorted((ROOT / "bot" / "migrations" / "versions").glob("[0-9]*.py"))
    return [importlib.import_module(f"bot.migrations.versions.{script.stem}") for script in scripts]


def test_the_migrations_can_be_taken_back(engine: Engine) -> None:
    upgrade_database(engine)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        for migration in reversed(migrations()):
            migration.downgrade()
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}


def test_migrations_can_be_written_for_postgresql() -> None:
    written = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written, "literal_binds": True}
    )
    with Operations.context(context):
        for migration in migrations():
            migration.upgrade()
    for table in SQLModel.metadata.sorted_tables:
        assert f"CREATE TABLE {table.name} " in written.getvalue()
        for constraint in table.constraints:
            if isinstance(constraint, UniqueConstraint):
                assert str(constraint.name) in written.getvalue()
