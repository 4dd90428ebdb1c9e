"""`train verifier` on made-up data sets: a release that can be promoted, and errors that name what is missing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ReleaseInvalid, ReleaseWorse, TrainingDataInvalid
from bot.releases import current_release, open_release, publish_release
from bot.training.epochs import Measured
from bot.training.promotion import Validation, promote, read_validation, roll_back
from bot.training.verifier_training import UNSEEN, train_verifier
from bot.verifiers.opening import BUILT_IN, open_verifier
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
    promote(releases, first.release, force=True)
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


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("epqa_rank/dev", '{"qid": "1"}', r"epqa_rank/dev.jsonl.gz', line 1: it has no 'candidate'"),
        ("hetpqa_gen/train", '{"asin": "1", "evidence": null}', r"train.jsonl.gz', line 1: its 'evidence' .* null"),
        ("drcd/dev", '["context"]', r"dev.jsonl.gz', line 1: it is no JSON object"),
        ("kb_rhobank/docs", "{", r"docs.jsonl.gz', line 1: Expecting"),
        (
            "dstc11_sktod/kb",
            '{"domain": "h", "entity_id": 1, "doc_type": "review", "doc_id": 1, "sentences": []}',
            r"kb.jsonl.gz', line 1: its 'sentences'",
        ),
        (
            "dstc11_sktod/kb",
            '{"domain": "h", "entity_id": 1, "doc_type": "faq", "doc_id": 1, "body": ""}',
            "line 1: .*kb",
        ),
    ],
)
def test_a_wrong_line_is_named(embedder: CachingEmbedder, tmp_path: Path, name: str, line: str, expected: str) -> None:
    data = write_sets(tmp_path / "data")
    with gzip.open(data / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(line)
    with pytest.raises(TrainingDataInvalid, match=expected):
        train_verifier(data, embedder, tmp_path / "releases")


def test_a_damaged_stream_and_text_that_is_no_utf_8_are_named(embedder: CachingEmbedder, tmp_path: Path) -> None:
    data = write_sets(tmp_path / "data")
    whole = (data / "epqa_rank" / "dev.jsonl.gz").read_bytes()
    (data / "epqa_rank" / "dev.jsonl.gz").write_bytes(whole[:20] + b"\xff" * 20 + whole[40:])
    with pytest.raises(TrainingDataInvalid):
        train_verifier(data, embedder, tmp_path / "releases")
    (data / "epqa_rank" / "dev.jsonl.gz").write_bytes(gzip.compress("é".encode("latin-1")))
    with pytest.raises(TrainingDataInvalid, match=r"epqa_rank.* UTF-8"):
        train_verifier(data, embedder, tmp_path / "releases")


def test_sets_too_small_to_measure_on_are_refused(embedder: CachingEmbedder, tmp_path: Path) -> None:
    data = write_sets(tmp_path / "data")
    for path in data.rglob("*.jsonl.gz"):
        if path.parent.name != "dstc11_sktod":
            path.write_bytes(gzip.compress(b""))
    with pytest.raises(TrainingDataInvalid, match="too small for twin-1: of 0 claims"):
        train_verifier(data, embedder, tmp_path / "releases")


def a_release(root: Path, right: Mapping[str, bool], *, base: str, used_in: str = "en") -> str:
    return publish_release(
        root,
        "verifier",
        Validation(right).write,
        data_sha256="",
        base=base,
        recipe="",
        metrics={"used_in": used_in},
    ).name


def test_the_first_release_is_held_against_the_one_that_comes_with_the_product(tmp_path: Path) -> None:
    ours = read_validation(BUILT_IN)
    assert ours is not None
    for base in read_judgements(BUILT_IN).embedders:
        bad = a_release(tmp_path / base, dict.fromkeys(ours.right, False), base=base)
        with pytest.raises(ReleaseWorse, match=r"than what comes with the product, which is in use: 0.0% against"):
            promote(tmp_path / base, bad)
        assert current_release(tmp_path / base, "verifier") is None
        forced = promote(tmp_path / base, bad, force=True)
        assert forced.compared is not None
        assert forced.compared.messages == len(ours.right)
    another = a_release(tmp_path, dict.fromkeys(ours.right, False), base="another embedder")
    assert promote(tmp_path, another).compared is None
    good = a_release(tmp_path / "good", ours.right, base=read_judgements(BUILT_IN).embedders[0])
    assert promote(tmp_path / "good", good).compared is not None


def test_a_release_that_judges_in_no_language_needs_force(tmp_path: Path) -> None:
    idle = a_release(tmp_path, {}, base="", used_in="")
    with pytest.raises(ReleaseWorse, match=r"in no language.*--force"):
        promote(tmp_path, idle)
    assert current_release(tmp_path, "verifier") is None
    assert promote(tmp_path, idle, force=True).release == idle


def test_going_back_where_nothing_was_promoted_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ReleaseInvalid, match="no earlier release"):
        roll_back(tmp_path / "releases", "verifier")
    assert not (tmp_path / "releases").exists()


def test_an_embedder_without_words_cannot_be_read_with(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="words of a text"):
        train_verifier(tmp_path, FakeEmbedder(), tmp_path / "releases")
