"""Releases: what training made, in folders that are whole or absent and are never changed. Knows nothing of models.

`<root>/<kind>/<name>/` holds the files and a manifest written last, so that its existence means completeness.
`<root>/<kind>/current` names the release in use and those before it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bot.errors import ReleaseInvalid
from knowledge.durable_files import only_one_at_a_time, write_durably

MANIFEST = "manifest.json"
_CURRENT = "current"
_LOCK = ".choosing"
_BESIDE = ".building-"
_ABANDONED_SECONDS = 24 * 3600.0  # a folder still being built after that long was left by a process that was killed
_REMEMBERED = 20  # releases that `current` can go back to

Metrics = Mapping[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release is and what made it."""

    kind: str
    name: str
    created: str  # ISO 8601, UTC
    data_sha256: str
    base: str  # fingerprint of the model that it stands on
    recipe: str  # version of the training procedure
    metrics: Metrics
    code_version: str
    licence: str
    files: Mapping[str, str]  # file name → sha256

    @property
    def release(self) -> str:
        """How answers name it."""
        return f"{self.kind}/{self.name}"


def publish_release(
    root: Path,
    kind: str,
    write_files: Callable[[Path], None],
    *,
    data_sha256: str,
    base: str,
    recipe: str,
    metrics: Metrics,
    licence: str = "of the company whose examples it was trained on",
) -> Path:
    """Makes a release of the files that `write_files(empty_folder)` writes and returns its folder.

    It is built beside its place and moved there, so that a killed process leaves nothing that looks like a release.
    """
    created = datetime.now(UTC)
    name = f"{created:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    place = root / kind
    place.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(place)
    beside = place / f"{_BESIDE}{name}"
    beside.mkdir()
    try:
        write_files(beside)
        files = {path.name: _sha256(path) for path in sorted(beside.iterdir())}
        for file in files:
            _synchronise(beside / file)
        stamp = created.isoformat(timespec="seconds")
        manifest = Manifest(kind, name, stamp, data_sha256, base, recipe, metrics, _code_version(), licence, files)
        write_durably(beside / MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=2).encode())
        _synchronise(beside)
        beside.rename(place / name)
        _synchronise(place)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return place / name


def releases(root: Path, kind: str) -> tuple[Manifest, ...]:
    """Every release of a kind, newest first. What has no manifest is not one."""
    if not (root / kind).is_dir():
        return ()
    folders = [path for path in (root / kind).iterdir() if not path.name.startswith(".")]
    manifests = [read_manifest(folder) for folder in folders if (folder / MANIFEST).is_file()]
    return tuple(sorted(manifests, key=lambda manifest: (manifest.created, manifest.name), reverse=True))


def read_manifest(folder: Path) -> Manifest:
    """Raises ReleaseInvalid, naming the folder, where there is none or it cannot be read."""
    values = _read_json(folder / MANIFEST)
    try:
        manifest = Manifest(**values)
    except TypeError as error:
        raise ReleaseInvalid(f"The manifest of the release '{folder}' is not one of ours: {error}") from error
    if manifest.name != folder.name:
        raise ReleaseInvalid(f"The release '{folder}' was renamed from '{manifest.name}'; give it back its name")
    return manifest


def open_release(folder: Path) -> Manifest:
    """The manifest of a release whose files were read and found as they were written. Raises ReleaseInvalid."""
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file() or _sha256(path) != expected:
            raise ReleaseInvalid(f"The release '{folder}' is damaged: '{name}' is not what was written; train it again")
    return manifest


def current_release(root: Path, kind: str) -> Path | None:
    """The folder of the release in use; None where none was ever chosen. Raises ReleaseInvalid where it is gone."""
    names = _chosen(root, kind)
    if not names:
        return None
    folder = root / kind / names[0]
    if not (folder / MANIFEST).is_file():
        raise ReleaseInvalid(f"The release in use, '{kind}/{names[0]}', is gone; promote another one")
    return folder


def make_current(root: Path, kind: str, name: str, *, allowed: Callable[[], None] = lambda: None) -> None:
    """Puts a release to use; those before are remembered for a roll-back. Raises ReleaseInvalid for an unknown name.

    Whoever chooses at the same time, in this process or another, waits. `allowed` is asked while nobody else can
    choose; what it raises leaves everything as it is.
    """
    read_manifest(root / kind / name)
    with _choosing(root, kind):
        allowed()
        before = [each for each in _chosen(root, kind) if each != name]
        _write_chosen(root, kind, [name, *before][:_REMEMBERED])


def earlier_release(root: Path, kind: str) -> Path | None:
    """The folder that `go_back` would put to use; None where there is none."""
    names = _chosen(root, kind)
    folder = root / kind / names[1] if len(names) > 1 else None
    return folder if folder is not None and (folder / MANIFEST).is_file() else None


def go_back(root: Path, kind: str) -> str:
    """Puts the release before the current one to use; returns its name. Raises ReleaseInvalid where there is none."""
    _earlier_name(root, kind)
    with _choosing(root, kind):
        names = _chosen(root, kind)
        read_manifest(root / kind / _earlier_name(root, kind))
        _write_chosen(root, kind, names[1:])
        return names[1]


def _earlier_name(root: Path, kind: str) -> str:
    names = _chosen(root, kind)
    if len(names) < 2:
        raise ReleaseInvalid(f"There is no earlier release of '{kind}' to go back to")
    return names[1]


@contextmanager
def _choosing(root: Path, kind: str) -> Iterator[None]:
    """The kind's folder is there: whoever asks for it has looked, so that no wrong name makes one."""
    with only_one_at_a_time(root / kind / _LOCK):
        yield


def _chosen(root: Path, kind: str) -> list[str]:
    """Names, the one in use first."""
    path = root / kind / _CURRENT
    names = _read_json(path).get("names") if path.exists() else []
    if not isinstance(names, list) or not all(isinstance(name, str) and _is_name(name) for name in names):
        raise ReleaseInvalid(f"'{path}' does not list releases; delete it and promote one")
    return names


def _write_chosen(root: Path, kind: str, names: list[str]) -> None:
    write_durably(root / kind / _CURRENT, json.dumps({"names": names}).encode())


def _is_name(name: str) -> bool:
    return Path(name).name == name and not name.startswith(".")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ReleaseInvalid(f"Cannot read '{path}': {error}") from error
    if not isinstance(values, dict):
        raise ReleaseInvalid(f"Cannot read '{path}': it holds no object")
    return values


def _remove_abandoned(place: Path) -> None:
    for folder in place.glob(f"{_BESIDE}*"):
        if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _code_version() -> str:
    try:
        return version("frontdesk")
    except PackageNotFoundError:
        return "unknown"
