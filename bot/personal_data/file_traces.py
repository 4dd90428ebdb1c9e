"""What erased rows leave in a database's files: overwritten, then looked for byte by byte. Knows no tables.

SQLite's secure_delete zeroes what is deleted, but not what balancing a tree has left in the gaps of its pages, nor the
pages in the write-ahead log. Only a VACUUM that is written through, and a log cut to nothing, leave no trace.
"""

from __future__ import annotations

import json
import mmap
import sqlite3
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path

from bot.serialization import searchable_text
from knowledge.errors import CatalogUnavailable

_WAIT_SECONDS = 60.0
_SHORTEST = 12  # characters: anything shorter is found by chance
_LONGEST = 48  # characters: what is longer may be continued on another page of the file


def overwrite_freed(database: Path) -> bool:
    """Writes the file anew without anything deleted, and empties the log.

    False where another process was reading all the time, so that the log could not be cut; it is then cut at a later
    call. Others may read meanwhile, and writers wait. Raises CatalogUnavailable where the disk is too full for a copy.
    """
    try:
        with closing(sqlite3.connect(database, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("VACUUM")
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        raise CatalogUnavailable(
            f"The rows are erased, but '{database}' could not be written anew ({error}), so that traces may be left in "
            "the file; free space for a second copy of it, then run `frontdesk erase --expired`"
        ) from error
    return not busy


def files_of(database: Path) -> list[Path]:
    """The database and what lies beside it. Never read them in a process that has the database open (see below)."""
    paths = [database.with_name(database.name + ending) for ending in ("", "-wal", "-journal")]
    return [path for path in paths if path.exists() and path.stat().st_size]


def beginnings_of(texts: Iterable[str]) -> set[str]:
    """What of `texts` is looked for. One of less than 12 characters is passed over: it would be found by chance."""
    return {text[:_LONGEST] for text in texts if len(text) >= _SHORTEST}


def traces_of(beginnings: Iterable[str], files: Collection[Path]) -> int:
    """How many of `beginnings` can still be found in `files`, as written, as searched for, or as JSON.

    The process must have no connection to the database: closing a file drops all of a process's POSIX locks on it,
    those of SQLite with them (sqlite.org/howtocorrupt.html, section 2.2).
    """
    return sum(any(_holds(path, _forms(text)) for path in files) for text in beginnings)


def _forms(text: str) -> set[bytes]:
    escaped = json.dumps(text)[1:-1]
    return {form.encode("utf-8", "replace") for form in (text, searchable_text(text), escaped)}


def _holds(path: Path, forms: Collection[bytes]) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(form) >= 0 for form in forms)
