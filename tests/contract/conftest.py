"""Runs the contract suites' coroutines in a thread of their own, and opens the stores of transcripts.

Set FRONTDESK_TEST_DATABASE_URL to a PostgreSQL URL to check that too; each test gets a schema of its own there.
"""

from __future__ import annotations

import inspect
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from bot.migrations import upgrade_database
from bot.protocols import TranscriptStore
from bot.transcripts import SqlTranscripts
from knowledge.database import open_database
from tests.fakes.transcripts import MemoryTranscripts
from tests.loops import run

POSTGRESQL_URL = os.environ.get("FRONTDESK_TEST_DATABASE_URL", "")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """pytest-asyncio would run them in the thread that the browser tests share; pyproject.toml leaves it out."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


@pytest.fixture(params=["memory", "sqlite", *(["postgresql"] if POSTGRESQL_URL else [])])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TranscriptStore]:
    if request.param == "memory":
        yield MemoryTranscripts()
    elif request.param == "sqlite":
        yield from _sql_store(f"sqlite:///{tmp_path / 'frontdesk.db'}")
    else:
        yield from _postgresql_store()


def _sql_store(url: str) -> Iterator[TranscriptStore]:
    engine = open_database(url)
    upgrade_database(engine)
    yield SqlTranscripts(engine)
    engine.dispose()


def _postgresql_store() -> Iterator[TranscriptStore]:
    schema = f"test_{secrets.token_hex(8)}"
    owner = create_engine(POSTGRESQL_URL)
    with owner.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(POSTGRESQL_URL).update_query_dict({"options": f"-csearch_path={schema}"})
    yield from _sql_store(url.render_as_string(hide_password=False))
    with owner.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    owner.dispose()
