"""`train verifier` on made-up data sets: a release that can be promoted, and errors that name what is missing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import TrainingDataInvalid
from bot.releases import open_release
from bot.training.promotion import promote, read_validation, roll_back
from bot.training.tuning_run import Measured
from bot.training.verifier_training import UNSEEN, train_verifier
from bot.verifiers.opening import open_verifier
from bot.verifiers.reading import read_judgements
from knowledge.embedding.embedding_cache import CachingEmbedder
from knowledge.embedding.embeddings import TorchEmbedder
from knowledge.errors import ModelUnavailable
from tests.fakes.embedder import FakeEmbedder
from tests.tiny_encoder import write_tiny_encoder

THINGS = "kettle lamp pump shelf tank card parcel mixer".split()
WORDS = [*THINGS, *"you can return the within days of delivery please not cannot weeks months it is sold".split()]
CHINESE = "您可以在收货后 {days} 天内退回{thing}，运费由我们承担，无需另外付款。"


def said(number: int) -> str:
    return f"Please note that you can return the {THINGS[number % 8]} within {number + 2} days of delivery."


def said_in_chinese(number: int) -> str:
    return CHINESE.format(days=number + 2, thing="水壶台灯水泵架子"[number % 4 * 2 :][:2])


def write_sets(folder: Path) -> Path:
    def write(name: str, rows: list[dict[str, Any]]) -> None:
        path = folder / f"{name}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.write("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))

    numbers = range(24)
    write(
        "epqa_rank/dev",
        [{"qid": str(n // 4), "candidate": said(n), "label": str(n % 2 * 2), "answer": said(n)[17:]} for n in numbers],
    )
    write("hetpqa_gen/train", [{"asin": str(n // 4), "evidence": said(n), "answer": said(n)[17:]} for n in numbers])
    place = {"domain": "hotel", "entity_id": "1", "doc_type": "faq"}
    write("dstc11_sktod/kb", [{**place, "doc_id": str(n), "title": "?", "body": said(n)} for n in numbers])
    turns = [
        {"needs_knowledge": True, "knowledge": [{**place, "doc_id": n}], "response": said(n)[17:]} for n in numbers
    ]
    write("dstc11_sktod/dev", turns)
    for name in ("drcd/dev", "cmrc2018/train_trial"):
        write(name, [{"title": str(n // 4), "context": said_in_chinese(n)} for n in numbers])
    for name, lang in (
        ("logingov", "zh"),
        ("tidb_zh", "zh"),
        ("plausible", "en"),
        ("chatwoot", "en"),
        ("rhobank", "en"),
    ):
        text = said_in_chinese if lang == "zh" else said
        pages = [{"id": str(n), "lang": lang, "title": f"Page {n}", "text": text(n)} for n in numbers]
        write(f"kb_{name}/docs", pages)
    return folder


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> CachingEmbedder:
    folder = write_tiny_encoder(tmp_path_factory.mktemp("model") / "tiny", WORDS)
    return CachingEmbedder(TorchEmbedder(folder, dtype="float32"))


@pytest.mark.slow
def test_a_training_makes_a_release_that_can_be_promoted_and_taken_back(
    embedder: CachingEmbedder, tmp_path: Path
) -> None:
    data, releases = write_sets(tmp_path / "data"), tmp_path / "releases"
    told: list[Measured] = []
    made = [train_verifier(data, embedder, releases, pairs=12, seed=seed, watch=told.append) for seed in (0, 1)]
    assert {one.stage for one in told} == {*UNSEEN, "release"}
    first, second = (open_release(one.folder) for one in made)
    assert first.base == embedder.fingerprint
    assert {"claims.safetensors", "judgements.json", "figures.json", "validation.json"} <= set(first.files)
    assert read_validation(made[0].folder) is not None
    assert read_judgements(made[0].folder).release == "claims-1"
    assert not list((releases / "verifier").glob(".unfinished-*"))
    verifier = open_verifier(embedder, releases)
    promote(releases, first.release)
    assert verifier.release == first.release
    promote(releases, second.release, force=True)
    assert verifier.release == second.release
    roll_back(releases, "verifier")
    assert verifier.release == first.release


def test_a_missing_or_damaged_set_is_named(embedder: CachingEmbedder, tmp_path: Path) -> None:
    data = write_sets(tmp_path / "data")
    (data / "drcd" / "dev.jsonl.gz").write_bytes(b"not gzip")
    with pytest.raises(TrainingDataInvalid, match="cannot be read"):
        train_verifier(data, embedder, tmp_path / "releases")
    with pytest.raises(TrainingDataInvalid, match="epqa_rank"):
        train_verifier(tmp_path / "nothing", embedder, tmp_path / "releases")


def test_an_embedder_without_words_cannot_be_read_with(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="words of a text"):
        train_verifier(tmp_path, FakeEmbedder(), tmp_path / "releases")
