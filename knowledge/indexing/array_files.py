"""Named arrays in one file, whole or absent, and checked when they are read. Knows nothing of what they mean.

A first line of our own, a JSON header, then the arrays one after another. Nothing in the file is ever executed.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.durable_files import writing_durably

_FIRST_LINE = b"frontdesk arrays 1\n"
_NUMBER_BYTES = 8  # of the header's length and of its checksum
_ALIGNED_TO = 64

Arrays = Mapping[str, NDArray[Any]]


def save_arrays(path: Path, facts: Mapping[str, Any], arrays: Arrays) -> None:
    """Writes array after array, so that nothing is in memory twice. `facts` are whatever JSON can hold."""
    flat = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    listed = [
        {"name": name, "dtype": array.dtype.str, "shape": array.shape, "crc": zlib.crc32(_bytes_of(array))}
        for name, array in flat.items()
    ]
    header = json.dumps({"facts": facts, "arrays": listed}).encode()
    with writing_durably(path) as file:
        file.write(_FIRST_LINE + _as_bytes(len(header)) + _as_bytes(zlib.crc32(header)) + header)
        for array in flat.values():
            file.write(bytes(-file.tell() % _ALIGNED_TO))
            file.write(_bytes_of(array))


def load_arrays(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Facts and read-only arrays. Raises OSError, or ValueError where the file is not as it was written.

    Read into memory, not mapped: a mapped file that somebody overwrites in place would end the whole process.
    """
    content = path.read_bytes()
    if not content.startswith(_FIRST_LINE):
        raise ValueError("it is no file of ours")
    at = len(_FIRST_LINE) + 2 * _NUMBER_BYTES
    length, checksum = (
        int.from_bytes(content[end - _NUMBER_BYTES : end], "little") for end in (at - _NUMBER_BYTES, at)
    )
    if zlib.crc32(content[at : at + length]) != checksum:
        raise ValueError("its header is damaged")
    header = json.loads(content[at : at + length])
    at += length
    arrays: dict[str, NDArray[Any]] = {}
    for one in header["arrays"]:
        at += -at % _ALIGNED_TO
        dtype, count = np.dtype(one["dtype"]), math.prod(one["shape"])
        if at + count * dtype.itemsize > len(content):
            raise ValueError("it is cut short")
        array = np.frombuffer(content, dtype=dtype, count=count, offset=at).reshape(one["shape"])
        if zlib.crc32(_bytes_of(array)) != one["crc"]:
            raise ValueError(f"its part '{one['name']}' is damaged")
        arrays[one["name"]] = array
        at += count * dtype.itemsize
    return dict(header["facts"]), arrays


def _as_bytes(number: int) -> bytes:
    return number.to_bytes(_NUMBER_BYTES, "little")


def _bytes_of(array: NDArray[Any]) -> memoryview:
    raw: Any = array.reshape(-1).view(np.uint8)  # a buffer, which numpy's types do not say
    return memoryview(raw) if array.size else memoryview(b"")
