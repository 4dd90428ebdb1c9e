"""Opening databases: how SQLite is set up, and the sentence for everything that can be wrong with a place."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlmodel import text

from knowledge.database import open_database, reading, writing
from knowledge.errors import CatalogUnavailable


def test_sqlite_is_set_up_to_survive_crashes_and_neighbours(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/new/folder/frontdesk.db")
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 15_000, "secure_delete": 1}
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in expected}
    assert found == expected
    engine.dispose()


def test_synchronous_is_a_setting(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/frontdesk.db", synchronous="NORMAL")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 1
    engine.dispose()
    with pytest.raises(CatalogUnavailable, match="FULL, NORMAL"):
        open_database(f"sqlite:///{tmp_path}/frontdesk.db", synchronous="OFF; DROP TABLE x")


def test_reading_goes_on_while_somebody_writes_and_sees_what_is_committed(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/frontdesk.db")
    with writing(engine) as session:
        session.connection().execute(text("CREATE TABLE word (word TEXT)"))
        session.commit()
    with writing(engine) as writer:
        writer.connection().execute(text("INSERT INTO word VALUES ('new')"))
        with reading(engine) as reader:
            assert reader.connection().execute(text("SELECT count(*) FROM word")).scalar_one() == 0
        writer.commit()
    with reading(engine) as reader:
        assert reader.connection().execute(text("SELECT count(*) FROM word")).scalar_one() == 1
    engine.dispose()


def test_threads_that_read_and_then_write_wait_for_one_another(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/frontdesk.db", synchronous="NORMAL")
    with writing(engine) as session:
        session.connection().execute(text("CREATE TABLE counter (value INTEGER)"))
        session.connection().execute(text("INSERT INTO counter VALUES (0)"))
        session.commit()

    def count() -> None:
        for _ in range(20):
            with writing(engine) as session:
                value = session.connection().execute(text("SELECT value FROM counter")).scalar_one()
                session.connection().execute(text(f"UPDATE counter SET value = {value + 1}"))
                session.commit()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as session:
        assert session.connection().execute(text("SELECT value FROM counter")).scalar_one() == 80
    engine.dispose()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CatalogUnavailable, match=rf"folder '{tmp_path}/file/sub'.*FRONTDESK_HOME"):
        open_database(f"sqlite:///{tmp_path}/file/sub/frontdesk.db")


def test_a_read_only_database_is_refused_at_the_start(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/frontdesk.db").dispose()
    with pytest.raises(CatalogUnavailable, match=r"Cannot write.*must exist and be writable"):
        open_database(f"sqlite:///file:{tmp_path}/frontdesk.db?mode=ro&uri=true")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "frontdesk.db"
    path.write_bytes(b"These are my notes.\n" * 300)
    with pytest.raises(CatalogUnavailable, match=r"is not a database.*restore a backup"):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"These are my notes.")


def test_a_url_that_is_none_says_what_one_looks_like() -> None:
    with pytest.raises(CatalogUnavailable, match="sqlite:///"):
        open_database("frontdesk.db")
