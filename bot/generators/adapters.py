"""What training added to a generator, put into it at load. Knows nothing of training, nor needs its packages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge.errors import ModelUnavailable

if TYPE_CHECKING:
    from torch import Tensor

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"  # peft's names
_BEFORE, _A, _B = "base_model.model.", ".lora_A.weight", ".lora_B.weight"
_PLAIN = {  # what a configuration may say besides rank and scale that is still added by one product
    "bias": (None, "none"),
    "modules_to_save": (None, []),
    "rank_pattern": (None, {}),
    "alpha_pattern": (None, {}),
    "use_rslora": (None, False),
    "use_dora": (None, False),
    "fan_in_fan_out": (None, False),
    "lora_bias": (None, False),
    "use_qalora": (None, False),
    "layer_replication": (None, []),
    "trainable_token_indices": (None, []),
    "target_parameters": (None, []),
}


@dataclass(frozen=True, slots=True)
class LowRank:
    """What is added to a layer's weights: b @ a."""

    a: Tensor  # (r, in)
    b: Tensor  # (out, r), with the scale


def with_adapter(model: Any, adapter: Path) -> Any:
    """The model with the adapter's weights added to its own: as fast as without one. `model` is changed.

    Plain LoRA is added here, in a fifth of a second: only to import peft takes three. peft does the other kinds.
    Raises ModelUnavailable where the folder holds no adapter, or one of another model.
    """
    if not (adapter / WEIGHTS).is_file():
        raise ModelUnavailable(f"'{adapter}' holds no adapter: there is no {WEIGHTS} in it")
    from safetensors import SafetensorError

    try:
        config = _config(adapter)
        if config.get("peft_type") == "PREFIX_TUNING":
            return model  # its weights stay as they are, see `prefix_of`
        if is_plain_lora(adapter):
            _add_lora(model, adapter)
            return model
        return _merged_by_peft(model, adapter)
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError, SafetensorError) as error:
        raise ModelUnavailable(f"The adapter '{adapter}' does not fit this generator: {error}") from error


def prefix_of(adapter: Path) -> list[tuple[Tensor, Tensor]]:
    """What a tuned prefix puts into the cache before a prompt: keys and values (1, heads, tokens, d) of every layer.

    Empty for every other kind of adapter. Raises ModelUnavailable.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config = _config(adapter)
        if config.get("peft_type") != "PREFIX_TUNING":
            return []
        heads, layers = config["num_attention_heads"], config["num_layers"]
        learnt = load_file(adapter / WEIGHTS)["prompt_embeddings"]
        states = learnt.view(1, config["num_virtual_tokens"], 2 * layers, heads, config["token_dim"] // heads)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelUnavailable(f"The prefix in '{adapter}' cannot be read: {error}") from error
    by_layer = states.permute(2, 0, 3, 1, 4)
    return [(by_layer[2 * layer], by_layer[2 * layer + 1]) for layer in range(layers)]


def is_whole_model(adapter: Path) -> bool:
    """Whether what training made is no addition but a model of its own."""
    return (adapter / "config.json").is_file() and (adapter / "model.safetensors").is_file()


def is_prefix(adapter: Path) -> bool:
    """Whether what training made stands before every prompt. Raises ModelUnavailable where that cannot be read."""
    try:
        return (adapter / CONFIG).is_file() and _config(adapter).get("peft_type") == "PREFIX_TUNING"
    except (OSError, ValueError, AttributeError) as error:
        raise ModelUnavailable(f"The adapter '{adapter}' cannot be read: {error}") from error


def is_plain_lora(adapter: Path) -> bool:
    """Whether the folder holds pairs of LoRA and nothing else that changes a model."""
    from safetensors import SafetensorError, safe_open

    try:
        config = _config(adapter)
        with safe_open(adapter / WEIGHTS, "pt") as file:
            pairs = all(name.endswith((_A, _B)) for name in file.keys())  # noqa: SIM118  it is no mapping
    except (OSError, ValueError, SafetensorError):
        return False
    plain = all(config.get(name) in allowed for name, allowed in _PLAIN.items())
    return pairs and plain and config.get("peft_type") == "LORA"


def saved_pairs(adapter: Path) -> dict[str, LowRank]:
    """By the name of the layer. Raises ValueError where there are other weights, OSError, KeyError, SafetensorError."""
    from safetensors.torch import load_file

    config, weights = _config(adapter), load_file(adapter / WEIGHTS)
    scale = config["lora_alpha"] / config["r"]
    layers = {name.removesuffix(_A) for name in weights if name.endswith(_A)}
    if not layers or len(weights) != 2 * len(layers):
        raise ValueError("it holds other weights than pairs of LoRA")
    return {
        layer.removeprefix(_BEFORE): LowRank(weights[layer + _A].float(), scale * weights[layer + _B].float())
        for layer in sorted(layers)
    }


def _config(adapter: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((adapter / CONFIG).read_text(encoding="utf-8"))
    return values


def _add_lora(model: Any, adapter: Path) -> None:
    import torch

    with torch.no_grad():
        for layer, pair in saved_pairs(adapter).items():
            own: Tensor = model.get_submodule(layer).weight
            own.addmm_(pair.b.to(own), pair.a.to(own))  # sums in fp32 whatever it is kept in, at a third of the time


def _merged_by_peft(model: Any, adapter: Path) -> Any:
    try:
        from peft import PeftModel
    except ImportError as error:
        raise ModelUnavailable(
            f"The adapter '{adapter}' needs the package peft; install it with: pip install 'frontdesk[train]'"
        ) from error
    return PeftModel.from_pretrained(model, adapter, local_files_only=True).merge_and_unload()
