"""Makes a backup while the server runs. Knows nothing of how one is restored.

The database is copied by SQLite's online backup, as of one moment; nobody waits for it. Files that never change are
linked beside it in that moment, while nothing may be deleted, and packed afterwards at leisure.
"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import tarfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from bot.backup.contents import (
    DATABASE,
    HOME,
    MANIFEST,
    BackupManifest,
    StoredFile,
    code_version,
    files_of_home,
    sqlite_file,
)
from bot.errors import BackupUnusable
from bot.home_folder import (
    BACKING_UP,
    exchange_is_pending,
    only_backup_under_way,
    opening_home,
    remove_abandoned,
)
from bot.settings import Settings
from knowledge.durable_files import sha256_of_file, writing_durably
from knowledge.errors import StorageUnavailable
from knowledge.storing.originals import Originals, storage_unavailable

OnStep = Callable[[str, float], None]  # what is being done, and how much of it, from 0 to 1

_TRIES = 5  # an upload that is taken in between two looks makes one more copy of the database necessary
_WAIT_SECONDS = 15.0
_COUNTED = {
    "documents": "SELECT count(*) FROM document WHERE state = 'ready'",
    "conversations": "SELECT count(*) FROM conversation",
    "messages": "SELECT count(*) FROM message",
    "accounts": "SELECT count(*) FROM account",
}


@dataclass(frozen=True, slots=True)
class BackupMade:
    path: Path
    bytes: int
    manifest: BackupManifest
    seconds: float


def make_backup(settings: Settings, archive: Path, *, on_step: OnStep = lambda _stage, _share: None) -> BackupMade:
    """Writes everything of a home that cannot be made again to `archive`, which is whole or not there.

    The models and the search index are left out: they are made again. Raises SettingsInvalid for a database on a
    server, BackupUnusable where there is nothing to back up or it is damaged, HomeInUse while another backup runs, and
    StorageUnavailable where the archive cannot be written.
    """
    began = time.monotonic()
    archive = archive.absolute()
    home, database = settings.home.absolute(), sqlite_file(settings)
    if not database.exists() and not exchange_is_pending(home):
        raise BackupUnusable(f"There is no database '{database}' to back up; set FRONTDESK_HOME to the home folder")
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        with only_backup_under_way(home):
            staged = home / f"{BACKING_UP}{uuid.uuid4().hex}"
            try:
                with opening_home(home):  # finishes what a killed restore has begun; no other begins meanwhile
                    remove_abandoned(home)
                    _remove_halves(archive)
                    staged.mkdir(mode=0o700)
                    _collect(home, database, staged, on_step)
                manifest = _described(staged, on_step)
                _pack(staged, manifest, archive, on_step)
            finally:
                shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        raise storage_unavailable(archive.parent, error) from error
    return BackupMade(archive, archive.stat().st_size, manifest, time.monotonic() - began)


def revision_in(connection: sqlite3.Connection) -> str:
    """The revision that a database of ours is at; "" where it is none of ours."""
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return ""
    return "" if row is None else str(row[0])


def _remove_halves(archive: Path) -> None:
    """What a killed backup has left beside the archive; no other runs while we hold the lock."""
    for half in archive.parent.glob(f".{archive.name}.{'[0-9a-f]' * 32}"):
        half.unlink(missing_ok=True)


def _collect(home: Path, database: Path, staged: Path, on_step: OnStep) -> None:
    for _ in range(_TRIES):
        with Originals(home / "originals").none_deleted():
            _take_files(home, database, staged)  # an upload may be taken in, and deleted, while the database is copied
            _copy_database(database, staged / DATABASE, on_step)
            _take_files(home, database, staged)  # and one may have come meanwhile
        if not _uploads_missing(staged):
            return
    # Still missing after so many looks, the bytes are missing in the home as well: the backup is as good as that.


def _take_files(home: Path, database: Path, staged: Path) -> None:
    for name, path, never_changes in files_of_home(home, database):
        beside = staged / HOME / name
        if beside.exists():
            continue
        beside.parent.mkdir(parents=True, exist_ok=True)
        try:
            _take(path, beside, link=never_changes)
        except FileNotFoundError:
            continue  # gone meanwhile: what needs it has gone before


def _take(path: Path, beside: Path, *, link: bool) -> None:
    if link:
        try:
            os.link(path, beside)
        except FileNotFoundError:
            raise
        except OSError:  # another file system, or one without links
            pass
        else:
            return
    shutil.copyfile(path, beside)


def _copy_database(database: Path, copy: Path, on_step: OnStep) -> None:
    """As of one moment: all pages are copied in one read transaction, which no writer waits for."""
    on_step("copying the database", 0.0)
    copy.unlink(missing_ok=True)
    source = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=_WAIT_SECONDS)
    try:
        with closing(source), closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            found = [row[0] for row in target.execute("PRAGMA quick_check")]
            if found != ["ok"]:
                raise BackupUnusable(f"The database '{database}' is damaged ({found[0]}); restore an earlier backup")
            if not revision_in(target):
                raise BackupUnusable(f"'{database}' is no database of frontdesk; set FRONTDESK_HOME to the home folder")
    except sqlite3.OperationalError as error:
        raise StorageUnavailable(
            f"Cannot copy the database '{database}' into its folder ({error}); where the disk is full, free some space"
        ) from error
    except sqlite3.DatabaseError as error:
        raise BackupUnusable(f"The database '{database}' is damaged ({error}); restore an earlier backup") from error
    on_step("copying the database", 1.0)


def _uploads_missing(staged: Path) -> bool:
    """Whether the copied database waits for an upload whose bytes we do not have."""
    waiting = "SELECT job_id FROM ingest_job WHERE state IN ('queued', 'running')"
    with closing(sqlite3.connect(staged / DATABASE)) as connection:
        jobs = [row[0] for row in connection.execute(waiting)]
    return any(not (staged / HOME / "uploads" / job).exists() for job in jobs)


def _described(staged: Path, on_step: OnStep) -> BackupManifest:
    paths = [staged / DATABASE, *sorted(path for path in (staged / HOME).rglob("*") if path.is_file())]
    files = {}
    for number, path in enumerate(paths, start=1):
        files[path.relative_to(staged).as_posix()] = StoredFile(sha256_of_file(path), path.stat().st_size)
        on_step("checksums", number / len(paths))
    with closing(sqlite3.connect(staged / DATABASE)) as connection:
        counts = {name: int(connection.execute(query).fetchone()[0]) for name, query in _COUNTED.items()}
        schema = revision_in(connection)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return BackupManifest(made_at, code_version(), schema, counts, files)


def _pack(staged: Path, manifest: BackupManifest, archive: Path, on_step: OnStep) -> None:
    with writing_durably(archive) as file:
        os.fchmod(file.fileno(), 0o600)  # it holds conversations and password hashes
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as tar:
            _add(tar, MANIFEST, io.BytesIO(manifest.to_json()), len(manifest.to_json()))
            done = 0
            for name, stored in manifest.files.items():
                on_step("packing", done / max(1, manifest.total_bytes))
                with (staged / name).open("rb") as content:
                    _add(tar, name, content, stored.bytes)
                done += stored.bytes
        on_step("packing", 1.0)


def _add(tar: tarfile.TarFile, name: str, content: BinaryIO, size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(time.time())
    tar.addfile(member, content)
