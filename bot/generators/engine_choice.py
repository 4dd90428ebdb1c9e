"""Which engine writes: transformers, one step at a time, or OpenVINO GenAI, which batches. Loads nothing heavy."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.generators.adapters import is_prefix, is_whole_model
from bot.generators.gguf_file import read_gguf
from knowledge.errors import ModelUnavailable

TRANSFORMERS, OPENVINO, AUTO = "transformers", "openvino", "auto"
_NVIDIA = Path("/dev/nvidiactl")
_LEAST_CORES = 2  # on one, OpenVINO 2026.4 divides by zero and the process is gone


@dataclass(frozen=True, slots=True)
class EngineChoice:
    engine: str
    reason: str  # for `doctor` and the log


def choose_engine(
    wanted: str, place: Path, device: str, adapter: Path | None = None, *, nvidia: Path = _NVIDIA
) -> EngineChoice:
    """`place`: the model's folder or GGUF file. `adapter`: what training made of it. `nvidia`: there with a driver.

    Raises ModelUnavailable where `openvino` is demanded and cannot be had; `auto` then takes transformers.
    """
    if wanted == TRANSFORMERS:
        return EngineChoice(TRANSFORMERS, "as FRONTDESK_MODELS__ENGINE says")
    hindrance = _hindrance(place, device, adapter, nvidia)
    if hindrance is None:
        return EngineChoice(OPENVINO, "many answers at once")
    if wanted == OPENVINO:
        raise ModelUnavailable(
            f"The engine openvino cannot run this generator: {hindrance}; FRONTDESK_MODELS__ENGINE=auto takes another"
        )
    return EngineChoice(TRANSFORMERS, f"answers in turn, because {hindrance}")


def unlike_llama(config: Mapping[str, Any]) -> str | None:
    """What keeps a model, by its config.json, from being read as a plain llama; None for one that is."""
    kind = config.get("model_type")
    if kind != "llama":
        return f"it is of the kind {kind}, and only llama is read"
    turning = config.get("rope_parameters") or {}
    if turning.get("rope_type", "default") != "default" or config.get("rope_scaling"):
        return "its positions are scaled"
    if config.get("attention_bias") or config.get("mlp_bias"):
        return "it has biases"
    return None


def _hindrance(place: Path, device: str, adapter: Path | None, nvidia: Path) -> str | None:
    if importlib.util.find_spec("openvino_genai") is None:
        return "the package openvino-genai is not installed (pip install 'frontdesk[cpu]')"
    if device != "cpu" and not (device == "auto" and not _has_cuda(nvidia)):
        return "it is for processors, not for graphics cards"
    if len(os.sched_getaffinity(0)) < _LEAST_CORES:
        return "it needs two processor cores"
    if adapter is not None and is_prefix(adapter):
        return f"it cannot begin with the trained prefix '{adapter.name}'"
    return unlike_llama(_config(adapter if adapter is not None and is_whole_model(adapter) else place))


def _has_cuda(nvidia: Path) -> bool:
    """torch, which takes a second to import, is asked only where there is a driver: it may be built without CUDA."""
    if not nvidia.exists():
        return False
    import torch

    return torch.cuda.is_available()


def _config(place: Path) -> dict[str, Any]:
    """Raises ModelUnavailable."""
    try:
        if place.is_file():
            return {"model_type": read_gguf(place).metadata["general.architecture"]}
        loaded: dict[str, Any] = json.loads((place / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnavailable(f"Cannot read what kind of model '{place}' is: {error}") from error
    return loaded
