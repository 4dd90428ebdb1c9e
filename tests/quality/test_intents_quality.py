"""How well intents are recognised on public sets; thresholds stand below what was measured. Prints the figures."""

from __future__ import annotations

import gzip
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.classifiers.finetuned import HeadClassifier
from bot.classifiers.keywords import KeywordClassifier, asks_for_person
from bot.intents import Intent, LeadsTo, load_intents
from bot.training.evaluate_intents import (
    EvaluationOptions,
    Figures,
    evaluate_intents,
    few_of_each,
    train_and_evaluate_intents,
)
from bot.training.evaluation_data import IntentRow
from bot.training.fairness import fairness_rows
from bot.training.intents import LabelledText, TrainedIntents, train_intent_head
from knowledge.embedding.embedding_cache import CachingEmbedder
from knowledge.languages import detect_language
from knowledge.protocols import Embedder
from tests.models import embedder_folder

DATA = Path(__file__).parents[3] / "shared" / "data"
SAMPLE = Path(__file__).parents[2] / "bot" / "sample_company" / "intents.toml"

pytestmark = [pytest.mark.slow, pytest.mark.models, pytest.mark.timeout(900)]
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not beside the repository")


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    from knowledge.embedding.embeddings import TorchEmbedder

    return CachingEmbedder(TorchEmbedder(embedder_folder()), capacity=50_000)


@cache
def _rows(name: str) -> tuple[dict[str, Any], ...]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)


def _intent_rows(name: str) -> list[IntentRow]:
    return [IntentRow(row["text"], row["intent"], bool(row.get("oos"))) for row in _rows(name)]


def _some(rows: list[IntentRow], count: int) -> list[IntentRow]:
    return random.Random(0).sample(rows, min(count, len(rows)))


def _figure(figures: Figures, name: str) -> float:
    value = figures[name]
    assert value is not None
    return value


@needs_data
def test_bank_messages_with_many_examples(embedder: Embedder, capsys: pytest.CaptureFixture[str]) -> None:
    """`bench intents --set banking77 --shots 0` measures all messages."""
    few = few_of_each(_intent_rows("banking77/train"), 30, seed=0)
    figures = train_and_evaluate_intents(
        _some(_intent_rows("banking77/dev"), 800), few, embedder, EvaluationOptions(method="head")
    )
    with capsys.disabled():
        print("\nbanking77", figures)
    assert _figure(figures, "accuracy") > 0.87  # .893 measured
    assert _figure(figures, "ece") < 0.05


@needs_data
@pytest.mark.parametrize(("shots", "least"), [(3, 0.70), (5, 0.74), (10, 0.80)])  # .76, .78, .84 measured
def test_bank_messages_with_few_examples(embedder: Embedder, shots: int, least: float) -> None:
    test = _some(_intent_rows("banking77/dev"), 500)
    figures = train_and_evaluate_intents(
        test, _intent_rows("banking77/train"), embedder, EvaluationOptions("head", shots)
    )
    assert _figure(figures, "accuracy") > least


@needs_data
def test_messages_about_something_else_are_noticed(embedder: Embedder, capsys: pytest.CaptureFixture[str]) -> None:
    test = _intent_rows("clinc150/dev")
    test = [*_some([row for row in test if not row.oos], 400), *[row for row in test if row.oos]]
    figures = train_and_evaluate_intents(test, _intent_rows("clinc150/train"), embedder, EvaluationOptions("head", 20))
    with capsys.disabled():
        print("\nclinc150, 20 shots", figures)
    assert _figure(figures, "accuracy") > 0.92  # .945 measured
    assert _figure(figures, "oos_auroc") > 0.955
    assert _figure(figures, "oos_recall") > 0.8


@needs_data
def test_english_examples_serve_chinese_messages(embedder: Embedder, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentences asked are translations of those taught; `bench intents --set xsid` asks others, and finds less."""
    rows = [(row["lang"], IntentRow(row["text"], row["intent"])) for row in _rows("xsid/dev")]
    english = [row for language, row in rows if language == "en"]
    chinese = [row for language, row in rows if language == "zh"]
    figures = train_and_evaluate_intents(chinese, english, embedder, EvaluationOptions(method="head"))
    with capsys.disabled():
        print("\nxsid, English to Chinese", figures)
    assert _figure(figures, "accuracy") > 0.94  # .963 to .973 measured


@needs_data
def test_the_trained_classifier_beats_the_keywords(embedder: Embedder) -> None:
    test = _some(_intent_rows("bitext_cs/dev"), 400)
    few = few_of_each(_intent_rows("bitext_cs/train"), 5, seed=0)
    names = sorted({row.intent for row in few})
    intents = [
        Intent(name, LeadsTo.KNOWLEDGE, {}, {"en": tuple(row.text for row in few if row.intent == name)})
        for name in names
    ]
    trained = train_and_evaluate_intents(test, few, embedder, EvaluationOptions(method="head"))
    keywords = evaluate_intents(test, KeywordClassifier(intents))
    assert _figure(trained, "accuracy") > max(0.88, _figure(keywords, "accuracy") + 0.1)  # .916 measured


@needs_data
def test_the_person_rule_is_precise_on_messages_to_banks_and_shops() -> None:
    others = [row["text"] for part in ("train", "dev") for row in _rows(f"banking77/{part}")]
    others += [
        row["text"]
        for row in _rows("bitext_cs/dev")
        if row["intent"] not in ("contact_human_agent", "contact_customer_service")
    ]
    assert sum(map(asks_for_person, others)) <= 3
    asking = [row["text"] for row in _rows("bitext_cs/train") if row["intent"] == "contact_human_agent"]
    assert sum(map(asks_for_person, asking)) / len(asking) > 0.8


def test_the_sample_company_is_understood_in_both_languages(
    embedder: Embedder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every fifth example of each intent is held out."""
    rows = [
        (text, intent.name, language, number)
        for intent in load_intents(SAMPLE)
        for language, texts in intent.examples.items()
        for number, text in enumerate(texts)
    ]
    train = [LabelledText(text, name) for text, name, _, number in rows if number % 5]
    titles = {intent.name: tuple(intent.title.values()) for intent in load_intents(SAMPLE)}
    classifier = HeadClassifier(train_intent_head(train, embedder, titles=titles).head, embedder)
    for language in ("en", "zh"):
        held_out = [IntentRow(text, name) for text, name, spoken, n in rows if spoken == language and n % 5 == 0]
        figures = evaluate_intents(held_out, classifier)
        with capsys.disabled():
            print(f"\nsample company, {language}", figures)
        assert (
            _figure(figures, "accuracy") > 0.78
        )  # .85 and .84 measured; the held-out examples are short and meant to be hard


def test_polite_wording_keeps_the_intent(embedder: Embedder, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the sample company's list. One English wording of five is made of words that no rule knows."""
    examples = _sample_examples()
    classifier = HeadClassifier(_sample_head(examples, embedder).head, embedder)
    plain = [example.text for example in examples if example.intent not in ("greeting", "thanks")]
    rows = fairness_rows(plain, lambda text: classifier.classify(text).alternatives[0][0], limit=60)
    flipped = {row.language: row.rate for row in rows if row.swap == "polite"}
    with capsys.disabled():
        print("\nintents changed by politeness:", {language: round(rate, 3) for language, rate in flipped.items()})
    assert flipped["en"] < 0.2  # .12 measured, all of it by the wording of unknown words; .64 without the rules
    assert flipped["zh"] < 0.05  # .017 measured; .18 without the rules


def test_a_wish_for_a_person_is_heard_in_both_languages(embedder: Embedder, capsys: pytest.CaptureFixture[str]) -> None:
    """By the rule or the classifier, in cross-validation on the sample company's list."""
    examples = _sample_examples()
    trained = _sample_head(examples, embedder)
    heard: dict[str, list[bool]] = {}
    for position, probabilities in zip(trained.held_out.positions, trained.held_out.probabilities, strict=True):
        example = examples[int(position)]
        if example.intent == "talk_to_person":
            named = trained.head.names[int(probabilities.argmax())] == example.intent
            heard.setdefault(detect_language(example.text), []).append(named or asks_for_person(example.text))
    recall = {language: sum(each) / len(each) for language, each in heard.items()}
    with capsys.disabled():
        print("\na wish for a person heard:", {language: round(share, 3) for language, share in recall.items()})
    assert min(recall["en"], recall["zh"]) >= 0.95  # .978 of 46 and 1.0 of 45 measured


def _sample_examples() -> list[LabelledText]:
    return [
        LabelledText(text, intent.name)
        for intent in load_intents(SAMPLE)
        for texts in intent.examples.values()
        for text in texts
    ]


def _sample_head(examples: list[LabelledText], embedder: Embedder) -> TrainedIntents:
    titles = {intent.name: tuple(intent.title.values()) for intent in load_intents(SAMPLE)}
    return train_intent_head(examples, embedder, titles=titles)
