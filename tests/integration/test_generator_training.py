"""Training a generator, a tiny one: real training, real files, releases that serving opens."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot import diagnosis
from bot.answering.writing import FACTS, WritingLimits
from bot.errors import EvaluationDataInvalid, ReleaseWorse, TrainingDataInvalid
from bot.generators.loading import base_fingerprint, load_language_model
from bot.generators.local import TransformersGenerator
from bot.generators.prompt_tokens import PromptTokens
from bot.generators.releases_in_use import BUILT_IN, adapter_in_use, name_of_adapter, unused_release
from bot.prompt import compose
from bot.protocols import ReplyGenerator
from bot.releases import make_current, open_release, publish_release
from bot.settings import ModelSettings, Settings
from bot.training.checkpoints import Checkpoints
from bot.training.epochs import Measured
from bot.training.generator_evidence import EvidenceReader
from bot.training.generator_learners import METHODS, GeneratorMethod, Learner
from bot.training.generator_rows import GroundedRow, TokenRow, read_grounded_rows, set_aside, text_rows, token_row
from bot.training.generator_run import GeneratorRecipe, GeneratorRun
from bot.training.generator_sets import grounded_rows_of
from bot.training.generator_training import GeneratorPlan, GeneratorTraining, Judges, train_generator
from bot.training.promotion import Validation, promote
from knowledge.errors import ModelUnavailable
from knowledge.indexing.faiss_index import FaissIndex
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.verifier import WordVerifier
from tests.models import generator_folder
from tests.tiny_generator import write_tiny_generator

SHARED = Path(__file__).parents[3] / "shared" / "data"
THINGS = "kettle lamp pump shelf seed lid tank box card parcel".split()
COLOURS = "red blue green black white grey".split()
WORDS = [*THINGS, *COLOURS, *"What colour is the The have Facts: - Customer: ? .".split()]
WORDS += [f"{colour}." for colour in COLOURS] + [f"{thing}?" for thing in THINGS]
LIMITS = WritingLimits(max_tokens=12, prompt_budget=200)


def rows() -> list[GroundedRow]:
    pairs = itertools.product(THINGS, COLOURS)
    return [
        GroundedRow(f"What colour is the {thing}?", f"The {thing} is {colour}.", (f"The {thing} is {colour}.",))
        for thing, colour in pairs
    ]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_generator(tmp_path_factory.mktemp("model") / "tiny", WORDS)


def token_rows(base: Path) -> list[TokenRow]:
    tokens = PromptTokens(load_language_model(base, device="cpu", dtype="float32").tokenizer)
    return [
        token_row(row, row.passages, tokens, end=2, budget=LIMITS.prompt_budget, longest_answer=LIMITS.max_tokens)
        for row in rows()
    ]


def a_run(base: Path, method: GeneratorMethod, *, epochs: int = 3) -> tuple[GeneratorRun, Learner]:
    every = token_rows(base)
    recipe = GeneratorRecipe(epochs=epochs, batch=8, learning_rate=5e-3, tokens_at_once=200, patience=9)
    model = load_language_model(base, device="cpu", dtype="float32").model
    learner = Learner(model, method, steps=epochs * 6)
    return GeneratorRun(learner, every[:48], every[48:], recipe, "tuning"), learner


def finished(run: GeneratorRun) -> tuple[Measured, ...]:
    while not run.is_over():
        for _ in run.epoch():
            pass
        run.measure()
    return run.keep_best()


@pytest.mark.parametrize("method", METHODS)
def test_what_is_learnt_is_what_serving_opens(base: Path, method: GeneratorMethod, tmp_path: Path) -> None:
    import torch

    run, learner = a_run(base, method)
    run.begin()
    curve = finished(run)
    assert min(one.validation_loss or 9 for one in curve) < run.loss_before - 0.01
    row = token_rows(base)[0]
    places = torch.arange(len(row.tokens))
    with torch.no_grad():
        learnt = learner.logits(torch.tensor([row.tokens]), torch.zeros_like(places), places)
    learner.save(tmp_path, load_language_model(base, device="cpu", dtype="float32").tokenizer)
    opened = load_language_model(base, adapter=tmp_path, device="cpu", dtype="float32")
    with torch.no_grad():
        served = opened.model(torch.tensor([row.tokens]), past_key_values=opened.new_cache()).logits[0]
        plain = load_language_model(base, device="cpu", dtype="float32").model(torch.tensor([row.tokens])).logits[0]
    assert torch.allclose(learnt, served, atol=0.05)  # it is kept in bfloat16
    assert (learnt - plain).abs().max() > 2 * (learnt - served).abs().max()


@pytest.mark.parametrize(("method", "steps"), [("lora", 2), ("lora", 6), ("adalora", 8)])
def test_a_training_that_was_killed_goes_on_where_it_stood(
    base: Path, method: GeneratorMethod, steps: int, tmp_path: Path
) -> None:
    whole, _ = a_run(base, method)
    whole.begin()
    curve = finished(whole)
    killed, _ = a_run(base, method)
    killed.begin()
    checkpoints = Checkpoints.of(tmp_path, "key")
    for _ in itertools.islice(_steps_of(killed), steps):
        checkpoints.write("tuning", killed.standing())
    resumed, _ = a_run(base, method)
    standing = checkpoints.read("tuning")
    assert standing is not None
    resumed.restore(standing)
    again = finished(resumed)
    assert resumed.loss_before == whole.loss_before
    assert [(one.loss, one.validation_loss) for one in again] == [
        pytest.approx((one.loss, one.validation_loss), rel=1e-3) for one in curve
    ]


def _steps_of(run: GeneratorRun) -> itertools.chain[float]:
    def epochs() -> object:
        while not run.is_over():
            yield run.epoch()
            run.measure()

    return itertools.chain.from_iterable(epochs())  # type: ignore[arg-type]


def test_the_prompt_is_what_serving_sees_and_only_the_answer_is_learnt(base: Path) -> None:
    served = TransformersGenerator(base, device="cpu", dtype="float32", threads=1)
    row, one = rows()[0], token_rows(base)[0]
    prompt = compose(row.question, row.passages[:FACTS], language="en", budget=200, count_tokens=served.count_tokens)
    assert list(one.tokens[: one.learnt_from]) == served._encode(prompt)
    learnt = one.tokens[one.learnt_from :]
    assert served._tokenizer.decode(learnt[:-1]) == row.answer
    assert learnt[-1] == 2


def test_an_answer_that_is_too_long_is_not_taught_to_end(base: Path) -> None:
    tokens = PromptTokens(load_language_model(base, device="cpu", dtype="float32").tokenizer)
    row = GroundedRow("What colour is the kettle?", "red " * 40, ("The kettle is red.",))
    one = token_row(row, row.passages, tokens, end=2, budget=200, longest_answer=12)
    assert len(one.tokens) - one.learnt_from == 12
    assert one.tokens[-1] != 2


def test_documents_are_read_whole_in_pieces(base: Path) -> None:
    tokens = PromptTokens(load_language_model(base, device="cpu", dtype="float32").tokenizer)
    pieces = text_rows(["red blue green " * 5], tokens, end=2, longest=6)
    assert [len(piece.tokens) for piece in pieces] == [6, 6, 4]
    assert [token for piece in pieces for token in piece.tokens] == [*tokens.encode_text("red blue green " * 5), 2]
    assert {piece.learnt_from for piece in pieces} == {1}


def trained(
    base: Path, root: Path, *, documents: tuple[str, ...] | None = None, begin_with: Path | None = None
) -> GeneratorTraining:
    embedder, verifier = FakeEmbedder(), WordVerifier()

    def opened(adapter: Path | None) -> ReplyGenerator:
        return TransformersGenerator(base, adapter=adapter, device="cpu", dtype="float32", threads=1)

    judges = Judges(EvidenceReader(embedder, verifier, limit=5, new_index=FaissIndex), verifier, opened)
    recipe = GeneratorRecipe(epochs=2, batch=8, learning_rate=5e-3)
    plan = GeneratorPlan("lora", recipe, documents, begin_with, LIMITS, "cpu", "float32")
    return train_generator(rows(), base, root, plan, judges)


def test_a_training_makes_a_release_that_serving_uses_once_it_is_promoted(base: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    made = trained(base, settings.releases_folder, documents=tuple(f"The {thing} is red." for thing in THINGS * 3))
    manifest = open_release(made.folder)
    assert manifest.recipe == "answers-1-lora-p1"
    assert {"adapter_model.safetensors", "figures.json", "validation.json"} <= manifest.files.keys()
    assert made.examples == len(rows())
    assert manifest.metrics["reading_loss"] < manifest.metrics["reading_loss_before"]  # type: ignore[operator]
    assert adapter_in_use(settings, base) is None
    make_current(settings.releases_folder, "generator", made.folder.name)
    assert adapter_in_use(settings, base) == made.folder
    writer = TransformersGenerator(base, adapter=made.folder, device="cpu", dtype="float32", threads=1)
    assert made.folder.name in writer.release
    assert not list(settings.releases_folder.glob("generator/.*-*"))


def test_a_training_goes_on_from_what_is_in_use(base: Path, tmp_path: Path) -> None:
    first = trained(base, tmp_path)
    second = trained(base, tmp_path, begin_with=first.folder)
    assert second.metrics["tuning_loss_before"] == pytest.approx(first.metrics["tuning_loss"], abs=0.02)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_steps_smaller_than_the_adapters_bits_add_up(base: Path, dtype: str) -> None:
    import torch

    every = token_rows(base)
    model = load_language_model(base, device="cpu", dtype=dtype).model
    learner = Learner(model, "lora", steps=6)
    before = {name: each.detach().clone() for name, each in learner.masters.items()}
    recipe = GeneratorRecipe(epochs=1, batch=8, learning_rate=1e-6)
    finished(GeneratorRun(learner, every[:48], every[48:], recipe, "tuning"))
    moved = [name for name, each in learner.masters.items() if "lora_A" in name and not torch.equal(before[name], each)]
    assert moved
    assert {each.dtype for each in learner.masters.values()} == {torch.float32}
    assert {each.dtype for each in model.parameters() if each.requires_grad} == {getattr(torch, dtype)}


def test_a_release_of_another_model_is_left_aside(base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(home=tmp_path)
    made = trained(base, settings.releases_folder)
    make_current(settings.releases_folder, "generator", made.folder.name)
    other = write_tiny_generator(tmp_path / "other", WORDS, seed=1)
    assert adapter_in_use(settings, other) is None
    assert "train it again" in caplog.text


def a_release(root: Path, base: str, validation: Validation | None = None, **config: str) -> Path:
    def write(folder: Path) -> None:
        (folder / "adapter_config.json").write_text(json.dumps(config))
        if validation is not None:
            validation.write(folder)

    return publish_release(root, "generator", write, data_sha256="", base=base, recipe="answers-1", metrics={})


def test_a_release_of_another_model_is_left_aside_under_a_hub_id_too(base: Path, tmp_path: Path) -> None:
    cached = tmp_path / "hub" / "models--some--tiny"
    shutil.copytree(base, cached / "snapshots" / "0123")
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("0123")
    program = (
        "import sys; from pathlib import Path; from bot.settings import Settings;"
        "from bot.generators.releases_in_use import adapter_in_use;"
        "print(adapter_in_use(Settings(home=Path(sys.argv[1])), 'some/tiny'))"
    )

    def told() -> str:
        environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path / "hub")}
        command = [sys.executable, "-c", program, str(tmp_path)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    root = Settings(home=tmp_path).releases_folder
    fitting = a_release(root, base_fingerprint(cached / "snapshots" / "0123"))
    make_current(root, "generator", fitting.name)
    assert told() == str(fitting)
    make_current(root, "generator", a_release(root, "tiny@of-another-model").name)
    assert told() == "None"


def test_a_release_that_the_settings_overrule_is_said_to_be_unused(
    base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    adapter = tmp_path / "ours"
    learner = Learner(load_language_model(base, device="cpu", dtype="float32").model, "lora", steps=1)
    adapter.mkdir()
    learner.save(adapter, None)
    models = ModelSettings(generator=str(base), generator_adapter=adapter, device="cpu")
    settings = Settings(home=tmp_path, models=models)
    assert unused_release(settings) == ""
    release = a_release(settings.releases_folder, base_fingerprint(base))
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "releases", "promote", f"generator/{release.name}", "--json"],
        env={**os.environ, "FRONTDESK_HOME": str(tmp_path), "FRONTDESK_MODELS__GENERATOR_ADAPTER": str(adapter)},
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)["warning"]
    assert f"'generator/{release.name}' is not used, because FRONTDESK_MODELS__GENERATOR_ADAPTER names" in told
    assert told in diagnosis._generator(settings).found
    assert told in caplog.text
    assert name_of_adapter(settings, adapter_in_use(settings, base)) == str(adapter)
    unset = Settings(home=tmp_path)
    assert unused_release(unset) == ""
    assert name_of_adapter(unset, adapter_in_use(unset, base)) == release.name


def test_doctor_knows_that_the_engine_cannot_begin_with_a_prefix(base: Path, tmp_path: Path) -> None:
    if find_spec("openvino_genai") is None:
        pytest.skip("openvino-genai is not installed")
    settings = Settings(home=tmp_path, models=ModelSettings(generator=str(base), device="cpu"))
    release = a_release(settings.releases_folder, base_fingerprint(base), peft_type="PREFIX_TUNING")
    assert diagnosis._engine(settings).found == "openvino: many answers at once"
    make_current(settings.releases_folder, "generator", release.name)
    found = diagnosis._engine(settings).found
    assert found.startswith("transformers: answers in turn, because it cannot begin with the trained prefix")


def test_what_too_few_questions_were_set_aside_for_is_said_not_to_be_compared(tmp_path: Path) -> None:
    def measured(count: int) -> Validation:
        right = {f"{number}": number % 3 > 0 for number in range(count)}
        return Validation(right, "", dict.fromkeys(right, False))

    few = promote(tmp_path, f"generator/{a_release(tmp_path, 'tiny', measured(7)).name}")
    assert few.compared is None
    assert few.not_compared.startswith("only 7 questions were set aside")
    never = promote(tmp_path, f"generator/{a_release(tmp_path, 'tiny').name}")
    assert never.not_compared == f"it was not measured on the same questions as '{few.release}'"
    enough = promote(tmp_path / "2", f"generator/{a_release(tmp_path / '2', 'tiny', measured(20)).name}")
    assert enough.compared is not None
    assert enough.not_compared == ""


@pytest.mark.parametrize(("count", "least", "most"), [(40, 1, 10), (80, 20, 20), (100, 20, 20), (1000, 60, 140)])
def test_at_least_twenty_rows_are_set_aside_where_there_are_enough(count: int, least: int, most: int) -> None:
    some = [GroundedRow(f"Question {number}?", "Yes.", ("Yes.",)) for number in range(count)]
    aside = set_aside(some)
    assert least <= len(aside) <= most
    assert set_aside(reversed(some)) == aside, "the order does not matter"


def test_a_question_with_many_answers_stays_on_one_side_and_does_not_take_the_rest_along() -> None:
    some = [GroundedRow(f"Question {number % 4}?", f"{number}.", ("Yes.",)) for number in range(100)]
    some += [GroundedRow(f"Other {number}?", "Yes.", ("Yes.",)) for number in range(100)]
    aside = set_aside(some)
    assert 20 <= sum(row.question in aside for row in some) <= 60


def test_a_release_that_answers_worse_is_refused(base: Path, tmp_path: Path) -> None:
    good = trained(base, tmp_path).folder
    validation = good / "validation.json"
    values = json.loads(validation.read_text())
    assert len(values["right"]) >= 1
    assert values["against"] == ""
    keys = [f"{number}" for number in range(40)]
    worse = {"right": dict.fromkeys(keys, 0), "right_before": dict.fromkeys(keys, 1), "against": ""}
    validation.write_text(json.dumps(worse))
    manifest = json.loads((good / "manifest.json").read_text())
    manifest["files"].pop("validation.json")
    (good / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ReleaseWorse, match="what comes with the product"):
        promote(tmp_path, f"generator/{good.name}")
    assert promote(tmp_path, f"generator/{good.name}", force=True).release == good.name


def with_the_embedded_adapter(home: Path) -> Settings:
    return Settings(home=home, models=ModelSettings(generator_adapter=Path("embedded")))


def test_what_comes_with_the_product_is_for_its_own_model_alone(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="for the embedded generator"):
        adapter_in_use(with_the_embedded_adapter(tmp_path), base)


@pytest.mark.models
def test_what_comes_with_the_product_answers_in_a_sentence(tmp_path: Path) -> None:
    adapter = adapter_in_use(with_the_embedded_adapter(tmp_path), generator_folder())
    assert adapter == BUILT_IN
    assert sum(file.stat().st_size for file in BUILT_IN.iterdir()) < 20_000_000
    writer = TransformersGenerator(generator_folder(), adapter=adapter, device="cpu", threads=1)
    facts = ["the warranty does not cover water damage."]
    prompt = compose("Is water damage covered?", facts, language="en", budget=200, count_tokens=writer.count_tokens)
    text = "".join(writer.generate(prompt, max_tokens=30, stop=lambda: False))
    assert "not cover" in text
    assert text.endswith(".")


def a_line(question: str = "What colour is the lid?", **others: object) -> str:
    return json.dumps({"question": question, "answer": "Red.", "passages": ["The lid is red."], **others}) + "\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no rows"),
        (b'{"text": "a"}\n', "line 1: 'answer' is missing"),
        (a_line().encode() + a_line(passages=[]).encode(), "line 2: passages is missing or empty"),
        (a_line().encode() + a_line(answer=7).encode(), "line 2: answer must be a text"),
        (a_line().encode() + b"x" * 10_000_000, "line 2: it is longer than 4 MB"),
        (
            a_line().encode() + a_line("Preis in Köln?").encode().replace(b"\\u00f6", "ö".encode("latin-1")),
            "line 2: it is not UTF-8",
        ),
        (a_line().encode(), "holds 1 answerable questions; a generator needs at least 20"),
    ],
)
def test_bad_data_is_named_by_file_and_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(content)
    with pytest.raises((EvaluationDataInvalid, TrainingDataInvalid), match="answers") as told:
        read_grounded_rows(path)
    assert message in str(told.value)


def test_public_sets_give_neat_answers_a_third_of_which_say_no() -> None:
    if not SHARED.is_dir():
        pytest.skip("the public data sets are not beside the checkout")
    found = grounded_rows_of(SHARED)
    assert len(found) > 900
    assert found == grounded_rows_of(SHARED)
    assert all(row.answer[-1] in ".!?" and row.passages for row in found)
    refusing = sum(" not " in row.answer or row.answer.lower().startswith("no") for row in found)
    assert 0.2 < refusing / len(found) < 0.5


def test_data_sets_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataInvalid, match="hetpqa_gen"):
        grounded_rows_of(tmp_path)


def test_questions_that_nothing_answers_are_not_learnt(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(a_line(f"Question {n}?") for n in range(40)) + a_line("Who?", answerable=False))
    assert len(read_grounded_rows(path)) == 40


def test_a_place_that_cannot_be_written_is_said(base: Path, tmp_path: Path) -> None:
    (tmp_path / "generator").write_text("a file where a folder must be")
    with pytest.raises(TrainingDataInvalid, match="could not be written"):
        trained(base, tmp_path)
