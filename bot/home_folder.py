"""The home folder as a place that processes open and that a restore exchanges. Knows nothing of what lies in it.

A restore builds its folders beside and writes a journal; from then on it is done, whatever happens: whoever opens the
home next carries out the rest of the moves. Openers share a lock that the exchange holds alone, so nobody opens half.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from bot.errors import HomeInUse, SettingsInvalid
from knowledge.durable_files import sync_folder, write_durably

REPLACED = "replaced-"  # how folders begin that a restore has put aside
DISCARDED = ".discarded-"  # and those that it deletes
BACKING_UP = ".backup-"
RESTORING = ".restoring-"
_OPENING = ".opening"
_UNDER_WAY = ".backup-under-way"
_JOURNAL = ".restore.json"


@dataclass(frozen=True, slots=True)
class Exchange:
    """Names in the home folder: what goes out, where to, and the folder whose contents come in."""

    outgoing: Sequence[str]
    replaced: str  # folder that receives what goes out
    staged: str
    discard: bool  # delete what went out; a clean-up finds the rest where `replaced` begins with DISCARDED


@contextmanager
def opening_home(home: Path) -> Iterator[None]:
    """Makes the folder where it is missing and finishes a restore that was killed; hold it until the database is open.

    Raises SettingsInvalid where the folder cannot be written.
    """
    _make_writable(home)
    while True:
        with _locked(home / _OPENING, fcntl.LOCK_SH):
            if not exchange_is_pending(home):  # asked under the lock: who held it may have been killed half-way
                yield
                return
        with _locked(home / _OPENING, fcntl.LOCK_EX):
            finish_exchange(home)


@contextmanager
def home_alone(home: Path, database: Path) -> Iterator[None]:
    """Nobody has the database open, nor can anybody open the home, until this ends. Raises HomeInUse."""
    with _locked(home / _OPENING, fcntl.LOCK_EX), _database_alone(database):
        yield


@contextmanager
def only_backup_under_way(home: Path) -> Iterator[None]:
    """Makes the folder where it is missing. Raises HomeInUse where another process backs it up, or restores it."""
    _make_writable(home)
    with _lock_file(home / _UNDER_WAY) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(f"Another backup or restore of '{home}' is under way; wait until it has ended") from None
        yield


def remove_abandoned(home: Path) -> None:
    """What killed backups and restores have left. Call it while no other is under way, and no exchange is pending."""
    for beginning in (BACKING_UP, RESTORING, DISCARDED):
        for folder in home.glob(f"{beginning}*"):
            if folder.is_dir():
                shutil.rmtree(folder, ignore_errors=True)


def exchange(home: Path, wanted: Exchange) -> None:
    """Puts what is staged in the place of what goes out. Killed at any moment, it is done wholly or not at all."""
    write_durably(home / _JOURNAL, json.dumps(asdict(wanted)).encode())
    finish_exchange(home)


def exchange_is_pending(home: Path) -> bool:
    """Whether what is staged is needed by whoever opens the home next."""
    return (home / _JOURNAL).exists()


def finish_exchange(home: Path) -> None:
    """Carries out what the journal says, as far as it is not done. Call it under the lock.

    Nothing is deleted before the journal is: carried out again, it would take a name that is gone from `replaced` for
    one that has yet to go out.
    """
    try:
        journal = Exchange(**json.loads((home / _JOURNAL).read_bytes()))
    except FileNotFoundError:
        return  # another process was first
    replaced, staged = home / journal.replaced, home / journal.staged
    replaced.mkdir(exist_ok=True)
    for name in journal.outgoing:
        if not os.path.lexists(replaced / name) and os.path.lexists(home / name):
            (home / name).rename(replaced / name)
    sync_folder(replaced)
    for path in sorted(staged.iterdir()) if staged.is_dir() else ():
        path.rename(home / path.name)
    sync_folder(home)
    (home / _JOURNAL).unlink()
    sync_folder(home)
    shutil.rmtree(staged, ignore_errors=True)
    if journal.discard:
        shutil.rmtree(replaced)


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    """The system drops the lock when the process ends, however it ends."""
    with _lock_file(path) as file:
        fcntl.flock(file, kind)
        yield


def _lock_file(path: Path) -> BinaryIO:
    try:
        return path.open("ab")
    except OSError as error:
        raise SettingsInvalid(
            f"'{path}' cannot be written ({error.strerror}); run every command on this home as the user of the server, "
            "and give its files back to that user"
        ) from None


@contextmanager
def _database_alone(database: Path) -> Iterator[None]:
    """SQLite's own lock: every connection to a database in WAL mode shares one, as long as it is open."""
    if not database.exists():
        yield
        return
    with closing(sqlite3.connect(database, timeout=0.0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")  # the lock stays, in this mode, until the connection is closed
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all is in the one file, which can be moved
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise HomeInUse(
                    f"The home '{database.parent}' is in use; end the server and every other command on it, "
                    "then restore again"
                ) from None
        except sqlite3.DatabaseError:
            pass  # it is damaged: all the more reason to restore
        yield


def _make_writable(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=home, prefix=".writable-"):
            pass
    except OSError as error:
        raise SettingsInvalid(
            f"The home folder '{home}' cannot be written ({error.strerror}); "
            "make it writable or set FRONTDESK_HOME to another folder"
        ) from None
