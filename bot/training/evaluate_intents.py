"""How well intents are recognised, and what belongs to none of them. Knows nothing of files or of the installation."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.classifiers.finetuned import HeadClassifier
from bot.intents import UNKNOWN, IntentPrediction
from bot.training.evaluation_data import IntentRow
from bot.training.intents import LabelledText, train_intent_head
from bot.training.metrics import accuracy, auroc, expected_calibration_error, macro_f1
from knowledge.model_folders import ProgressCallback, no_progress

if TYPE_CHECKING:
    from bot.protocols import IntentClassifier
    from knowledge.protocols import Embedder

Figures = dict[str, float | int | None]


def evaluate_intents(
    test: Sequence[IntentRow],
    classifier: IntentClassifier,
    *,
    train_seconds: float | None = None,
    progress: ProgressCallback = no_progress,
) -> Figures:
    """Classifies every row by itself and counts.

    accuracy, macro_f1: over the rows in scope, of the likeliest known intent, whether or not the classifier then called
    the message unknown, so the threshold has no part in them. An intent that the classifier does not know is wrong.
    ece: over the same rows, of that intent's probability (15 bins).
    oos_recall: share of the rows out of scope that were called unknown, at the classifier's own threshold.
    oos_auroc: of `out_of_scope`, rows out of scope against rows in scope; independent of the threshold.
    ms_per_query: median of single messages, embedding included. Figures over no rows are null.
    """
    predictions, milliseconds = [], []
    for number, row in enumerate(test, start=1):
        began = time.perf_counter()
        predictions.append(classifier.classify(row.text))
        milliseconds.append(1000 * (time.perf_counter() - began))
        progress("asking", number / len(test))
    strange = [one for one, row in zip(predictions, test, strict=True) if row.oos]
    return {
        **_in_scope([(one, row.intent) for one, row in zip(predictions, test, strict=True) if not row.oos]),
        "oos_recall": sum(one.name == UNKNOWN for one in strange) / len(strange) if strange else None,
        "oos_auroc": auroc([one.out_of_scope for one in predictions], [row.oos for row in test]),
        "n": len(test),
        "ms_per_query": statistics.median(milliseconds),
        "train_seconds": train_seconds,
    }


def train_and_evaluate_intents(
    test: Sequence[IntentRow],
    train: Sequence[IntentRow],
    embedder: Embedder,
    *,
    shots: int | None = None,
    seed: int = 0,
    progress: ProgressCallback = no_progress,
) -> Figures:
    """The same for a head trained on `train`, of each intent only `shots` examples where given, drawn by `seed`.

    Training rows out of scope are left out: learning from them made live accuracy worse. `train_seconds` counts the
    embedding of the examples.
    """
    examples = few_of_each([row for row in train if not row.oos], shots, seed)
    labelled = [LabelledText(row.text, row.intent, row.place) for row in examples]
    trained = train_intent_head(labelled, embedder, seed=seed, progress=progress)
    classifier = HeadClassifier(trained.head, embedder)
    return evaluate_intents(test, classifier, train_seconds=trained.seconds, progress=progress)


def few_of_each(rows: Sequence[IntentRow], shots: int | None, seed: int) -> list[IntentRow]:
    """`shots` rows of every intent, drawn by `seed`, in their order; all rows for None."""
    if shots is None:
        return list(rows)
    by_intent: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        by_intent.setdefault(row.intent, []).append(position)
    chance = random.Random(seed)
    drawn = [chance.sample(positions, min(shots, len(positions))) for _, positions in sorted(by_intent.items())]
    return [rows[position] for position in sorted(position for positions in drawn for position in positions)]


def _in_scope(pairs: Sequence[tuple[IntentPrediction, str]]) -> Figures:
    if not pairs:
        return {"accuracy": None, "macro_f1": None, "ece": None}
    best = [_likeliest(prediction) for prediction, _ in pairs]
    named, gold = [name for name, _ in best], [intent for _, intent in pairs]
    right = [name == intent for name, intent in zip(named, gold, strict=True)]
    return {
        "accuracy": accuracy(named, gold),
        "macro_f1": macro_f1(named, gold),
        "ece": expected_calibration_error([confidence for _, confidence in best], right),
    }


def _likeliest(prediction: IntentPrediction) -> tuple[str, float]:
    """The likeliest known intent with its probability."""
    if prediction.alternatives:
        return prediction.alternatives[0]
    return prediction.name, prediction.confidence if prediction.name != UNKNOWN else 0.0
