"""Reads a GGUF file (versions 2 and 3): metadata and tensors. Knows nothing of any architecture.

Source of the format: "GGUF" and the block layouts in the ggml project's documentation. Enough for the embedded model:
tensors in F32, F16, Q8_0 and Q4_1. transformers reads every other kind, more slowly.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_BLOCK = 32
_F32, _F16, _Q4_1, _Q8_0 = 0, 1, 3, 8
_LAYOUTS: dict[int, tuple[np.dtype[Any], int]] = {  # kind → one block's layout, weights in it
    _F32: (np.dtype("<f4"), 1),
    _F16: (np.dtype("<f2"), 1),
    _Q4_1: (np.dtype([("scale", "<f2"), ("least", "<f2"), ("bits", "u1", _BLOCK // 2)]), _BLOCK),
    _Q8_0: (np.dtype([("scale", "<f2"), ("steps", "i1", _BLOCK)]), _BLOCK),
}


@dataclass(frozen=True, slots=True)
class GgufTensor:
    shape: tuple[int, ...]  # rows first, as torch has it
    kind: int
    offset: int  # in the file


@dataclass(frozen=True, slots=True)
class GgufFile:
    data: NDArray[np.uint8]  # the whole file, mapped
    metadata: dict[str, Any]
    tensors: dict[str, GgufTensor]

    def weights(self, name: str) -> NDArray[np.float32]:
        """One tensor in full precision. Raises ValueError for a kind of block that is not read here."""
        tensor = self.tensors[name]
        if tensor.kind not in _LAYOUTS:
            raise ValueError(f"tensor {name} has blocks of kind {tensor.kind}, which are not read here")
        layout, weights_per_block = _LAYOUTS[tensor.kind]
        blocks = np.frombuffer(self.data, layout, math.prod(tensor.shape) // weights_per_block, tensor.offset)
        return _unpacked(blocks, tensor.kind).reshape(tensor.shape)


def read_gguf(path: Path) -> GgufFile:
    """Raises ValueError or struct.error where the file is not GGUF."""
    reader = _Reader(np.memmap(path, np.uint8, mode="r"))
    magic, version = reader.unpack("4sI")
    if magic != b"GGUF" or version not in {2, 3}:
        raise ValueError("it does not begin as GGUF files of version 2 or 3 do")
    tensors, entries = reader.unpack("QQ")
    metadata = dict(reader.entry() for _ in range(entries))
    described = [reader.tensor() for _ in range(tensors)]
    alignment = metadata.get("general.alignment", 32)
    start = -(-reader.position // alignment) * alignment
    placed = {name: GgufTensor(shape, kind, start + offset) for name, shape, kind, offset in described}
    return GgufFile(reader.data, metadata, placed)


class _Reader:
    """Reads the front of the file, value after value."""

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self.data = data
        self._view = data.data
        self.position = 0

    def unpack(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self._view, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def string(self) -> str:
        (length,) = self.unpack("Q")
        text = bytes(self._view[self.position : self.position + length])
        self.position += length
        return text.decode("utf-8")

    def entry(self) -> tuple[str, Any]:
        name = self.string()
        (kind,) = self.unpack("I")
        return name, self.value(kind)

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            item_kind, count = self.unpack("IQ")
            if item_kind in _SCALARS:
                return list(self.unpack(f"{count}{_SCALARS[item_kind]}"))
            return [self.value(item_kind) for _ in range(count)]
        if kind not in _SCALARS:
            raise ValueError(f"its metadata holds a value of the unknown kind {kind}")
        return self.unpack(_SCALARS[kind])[0]

    def tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self.string()
        (dimensions,) = self.unpack("I")
        shape = self.unpack(f"{dimensions}Q")
        kind, offset = self.unpack("IQ")
        return name, tuple(reversed(shape)), kind, offset


def _unpacked(blocks: NDArray[Any], kind: int) -> NDArray[np.float32]:
    if kind in {_F32, _F16}:
        return blocks.astype(np.float32)
    scale = blocks["scale"].astype(np.float32)[:, None]
    if kind == _Q8_0:
        return blocks["steps"] * scale
    weights = np.empty((len(blocks), _BLOCK), np.float32)
    weights[:, : _BLOCK // 2] = blocks["bits"] & 0x0F
    weights[:, _BLOCK // 2 :] = blocks["bits"] >> 4
    weights *= scale
    weights += blocks["least"].astype(np.float32)[:, None]
    return weights
