"""One hostile file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """`what` says in a few words what is wrong; `name` is what the file is uploaded as."""

    what: str
    name: str
    content: bytes
    refused: bool | None = None  # True: nothing of it may be read; False: it must be read; None: either will do
