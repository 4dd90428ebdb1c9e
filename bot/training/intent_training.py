"""`frontdesk train intents`: a file of examples → a release, measured on examples it never learnt from.

The file is dealt into three parts, every intent evenly: what is learnt from, what chooses the epoch and weighs the
views, and a tenth for testing that decides nothing. Knows nothing of settings or of the command line.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.classifiers.finetuned import HeadClassifier, tuned_embedder, write_head
from bot.errors import TrainingDataInvalid
from bot.intent_store.intent_editing import digest_of
from bot.intent_store.released_intents import ReleasedList, without_examples, write_released_list
from bot.releases import Metrics, publish_release
from bot.training.checkpoints import Checkpoints
from bot.training.encoder_tuning import Watch, unwatched
from bot.training.evaluate_intents import evaluate_intents
from bot.training.evaluation_data import IntentRow
from bot.training.event_files import EventFiles
from bot.training.intent_learning import key_of
from bot.training.intent_views import IN_SCOPE_REFUSED
from bot.training.intents import KIND, RECIPE, Augment, LabelledText, data_digest, train_intent_head
from bot.training.metrics import bootstrap_interval
from bot.training.pretrained_intents import Told, train_with_documents
from bot.training.promotion import Validation
from bot.training.release_report import release_report, write_release_report
from bot.training.tuned_intents import TunedIntents, TuningOptions, choose_method, train_tuned_intents, tunable
from knowledge.embedding.model_folders import ProgressCallback, no_progress

if TYPE_CHECKING:
    from bot.protocols import IntentClassifier
    from bot.training.epochs import Measured
    from bot.training.intent_files import IntentData
    from bot.training.intents import TrainedIntents
    from knowledge.protocols import Embedder

METHODS = ("auto", "head", "lora", "full")
_TESTED = 10  # one example in so many is for testing
_FEWEST_TESTED = 5  # examples of an intent from which on one is for testing


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    method: str = "auto"  # or head, lora, full
    seed: int = 0
    refused: float = IN_SCOPE_REFUSED  # share of messages about a known intent that may be called unknown
    augment: Augment = "none"  # what intents with few examples are given more by
    documents: tuple[str, ...] | None = None  # texts that the encoder reads first, where that pays; auto or full only


@dataclass(frozen=True, slots=True)
class IntentTraining:
    folder: Path  # the release
    method: str
    metrics: Metrics
    seconds: float
    examples: int


def train_intents(
    data: IntentData,
    embedder: Embedder,
    releases_folder: Path,
    plan: TrainingPlan | None = None,
    *,
    watch: Watch = unwatched,
    progress: ProgressCallback = no_progress,
) -> IntentTraining:
    """Trains, measures and makes a release; puts nothing to use.

    What was killed goes on where it stood when it is asked for again: same data, method, seed and embedder. The head
    of a release learns from every example after a twin was tested; a tuned encoder never sees the tested ones.
    Raises TrainingDataInvalid, and ModelUnavailable where the encoder cannot be tuned.
    """
    plan = plan or TrainingPlan()
    chosen = _chosen(plan, data, embedder)
    digest = data_digest(data.examples, data.titles or {})
    key = hashlib.sha256(f"{digest} {plan} {chosen} {embedder.fingerprint} {RECIPE}".encode()).hexdigest()
    checkpoints = Checkpoints.of(releases_folder / KIND, key)
    learnt, tested = deal_test(data.examples, plan.seed)
    with EventFiles(checkpoints.folder) as events:
        making = _Making(data, embedder, plan, progress)
        made = making.train(chosen, learnt, checkpoints, _both(watch, events.add))
        chosen = "head" if made.tuned is None else chosen
        metrics, validation, report = _tested(made.classifier, tested, made.trained, progress)
        events.add_figures(metrics)

    def write(folder: Path) -> None:
        _write(made, data, folder)
        if validation is not None:
            validation.write(folder)
            write_release_report(report, folder)
        for file in events.files():
            shutil.copyfile(file, folder / file.name)

    seconds = made.trained.seconds
    folder = publish_release(
        releases_folder,
        KIND,
        write,
        data_sha256=digest,
        base=embedder.fingerprint,
        recipe=f"{RECIPE}-{chosen}-{plan.seed}",
        metrics={"method": chosen, "augment": plan.augment, **metrics, "seconds": round(seconds, 2)},
    )
    checkpoints.remove()
    return IntentTraining(folder, chosen, metrics, seconds, len(data.examples))


def _chosen(plan: TrainingPlan, data: IntentData, embedder: Embedder) -> str:
    if plan.documents is not None:
        if plan.method not in ("auto", "full"):
            raise TrainingDataInvalid(
                f"The encoder reads documents only where it is tuned whole, not by '{plan.method}'"
            )
        return "full"
    return choose_method(data.examples, embedder) if plan.method == "auto" else plan.method


def deal_test(examples: Sequence[LabelledText], seed: int) -> tuple[tuple[LabelledText, ...], tuple[LabelledText, ...]]:
    """(What is learnt from, what is tested on): of each intent with five examples or more, a tenth and at least one."""
    random = np.random.default_rng((seed, 1))
    by_intent: dict[str, list[int]] = {}
    for position, example in enumerate(examples):
        by_intent.setdefault(example.intent, []).append(position)
    tested: set[int] = set()
    for _, positions in sorted(by_intent.items()):
        if len(positions) >= _FEWEST_TESTED:
            count = max(1, len(positions) // _TESTED)
            tested.update(random.permutation(positions)[:count].tolist())
    parts = ([], [])  # type: tuple[list[LabelledText], list[LabelledText]]
    for position, example in enumerate(examples):
        parts[position in tested].append(example)
    return tuple(parts[0]), tuple(parts[1])


@dataclass(frozen=True, slots=True)
class _Made:
    trained: TrainedIntents  # what is released
    tuned: TunedIntents | None
    classifier: IntentClassifier  # what is tested


@dataclass(frozen=True, slots=True)
class _Making:
    data: IntentData
    embedder: Embedder
    plan: TrainingPlan
    progress: ProgressCallback

    def train(self, method: str, learnt: Sequence[LabelledText], checkpoints: Checkpoints, watch: Watch) -> _Made:
        if method == "head":
            twin = self._head(learnt)
            return _Made(self._head(self.data.examples), None, HeadClassifier(twin.head, self.embedder))
        tuned = self._tuned(method, learnt, checkpoints, watch)
        changes = tuned.write_encoder(checkpoints.folder)
        if changes is None:
            whole = self._head(self.data.examples)
            whole = replace(whole, metrics={**tuned.trained.metrics, **whole.metrics})
            return _Made(whole, None, HeadClassifier(tuned.trained.head, self.embedder))
        embedder = tuned_embedder(self.embedder, changes)
        return _Made(tuned.trained, tuned, HeadClassifier(tuned.trained.head, self.embedder, embedder))

    def _head(self, examples: Sequence[LabelledText]) -> TrainedIntents:
        return train_intent_head(
            examples,
            self.embedder,
            titles=self.data.titles,
            seed=self.plan.seed,
            refused=self.plan.refused,
            augment=self.plan.augment,
            progress=self.progress,
        )

    def _tuned(
        self, method: str, examples: Sequence[LabelledText], checkpoints: Checkpoints, watch: Watch
    ) -> TunedIntents:
        options = TuningOptions(
            "lora" if method == "lora" else "full",
            self.plan.seed,
            self.plan.refused,
            must_pay=self.plan.method == "auto",
            augment=self.plan.augment,
        )
        learning = tunable(self.embedder)
        if self.plan.documents is not None:
            told = Told(checkpoints, watch, self.progress)
            return train_with_documents(self.plan.documents, examples, learning, options, self.data.titles, told)
        return train_tuned_intents(
            examples,
            learning,
            options,
            titles=self.data.titles,
            checkpoints=checkpoints,
            watch=watch,
            progress=self.progress,
        )


def _write(made: _Made, data: IntentData, folder: Path) -> None:
    write_head(made.trained.head, folder)
    if made.tuned is not None:
        made.tuned.write_encoder(folder)
    if data.intents:
        write_released_list(ReleasedList(0, digest_of(data.intents), without_examples(data.intents)), folder)


def _tested(
    classifier: IntentClassifier,
    tested: Sequence[LabelledText],
    trained: TrainedIntents,
    progress: ProgressCallback,
) -> tuple[dict[str, float | int | str | None], Validation | None, str]:
    """What was measured before and on the tested examples, with the 95 % interval of their accuracy, and a report."""
    metrics: dict[str, float | int | str | None] = dict(trained.metrics)
    if not tested:
        return metrics, None, ""
    rows = [IntentRow(example.text, example.intent) for example in tested]
    figures = evaluate_intents(rows, classifier, progress=progress)
    right = {key_of(row.text): classifier.classify(row.text).alternatives[0][0] == row.intent for row in rows}
    low, high = bootstrap_interval([float(each) for each in right.values()])
    metrics |= {name: figures[name] for name in ("accuracy", "macro_f1", "ece", "ms_per_query")}
    metrics |= {"tested": len(rows), "accuracy_low": round(low, 4), "accuracy_high": round(high, 4)}
    return metrics, Validation(right), release_report(classifier, rows, f"{len(rows)} examples set aside")


def _both(first: Watch, second: Watch) -> Watch:
    def watch(measured: Measured) -> None:
        first(measured)
        second(measured)

    return watch
