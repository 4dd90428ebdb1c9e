"""Encoders on torch: token ids in, hidden states out. Knows nothing of tokenizers, pooling and texts.

BERT, the embedded model's architecture, is written out here: it is sixty lines, and importing transformers for it took
four of the six seconds in which the embedder was loaded, at every start and every command. Any other encoder, and a
BERT with anything unusual in its settings, is loaded through transformers.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional

from knowledge.errors import ModelUnavailable


class Encoder(nn.Module):
    """Token ids and mask of shape (batch, length) → hidden states of shape (batch, length, `hidden_size`)."""

    hidden_size: int


def load_encoder(folder: Path, dtype: torch.dtype) -> Encoder:
    """The encoder in a model folder, ready to run. Weights are read from safetensors, never unpickled.

    Raises ModelUnavailable when the files are missing, damaged, or not those of an encoder.
    """
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if _is_plain_bert(settings) and (folder / "model.safetensors").is_file():
            return _load_bert(folder, settings, dtype)
        return _load_with_transformers(folder, dtype)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelUnavailable(f"Cannot load the embedding model '{folder}': {error}") from error


class _Table(nn.Embedding):
    def reset_parameters(self) -> None:
        """Leaves the numbers as they are: they are read from a file, and making some up takes a second."""


class _Linear(nn.Linear):
    def reset_parameters(self) -> None:
        """The same."""


# BERT, as in Devlin et al. 2019 (arXiv 1810.04805), section 3. Names are those under which weights are stored.


@dataclass(frozen=True, slots=True)
class _Sizes:
    vocabulary: int
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    types: int
    epsilon: float


class BertEncoder(Encoder):
    """Post-norm transformer encoder with learned positions and exact GELU, without the pooler."""

    embeddings: Any  # modules by the names of their weights
    encoder: Any

    def __init__(self, sizes: _Sizes) -> None:
        super().__init__()
        self.hidden_size = sizes.hidden
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": _Table(sizes.vocabulary, sizes.hidden),
                "position_embeddings": _Table(sizes.positions, sizes.hidden),
                "token_type_embeddings": _Table(sizes.types, sizes.hidden),
                "LayerNorm": nn.LayerNorm(sizes.hidden, sizes.epsilon),
            }
        )
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(_Layer(sizes) for _ in range(sizes.layers))})

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        tables = self.embeddings
        positions = torch.arange(ids.shape[1], device=ids.device)
        hidden = tables["word_embeddings"](ids) + tables["token_type_embeddings"].weight[0]
        hidden = tables["LayerNorm"](hidden + tables["position_embeddings"](positions))
        seen = mask.bool()[:, None, None, :]
        for layer in self.encoder["layer"]:
            hidden = layer(hidden, seen)
        result: Tensor = hidden
        return result


class _Layer(nn.Module):
    attention: Any  # modules by the names of their weights
    intermediate: Any
    output: Any

    def __init__(self, sizes: _Sizes) -> None:
        super().__init__()
        self.heads = sizes.heads
        wide, narrow = sizes.feed_forward, sizes.hidden
        self.attention = nn.ModuleDict(
            {
                "self": nn.ModuleDict({part: _Linear(narrow, narrow) for part in ("query", "key", "value")}),
                "output": _dense_and_norm(narrow, narrow, sizes.epsilon),
            }
        )
        self.intermediate = nn.ModuleDict({"dense": _Linear(narrow, wide)})
        self.output = _dense_and_norm(wide, narrow, sizes.epsilon)

    def forward(self, hidden: Tensor, seen: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        parts = self.attention["self"]
        query, key, value = (
            parts[part](hidden).view(batch, length, self.heads, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        after = self.attention["output"]
        hidden = after["LayerNorm"](after["dense"](mixed) + hidden)
        wide = functional.gelu(self.intermediate["dense"](hidden))
        result: Tensor = self.output["LayerNorm"](self.output["dense"](wide) + hidden)
        return result


def _dense_and_norm(wide: int, narrow: int, epsilon: float) -> nn.ModuleDict:
    return nn.ModuleDict({"dense": _Linear(wide, narrow), "LayerNorm": nn.LayerNorm(narrow, epsilon)})


def _is_plain_bert(settings: dict[str, Any]) -> bool:
    usual = {"hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False}
    return settings["model_type"] == "bert" and all(settings.get(key, value) == value for key, value in usual.items())


def _load_bert(folder: Path, settings: dict[str, Any], dtype: torch.dtype) -> BertEncoder:
    from safetensors.torch import load_file

    sizes = _Sizes(
        settings["vocab_size"],
        settings["hidden_size"],
        settings["num_hidden_layers"],
        settings["num_attention_heads"],
        settings["intermediate_size"],
        settings["max_position_embeddings"],
        settings["type_vocab_size"],
        settings.get("layer_norm_eps", 1e-12),
    )
    stored = {name.removeprefix("bert."): tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    model = BertEncoder(sizes)
    report = model.load_state_dict(
        {name: tensor.to(dtype) for name, tensor in stored.items()}, strict=False, assign=True
    )
    _refuse_missing(folder, report.missing_keys)
    return model.eval().requires_grad_(False)


# Everything else


class _TransformersEncoder(Encoder):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.hidden_size = int(model.config.hidden_size)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden: Tensor = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        return hidden


def _load_with_transformers(folder: Path, dtype: torch.dtype) -> Encoder:
    from transformers import MODEL_MAPPING, AutoConfig, AutoModel

    from knowledge.embedding.torch_runtime import quiet_transformers

    quiet_transformers()
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    if any("CausalLM" in name for name in config.architectures or ()):
        raise ModelUnavailable(
            f"'{folder}' is a generator; an embedder must be an encoder, such as multilingual-e5-small"
        )
    has_pooler = "add_pooling_layer" in inspect.signature(MODEL_MAPPING[type(config)]).parameters
    options = {"add_pooling_layer": False} if has_pooler else {}
    model, report = AutoModel.from_pretrained(
        folder, dtype=dtype, local_files_only=True, use_safetensors=True, output_loading_info=True, **options
    )
    _refuse_missing(folder, report["missing_keys"])
    return _TransformersEncoder(model).eval()


def _refuse_missing(folder: Path, missing: Any) -> None:
    lacking = sorted(name for name in missing if "pooler" not in name)
    if lacking:
        raise ModelUnavailable(
            f"The embedding model '{folder}' lacks weights: {', '.join(lacking[:3])}; fetch it again"
        )
