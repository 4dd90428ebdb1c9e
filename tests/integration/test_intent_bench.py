"""`bench intents` on small sets in the shape of the public ones: every system is trained, asked and listed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import EvaluationDataInvalid
from bot.training.bench_intents import SYSTEMS, BenchOptions, as_table, bench_intents
from bot.training.intent_sets import HANDOFF, OTHER, intent_sets
from knowledge.embedding.model_folders import no_progress
from tests.fakes.embedder import FakeEmbedder

pytest.importorskip("sklearn", reason="the baselines need the extra `bench`")

TOPICS = {"card": "card lost stolen", "loan": "loan rate apply", "pin": "pin code forgot"}


def _rows(extra: str, count: int) -> list[dict[str, Any]]:
    return [
        {"text": f"{extra} {word} number {number}", "intent": intent}
        for intent, words in TOPICS.items()
        for number in range(count)
        for word in words.split()
    ]


def _write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    path = folder / f"{name}.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    _write(tmp_path, "banking77/train", _rows("my", 5))
    _write(tmp_path, "banking77/dev", [*_rows("the", 1), {"text": "sing a song", "intent": "oos", "oos": True}])
    several = [{"text": "get me a person", "intents": ["handoff", "help"]}, {"text": "my card", "intents": []}]
    _write(tmp_path, "nlupp_banking/train", several * 3)
    _write(tmp_path, "nlupp_banking/test", several)
    both = [
        {"lang": lang, "id": str(number), "text": f"{lang} {row['text']}", "intent": row["intent"]}
        for number, row in enumerate(_rows("a", 4))
        for lang in ("en", "zh")
    ]
    _write(tmp_path, "xsid/dev", both)
    return tmp_path


@pytest.mark.slow
def test_every_system_is_measured_or_says_why_not(data: Path) -> None:
    options = BenchOptions(sets=["banking77"], systems=[name for name in SYSTEMS if name != "SetFit"], shots=[5])
    rows = list(bench_intents(data, FakeEmbedder(), data, options, progress=no_progress))
    assert len(rows) == len(options.systems)
    left_out = [row["system"] for row in rows if "left_out" in row]
    assert left_out == ["ours, full", "ours, lora"], "the fake embedder cannot be tuned"
    rows = [row for row in rows if "left_out" not in row]
    assert all(float(str(row["accuracy"])) > 0.6 and row["part"] == "dev" and row["n"] == 10 for row in rows)
    assert all(0 <= float(str(row["oos_auroc"])) <= 1 for row in rows)
    table = as_table(rows).splitlines()
    assert len(table) == 2 + len(rows)
    assert len({line.count("|") for line in table}) == 1


def test_a_system_without_its_package_or_time_is_listed_with_the_reason(data: Path) -> None:
    _write(data, "banking77/train", _rows("my", 200))
    options = BenchOptions(sets=["banking77"], systems=["SetFit"], shots=[None])
    (row,) = bench_intents(data, FakeEmbedder(), data, options, progress=no_progress)
    assert "GPU" in str(row["left_out"]) or "bench" in str(row["left_out"])
    assert str(row["left_out"]) in as_table([row])


def test_several_intents_become_one_question_and_languages_are_kept_apart(data: Path) -> None:
    (handoff,) = intent_sets(data, only=["nlupp"])
    assert handoff.part == "test"
    assert [row.intent for row in handoff.test] == [HANDOFF, OTHER]
    (across,) = intent_sets(data, only=["xsid"])
    assert {row.text[:2] for row in across.train} == {"en"}
    assert {row.text[:2] for row in across.test} == {"zh"}
    assert not {row.text[3:] for row in across.train} & {row.text[3:] for row in across.test}


def test_a_missing_set_is_named(data: Path) -> None:
    with pytest.raises(EvaluationDataInvalid, match="clinc150"):
        list(intent_sets(data, only=["clinc150"]))
