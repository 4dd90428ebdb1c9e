"""A causal language model and its tokenizer, from a folder, a GGUF file or a hub id. Knows nothing of prompts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.durable_files import sha256_of_file
from knowledge.embedding.model_folders import ModelDescription, folder_digest, folder_source
from knowledge.embedding.torch_runtime import (
    locate_model,
    parameter_count,
    quiet_transformers,
    resolve_device,
    resolve_dtype,
    wait_without_spinning,
)
from knowledge.errors import ModelUnavailable


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A loaded model, ready to run. Its tensors never leave bot/generators."""

    model: Any  # transformers' PreTrainedModel, in eval mode
    tokenizer: Any  # transformers' PreTrainedTokenizerFast, with a chat template
    description: ModelDescription
    release: str  # name and digest of everything that decides what it writes


def load_language_model(
    model: str | Path,
    *,
    adapter: Path | None = None,
    device: str = "auto",
    dtype: str = "bfloat16",
    allow_download: bool = False,
) -> LanguageModel:
    """Loads `model` and merges the LoRA `adapter` into it. Weights are read from safetensors or GGUF, never unpickled.

    A GGUF file is unpacked in memory at every start, which takes a minute for a hundred megabytes; a folder loads at
    once. Raises ModelUnavailable.
    """
    wait_without_spinning()
    from safetensors import SafetensorError

    quiet_transformers()
    place = _locate(str(model), allow_download)
    torch_device, torch_dtype = resolve_device(device), resolve_dtype(dtype)
    try:
        loaded, tokenizer = _load(place, torch_dtype)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        raise ModelUnavailable(f"Cannot load the generator '{model}': {error}") from error
    if not tokenizer.chat_template:
        raise ModelUnavailable(
            f"The generator '{model}' has no chat template; choose a model tuned to follow instructions"
        )
    if adapter is not None:
        loaded = _merged(loaded, adapter)
    loaded = loaded.to(device=torch_device, dtype=torch_dtype).eval()
    source = folder_source(place)
    description = ModelDescription(
        name=source.name if source else str(model),
        path=str(place),
        device=str(torch_device),
        licence=source.licence if source else "unknown",
        parameters=parameter_count(loaded),
        dtype=dtype,
    )
    return LanguageModel(loaded, tokenizer, description, _release(place, adapter))


def _locate(name: str, allow_download: bool) -> Path:
    file = Path(name).expanduser()
    if file.suffix == ".gguf" and file.is_file():
        return file
    return locate_model(name, allow_download=allow_download)


def _load(place: Path, dtype: Any) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    if place.is_file():
        options: dict[str, Any] = {"gguf_file": place.name, "local_files_only": True}
        unpacked = GgufConfig(dequantize=True)
        model = AutoModelForCausalLM.from_pretrained(place.parent, dtype=dtype, quantization_config=unpacked, **options)
        return model, AutoTokenizer.from_pretrained(place.parent, **options)
    model, report = AutoModelForCausalLM.from_pretrained(
        place, dtype=dtype, local_files_only=True, use_safetensors=True, output_loading_info=True
    )
    if report["missing_keys"]:
        raise ValueError(f"it lacks weights, among them {min(report['missing_keys'])}")
    return model, AutoTokenizer.from_pretrained(place, local_files_only=True)


def _merged(model: Any, adapter: Path) -> Any:
    """The model with the adapter's weights added to its own: as fast as without one."""
    if not (adapter / "adapter_model.safetensors").is_file():
        raise ModelUnavailable(f"'{adapter}' holds no adapter: there is no adapter_model.safetensors in it")
    from safetensors import SafetensorError

    try:
        from peft import PeftModel
    except ImportError as error:
        raise ModelUnavailable(
            f"The adapter '{adapter}' needs the package peft; install it with: pip install 'frontdesk[train]'"
        ) from error
    try:
        return PeftModel.from_pretrained(model, adapter, local_files_only=True).merge_and_unload()
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelUnavailable(f"The adapter '{adapter}' does not fit this generator: {error}") from error


def _release(place: Path, adapter: Path | None) -> str:
    parts = [folder_digest(place) if place.is_dir() else sha256_of_file(place)]
    name = place.stem if place.is_file() else place.name
    if adapter is not None:
        parts.append(folder_digest(adapter))
        name += f"+{adapter.name}"
    return f"{name}@{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"
