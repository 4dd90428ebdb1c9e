from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from bot.generators.gguf_file import read_gguf


def a_gguf_file(path: Path, tensors: dict[str, tuple[np.ndarray, gguf.GGMLQuantizationType]]) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint32("llama.block_count", 30)
    writer.add_float32("llama.epsilon", 0.5)
    writer.add_bool("tokenizer.add_bos", False)
    writer.add_string("general.name", "tiny 小")
    writer.add_array("tokenizer.tokens", ["<s>", "你", ""])
    writer.add_array("tokenizer.types", [3, 1, 1])
    for name, (weights, kind) in tensors.items():
        writer.add_tensor(name, gguf.quants.quantize(weights, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_metadata_is_read_with_its_types(tmp_path: Path) -> None:
    metadata = read_gguf(a_gguf_file(tmp_path / "tiny.gguf", {})).metadata
    assert metadata["general.architecture"] == "llama"
    assert metadata["llama.block_count"] == 30
    assert metadata["llama.epsilon"] == 0.5
    assert metadata["tokenizer.add_bos"] is False
    assert metadata["general.name"] == "tiny 小"
    assert metadata["tokenizer.tokens"] == ["<s>", "你", ""]
    assert metadata["tokenizer.types"] == [3, 1, 1]


@pytest.mark.parametrize("kind", ["F32", "F16", "Q8_0", "Q4_1"])
def test_weights_are_those_that_the_reference_unpacks(tmp_path: Path, kind: str) -> None:
    layout = gguf.GGMLQuantizationType[kind]
    weights = np.random.default_rng(0).normal(size=(7, 96)).astype(np.float32)
    others = np.ones((3, 32), np.float32)
    file = read_gguf(
        a_gguf_file(
            tmp_path / "tiny.gguf",
            {"before": (others, gguf.GGMLQuantizationType.F32), "w": (weights, layout)},
        )
    )
    expected = gguf.quants.dequantize(gguf.quants.quantize(weights, layout), layout)
    assert np.allclose(file.weights("w"), expected, atol=1e-6)
    assert np.array_equal(file.weights("before"), others)


def test_a_kind_that_is_not_read_here_is_named(tmp_path: Path) -> None:
    kind = gguf.GGMLQuantizationType.Q5_0
    file = read_gguf(a_gguf_file(tmp_path / "tiny.gguf", {"w": (np.ones((2, 32), np.float32), kind)}))
    with pytest.raises(ValueError, match="tensor w has blocks of kind 6"):
        file.weights("w")


def test_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(ValueError, match="does not begin as GGUF"):
        read_gguf(tmp_path / "x.gguf")
