"""Tuning an encoder for intents: a tiny encoder, real training, real files, and a process that is really killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.classifiers.finetuned import FinetunedClassifier
from bot.errors import BotError, ReleaseInvalid, TrainingDataInvalid
from bot.releases import open_release, releases
from bot.training.checkpoints import Checkpoints
from bot.training.encoder_tuning import tune, unwatched
from bot.training.epochs import Measured
from bot.training.intent_files import read_intent_data
from bot.training.intent_training import TrainingPlan, deal_test, train_intents
from bot.training.intent_views import HeldOut, ScopeTarget, fit_pooling, intent_weights
from bot.training.intents import LabelledText
from bot.training.pretrained_intents import Told, train_with_documents
from bot.training.tuned_intents import TuningOptions, choose_method, pays, set_aside, train_tuned_intents
from bot.training.tuning_run import Labelled, Task, TooSlow, TuningRecipe, TuningRun
from knowledge.embedding.embedding_cache import CachingEmbedder
from knowledge.embedding.embeddings import TorchEmbedder
from knowledge.embedding.model_folders import no_progress
from knowledge.errors import ModelUnavailable
from tests.fakes.embedder import FakeEmbedder
from tests.tiny_encoder import write_tiny_encoder

TOPICS = {
    "refund": "money back refund return paid",
    "hours": "open closed hours sunday morning",
    "password": "password login account locked reset",
    "delivery": "parcel courier late tracking shipped",
}
FILLERS = "please my the is where when can you tell me about it today".split()
TRAIN = ("train", "intents", "--method", "full", "--json")


def _texts(count: int) -> list[tuple[str, str]]:
    chance = random.Random(0)
    rows = []
    for number in range(count):
        name = sorted(TOPICS)[number % len(TOPICS)]
        words = chance.sample(FILLERS, 3) + chance.sample(TOPICS[name].split(), 2)
        rows.append((" ".join([*chance.sample(words, len(words)), f"n{number}"]), name))
    return rows


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = [*FILLERS, *(word for words in TOPICS.values() for word in words.split())]
    return write_tiny_encoder(tmp_path_factory.mktemp("model") / "tiny", words)


@pytest.fixture(scope="module")
def embedder(model: Path) -> CachingEmbedder:
    return CachingEmbedder(TorchEmbedder(model, dtype="float32"))


def _write(path: Path, rows: list[tuple[str, str]]) -> Path:
    lines = [json.dumps({"text": text, "intent": intent}) for text, intent in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _task(count: int = 240) -> Task:
    rows = _texts(count)
    numbers = {name: number for number, name in enumerate(sorted(TOPICS))}
    labelled = Labelled([text for text, _ in rows], np.array([numbers[name] for _, name in rows]))
    kept, unseen = slice(0, count - 40), slice(count - 40, count)
    return Task(
        Labelled(labelled.texts[kept], labelled.labels[kept]),
        len(numbers),
        Labelled(labelled.texts[unseen], labelled.labels[unseen]),
    )


@pytest.mark.parametrize("method", ["full", pytest.param("lora", marks=pytest.mark.slow)])
def test_a_tuned_encoder_tells_apart_what_it_could_not(embedder: CachingEmbedder, method: str, tmp_path: Path) -> None:
    seen: list[Measured] = []
    recipe = TuningRecipe("lora" if method == "lora" else "full", epochs=10, learning_rate=3e-3, patience=10)
    tuned = tune(embedder.tunable(recipe.method), _task(), recipe, watch=seen.append)
    assert seen[-1].loss < seen[0].loss
    assert max(each.validation_accuracy or 0 for each in seen) > 0.9
    best = max(seen, key=lambda each: (each.validation_accuracy or 0, -(each.validation_loss or 9)))
    assert tuned.best_epoch == best.epoch


def test_a_training_that_was_interrupted_ends_as_if_it_had_not_been(embedder: CachingEmbedder, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(measured: Measured) -> None:
        if measured.epoch == 2:
            raise Stopped

    recipe, task = TuningRecipe("full", epochs=4, patience=4), _task()
    whole = tune(embedder.tunable("full"), task, recipe)
    checkpoints = Checkpoints.of(tmp_path, "key")
    with pytest.raises(Stopped):
        tune(embedder.tunable("full"), task, recipe, checkpoints=checkpoints, watch=stop)
    seen: list[Measured] = []
    resumed = tune(
        embedder.tunable("full"), task, recipe, checkpoints=Checkpoints.of(tmp_path, "key"), watch=seen.append
    )
    assert [each.epoch for each in seen] == [3, 4]
    np.testing.assert_allclose(resumed.head.weights, whole.head.weights, atol=0.15)
    assert [each.epoch for each in resumed.history] == [1, 2, 3, 4]


@pytest.mark.parametrize("epochs", [1, 2])
def test_an_epoch_that_was_interrupted_before_it_was_measured_is_measured(
    embedder: CachingEmbedder, epochs: int, tmp_path: Path
) -> None:
    recipe, task = TuningRecipe("full", epochs=epochs), _task()
    killed = TuningRun(embedder.tunable("full"), task, recipe)
    assert list(killed.epoch())[-1] == pytest.approx(1 / epochs)
    checkpoints = Checkpoints.of(tmp_path, "key")
    checkpoints.write(task.stage, killed.standing())
    seen: list[Measured] = []
    tuned = tune(embedder.tunable("full"), task, recipe, checkpoints=checkpoints, watch=seen.append)
    assert [each.epoch for each in seen] == list(range(1, epochs + 1))
    assert tuned.best_epoch > 0


def test_a_damaged_checkpoint_is_begun_anew(embedder: CachingEmbedder, tmp_path: Path) -> None:
    checkpoints = Checkpoints.of(tmp_path, "key")
    recipe, task = TuningRecipe("full", epochs=1), _task()
    tune(embedder.tunable("full"), task, recipe, checkpoints=checkpoints)
    for file in checkpoints.folder.glob("*.safetensors"):
        file.write_bytes(b"broken")
    seen: list[Measured] = []
    tune(embedder.tunable("full"), task, recipe, checkpoints=checkpoints, watch=seen.append)
    assert [each.epoch for each in seen] == [1]


@pytest.mark.parametrize("method", ["head", pytest.param("lora", marks=pytest.mark.slow), "full"])
def test_every_method_makes_a_release_that_classifies(embedder: CachingEmbedder, method: str, tmp_path: Path) -> None:
    data = read_intent_data(_write(tmp_path / "rows.jsonl", _texts(80)))
    made = train_intents(data, embedder, tmp_path / "releases", TrainingPlan(method))
    classifier = FinetunedClassifier(made.folder, embedder)
    assert classifier.classify("refund my money back").alternatives[0][0] == "refund"
    assert (made.method, made.examples) == (method, 80)
    assert made.metrics["tested"] == 8
    files = set(open_release(made.folder).files)
    assert ("encoder.safetensors" in files) == (method != "head")
    assert any(name.startswith("events.out.tfevents") for name in files)
    assert [path.name for path in (tmp_path / "releases" / "intents").iterdir()] == [made.folder.name]
    with pytest.raises(ReleaseInvalid, match="train the intents again"):
        FinetunedClassifier(made.folder, FakeEmbedder())


def test_an_embedder_that_cannot_learn_is_named(tmp_path: Path) -> None:
    data = read_intent_data(_write(tmp_path / "rows.jsonl", _texts(80)))
    with pytest.raises(ModelUnavailable, match="--method head"):
        train_intents(data, FakeEmbedder(), tmp_path / "releases", TrainingPlan("full"))
    assert not releases(tmp_path / "releases", "intents")


def test_the_tuned_encoder_shares_the_words_of_the_one_it_came_from(model: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    plain = TorchEmbedder(model, dtype="float32")
    learnt = {name: each + 1 for name, each in plain.tunable("full").changes().items()}
    save_file(learnt, tmp_path / "changes.safetensors")
    before = plain.embed_queries(["refund please"])
    tuned = plain.tuned(tmp_path / "changes.safetensors")
    assert tuned.fingerprint != plain.fingerprint
    assert not np.allclose(tuned.embed_queries(["refund please"]), before, atol=1e-3)
    np.testing.assert_array_equal(plain.embed_queries(["refund please"]), before)
    assert not any("word_embeddings" in name for name in learnt)
    (tmp_path / "changes.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelUnavailable, match="does not fit"):
        plain.tuned(tmp_path / "changes.safetensors")


@pytest.mark.slow
def test_killed_in_the_middle_the_same_command_goes_on_and_no_release_is_half_there(
    model: Path, tmp_path: Path
) -> None:
    data = _write(tmp_path / "rows.jsonl", _texts(600))
    environment = {
        **os.environ,
        "FRONTDESK_HOME": str(tmp_path / "home"),
        "FRONTDESK_MODELS__EMBEDDER": str(model),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-m", "ui.cli", *TRAIN, "--data", str(data)]
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as run:
        assert run.stderr is not None
        assert any("epoch 1 of" in line for line in run.stderr)
        run.send_signal(signal.SIGKILL)
    assert releases(tmp_path / "home" / "releases", "intents") == ()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "weighing-the-views-1, epoch 1 of" not in done.stderr
    told = json.loads(done.stdout)
    assert set(told) == {"release", "metrics", "seconds", "examples"}
    assert [manifest.release for manifest in releases(tmp_path / "home" / "releases", "intents")] == [told["release"]]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (b'{"text": "a", "intent": "x"}\n{"utterance": "b", "label": "y"}\n', "line 2: there is no column"),
        (b'{"text": "a", "intent": "x"}\n{"text": "b", "intent": "x"}\n', "only 'x'"),
        (b'{"text": "a", "intent": "x"}\n\n{"text": " ", "intent": "y"}\n', "line 3: text must be a text"),
        (b'{"text": "Hi there", "intent": "x"}\n{"text": "hi  there", "intent": "y"}\n', "line 2"),
        (b'{"text": "a", "intent": "x"}\nnot json\n', "line 2"),
        (b'{"text": "a", "intent": "x"}\n{"text": "caf\xe9", "intent": "y"}\n', "line 2: it is not UTF-8"),
        (
            b'{"text": "a", "intent": "x"}\n{"text": "' + b"a" * 10_000_000 + b'", "intent": "y"}\n',
            "line 2: it is longer",
        ),
        (b'{"text": "a", "intent": "x"}\n{"text": 5, "intent": "y"}\n', "line 2: text must be a text"),
        (b'\xff\xfe{\x00"\x00', "line 1: it is not UTF-8"),
        (b"", "holds no rows"),
    ],
)
def test_wrong_data_is_named_with_its_line_and_leaves_nothing(tmp_path: Path, lines: bytes, complaint: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines)
    with pytest.raises(BotError) as raised:
        read_intent_data(path)
    assert complaint in str(raised.value)
    assert "rows.jsonl" in str(raised.value)
    assert len(str(raised.value)) < 600
    assert list(tmp_path.iterdir()) == [path]


def test_a_companys_list_is_data_too(tmp_path: Path) -> None:
    path = tmp_path / "intents.toml"
    path.write_text(
        '[[intent]]\nname = "refund"\ntitle.en = "Refunds"\nexamples.en = ["money back", "refund"]\n'
        '[[intent]]\nname = "hours"\nexamples.en = ["open"]\nexamples.zh = ["几点开门"]\n',
        encoding="utf-8",
    )
    data = read_intent_data(path)
    assert [example.intent for example in data.examples] == ["refund", "refund", "hours", "hours"]
    assert data.titles == {"refund": ("Refunds",), "hours": ("hours",)}


def test_repeated_rows_count_once(tmp_path: Path) -> None:
    data = read_intent_data(_write(tmp_path / "rows.jsonl", [("a", "x"), ("a", "x"), ("b", "y")]))
    assert [example.text for example in data.examples] == ["a", "b"]


def test_every_intent_is_in_every_part() -> None:
    examples = [LabelledText(f"{name} {number}", name) for name in "abc" for number in range(20)]
    learnt, tested = deal_test(examples, seed=0)
    assert {each.intent for each in tested} == {each.intent for each in learnt} == set("abc")
    assert len(tested) == 6
    assert not set(learnt) & set(tested)
    labels = np.repeat([0, 1, 2], [20, 20, 2])
    asides = set_aside(labels, seed=0)
    assert [np.bincount(labels[aside], minlength=3).tolist() for aside in asides] == [[4, 4, 0]] * 3
    assert len(np.unique(np.concatenate(asides))) == 24
    assert len(set_aside(np.zeros(1500, dtype=np.int64), seed=0)) == 1


def test_each_language_has_a_threshold_of_its_own_where_it_has_examples_enough() -> None:
    chance = np.random.default_rng(0)
    logits = chance.normal(size=(1, 200, 3)).astype(np.float32)
    nearest = np.where(np.arange(200) < 100, 0.9, 0.5).astype(np.float32)
    held_out = HeldOut(logits, nearest, logits[0].argmax(axis=1), np.arange(200))
    spoken = ("en",) * 100 + ("zh",) * 80 + ("fr",) * 20
    pooling = fit_pooling(held_out, (0,), ScopeTarget(0.1, spoken))
    assert set(pooling.scope.by_language) == {"en", "zh"}
    _, strange = pooling.judge(logits, nearest, spoken)
    for language in ("en", "zh"):
        refused = strange[np.array(spoken) == language] >= 0.5
        assert refused.mean() == pytest.approx(0.1, abs=0.011)


def test_only_a_lopsided_set_is_weighed() -> None:
    np.testing.assert_array_equal(intent_weights(np.repeat([0, 1], [10, 5]), 2), [1, 1])
    weights = intent_weights(np.repeat([0, 1], [90, 1]), 2)
    assert weights[1] > 5 * weights[0]
    assert weights @ [90, 1] == pytest.approx(91)


def test_the_method_follows_the_examples(embedder: CachingEmbedder) -> None:
    few = [LabelledText(f"{number}", f"{number % 5}") for number in range(50)]
    many = [LabelledText(f"{number}", f"{number % 5}") for number in range(300)]
    assert choose_method(few, embedder) == "head"
    assert choose_method(many, embedder) == "full"
    assert choose_method(many, FakeEmbedder()) == "head"


def test_tuning_that_would_take_too_long_or_does_not_pay_leaves_the_head_alone(embedder: CachingEmbedder) -> None:
    rows = [LabelledText(text, name) for text, name in _texts(80)]
    hurried = TuningOptions(must_pay=True, seconds=1e-6)
    assert train_tuned_intents(rows, embedder, hurried).changes is None
    # The n-grams alone recognise everything here, and nothing can be better than that.
    patient = train_tuned_intents(rows, embedder, TuningOptions(must_pay=True))
    assert patient.trained.metrics["set_aside_accuracy_of_head"] == 1.0
    assert patient.changes is None
    assert patient.trained.head.tuned is None


def test_reading_documents_lowers_the_loss_of_words_not_seen_and_is_done_once(
    embedder: CachingEmbedder, tmp_path: Path
) -> None:
    documents = tuple(" ".join([words, *FILLERS[:4]]) for words in TOPICS.values() for _ in range(15))
    rows = [LabelledText(text, name) for text, name in _texts(80)]
    told = Told(Checkpoints.of(tmp_path, "key"), unwatched, no_progress)
    made = train_with_documents(documents, rows, embedder, TuningOptions("full"), None, told)
    metrics = made.trained.metrics
    assert metrics["pretraining_loss_after"] < metrics["pretraining_loss_before"]
    better = metrics["set_aside_accuracy_with_pretraining"] > metrics["set_aside_accuracy_without_pretraining"]
    assert metrics["pretraining_kept"] == better
    assert (tmp_path / ".unfinished-key" / "reading-the-documents-state.json").is_file()
    # The n-grams alone recognise everything here, so that neither of the two pays.
    earning = train_with_documents(documents, rows, embedder, TuningOptions("full", must_pay=True), None, told)
    assert (earning.changes, earning.trained.metrics["pretraining_kept"]) == (None, 0)
    with pytest.raises(TrainingDataInvalid, match="leave out `--stage pretrain`"):
        train_with_documents(documents[:5], rows, embedder, TuningOptions("full"), None, told)


@pytest.mark.parametrize(
    ("accuracy", "nats", "kept"), [(0.9, 9.0, True), (0.9, 4.0, False), (0.899, 99.0, False), (0.95, 9.0, True)]
)
def test_tuning_pays_where_the_right_intents_are_likelier_and_no_fewer_are_right(
    accuracy: float, nats: float, kept: bool
) -> None:
    measured = {"set_aside_accuracy_of_head": 0.9, "set_aside_accuracy": accuracy, "set_aside_nats_gained": nats}
    assert pays(measured) is kept


@pytest.mark.slow
def test_reading_documents_does_not_spare_auto_from_having_to_pay(embedder: CachingEmbedder, tmp_path: Path) -> None:
    data = read_intent_data(_write(tmp_path / "rows.jsonl", _texts(80)))
    documents = tuple(" ".join([words, *FILLERS[:4]]) for words in TOPICS.values() for _ in range(5))
    made = train_intents(data, embedder, tmp_path / "releases", TrainingPlan(documents=documents))
    assert made.metrics["set_aside_accuracy_of_head"] == 1.0
    assert (made.method, made.metrics["pretraining_kept"]) == ("head", 0)
    assert "set_aside_accuracy_with_pretraining" in made.metrics
    assert "encoder.safetensors" not in open_release(made.folder).files


@pytest.mark.parametrize("method", ["auto", "full"])
def test_reading_documents_of_an_empty_library_is_refused(
    embedder: CachingEmbedder, method: str, tmp_path: Path
) -> None:
    data = read_intent_data(_write(tmp_path / "rows.jsonl", _texts(80)))
    with pytest.raises(TrainingDataInvalid, match="have 0 passages, and 20 is the fewest"):
        train_intents(data, embedder, tmp_path / "releases", TrainingPlan(method, documents=()))
    assert not releases(tmp_path / "releases", "intents")


@pytest.mark.parametrize("method", ["head", "lora"])
def test_only_a_wholly_tuned_encoder_reads_documents(embedder: CachingEmbedder, method: str, tmp_path: Path) -> None:
    data = read_intent_data(_write(tmp_path / "rows.jsonl", _texts(80)))
    with pytest.raises(TrainingDataInvalid, match=f"not by '{method}'"):
        train_intents(data, embedder, tmp_path / "releases", TrainingPlan(method, documents=("a",)))
    assert not releases(tmp_path / "releases", "intents")


def test_fewer_epochs_are_planned_where_time_is_short_and_a_resumed_training_keeps_the_plan(
    embedder: CachingEmbedder, tmp_path: Path
) -> None:
    with pytest.raises(TooSlow):
        tune(embedder.tunable("full"), _task(), TuningRecipe("full", epochs=1000, seconds=1e-6))
    checkpoints = Checkpoints.of(tmp_path, "key")
    short = tune(embedder.tunable("full"), _task(), TuningRecipe("full", epochs=2), checkpoints=checkpoints)
    again = tune(
        embedder.tunable("full"), _task(), TuningRecipe("full", epochs=9, seconds=1e-6), checkpoints=checkpoints
    )
    assert len(again.history) == len(short.history) == 2


def test_nothing_to_tell_apart_is_refused_before_any_training(embedder: CachingEmbedder, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataInvalid, match="at least two intents"):
        read_intent_data(_write(tmp_path / "rows.jsonl", [("a", "x")]))
