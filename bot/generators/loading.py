"""A causal language model and its tokenizer, from a folder, a GGUF file or a hub id. Knows nothing of prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.generators.adapters import is_whole_model, prefix_of, with_adapter
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
    prefix: Sequence[tuple[Any, Any]] = ()  # keys and values of every layer that each cache begins with

    def new_cache(self) -> Any:
        """For one prompt and the reply to it."""
        from transformers import DynamicCache

        cache = DynamicCache(config=self.model.config)
        for layer, (keys, values) in enumerate(self.prefix):
            cache.update(keys, values, layer)
        return cache


def load_language_model(
    model: str | Path,
    *,
    adapter: Path | None = None,
    device: str = "auto",
    dtype: str = "bfloat16",
    allow_download: bool = False,
) -> LanguageModel:
    """Loads `model` and adds what training made of it, the folder `adapter`. Weights are read from safetensors or GGUF,
    never unpickled.

    A GGUF file is unpacked in memory at every start, which takes a minute for a hundred megabytes; a folder loads at
    once. Raises ModelUnavailable.
    """
    wait_without_spinning()
    from safetensors import SafetensorError

    quiet_transformers()
    place = _locate(str(model), allow_download)
    whole = adapter is not None and is_whole_model(adapter)
    torch_device, torch_dtype = resolve_device(device), resolve_dtype(dtype)
    try:
        loaded, tokenizer = _load(adapter if adapter is not None and whole else place, torch_dtype)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        raise ModelUnavailable(f"Cannot load the generator '{model}': {error}") from error
    if not tokenizer.chat_template:
        raise ModelUnavailable(
            f"The generator '{model}' has no chat template; choose a model tuned to follow instructions"
        )
    if adapter is not None and not whole:
        loaded = with_adapter(loaded, adapter)
    loaded = loaded.to(device=torch_device, dtype=torch_dtype).eval()
    found = prefix_of(adapter) if adapter is not None and not whole else []
    prefix = [(keys.to(loaded.device, torch_dtype), values.to(loaded.device, torch_dtype)) for keys, values in found]
    source = folder_source(place)
    description = ModelDescription(
        name=source.name if source else str(model),
        path=str(place),
        device=str(torch_device),
        licence=source.licence if source else "unknown",
        parameters=parameter_count(loaded),
        dtype=dtype,
    )
    return LanguageModel(loaded, tokenizer, description, _release(place, adapter), prefix)


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


def find_language_model(name: str, adapter: Path | None, *, allow_download: bool = False) -> tuple[Path, str]:
    """Where a model lies, and the release that it is with `adapter`. Loads nothing. Raises ModelUnavailable."""
    place = _locate(name, allow_download)
    return place, _release(place, adapter)


def base_fingerprint(place: Path) -> str:
    """Names the model in a folder or file, whatever was trained on top of it."""
    return _release(place, None)


def _release(place: Path, adapter: Path | None) -> str:
    parts = [folder_digest(place) if place.is_dir() else sha256_of_file(place)]
    name = place.stem if place.is_file() else place.name
    if adapter is not None:
        parts.append(folder_digest(adapter))
        name += f"+{adapter.name}"
    return f"{name}@{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"
