"""What belongs into a backup, and the manifest that says so. Pure but for looking at folders; packs nothing.

An archive is a gzipped tar: `manifest.json` first, then `frontdesk.db`, then `home/…`, each with its sha256.
"""

from __future__ import annotations

import gzip
import json
import os
import tarfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy.engine import make_url

from bot.errors import BackupUnusable, SettingsInvalid
from bot.home_folder import REPLACED
from bot.settings import Settings

KIND = "frontdesk-backup"
FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "frontdesk.db"
HOME = "home/"
LONGEST_MANIFEST = 256 * 2**20  # bytes; a line for each of two million files
_DERIVED = ("index", "models")  # made from the database and from the pinned packages
_BESIDE_DATABASE = ("", "-wal", "-shm", "-journal")
_IMMUTABLE = ("originals", "uploads", "releases")  # files that are moved into place and never changed


@dataclass(frozen=True, slots=True)
class StoredFile:
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class BackupManifest:
    made_at: str  # ISO 8601, UTC
    code_version: str
    schema: str  # the database's revision
    counts: Mapping[str, int]
    files: Mapping[str, StoredFile]  # name in the archive → what it must be

    @property
    def total_bytes(self) -> int:
        return sum(each.bytes for each in self.files.values())

    @property
    def tops(self) -> set[str]:
        """Names that the home itself gets, besides the database's."""
        return {name.removeprefix(HOME).split("/")[0] for name in self.files if name != DATABASE}

    def to_json(self) -> bytes:
        values = {"kind": KIND, "format": FORMAT, **asdict(self)}
        return json.dumps(values, ensure_ascii=False, indent=1).encode()


def manifest_from_json(content: bytes, archive: Path) -> BackupManifest:
    """Raises BackupUnusable for what is not ours, what is newer than we are, and names that lead out of the home."""
    try:
        values: Any = json.loads(content)
        is_ours, is_newer = values["kind"] == KIND, int(values["format"]) > FORMAT
        manifest = _manifest(values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise foreign(archive) from error
    if is_ours and is_newer:
        raise newer(archive, manifest.code_version)
    files: Mapping[str, StoredFile] = manifest.files
    unsafe = next((name for name in files if not is_safe(name)), None)
    if unsafe is not None:
        raise BackupUnusable(f"'{archive}' was not made by frontdesk: it would write to {unsafe!r}; take another file")
    if not is_ours or DATABASE not in files or any(each.bytes < 0 for each in files.values()):
        raise foreign(archive)
    return manifest


def _manifest(values: Any) -> BackupManifest:
    files = {str(name): StoredFile(str(each["sha256"]), int(each["bytes"])) for name, each in values["files"].items()}
    counts = {str(name): int(count) for name, count in values["counts"].items()}
    return BackupManifest(str(values["made_at"]), str(values["code_version"]), str(values["schema"]), counts, files)


def is_safe(name: str) -> bool:
    """Whether an archive may hold this name: the database, or a plain path below the home's own folders."""
    if name == DATABASE:
        return True
    path = name.removeprefix(HOME)
    parts = path.split("/")
    plain = path.isprintable() and "\\" not in path and ":" not in parts[0] and 0 < len(path) <= 1000
    inside = name.startswith(HOME) and all(part not in ("", ".", "..") for part in parts)
    return plain and inside and _belongs(parts[0]) and str(PurePosixPath(path)) == path


def sqlite_file(settings: Settings) -> Path:
    """Where the database lies. Raises SettingsInvalid where it is on a server, or only in memory."""
    url = make_url(settings.resolved_database_url())
    if url.get_backend_name() != "sqlite":
        raise SettingsInvalid(
            f"The database is on a server ({url.render_as_string(hide_password=True)}); dump and restore it with the "
            f"server's own tools, such as pg_dump and pg_restore, and copy the folder '{settings.home}' beside it"
        )
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise SettingsInvalid("The database is only in memory; set FRONTDESK_DATABASE_URL to a file to keep it")
    return Path(url.database).resolve()


def files_of_home(home: Path, database: Path) -> Iterator[tuple[str, Path, bool]]:
    """(path below the home, file, whether it never changes) of everything that a backup holds besides the database."""
    for top in sorted(home.iterdir()):
        if not _belongs(top.name) or _is_database(top, database):
            continue
        paths = _below(top) if top.is_dir() else [top]
        for path in paths:
            if path.is_file() and not path.is_symlink() and not is_backup(path):
                yield path.relative_to(home).as_posix(), path, top.name in _IMMUTABLE


def outgoing(home: Path, database: Path, archive: Path) -> list[str]:
    """What a restore puts aside: all but the models, hidden files, backups, and what was put aside before."""
    around = {*archive.parents, *archive.resolve().parents}
    kept = {
        path.name
        for path in home.iterdir()
        if path in around or path.resolve() in around or (path.is_file() and is_backup(path))
    }
    return sorted(
        path.name
        for path in home.iterdir()
        if path.name not in kept
        and (path.name == "index" or _belongs(path.name) or _is_database(path, database))
        and not path.name.startswith(".")
    )


def is_backup(path: Path) -> bool:
    try:
        with gzip.open(path) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as tar:
            first = tar.next()
            return first is not None and first.name == MANIFEST
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        return False


def foreign(archive: Path) -> BackupUnusable:
    return BackupUnusable(f"'{archive}' is not a backup made by `frontdesk backup`; name another file")


def damaged(archive: Path, what: str) -> BackupUnusable:
    return BackupUnusable(f"'{archive}' is damaged: {what}; nothing was changed, take another backup")


def newer(archive: Path, made_by: str) -> BackupUnusable:
    return BackupUnusable(
        f"'{archive}' was made by a newer release of frontdesk ({made_by}); install that release to restore it"
    )


def code_version() -> str:
    try:
        return version("frontdesk")
    except PackageNotFoundError:  # run from a checkout
        return "unknown"


def _belongs(top: str) -> bool:
    names: Collection[str] = (*_DERIVED, *(DATABASE + ending for ending in _BESIDE_DATABASE))
    return not top.startswith((".", REPLACED)) and top not in names


def _is_database(path: Path, database: Path) -> bool:
    return path.resolve() in {database.with_name(database.name + ending) for ending in _BESIDE_DATABASE}


def _below(folder: Path) -> Iterator[Path]:
    """Files in order; hidden ones are locks, and what is still being written."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(place) / name
