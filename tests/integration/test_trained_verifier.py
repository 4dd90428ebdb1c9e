"""Training a verifier, a tiny one: real training, real files, releases that are exchanged while it runs."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.releases import go_back, make_current, publish_release
from bot.training.checkpoints import Checkpoints
from bot.training.verifier_data import pairs_of
from bot.training.verifier_measuring import read_claims
from bot.training.verifier_pairs import ClaimPair
from bot.training.verifier_run import ReaderRecipe, ReaderRun, TrainedReader, read_pairs
from bot.training.verifier_training import token_states, write_reader
from bot.verifiers.calibration import Logistic, load_calibration
from bot.verifiers.opening import PromotedVerifier, open_verifier
from bot.verifiers.reading import ClaimReader, Judgements, open_reader, read_judgements
from bot.verifiers.similarity import SimilarityVerifier
from bot.verifiers.trained import TrainedVerifier
from knowledge.embedding.embedding_cache import CachingEmbedder
from knowledge.embedding.embeddings import TorchEmbedder
from knowledge.errors import ModelUnavailable
from knowledge.passages import ScoredPassage
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.retriever import a_passage
from tests.fakes.verifier import WordVerifier
from tests.models import embedder_folder
from tests.tiny_encoder import write_tiny_encoder

SHARED = Path(__file__).parents[3] / "shared" / "data"
THINGS = "kettle lamp pump shelf seed lid tank box card parcel".split()
WORDS = [*THINGS, *"the is a not red blue old new what colour can be opened sold . ?".split()]
READ_ALONE = Logistic(0.0, {"read": 1.0})


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> CachingEmbedder:
    folder = write_tiny_encoder(tmp_path_factory.mktemp("model") / "tiny", WORDS)
    return CachingEmbedder(TorchEmbedder(folder, dtype="float32"))


def pairs(count: int) -> list[ClaimPair]:
    """A sentence states what is about the same thing."""
    chance = random.Random(0)
    made = []
    for number in range(count):
        thing, other = chance.sample(THINGS, 2)
        truth = number % 2 == 0
        sentence = f"the {thing if truth else other} is {chance.choice(['red', 'blue'])} ."
        made.append(ClaimPair(f"the {thing} is old .", sentence, truth, "made", "any", str(number)))
    return made


def a_run(embedder: CachingEmbedder, *, epochs: int = 6) -> ReaderRun:
    own = pairs(240)
    states = token_states(embedder, own, lambda stage, share: None)
    recipe = ReaderRecipe(epochs=epochs, batch=16, warm_up=5)
    return ReaderRun(read_pairs(own[:192], states), read_pairs(own[192:], states), recipe, stage="test")


def finished(run: ReaderRun) -> TrainedReader:
    while not run.is_over():
        for _ in run.epoch():
            pass
        run.measure()
    return run.result()


@pytest.fixture(scope="module")
def trained(embedder: CachingEmbedder) -> TrainedReader:
    return finished(a_run(embedder))


@pytest.fixture(scope="module")
def reader_folder(trained: TrainedReader, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reader")
    write_reader(trained, Judgements("test", ("tiny",), {"en": READ_ALONE}), folder)
    return folder


def found(*texts: str) -> list[ScoredPassage]:
    return [ScoredPassage(a_passage(text, number=n), 1 - n / 10, 0.8, 0.3) for n, text in enumerate(texts)]


def test_what_was_learnt_lowers_the_loss_on_pairs_that_were_not_seen(trained: TrainedReader) -> None:
    losses = [measured.validation_loss or 0 for measured in trained.history]
    assert min(losses) < losses[0] - 0.05


def test_a_training_that_was_killed_goes_on_where_it_stood(
    embedder: CachingEmbedder, trained: TrainedReader, tmp_path: Path
) -> None:
    killed = a_run(embedder)
    steps = killed.epoch()
    for _ in range(7):
        next(steps)
    checkpoints = Checkpoints.of(tmp_path, "key")
    checkpoints.write("test", killed.standing())
    resumed = a_run(embedder)
    standing = checkpoints.read("test")
    assert standing is not None
    resumed.restore(standing)
    again = finished(resumed)
    curve = [(one.loss, one.validation_loss) for one in trained.history]
    assert [(one.loss, one.validation_loss) for one in again.history] == [
        pytest.approx(each, rel=1e-3) for each in curve
    ]
    assert again.best_epoch == trained.best_epoch


@pytest.mark.parametrize("epochs", [1, 2])
def test_an_epoch_that_was_killed_before_it_was_measured_is_measured(
    embedder: CachingEmbedder, epochs: int, tmp_path: Path
) -> None:
    killed = a_run(embedder, epochs=epochs)
    steps = list(killed.epoch())
    checkpoints = Checkpoints.of(tmp_path, "key")
    checkpoints.write("test", killed.standing())
    assert steps[-1] == pytest.approx(1 / epochs)
    resumed = a_run(embedder, epochs=epochs)
    standing = checkpoints.read("test")
    assert standing is not None
    resumed.restore(standing)
    again = finished(resumed)
    assert [one.epoch for one in again.history] == list(range(1, epochs + 1))
    assert again.best_epoch > 0


def test_it_ends_early_where_nothing_gets_better(embedder: CachingEmbedder) -> None:
    run = a_run(embedder, epochs=1000)
    taken = finished(run).history
    assert len(taken) < 300


def test_a_release_reads_as_its_training_did(embedder: CachingEmbedder, reader_folder: Path) -> None:
    reader = open_reader(reader_folder, embedder)
    right, wrong = reader.logits("the lamp is old .", ["the lamp is red .", "the seed is red ."])
    assert right > 0 > wrong
    assert reader.logits("the lamp is old .", []) == []
    again = reader.logits("the lamp is old .", ["", "the seed is red ."])
    assert again[1] == pytest.approx(wrong, abs=1e-3)


def a_verifier(embedder: CachingEmbedder, folder: Path, judgements: Judgements | None = None) -> TrainedVerifier:
    similarity = SimilarityVerifier(embedder, load_calibration())
    return TrainedVerifier(similarity, open_reader(folder, embedder), judgements or read_judgements(folder), "test")


def test_claims_are_judged_by_reading_and_questions_as_before(embedder: CachingEmbedder, reader_folder: Path) -> None:
    plain = SimilarityVerifier(embedder, load_calibration())
    verifier = a_verifier(embedder, reader_folder)
    passages = found("the lamp is red .", "the seed is new .")
    assert verifier.assess("what is red ?", passages) == plain.assess("what is red ?", passages)
    right, wrong = verifier.supports("the lamp is old .", ["the lamp is red .", "the seed is red ."])
    assert right > 0.5 > wrong
    assert verifier.supports("the lamp is old .", []) == ()


def test_without_a_regression_for_the_language_nothing_is_read(embedder: CachingEmbedder, reader_folder: Path) -> None:
    plain = SimilarityVerifier(embedder, load_calibration())
    silent = a_verifier(embedder, reader_folder, Judgements("test", ("tiny",), {}))
    claim, sentences = "the lamp is red .", ["the lamp is red ."]
    assert silent.supports(claim, sentences) == plain.supports(claim, sentences)


def test_a_claim_too_long_to_be_read_to_its_end_is_not_supported(
    embedder: CachingEmbedder, reader_folder: Path
) -> None:
    claim = "the lamp is old . " * 30
    assert embedder.token_states([claim])[0].is_cut
    assert not embedder.token_states(["the lamp is old ."])[0].is_cut
    verifier = a_verifier(embedder, reader_folder)
    assert verifier.supports(claim, [claim, "the lamp is red ."]) == (0.0, 0.0)


def test_the_words_of_a_text_beyond_those_that_are_told_are_said_to_be_missing(tmp_path: Path) -> None:
    folder = write_tiny_encoder(tmp_path / "tiny", WORDS, longest=200)
    told, cut = TorchEmbedder(folder, dtype="float32").token_states(["lamp " * 96, "lamp " * 97])
    assert (len(told.tokens), told.is_cut) == (96, False)
    assert (len(cut.tokens), cut.is_cut) == (96, True)


def test_a_model_that_is_only_called_like_ours_is_not_read_with(tmp_path: Path) -> None:
    folder = write_tiny_encoder(tmp_path / "multilingual-e5-small", WORDS)
    verifier = open_verifier(TorchEmbedder(folder, dtype="float32"))
    assert verifier.release.startswith("similarity-")


@pytest.mark.models
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_the_embedded_model_is_read_with_in_every_precision(dtype: str) -> None:
    assert open_verifier(TorchEmbedder(embedder_folder(), dtype=dtype)).release == "claims-1"


def test_the_promoted_release_verifies_and_a_rollback_takes_it_back(
    embedder: CachingEmbedder, reader_folder: Path, trained: TrainedReader, tmp_path: Path
) -> None:
    def publish() -> str:
        folder = publish_release(
            tmp_path,
            "verifier",
            lambda place: write_reader(trained, read_judgements(reader_folder), place),
            data_sha256="",
            base=embedder.fingerprint,
            recipe="test",
            metrics={},
        )
        return folder.name

    verifier = open_verifier(embedder, tmp_path)
    assert verifier.release.startswith("similarity-")  # the reader that comes with the product stands on another model
    first, second = publish(), publish()
    make_current(tmp_path, "verifier", first)
    assert verifier.release == f"verifier/{first}"
    make_current(tmp_path, "verifier", second)
    assert verifier.assess("what is red ?", found("the lamp is red .")).sentences
    assert verifier.supports("the lamp is old .", ["the lamp is red ."])[0] > 0.5
    assert verifier.release == f"verifier/{second}"
    go_back(tmp_path, "verifier")
    assert verifier.release == f"verifier/{first}"
    (tmp_path / "verifier" / second / "claims.safetensors").write_bytes(b"damaged")
    make_current(tmp_path, "verifier", second)
    assert verifier.release == f"verifier/{first}"


def test_where_no_release_opens_the_product_starts_all_the_same(tmp_path: Path) -> None:
    opened: list[Path | None] = []

    def open_any(folder: Path | None) -> WordVerifier:
        opened.append(folder)
        if folder is not None:
            raise ModelUnavailable("damaged")
        return WordVerifier()

    name = publish_release(
        tmp_path, "verifier", lambda place: None, data_sha256="", base="", recipe="", metrics={}
    ).name
    make_current(tmp_path, "verifier", name)
    assert PromotedVerifier(tmp_path, open_any).release == WordVerifier().release
    assert opened == [tmp_path / "verifier" / name, None]


def test_an_embedder_that_does_not_tell_words_is_said_to_be_one(reader_folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match="words of a text"):
        open_reader(reader_folder, CachingEmbedder(FakeEmbedder()))


def test_each_claim_is_read_and_judged_by_every_lock(embedder: CachingEmbedder, trained: TrainedReader) -> None:
    pair = ClaimPair("the lamp can be opened .", "the lamp can not be opened .", False, "set", "polarity", "1")
    (read,) = read_claims([pair], WordVerifier(), ClaimReader(embedder.token_states, trained.weights))
    assert not read.passes_rules
    assert 0 <= read.before <= 1
    assert read.pair is pair


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the public sets in ../shared/data")
def test_a_help_centre_gives_right_and_wrong_claims_of_every_kind_that_it_has() -> None:
    pairs = pairs_of(SHARED, ["chatwoot"], each=100)
    assert {pair.truth for pair in pairs} == {True, False}
    assert all(pair.claim != pair.sentence for pair in pairs if not pair.truth)
    assert len({pair.kind for pair in pairs if not pair.truth}) >= 4
