"""Messages between the process that asks and the one that reads: JSON and a stretch of bytes. Never pickles.

A frame is two numbers (length of the JSON in 4 bytes, of the bytes in 8, big-endian), then the two. Whoever receives
states how much it takes; a frame that announces more is not received.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any

_LENGTHS = struct.Struct(">IQ")
_CHUNK = 1 << 20


class FrameTooLargeError(Exception):
    """The other side announces more than we take."""


class FrameBrokenError(Exception):
    """What came is no frame."""


def send_frame(connection: socket.socket, fields: Mapping[str, Any], content: bytes = b"") -> None:
    """Raises OSError where the other side is gone, TimeoutError where it does not take it in time."""
    encoded = json.dumps(fields).encode("ascii")
    connection.sendall(_LENGTHS.pack(len(encoded), len(content)) + encoded)
    if content:
        connection.sendall(content)


def receive_frame(
    connection: socket.socket, *, most: int, deadline: float | None = None
) -> tuple[dict[str, Any], bytes]:
    """The next frame of at most `most` bytes, by `deadline` on the monotonic clock (None: however long it takes).

    Raises EOFError where the other side is gone, TimeoutError, FrameTooLargeError, FrameBrokenError.
    """
    before_each = _setting_timeout(connection, deadline)
    lengths = _exactly(connection, _LENGTHS.size, before_each)
    fields_length, content_length = _LENGTHS.unpack(lengths)
    if fields_length + content_length > most:
        raise FrameTooLargeError
    encoded = _exactly(connection, fields_length, before_each)
    content = _exactly(connection, content_length, before_each)
    try:
        fields = json.loads(encoded)
    except (ValueError, RecursionError) as error:
        raise FrameBrokenError from error
    if not isinstance(fields, dict):
        raise FrameBrokenError
    return fields, bytes(content)


def _setting_timeout(connection: socket.socket, deadline: float | None) -> Callable[[], None]:
    def set_timeout() -> None:
        if deadline is None:
            connection.settimeout(None)
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)

    return set_timeout


def _exactly(connection: socket.socket, length: int, before_each: Callable[[], None]) -> bytearray:
    """`length` bytes. Grows with what comes, so that an announcement alone costs no memory."""
    received = bytearray()
    while len(received) < length:
        before_each()
        chunk = connection.recv(min(_CHUNK, length - len(received)))
        if not chunk:
            raise EOFError
        received += chunk
    return received
