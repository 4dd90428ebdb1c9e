"""Files that are whole or absent, whenever the power goes. Knows nothing of what is in them."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path


def write_durably(path: Path, content: bytes | memoryview) -> None:
    """Writes `content` beside `path`, forces it to the disk and moves it into place.

    Written straight to its place, a file is cut short by a crash and then read as if it were whole.
    """
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


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
