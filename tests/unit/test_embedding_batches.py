from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.embedding.embeddings import EmbeddingStyle, batches_by_length, read_style
from knowledge.errors import ModelUnavailable


@settings(max_examples=100)
@given(st.lists(st.integers(1, 512), max_size=60), st.integers(1, 2048))
def test_every_text_is_in_one_batch_and_no_batch_holds_too_much(lengths: list[int], batch_tokens: int) -> None:
    batches = list(batches_by_length(lengths, batch_tokens))
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[position] for position in batch)
        assert len(batch) == 1 or longest * len(batch) <= batch_tokens


def test_a_folder_without_a_word_on_style_gets_no_prefixes(tmp_path: Path) -> None:
    assert read_style(tmp_path, "sentence-transformers/all-MiniLM-L6-v2") == EmbeddingStyle("", "", "mean")


def test_an_e5_model_is_known_by_its_name(tmp_path: Path) -> None:
    assert read_style(tmp_path, "intfloat/multilingual-e5-base") == EmbeddingStyle("query: ", "passage: ")


def test_the_folders_own_words_count_most(tmp_path: Path) -> None:
    prompts = {"prompts": {"query": "Find: ", "document": ""}}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(prompts), encoding="utf-8")
    (tmp_path / "1_Pooling").mkdir()
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False, "word_embedding_dimension": 384}
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(pooling), encoding="utf-8")
    assert read_style(tmp_path, "my-e5") == EmbeddingStyle("Find: ", "", "cls")


@pytest.mark.parametrize("mode", ["pooling_mode_max_tokens", "pooling_mode_lasttoken"])
def test_another_pooling_is_refused(tmp_path: Path, mode: str) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps({mode: True}), encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="not supported"):
        read_style(tmp_path, "odd")


def test_layers_behind_the_pooling_are_refused(tmp_path: Path) -> None:
    (tmp_path / "2_Dense").mkdir()
    with pytest.raises(ModelUnavailable, match="not supported"):
        read_style(tmp_path, "odd")
