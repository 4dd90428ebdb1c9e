"""What every IntentClassifier keeps to: the trained one, the keyword baseline and the fake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.classifiers.finetuned import FinetunedClassifier
from bot.classifiers.keywords import KeywordClassifier
from bot.intents import UNKNOWN, Intent, LeadsTo
from bot.protocols import IntentClassifier
from bot.training.intent_learning import first_release
from knowledge.embedding.model_folders import no_progress
from tests.fakes.classifier import FakeClassifier
from tests.fakes.embedder import FakeEmbedder

EXAMPLES = {
    "refund": (
        *(
            "I want a refund",
            "refund please",
            "give me a refund for this order",
            "refund my order",
            "is a refund possible",
        ),
        *("我要退款", "怎么退款", "退款多久到账"),
    ),
    "opening_hours": (
        *(
            "when do you open",
            "are you open on sunday",
            "what hours are you open",
            "open today?",
            "is the shop open now",
        ),
        *("几点开门", "周日开门吗", "今天开门吗"),
    ),
    "password": (
        *(
            "I forgot my password",
            "reset my password",
            "password does not work",
            "new password please",
            "change password",
        ),
        *("忘记密码", "重置密码", "密码不对"),
    ),
}
INTENTS = tuple(
    Intent(name, LeadsTo.KNOWLEDGE, {"en": name.replace("_", " ")}, {"en": texts[:5], "zh": texts[5:]})
    for name, texts in EXAMPLES.items()
)


def _trained(folder: Path) -> IntentClassifier:
    embedder = FakeEmbedder(dimensions=256)
    return FinetunedClassifier(first_release(INTENTS, 1, embedder, folder, progress=no_progress), embedder)


def _keywords(folder: Path) -> IntentClassifier:
    return KeywordClassifier(INTENTS)


def _fake(folder: Path) -> IntentClassifier:
    return FakeClassifier({text: name for name, texts in EXAMPLES.items() for text in texts})


@pytest.fixture(scope="module", params=[_trained, _keywords, _fake], ids=["trained", "keywords", "fake"])
def classifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> IntentClassifier:
    build: Callable[[Path], IntentClassifier] = request.param
    return build(tmp_path_factory.mktemp("releases"))


def test_examples_are_recognised(classifier: IntentClassifier) -> None:
    for name, texts in EXAMPLES.items():
        for text in texts:
            prediction = classifier.classify(text)
            assert prediction.alternatives[0][0] == name
            assert prediction.name in (name, UNKNOWN)
    found = [classifier.classify(text).name == name for name, texts in EXAMPLES.items() for text in texts]
    assert sum(found) >= 20


@pytest.mark.parametrize(
    "text", ["refund please", "忘记密码", "xyzzy plugh", "", "  ", "🙂", "?!", "a" * 5000, "\ud800"]
)
def test_any_text_gets_a_prediction_within_bounds(classifier: IntentClassifier, text: str) -> None:
    prediction = classifier.classify(text)
    assert prediction.name == UNKNOWN or prediction.name in EXAMPLES
    assert 0 <= prediction.confidence <= 1
    assert 0 <= prediction.out_of_scope <= 1
    assert (prediction.name == UNKNOWN) == (prediction.out_of_scope >= 0.5)


def test_alternatives_are_known_intents_best_first(classifier: IntentClassifier) -> None:
    alternatives = classifier.classify("when can I get my refund").alternatives
    probabilities = [probability for _, probability in alternatives]
    assert probabilities == sorted(probabilities, reverse=True)
    assert {name for name, _ in alternatives} <= EXAMPLES.keys()
    assert all(0 <= probability <= 1 for probability in probabilities)


def test_words_of_no_intent_are_unknown(classifier: IntentClassifier) -> None:
    assert classifier.classify("bananas rarely sing underwater").name == UNKNOWN


def test_the_same_text_gets_the_same_prediction(classifier: IntentClassifier) -> None:
    assert classifier.classify("are you open today?") == classifier.classify("are you open today?")


def test_the_release_has_a_name(classifier: IntentClassifier) -> None:
    assert classifier.release
