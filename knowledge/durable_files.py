"""Files that are whole or absent, whenever the power goes. Knows nothing of what is in them."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write_durably(path: Path, content: bytes | memoryview) -> None:
    """Writes `content` beside `path`, forces it to the disk and moves it into place.

    Written straight to its place, a file is cut short by a crash and then read as if it were whole.
    """
    with writing_durably(path) as file:
        file.write(content)


@contextmanager
def writing_durably(path: Path) -> Iterator[BinaryIO]:
    """As `write_durably`, for what is written piece by piece; nothing is left where writing fails."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def only_one_at_a_time(path: Path) -> Iterator[None]:
    """Waits for whoever holds the lock file `path`, in this process or another; the system lets go of the dead's."""
    with path.open("ab") as file:
        if os.name == "posix":  # elsewhere a second writer makes the same files once more, which does no harm
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sync_folder(folder: Path) -> None:
    """Forces the folder's list of names to the disk: a rename is only then safe from a power cut."""
    if os.name != "posix":  # other systems cannot open a folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
