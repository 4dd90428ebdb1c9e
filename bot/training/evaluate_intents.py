"""How well intents are recognised, and what belongs to none of them. Knows nothing of files or of the installation."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.classifiers.finetuned import HeadClassifier
from bot.intents import UNKNOWN, IntentPrediction
from bot.training.encoder_tuning import Watch, unwatched
from bot.training.evaluation_data import IntentRow
from bot.training.intent_report import WhenJudged, unreported
from bot.training.intent_views import IN_SCOPE_REFUSED
from bot.training.intents import Augment, LabelledText, train_intent_head
from bot.training.metrics import accuracy, auroc, expected_calibration_error, macro_f1, matthews_correlation
from bot.training.tuned_intents import TuningOptions, choose_method, train_tuned_intents, tunable
from knowledge.embedding.model_folders import ProgressCallback, no_progress

if TYPE_CHECKING:
    from bot.protocols import IntentClassifier
    from knowledge.protocols import Embedder

Figures = dict[str, float | int | None]


def evaluate_intents(
    test: Sequence[IntentRow],
    classifier: IntentClassifier,
    *,
    train_seconds: float | None = None,
    when_judged: WhenJudged = unreported,
    progress: ProgressCallback = no_progress,
) -> Figures:
    """Classifies every row by itself and counts.

    accuracy, macro_f1: over the rows in scope, of the likeliest known intent, whether or not the classifier then called
    the message unknown, so the threshold has no part in them. An intent that the classifier does not know is wrong.
    ece: over the same rows, of that intent's probability (15 bins).
    oos_recall: share of the rows out of scope that were called unknown, at the classifier's own threshold.
    oos_auroc: of `out_of_scope`, rows out of scope against rows in scope; independent of the threshold.
    mcc: over all rows, with UNKNOWN as one more class: what customers get, threshold included.
    accepted_accuracy: share of the rows in scope that were called what they are, threshold included.
    in_scope_refused: share of the rows in scope that were called unknown.
    ms_per_query: median of single messages, embedding included. Figures over no rows are null.
    `when_judged` is handed everything once, and may ask the classifier more.
    """
    predictions, milliseconds = [], []
    for number, row in enumerate(test, start=1):
        began = time.perf_counter()
        predictions.append(classifier.classify(row.text))
        milliseconds.append(1000 * (time.perf_counter() - began))
        progress("asking", number / len(test))
    when_judged(classifier, test, predictions)
    strange = [one for one, row in zip(predictions, test, strict=True) if row.oos]
    return {
        **_in_scope([(one, row.intent) for one, row in zip(predictions, test, strict=True) if not row.oos]),
        "oos_recall": sum(one.name == UNKNOWN for one in strange) / len(strange) if strange else None,
        "oos_auroc": auroc([one.out_of_scope for one in predictions], [row.oos for row in test]),
        **_with_threshold(predictions, test),
        "n": len(test),
        "ms_per_query": statistics.median(milliseconds),
        "train_seconds": train_seconds,
    }


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """How a classifier is trained before it is measured."""

    method: str = "auto"  # or head, lora, full
    shots: int | None = None  # examples an intent; None: all
    seed: int = 0
    refused: float = IN_SCOPE_REFUSED  # share of messages about a known intent that may be called unknown
    augment: Augment = "none"  # what intents with few examples are given more by


def train_and_evaluate_intents(
    test: Sequence[IntentRow],
    train: Sequence[IntentRow],
    embedder: Embedder,
    options: EvaluationOptions | None = None,
    *,
    watch: Watch = unwatched,
    when_judged: WhenJudged = unreported,
    progress: ProgressCallback = no_progress,
) -> Figures:
    """The same for a classifier trained on `train`, of each intent only `shots` examples where given.

    Training rows out of scope are left out: learning from them made live accuracy worse. `train_seconds` counts the
    embedding of the examples. Raises TrainingDataInvalid, and ModelUnavailable where the encoder cannot be tuned.
    """
    options = options or EvaluationOptions()
    examples = few_of_each([row for row in train if not row.oos], options.shots, options.seed)
    labelled = [LabelledText(row.text, row.intent, row.place) for row in examples]
    method = options.method if options.method != "auto" else choose_method(labelled, embedder)
    began = time.perf_counter()
    classifier = _trained(method, labelled, embedder, options, watch, progress)
    seconds = time.perf_counter() - began
    return evaluate_intents(test, classifier, train_seconds=seconds, when_judged=when_judged, progress=progress)


def _trained(
    method: str,
    examples: Sequence[LabelledText],
    embedder: Embedder,
    options: EvaluationOptions,
    watch: Watch,
    progress: ProgressCallback,
) -> IntentClassifier:
    if method == "head":
        trained = train_intent_head(
            examples,
            embedder,
            seed=options.seed,
            refused=options.refused,
            augment=options.augment,
            progress=progress,
        )
        return HeadClassifier(trained.head, embedder)
    tuning = TuningOptions(
        "lora" if method == "lora" else "full",
        options.seed,
        options.refused,
        must_pay=options.method == "auto",
        augment=options.augment,
    )
    learning = tunable(embedder)
    made = train_tuned_intents(examples, learning, tuning, watch=watch, progress=progress)
    with tempfile.TemporaryDirectory(prefix="frontdesk-evaluation-") as folder:
        changes = made.write_encoder(Path(folder))
        tuned = None if changes is None else learning.tuned(changes)
    return HeadClassifier(made.trained.head, embedder, tuned)


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


def _with_threshold(predictions: Sequence[IntentPrediction], test: Sequence[IntentRow]) -> Figures:
    named = [prediction.name for prediction in predictions]
    gold = [UNKNOWN if row.oos else row.intent for row in test]
    known = [guess for guess, row in zip(named, test, strict=True) if not row.oos]
    right = sum(guess == truth for guess, truth in zip(named, gold, strict=True) if truth != UNKNOWN)
    return {
        "mcc": matthews_correlation(named, gold),
        "accepted_accuracy": right / len(known) if known else None,
        "in_scope_refused": known.count(UNKNOWN) / len(known) if known else None,
    }


def _likeliest(prediction: IntentPrediction) -> tuple[str, float]:
    """The likeliest known intent with its probability."""
    if prediction.alternatives:
        return prediction.alternatives[0]
    return prediction.name, prediction.confidence if prediction.name != UNKNOWN else 0.0
