"""A llama's weights → a GGUF file in half precision, which OpenVINO GenAI reads. Knows nothing of OpenVINO.

The other direction is bot/generators/embedded.py. Source of names and of the order of rows: the ggml project's
documentation of GGUF.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.generators.embedded import LAYER_PARTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HALF_PRECISION_FILE = 1  # GGUF's number for "mostly F16"
_CONTROL_TOKEN = 3  # in the list of token types
_PARTS = {theirs: ours for ours, theirs in LAYER_PARTS.items()}
_WHOLE = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def write_llama_gguf(weights: Mapping[str, Any], config: Any, vocabulary: list[str], path: Path) -> None:
    """`weights`: a LlamaForCausalLM's state, tensors on the CPU; `config`: its LlamaConfig.

    `vocabulary` only has to be as long as the embedding: whoever uses the file has a tokenizer of their own.
    Raises KeyError for a weight that a plain llama does not have.
    """
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(_HALF_PRECISION_FILE)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    _add_tokenizer(writer, vocabulary)
    for name, values in weights.items():
        if name != "lm_head.weight" or not config.tie_word_embeddings:
            writer.add_tensor(_file_name(name), _half(name, values.float().numpy(), config.head_dim))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: Any, vocabulary: list[str]) -> None:
    """The least that a reader of such files insists on."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(vocabulary)
    writer.add_token_types([_CONTROL_TOKEN] * 3 + [1] * (len(vocabulary) - 3))
    writer.add_token_merges([f"{vocabulary[3]} {vocabulary[4]}"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    writer.add_chat_template("{{ messages }}")


def _file_name(name: str) -> str:
    if name in _WHOLE:
        return _WHOLE[name]
    _, _, layer, part = name.removesuffix(".weight").split(".", 3)
    return f"blk.{layer}.{_PARTS[part]}.weight"


def _half(name: str, weights: NDArray[np.float32], head_dim: int) -> NDArray[Any]:
    import numpy as np

    if weights.ndim == 1:  # the scales of norms stay as they are, as everybody writes them
        return weights.astype(np.float32)
    if name.endswith(("q_proj.weight", "k_proj.weight")):
        weights = _pairs_together(weights, head_dim)
    return np.ascontiguousarray(weights.astype(np.float16))


def _pairs_together(weights: NDArray[np.float32], head_dim: int) -> NDArray[np.float32]:
    """Undoes what reading does: rotary positions turn rows (0, 1), (2, 3) … of a head in GGUF."""
    rows, columns = weights.shape
    return weights.reshape(rows // head_dim, 2, head_dim // 2, columns).swapaxes(1, 2).reshape(rows, columns)
