"""More examples for thin intents: who gets them, what they keep, and when they must not be learnt from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bot.classifiers.courtesy import without_courtesy
from bot.classifiers.intent_head import Floats
from bot.training.imagined_meanings import imagined_meanings
from bot.training.intent_views import COPY, TITLE, Integers, Rows, cross_validate
from bot.training.paraphrases import THIN, paraphrases
from knowledge.languages import detect_language

TEXTS = ("How do I reset my password?", "怎么修改密码？", "the parcel is late", "我的包裹没有到")


def test_only_thin_intents_are_said_otherwise() -> None:
    texts = [*TEXTS, *(f"open on day {number}" for number in range(THIN))]
    labels = [0, 0, 1, 1, *([2] * THIN)]
    made = paraphrases(texts, labels, seed=0)
    assert {source for _, source in made} == {0, 1, 2, 3}
    assert made == paraphrases(texts, labels, seed=0)
    assert made != paraphrases(texts, labels, seed=1)


def test_a_paraphrase_is_in_the_language_of_its_source_and_says_more_than_politeness() -> None:
    for text, source in paraphrases(TEXTS, [0, 1, 2, 3], seed=3):
        assert detect_language(text) == detect_language(TEXTS[source])
        assert text != TEXTS[source]
        assert without_courtesy(text) != without_courtesy(TEXTS[source])


def _directions(random: np.random.Generator, labels: Integers, middles: NDArray[np.float64]) -> Floats:
    vectors = middles[labels] + random.normal(scale=0.05, size=(len(labels), middles.shape[1]))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_imagined_meanings_fill_up_thin_intents_and_lie_near_them() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [5, 6, THIN])
    middles = np.eye(3, 12)
    known = _directions(random, labels, middles)
    meanings, belong = imagined_meanings(known, labels, 3, seed=0)
    assert np.bincount(belong, minlength=3).tolist() == [THIN - 5, THIN - 6, 0]
    np.testing.assert_allclose(np.linalg.norm(meanings, axis=1), 1, atol=1e-5)
    assert ((meanings @ middles.T).argmax(axis=1) == belong).all()
    again, _ = imagined_meanings(known, labels, 3, seed=0)
    np.testing.assert_array_equal(meanings, again)


def test_nothing_is_imagined_where_nothing_differs() -> None:
    meanings, labels = imagined_meanings(np.eye(3, dtype=np.float32), np.arange(3), 3, seed=0)
    assert meanings.shape == (0, 3)
    assert not len(labels)


def test_copies_are_never_asked_and_never_learnt_from_where_their_source_is() -> None:
    # Examples of both intents lie in one place: only a copy that leaks could tell which is which.
    random = np.random.default_rng(1)
    labels = np.tile([0, 1], 15)
    meanings = _directions(random, np.zeros(30, dtype=np.int64), np.eye(1, 64))
    folds = np.arange(30) // 2 % 3
    both, ngrams = np.concatenate([meanings, meanings]), np.zeros((60, 4), dtype=np.float32)
    rows = Rows(both, ngrams, np.concatenate([labels, labels]), 2)
    held_out = cross_validate(rows, np.concatenate([folds, COPY - folds]), 0, lambda _: None)
    leaking = cross_validate(rows, np.concatenate([folds, np.full(30, TITLE)]), 0, lambda _: None)
    assert sorted(held_out.positions.tolist()) == list(range(30))
    nearest = [each.logits[2].argmax(axis=1) == each.labels for each in (held_out, leaking)]
    assert nearest[1].mean() > 0.95
    assert nearest[0].mean() < 0.8
