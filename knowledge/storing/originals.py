"""The bytes that documents were read from, once for each content. Knows nothing of documents and formats."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from knowledge.durable_files import sync_folder
from knowledge.errors import StorageUnavailable

WhichAreUsed = Callable[[Collection[str]], Collection[str]]
"""Of some checksums, those that a document still has."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Originals:
    """A folder of files named by the SHA-256 of their content. Safe beside other processes.

    Two kinds of work exclude each other by a lock on the folder: keeping bytes until the document that uses them is
    committed (many at a time), and deleting bytes that no document uses (one at a time). So nothing is deleted that is
    about to be used, and what a killed process left behind is known by having no user.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def keeping(self, contents: Mapping[str, bytes]) -> Iterator[None]:
        """Stores `contents`, by their checksums, durably; commit the documents that use them inside.

        Raises StorageUnavailable, with nothing half-stored, when the disk is full or cannot be written.
        """
        if not contents:
            yield
            return
        with self._locked(fcntl.LOCK_SH):
            try:
                self._store(contents)
            except OSError as error:
                raise storage_unavailable(self._folder, error) from error
            yield

    @contextmanager
    def none_deleted(self) -> Iterator[None]:
        """Inside, files may come and none goes. Raises StorageUnavailable."""
        with self._locked(fcntl.LOCK_SH):
            yield

    def has(self, sha256: str) -> bool:
        return _is_checksum(sha256) and (self._folder / sha256).is_file()

    def read(self, sha256: str) -> bytes | None:
        """None where these bytes are not kept. Raises StorageUnavailable where they cannot be read, or are damaged."""
        try:
            content = (self._folder / sha256).read_bytes() if _is_checksum(sha256) else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_unavailable(self._folder, error) from error
        if content is not None and hashlib.sha256(content).hexdigest() != sha256:
            raise StorageUnavailable(f"The original '{sha256}' has been damaged on the disk; upload the document again")
        return content

    def forget(self, checksums: Collection[str], which_are_used: WhichAreUsed) -> int:
        """Deletes those of `checksums` that no document uses any more; returns how many that were."""
        present = [each for each in checksums if _is_checksum(each) and (self._folder / each).exists()]
        if not present:
            return 0
        with self._locked(fcntl.LOCK_EX):
            return self._delete(present, which_are_used)

    def sweep(self, which_are_used: WhichAreUsed) -> int:
        """Deletes whatever a killed process has left behind."""
        if not self._folder.is_dir():
            return 0
        with self._locked(fcntl.LOCK_EX):
            names = [path.name for path in self._folder.iterdir()]
            for name in names:
                if name.startswith(".writing-"):  # nobody writes while we hold the lock
                    (self._folder / name).unlink(missing_ok=True)
            return self._delete([name for name in names if _is_checksum(name)], which_are_used)

    def _store(self, contents: Mapping[str, bytes]) -> None:
        written = False
        for sha256, content in contents.items():
            if not (self._folder / sha256).exists():
                self._write(self._folder / sha256, content)
                written = True
        if written:
            sync_folder(self._folder)  # once for all of them: a rename is only then safe from a power cut

    def _write(self, path: Path, content: bytes) -> None:
        beside = self._folder / f".writing-{uuid.uuid4().hex}"
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    def _delete(self, checksums: Collection[str], which_are_used: WhichAreUsed) -> int:
        unused = set(checksums) - set(which_are_used(checksums))
        for sha256 in unused:
            (self._folder / sha256).unlink(missing_ok=True)
        if unused:
            sync_folder(self._folder)
        return len(unused)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        """The system drops the lock when the process ends, however it ends."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / ".lock").open("w")
        except OSError as error:
            raise storage_unavailable(self._folder, error) from error
        with lock:
            fcntl.flock(lock, kind)
            yield


def storage_unavailable(folder: Path, error: OSError) -> StorageUnavailable:
    """The sentence for a file that cannot be stored in `folder`."""
    if error.errno in _FULL:
        return StorageUnavailable(
            f"The disk is full: nothing can be stored in '{folder}'; free some space and try again"
        )
    return StorageUnavailable(f"Files cannot be stored in '{folder}' ({error.strerror}); make the folder writable")


def _is_checksum(text: str) -> bool:
    return len(text) == 64 and all(character in "0123456789abcdef" for character in text)
