"""Alembic's entry: runs migrations on the connection it is given, or on the URL of alembic.ini. Knows no table."""

from __future__ import annotations

import importlib

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

from knowledge.database import open_database


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # SQLite alters a table by building it anew
        transactional_ddl=True,  # on SQLite too: the connection opens its transactions itself
    )
    with context.begin_transaction():
        context.run_migrations()


def _import_tables() -> None:
    """What `alembic revision --autogenerate` compares with; alembic.ini names it, as bot must not know all of it."""
    for name in (context.config.get_main_option("table_modules") or "").split():
        importlib.import_module(name)


given = context.config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    _import_tables()
    with open_database(context.config.get_main_option("sqlalchemy.url") or "").connect() as opened, opened.begin():
        _migrate(opened)
