"""Brings a database's tables up to date. Knows the order of migrations, not what the tables mean.

Alembic is imported only where something is to do: it takes a third of a second, at every command.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from knowledge.database import reading

_VERSIONS = Path(__file__).parent / "versions"


def upgrade_database(engine: Engine) -> None:
    """Runs every migration that the database has not seen, in one transaction: all of them or none.

    `engine` comes from knowledge.database.open_database. Processes that start at once wait for one another; killed in
    the middle, the next upgrade begins where this one began. Prints nothing, and takes no lock where nothing is to do.

    Raises CatalogUnavailable where the database belongs to a newer release, or where a migration would leave rows
    referring to nothing.
    """
    if current_revision(engine) == newest_revision():
        return
    from bot.migrations.running import run_missing

    run_missing(engine)


def current_revision(engine: Engine) -> str | None:
    """The revision that the database is at; None for one without tables of ours."""
    with reading(engine) as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        row = session.connection().execute(text("SELECT version_num FROM alembic_version")).first()
        return None if row is None else str(row[0])


def newest_revision() -> str:
    """The revision of a database that is up to date: files are called after their revision, and numbered in order."""
    return max(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*_*.py"))
