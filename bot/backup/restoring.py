"""Restores a home from a backup: everything is unpacked, checked and brought up to date beside, then exchanged at once.

Until the exchange the home is as it was; from its journal on it is the restored one (see bot/home_folder.py).
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import sqlite3
import tarfile
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.backup.contents import (
    DATABASE,
    HOME,
    LONGEST_MANIFEST,
    MANIFEST,
    BackupManifest,
    damaged,
    foreign,
    manifest_from_json,
    newer,
    outgoing,
    sqlite_file,
)
from bot.backup.making import OnStep, revision_in
from bot.errors import BackupUnusable, SettingsInvalid
from bot.home_folder import (
    DISCARDED,
    REPLACED,
    RESTORING,
    Exchange,
    exchange,
    exchange_is_pending,
    home_alone,
    only_backup_under_way,
    opening_home,
    remove_abandoned,
)
from bot.migrations import newest_revision, upgrade_database
from bot.settings import Settings
from knowledge.database import open_database
from knowledge.durable_files import sync_folder
from knowledge.errors import CatalogUnavailable, StorageUnavailable
from knowledge.storing.originals import storage_unavailable

_CHUNK_BYTES = 1 << 20
_SPARE_BYTES = 64 * 2**20  # for migrating


@dataclass(frozen=True, slots=True)
class Restored:
    manifest: BackupManifest
    migrated_from: str  # the revision of the backup's database where it was an older one, else ""
    replaced: Path | None  # where the home's contents from before lie; None where there were none or they were deleted
    seconds: float


def restore_backup(
    settings: Settings,
    archive: Path,
    *,
    discard: bool = False,
    before_exchange: Callable[[str], None] = lambda _url: None,
    on_step: OnStep = lambda _stage, _share: None,
) -> Restored:
    """Makes the home what `archive` holds, or leaves it as it is.

    What was in the home before is put into a folder of it, or deleted with `discard`; the models stay.
    `before_exchange` is given the URL of the restored database while it still lies beside.

    Raises BackupUnusable where the archive is damaged, cut short, foreign or newer, HomeInUse where another process
    has the home open, SettingsInvalid where the database does not lie in the home, StorageUnavailable where the disk
    is full.
    """
    began = time.monotonic()
    archive, home = archive.absolute(), settings.home.absolute()
    database = sqlite_file(settings)
    if database.parent != home.resolve():
        raise SettingsInvalid(
            f"The database '{database}' does not lie in the home folder; unset FRONTDESK_DATABASE_URL, restore, "
            f"and move '{home / DATABASE}' to where you want it"
        )
    manifest = _manifest_of(archive)
    if manifest.schema > newest_revision():
        raise newer(archive, manifest.code_version)
    with only_backup_under_way(home):
        with opening_home(home):  # finishes what a killed restore has begun
            remove_abandoned(home)
        with home_alone(home, database):  # asked before hours of work, too
            _outgoing(home, database, archive, manifest)
        staged = home / f"{RESTORING}{uuid.uuid4().hex}"
        try:
            _stage(archive, manifest, staged, database.name, on_step)
            before_exchange(f"sqlite:///{staged / database.name}")
            return _exchanged(home, database, archive, staged, manifest, discard=discard, began=began)
        finally:
            if not exchange_is_pending(home):
                shutil.rmtree(staged, ignore_errors=True)


def _exchanged(
    home: Path, database: Path, archive: Path, staged: Path, manifest: BackupManifest, *, discard: bool, began: float
) -> Restored:
    with home_alone(home, database):
        goes = _outgoing(home, database, archive, manifest)
        nothing_kept = discard or not goes
        beginning = DISCARDED if nothing_kept else REPLACED
        replaced = f"{beginning}{time.strftime('%Y%m%d-%H%M%S')}-{staged.name[-4:]}"
        exchange(home, Exchange(goes, replaced, staged.name, nothing_kept))
    older = manifest.schema if manifest.schema != newest_revision() else ""
    return Restored(manifest, older, None if nothing_kept else home / replaced, time.monotonic() - began)


def _outgoing(home: Path, database: Path, archive: Path, manifest: BackupManifest) -> list[str]:
    """What is put aside. Raises SettingsInvalid where it cannot be, or where what stays is in the way of the new."""
    goes = outgoing(home, database, archive)
    _refuse_mounts([home / name for name in goes])
    in_the_way = next((name for name in sorted(manifest.tops.difference(goes)) if os.path.lexists(home / name)), None)
    if in_the_way is not None:
        raise SettingsInvalid(
            f"'{home / in_the_way}' is, or holds, a backup and stays where it is, but '{archive}' has files for that "
            "place, too; move the backup out of the home folder and restore it from there"
        )
    return goes


def _refuse_mounts(folders: Iterable[Path]) -> None:
    mounted = next((path for path in folders if path.is_mount()), None)
    if mounted is not None:
        raise SettingsInvalid(f"'{mounted}' is a mount point and cannot be put aside; mount the home folder as a whole")


def _manifest_of(archive: Path) -> BackupManifest:
    with _members(archive) as (tar, _):
        return _read_manifest(tar, archive)


def _read_manifest(tar: tarfile.TarFile, archive: Path) -> BackupManifest:
    member = tar.next()
    content = None if member is None or not member.isreg() else tar.extractfile(member)
    if member is None or content is None or member.name != MANIFEST or member.size > LONGEST_MANIFEST:
        raise foreign(archive)
    return manifest_from_json(content.read(), archive)


@contextmanager
def _members(archive: Path) -> Iterator[tuple[tarfile.TarFile, gzip.GzipFile]]:
    """The archive as a stream: nothing of it is trusted, and what cannot be read is BackupUnusable."""
    try:
        with gzip.open(archive) as unpacked:
            if not _is_tar(unpacked):
                raise foreign(archive)
            with tarfile.open(fileobj=unpacked, mode="r|") as tar:
                yield tar, unpacked
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise damaged(archive, f"it is cut short or was changed ({error})") from error
    except FileNotFoundError as error:
        raise BackupUnusable(f"There is no file '{archive}'; name the backup to restore") from error
    except (PermissionError, IsADirectoryError) as error:
        raise BackupUnusable(f"Cannot read '{archive}' ({error.strerror}); name the backup to restore") from error


def _is_tar(unpacked: gzip.GzipFile) -> bool:
    """Looks at the mark that POSIX puts into the first block of 512 bytes."""
    try:
        return unpacked.peek(512)[257:262] == b"ustar"
    except gzip.BadGzipFile:
        return False


def _stage(archive: Path, manifest: BackupManifest, staged: Path, database_name: str, on_step: OnStep) -> None:
    free = shutil.disk_usage(staged.parent).free
    if free < manifest.total_bytes + _SPARE_BYTES:
        raise StorageUnavailable(
            f"'{archive}' unpacks to {manifest.total_bytes / 1e6:,.0f} MB and '{staged.parent}' has "
            f"{free / 1e6:,.0f} MB free; free some space and restore again"
        )
    staged.mkdir(mode=0o700)
    unpacked = staged / ".unpacked"  # hidden: an archive may hold no such name
    try:
        _unpack(archive, manifest, unpacked, on_step)
    except OSError as error:
        raise storage_unavailable(staged.parent, error) from error
    on_step("checking the database", 0.0)
    _check_database(unpacked / DATABASE, manifest, archive)
    _migrate(unpacked / DATABASE, archive)
    for path in (unpacked / HOME).iterdir() if (unpacked / HOME).is_dir() else ():
        path.rename(staged / path.name)
    (unpacked / DATABASE).rename(staged / database_name)
    shutil.rmtree(unpacked)
    sync_folder(staged)
    on_step("checking the database", 1.0)


def _unpack(archive: Path, manifest: BackupManifest, folder: Path, on_step: OnStep) -> None:
    """Writes exactly the files of the manifest, each held against its checksum."""
    left, done = dict(manifest.files), 0
    with _members(archive) as (tar, stream):
        if _read_manifest(tar, archive) != manifest:
            raise damaged(archive, "it was changed while it was being read")
        while (member := tar.next()) is not None:
            wanted = left.pop(member.name, None)
            content = tar.extractfile(member) if member.isreg() else None
            if wanted is None or content is None or member.size != wanted.bytes:
                raise damaged(archive, f"it holds '{member.name}', which its manifest does not describe")
            if _written(content, folder / member.name) != wanted.sha256:
                raise damaged(archive, f"'{member.name}' is not what was packed")
            done += wanted.bytes
            on_step("unpacking", done / max(1, manifest.total_bytes))
        while stream.read(_CHUNK_BYTES):  # to its very end: the last checksum stands there
            pass
    if left:
        raise damaged(archive, f"{len(left)} files are missing, such as '{next(iter(left))}'")
    for path, _, _ in os.walk(folder):
        sync_folder(Path(path))


def _written(content: IO[bytes], path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _check_database(database: Path, manifest: BackupManifest, archive: Path) -> None:
    try:
        with closing(sqlite3.connect(database)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
            loose = connection.execute("PRAGMA foreign_key_check").fetchone()
            revision = revision_in(connection)
    except sqlite3.DatabaseError as error:
        raise damaged(archive, f"its database cannot be read ({error})") from error
    if found != ["ok"] or loose is not None:
        raise damaged(archive, f"its database is not sound ({found[0]})")
    if revision != manifest.schema or not revision:
        raise damaged(archive, "its database is not the one that the manifest describes")


def _migrate(database: Path, archive: Path) -> None:
    """Forward to today's tables. The log beside the database is gone when the last connection is closed."""
    try:
        engine = open_database(f"sqlite:///{database}")
        try:
            upgrade_database(engine)
        finally:
            engine.dispose()
    except CatalogUnavailable as error:
        raise BackupUnusable(f"The database of '{archive}' cannot be brought up to date: {error}") from error
