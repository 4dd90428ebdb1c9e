"""Training intents and releasing what came of it, with a fake embedder and real files."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bot.classifiers.finetuned import FinetunedClassifier, HeadClassifier, read_head
from bot.errors import EvaluationDataInvalid, ReleaseInvalid, TrainingDataInvalid
from bot.intent_store.intent_editing import digest_of
from bot.intent_store.intent_lists import ListVersion
from bot.intents import UNKNOWN, Intent, LeadsTo
from bot.releases import current_release, go_back, make_current, open_release, publish_release, releases
from bot.training.evaluate_intents import (
    EvaluationOptions,
    evaluate_intents,
    few_of_each,
    train_and_evaluate_intents,
)
from bot.training.evaluation_data import IntentRow, read_intent_rows
from bot.training.first_release import ensure_release_in_use
from bot.training.intents import (
    LabelledText,
    refuse_contradictions,
    train_intent_head,
)
from tests.fakes.classifier import FakeClassifier
from tests.fakes.embedder import FakeEmbedder

WORDS = {
    "refund": ("refund", "money", "退款"),
    "hours": ("open", "closed", "开门"),
    "password": ("password", "login", "密码"),
}
FRAMES = ("my {}", "{} please", "the {} is wrong", "question about {}", "{} 怎么办", "我想问 {}")


def _rows(frames: int = len(FRAMES)) -> list[IntentRow]:
    return [
        IntentRow(frame.format(word), name, place=f"line {number}")
        for name, words in WORDS.items()
        for number, word in enumerate(words)
        for frame in FRAMES[:frames]
    ]


def _examples(frames: int = len(FRAMES)) -> list[LabelledText]:
    return [LabelledText(row.text, row.intent, row.place) for row in _rows(frames)]


def _intents(extra: str = "refund now") -> tuple[Intent, ...]:
    examples = {name: tuple(row.text for row in _rows() if row.intent == name) for name in WORDS}
    examples["refund"] += (extra,)
    return tuple(Intent(name, LeadsTo.KNOWLEDGE, {"en": name}, {"en": texts}) for name, texts in examples.items())


def test_two_languages_are_learnt_at_once() -> None:
    embedder = FakeEmbedder()
    classifier = HeadClassifier(train_intent_head(_examples(), embedder).head, embedder)
    for text, name in (("where is my refund", "refund"), ("你们 开门 吗", "hours"), ("密码 忘了", "password")):
        assert classifier.classify(text).alternatives[0][0] == name


@pytest.mark.parametrize("frames", [1, 2])
def test_three_examples_an_intent_are_enough(frames: int) -> None:
    trained = train_intent_head(_examples(frames), FakeEmbedder())
    assert trained.metrics["examples"] == 9 * frames


def test_an_intent_with_a_single_example_is_learnt_too() -> None:
    examples = [*_examples(2), LabelledText("parcel lost", "parcel")]
    embedder = FakeEmbedder()
    classifier = HeadClassifier(train_intent_head(examples, embedder).head, embedder)
    assert classifier.classify("parcel lost").alternatives[0][0] == "parcel"


def test_the_same_seed_gives_the_same_head() -> None:
    embedder = FakeEmbedder()
    first, second = (train_intent_head(_examples(2), embedder, seed=3).head for _ in range(2))
    texts = ["money back", "几点 开门"]
    probabilities, _ = first.judge(texts, embedder.embed_queries(texts))
    np.testing.assert_allclose(probabilities, second.judge(texts, embedder.embed_queries(texts))[0], rtol=1e-4)


def test_titles_are_examples() -> None:
    embedder = FakeEmbedder()
    titles = {"refund": ("reimbursement",), "hours": ("timetable",), "password": ("credentials",)}
    classifier = HeadClassifier(train_intent_head(_examples(2), embedder, titles=titles).head, embedder)
    assert classifier.classify("credentials").alternatives[0][0] == "password"


def test_one_intent_alone_cannot_be_learnt() -> None:
    with pytest.raises(TrainingDataInvalid, match="only 'refund'"):
        train_intent_head([LabelledText("money back", "refund"), LabelledText("refund", "refund")], FakeEmbedder())


def test_an_empty_text_is_refused_with_its_line() -> None:
    with pytest.raises(TrainingDataInvalid, match=r"intents.jsonl, line 4: the text is empty"):
        train_intent_head([*_examples(1), LabelledText(" ", "refund", "intents.jsonl, line 4")], FakeEmbedder())


def test_the_same_words_for_two_intents_are_refused_with_both_lines() -> None:
    rows = [LabelledText("Money  back", "refund", "line 1"), LabelledText("money back", "hours", "line 7")]
    with pytest.raises(TrainingDataInvalid, match=r"'refund' \(line 1\) and of 'hours' \(line 7\)"):
        refuse_contradictions(rows)


def _in_use(intents: tuple[Intent, ...], embedder: FakeEmbedder, root: Path, told: list[float] | None = None) -> Path:
    """The folder of the release in use after a start with this list."""
    listed = ListVersion(1, 0.0, "", "", digest_of(intents), intents)
    stages = [] if told is None else told
    ensure_release_in_use(
        listed,
        embedder,
        root,
        lambda release: FinetunedClassifier(release, embedder),
        progress=lambda stage, share: stages.append(share),
    )
    folder = current_release(root, "intents")
    assert folder is not None
    return folder


def test_the_first_start_trains_and_the_second_does_not(tmp_path: Path) -> None:
    stages: list[float] = []
    first = _in_use(_intents(), FakeEmbedder(), tmp_path, stages)
    assert first == _in_use(_intents(), FakeEmbedder(), tmp_path)
    assert stages == sorted(stages)
    assert stages[-1] == 1
    assert len(releases(tmp_path, "intents")) == 1


def test_changed_examples_wait_and_another_embedder_or_damage_is_trained_anew(tmp_path: Path) -> None:
    first = _in_use(_intents(), FakeEmbedder(), tmp_path)
    assert _in_use(_intents("send my money home"), FakeEmbedder(), tmp_path) == first
    other = _in_use(_intents(), FakeEmbedder(name="other"), tmp_path)
    assert other != first
    (other / "head.json").write_text("{}")
    assert _in_use(_intents(), FakeEmbedder(name="other"), tmp_path) != other
    assert len(releases(tmp_path, "intents")) == 3


def test_a_release_judges_as_the_head_it_was_made_of(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    folder = _in_use(_intents(), embedder, tmp_path)
    names = {intent.name: tuple(intent.title.values()) for intent in _intents()}
    examples = [LabelledText(t, i.name) for i in _intents() for texts in i.examples.values() for t in texts]
    head = train_intent_head(examples, embedder, titles=names).head
    texts = ["my money", "closed today", "something else entirely"]
    probabilities, strange = read_head(folder).judge(texts, embedder.embed_queries(texts))
    expected, expected_strange = head.judge(texts, embedder.embed_queries(texts))
    np.testing.assert_allclose(probabilities, expected, atol=0.02)
    np.testing.assert_allclose(strange, expected_strange, atol=0.02)


def test_a_release_keeps_no_words_of_the_examples(tmp_path: Path) -> None:
    folder = _in_use(_intents("zanzibar"), FakeEmbedder(), tmp_path)
    assert not any(b"zanzibar" in path.read_bytes() for path in folder.iterdir())


def test_a_damaged_release_is_refused(tmp_path: Path) -> None:
    folder = _in_use(_intents(), FakeEmbedder(), tmp_path)
    weights = folder / "head.safetensors"
    content = bytearray(weights.read_bytes())
    content[-5] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ReleaseInvalid, match=r"'head\.safetensors' is not what was written"):
        FinetunedClassifier(folder, FakeEmbedder())


def test_a_release_of_another_embedder_is_refused(tmp_path: Path) -> None:
    folder = _in_use(_intents(), FakeEmbedder(), tmp_path)
    with pytest.raises(ReleaseInvalid, match="train the intents again"):
        FinetunedClassifier(folder, FakeEmbedder(name="other"))


def _one_file(folder: Path) -> None:
    (folder / "file").write_text("x", encoding="utf-8")


def _publish(root: Path) -> str:
    folder = publish_release(
        root,
        "intents",
        _one_file,
        data_sha256="0" * 64,
        base="b",
        recipe="r",
        metrics={},
    )
    return folder.name


def test_a_release_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_release(tmp_path, "intents", fail, data_sha256="", base="", recipe="", metrics={})
    assert releases(tmp_path, "intents") == ()
    assert list((tmp_path / "intents").iterdir()) == []


def test_the_current_release_changes_and_goes_back(tmp_path: Path) -> None:
    first, second = _publish(tmp_path), _publish(tmp_path)
    assert current_release(tmp_path, "intents") is None
    make_current(tmp_path, "intents", first)
    make_current(tmp_path, "intents", second)
    assert current_release(tmp_path, "intents") == tmp_path / "intents" / second
    assert go_back(tmp_path, "intents") == first
    assert current_release(tmp_path, "intents") == tmp_path / "intents" / first
    with pytest.raises(ReleaseInvalid, match="no earlier release"):
        go_back(tmp_path, "intents")


def test_of_releases_chosen_at_the_same_time_none_is_forgotten(tmp_path: Path) -> None:
    names = [_publish(tmp_path) for _ in range(12)]
    together = threading.Barrier(len(names))

    def choose(name: str) -> None:
        together.wait()
        make_current(tmp_path, "intents", name)

    with ThreadPoolExecutor(len(names)) as people:
        list(people.map(choose, names))
    chosen = json.loads((tmp_path / "intents" / "current").read_text())["names"]
    assert sorted(chosen) == sorted(names)


def test_a_current_file_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    name = _publish(tmp_path)
    make_current(tmp_path, "intents", name)
    (tmp_path / "intents" / "current").write_text(json.dumps({"names": ["../../elsewhere"]}))
    with pytest.raises(ReleaseInvalid, match="does not list releases"):
        current_release(tmp_path, "intents")
    assert open_release(tmp_path / "intents" / name).release == f"intents/{name}"


def test_figures_count_rows_in_and_out_of_scope_apart() -> None:
    rows = [
        IntentRow("a", "refund"),
        IntentRow("b", "hours"),
        IntentRow("c", "refund"),
        IntentRow("d", "", oos=True),
        IntentRow("e", "", oos=True),
    ]
    figures = evaluate_intents(rows, FakeClassifier({"a": "refund", "b": "hours", "c": "hours", "e": "hours"}))
    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert figures["oos_recall"] == 0.5
    assert figures["oos_auroc"] == pytest.approx((3 + 1.5) / 6)
    assert figures["ece"] == pytest.approx(0.9 - 2 / 3)
    assert figures["n"] == 5
    assert figures["accepted_accuracy"] == pytest.approx(2 / 3)
    assert figures["in_scope_refused"] == 0
    assert list(figures) == [
        "accuracy", "macro_f1", "ece", "oos_recall", "oos_auroc", "mcc", "accepted_accuracy", "in_scope_refused", "n",
        "ms_per_query", "train_seconds",
    ]  # fmt: skip


def test_an_unknown_message_in_scope_counts_by_its_likeliest_intent() -> None:
    figures = evaluate_intents([IntentRow("never seen", "hours")], FakeClassifier({"a": "hours"}))
    assert FakeClassifier({"a": "hours"}).classify("never seen").name == UNKNOWN
    assert figures["accuracy"] == 1


def test_figures_over_no_rows_are_null() -> None:
    figures = evaluate_intents([IntentRow("a", "refund")], FakeClassifier({"a": "refund"}))
    assert figures["oos_recall"] is figures["oos_auroc"] is figures["train_seconds"] is None


def test_training_and_measuring_go_together() -> None:
    options = EvaluationOptions(shots=12)
    figures = train_and_evaluate_intents(_rows(), [*_rows(), IntentRow("?", "", oos=True)], FakeEmbedder(), options)
    assert figures["n"] == len(_rows())
    assert (figures["accuracy"] or 0) > 0.8
    assert figures["train_seconds"]


def test_shots_are_the_same_for_the_same_seed() -> None:
    drawn = few_of_each(_rows(), 2, seed=1)
    assert drawn == few_of_each(_rows(), 2, seed=1)
    assert len(drawn) == 2 * len(WORDS)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"utterance": "hi", "label": "x"}', "there is no column intent, text among utterance, label"),
        ('{"text": "", "intent": "x"}', "text must be a text that is not empty"),
        ('{"text": "hi", "intent": "x", "oos": "yes"}', "oos must be true or false"),
        ('["hi"]', "a line holds one JSON object"),
        ("{", "line 2"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text('{"text": "hello", "intent": "greeting", "tags": []}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(EvaluationDataInvalid, match=r"test.jsonl', line 2") as raised:
        read_intent_rows(path)
    assert complaint in str(raised.value)


def test_rows_out_of_scope_need_no_intent(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text('{"text": "hello", "oos": true}\n', encoding="utf-8")
    assert read_intent_rows(path)[0].oos
