"""The real embedder: what every Embedder promises, and what only a model can show."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge.embedding.embeddings import EmbeddingStyle, TorchEmbedder
from knowledge.embedding.encoders import load_encoder
from knowledge.errors import ModelUnavailable
from tests.contract.test_embedder import (  # the suite runs here too, on the fixture below
    test_a_question_is_nearer_to_the_passage_that_answers_it,
    test_every_text_gives_one_row_of_length_one,
    test_no_texts_give_no_rows,
    test_the_fingerprint_names_the_model_and_does_not_change,
    test_the_same_text_gives_the_same_vector_alone_and_in_company,
)
from tests.models import embedder_folder, generator_folder

__all__ = [
    "test_a_question_is_nearer_to_the_passage_that_answers_it",
    "test_every_text_gives_one_row_of_length_one",
    "test_no_texts_give_no_rows",
    "test_the_fingerprint_names_the_model_and_does_not_change",
    "test_the_same_text_gives_the_same_vector_alone_and_in_company",
]

pytestmark = pytest.mark.models


@cache
def the_embedder() -> TorchEmbedder:
    return TorchEmbedder(embedder_folder())


@pytest.fixture
def embedder() -> TorchEmbedder:
    return the_embedder()


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        (
            "怎么退货？",
            "退货：收到商品七天内可以无理由退货，运费由买家承担。",
            "营业时间：周一至周五，早九点到晚六点。",
        ),
        ("怎么退货？", "Returns: send the goods back within seven days.", "Opening hours: nine to six on weekdays."),
        ("When are you open?", "营业时间：周一至周五，早九点到晚六点。", "退货：收到商品七天内可以无理由退货。"),
    ],
)
def test_questions_find_their_answer_within_and_across_languages(
    embedder: TorchEmbedder, question: str, answer: str, other: str
) -> None:
    near, far = embedder.embed_passages([answer, other]) @ embedder.embed_queries([question])[0]
    assert near > far


def test_the_encoder_written_out_computes_what_transformers_computes() -> None:
    import torch
    from transformers import AutoModel

    ids = torch.tensor([[0, 10, 200, 3000, 2], [0, 40000, 2, 1, 1]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    theirs = AutoModel.from_pretrained(embedder_folder(), dtype=torch.float32, add_pooling_layer=False)
    with torch.inference_mode():
        ours = load_encoder(embedder_folder(), torch.float32)(ids, mask)
        expected = theirs(input_ids=ids, attention_mask=mask).last_hidden_state
    assert torch.allclose(ours[mask.bool()], expected[mask.bool()], atol=1e-4)


def test_full_width_characters_mean_what_the_plain_ones_mean(embedder: TorchEmbedder) -> None:
    wide, plain = embedder.embed_queries(["ｉＰｈｏｎｅ　１５", "iPhone 15"])
    assert float(wide @ plain) > 0.999


def test_what_comes_after_512_tokens_is_cut(embedder: TorchEmbedder) -> None:
    long = "refund " * 1000
    one, other = embedder.embed_passages([long, long + "kettle " * 50])
    assert float(one @ other) > 0.999


def test_a_text_that_is_not_valid_unicode_is_embedded_all_the_same(embedder: TorchEmbedder) -> None:
    assert embedder.embed_queries(["broken \ud83d emoji"]).shape == (1, 384)


def test_many_batches_keep_the_order_of_the_texts(embedder: TorchEmbedder) -> None:
    texts = [f"Article {number}: " + "word " * (number * 37 % 300) for number in range(24)]
    together = embedder.embed_passages(texts)
    for number in (0, 7, 23):
        assert float(together[number] @ embedder.embed_passages([texts[number]])[0]) > 0.999


def test_eight_threads_get_the_vectors_that_one_gets(embedder: TorchEmbedder) -> None:
    texts = [f"question number {number}" for number in range(8)]
    expected = embedder.embed_queries(texts)
    results: dict[int, Any] = {}

    def ask(number: int) -> None:
        results[number] = (embedder.embed_queries([texts[number]])[0], embedder.embed_passages([texts[number]])[0])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, row in enumerate(expected):
        assert float(results[number][0] @ row) > 0.999


def test_the_callers_thread_keeps_its_number_of_torch_threads(embedder: TorchEmbedder) -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        embedder.embed_queries(["hello"])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_full_precision_differs_little_and_has_a_fingerprint_of_its_own(embedder: TorchEmbedder) -> None:
    full = TorchEmbedder(embedder_folder(), dtype="float32")
    texts = ["How do I return shoes?", "怎么退货？"]
    assert np.sum(full.embed_queries(texts) * embedder.embed_queries(texts), axis=1).min() > 0.999
    assert full.fingerprint != embedder.fingerprint


def test_the_fingerprint_follows_the_contents_and_the_style(embedder: TorchEmbedder, tmp_path: Path) -> None:
    copy = shutil.copytree(embedder_folder(), tmp_path / embedder_folder().name)
    assert TorchEmbedder(copy).fingerprint == embedder.fingerprint
    assert TorchEmbedder(copy, style=EmbeddingStyle("", "")).fingerprint != embedder.fingerprint


def test_it_describes_itself(embedder: TorchEmbedder) -> None:
    description = embedder.describe()
    assert description.name == "multilingual-e5-small"
    assert description.licence == "MIT"
    assert description.dtype == "bfloat16"
    assert 117_000_000 < description.parameters < 118_000_000


def test_loading_and_embedding_open_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(f"a connection was opened: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert TorchEmbedder(embedder_folder()).embed_queries(["hello"]).shape == (1, 384)
    with pytest.raises(ModelUnavailable, match="ALLOW_DOWNLOAD"):
        TorchEmbedder("nobody/no-such-model")


def test_a_generator_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="is a generator"):
        TorchEmbedder(generator_folder())


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no model folder"):
        TorchEmbedder(tmp_path / "nowhere")


@pytest.mark.parametrize("damage", ["weights missing", "weights cut short", "tokenizer missing", "a tensor missing"])
def test_a_damaged_folder_is_refused(tmp_path: Path, damage: str) -> None:
    folder = Path(shutil.copytree(embedder_folder(), tmp_path / "e5"))
    weights = folder / "model.safetensors"
    match damage:
        case "weights missing":
            weights.unlink()
        case "weights cut short":
            with weights.open("r+b") as file:
                file.truncate(1_000_000)
        case "tokenizer missing":
            (folder / "tokenizer.json").unlink()
        case _:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            config["num_hidden_layers"] += 1
            (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelUnavailable):
        TorchEmbedder(folder)


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelUnavailable, match="no device 'cuda:99'"):
        TorchEmbedder(embedder_folder(), device="cuda:99")
