"""Trains intents with the encoder tuned too, and pools what it says with the frozen views. Knows nothing of releases.

How much each view counts is found on examples that neither the frozen views nor the tuned encoder had learnt from.
Of many examples one in ten is set aside for that. Of few, encoders learn from four fifths, each from others, and are
thrown away once the views are weighed on the rest; the one that is kept learns from every example.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.classifiers.finetuned import ENCODER
from bot.classifiers.intent_head import Floats, TunedView, pool, softmax
from bot.classifiers.language_offset import language_offset
from bot.training.encoder_tuning import Watch, tune, unwatched
from bot.training.intent_views import IN_SCOPE_REFUSED, HeldOut, Integers, fit_pooling, together
from bot.training.intents import (
    Augment,
    FrozenViews,
    HeldOutJudgement,
    LabelledText,
    TrainedIntents,
    head_alone,
    measure_held_out,
    train_frozen_views,
)
from bot.training.metrics import accuracy
from bot.training.tuning_run import Labelled, Task, TooSlow, Tuned, TuningRecipe
from knowledge.embedding.model_folders import ProgressCallback, no_progress
from knowledge.errors import ModelUnavailable

if TYPE_CHECKING:
    from torch import Tensor

    from bot.training.checkpoints import Checkpoints
    from knowledge.embedding.tunable_encoder import Method, TunableEmbedder
    from knowledge.protocols import Embedder

MANY = 2000  # examples from which on one in ten is set aside, and one encoder is tuned instead of two
_ENOUGH = 200
_WORTH = 5.0  # nats, over all messages set aside
_TINY = 1e-9
_WEIGHED_AGAIN_BELOW = (500, 1000)  # examples
_FEWEST_EACH = 3  # examples of an intent from which on one can be set aside
_TOKENS_AN_EPOCH_LEARNS = 600_000  # tokens worked through in all: some ten minutes on one thread
_EPOCHS = (2, 6)  # fewest and most
_WEIGHING, _TUNING = "weighing the views", "tuning the encoder"
FROZEN = (0, 1, 2)
FUSED, FUSED_WORDLESS = (0, 1, 2, 3), (0, 2, 3)


@dataclass(frozen=True, slots=True)
class TuningOptions:
    method: Method = "full"
    seed: int = 0
    refused: float = IN_SCOPE_REFUSED  # share of messages about a known intent that may be called unknown
    # Only where it pays: in `seconds` of learning, and where messages set aside say so (`pays`); else the head.
    must_pay: bool = False
    seconds: float = 240.0
    augment: Augment = "none"  # of the frozen views
    begin: Mapping[str, Tensor] | None = None  # what the encoder has learnt already; `full` only


@dataclass(frozen=True, slots=True)
class TunedIntents:
    """`trained.head` judges with the vectors of the embedder to which `changes` are applied; None: it needs none."""

    trained: TrainedIntents
    changes: Mapping[str, Tensor] | None

    def write_encoder(self, folder: Path) -> Path | None:
        """The file that `TunableEmbedder.tuned` reads."""
        return None if self.changes is None else write_changes(self.changes, folder)


def write_changes(changes: Mapping[str, Tensor], folder: Path) -> Path:
    from safetensors.torch import save_file

    save_file(dict(changes), folder / ENCODER)
    return folder / ENCODER


def choose_method(examples: Sequence[LabelledText], embedder: Embedder) -> str:
    """`full` where there are `_ENOUGH` examples and five or more an intent: it is then tried, and must pay.

    `head` with fewer, which leave too little to weigh the views on, and where the embedder cannot learn.
    """
    from knowledge.embedding.tunable_encoder import TunableEmbedder

    intents = len({example.intent for example in examples})
    if not isinstance(embedder, TunableEmbedder):
        return "head"
    return "full" if len(examples) >= max(_ENOUGH, 5 * intents) else "head"


def tunable(embedder: Embedder) -> TunableEmbedder:
    """Raises ModelUnavailable where the embedder cannot learn."""
    from knowledge.embedding.tunable_encoder import TunableEmbedder

    if isinstance(embedder, TunableEmbedder):
        return embedder
    raise ModelUnavailable("The embedder in use cannot be tuned; train with `--method head`")


def train_tuned_intents(
    examples: Sequence[LabelledText],
    embedder: TunableEmbedder,
    options: TuningOptions,
    *,
    titles: Mapping[str, Sequence[str]] | None = None,
    checkpoints: Checkpoints | None = None,
    watch: Watch = unwatched,
    progress: ProgressCallback = no_progress,
) -> TunedIntents:
    """As `train_intent_head`, with the encoder tuned too: minutes instead of seconds.

    The metrics are of the examples that were set aside. With `options.must_pay` what comes back may be the head alone:
    where tuning would take too long on this machine, or did not help with what was set aside (`pays`).
    Raises TrainingDataInvalid, ModelUnavailable.
    """
    began = time.perf_counter()
    frozen = train_frozen_views(
        examples, embedder, titles=titles, seed=options.seed, augment=options.augment, progress=progress
    )
    trainer = _Trainer(frozen, embedder, options, checkpoints, watch, progress)
    try:
        held_out, final = _learn(trainer)
    except TooSlow:
        return TunedIntents(head_alone(frozen, options.refused, began), None)
    target = frozen.scope_target(options.refused)
    pooling, wordless = (fit_pooling(held_out, views, target) for views in (FUSED, FUSED_WORDLESS))
    judged = HeldOutJudgement(held_out.positions, softmax(pool(held_out.logits, pooling.weights)))
    measured = _measured(judged.probabilities, held_out, frozen)
    if options.must_pay and not pays(measured):
        head = head_alone(frozen, options.refused, began)
        return TunedIntents(replace(head, metrics={**head.metrics, **measured}), None)
    view = TunedView(final.head.centre, _offset(embedder, final), final.head.weights, final.head.bias)
    metrics = {"examples": frozen.examples, "intents": len(frozen.names), **measured}
    trained = TrainedIntents(frozen.head(pooling, wordless, view), metrics, time.perf_counter() - began, judged)
    return TunedIntents(trained, final.changes)


def _learn(trainer: _Trainer) -> tuple[HeldOut, Tuned]:
    """What all four views made of examples that none had seen, and the encoder that is kept. Raises TooSlow."""
    frozen = trainer.frozen
    asides = set_aside(frozen.labels[: frozen.examples], trainer.options.seed)
    if frozen.examples >= MANY:
        weighing = [trainer.tune(_TUNING, asides[0])]
        final = weighing[0]
    else:  # too few were set aside to choose an epoch by, and none can be spared: all learn as long, the last is kept
        share = 1 / (len(asides) + 1)
        stages = [f"{_WEIGHING} {number}" for number in range(1, len(asides) + 1)]
        weighing = [trainer.tune(*each, patience=None, share=share) for each in zip(stages, asides, strict=True)]
        final = trainer.tune(_TUNING, np.zeros(0, dtype=np.int64), patience=None, share=share)
    return together([_fused(frozen, *each) for each in zip(weighing, asides, strict=True)]), final


def set_aside(labels: Integers, seed: int) -> list[Integers]:
    """Positions of the examples that views are weighed on, for each encoder that is tuned without them; none twice.

    One in ten of many; of few, one in five, and the fewer there are, the more often: three times, twice, once.
    """
    share = 10 if len(labels) >= MANY else 5
    runs = sum(len(labels) < fewer for fewer in _WEIGHED_AGAIN_BELOW) + 1
    random = np.random.default_rng(seed)
    chosen: list[list[int]] = [[] for _ in range(runs)]
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        count = max(1, len(members) // share)
        for number, positions in enumerate(chosen):
            if len(members) >= _FEWEST_EACH * (number + 1):
                positions.extend(members[number * count : (number + 1) * count].tolist())
    return [np.array(sorted(positions), dtype=np.int64) for positions in chosen]


def epochs_for(tokens: int) -> int:
    """Few examples are gone through more often."""
    fewest, most = _EPOCHS
    return int(np.clip(round(_TOKENS_AN_EPOCH_LEARNS / max(1, tokens)), fewest, most))


@dataclass(frozen=True, slots=True)
class _Trainer:
    frozen: FrozenViews
    embedder: TunableEmbedder
    options: TuningOptions
    checkpoints: Checkpoints | None
    watch: Watch
    progress: ProgressCallback

    def tune(self, stage: str, aside: Integers, *, patience: int | None = 3, share: float = 1.0) -> Tuned:
        """Learns from all texts but those at `aside`, on which the best epoch is chosen where there is patience.

        `share` is this tuning's of the time that there is. Raises TooSlow.
        """
        frozen = self.frozen
        kept = np.setdiff1d(np.arange(len(frozen.texts)), aside)
        encoder = self.embedder.tunable(self.options.method)
        if self.options.begin is not None:
            encoder.begin_with(self.options.begin)
            stage += " again"
        train, unseen = (
            Labelled([frozen.texts[place] for place in places], frozen.labels[places]) for places in (kept, aside)
        )
        tokens = sum(map(len, encoder.tokenize(train.texts)))
        recipe = TuningRecipe(
            self.options.method,
            epochs_for(tokens),
            patience=patience,
            seed=self.options.seed,
            threads=os.cpu_count() or 1,
            seconds=share * self.options.seconds if self.options.must_pay else None,
        )
        if self.options.method == "lora":
            recipe = replace(recipe, learning_rate=1e-3)
        task = Task(train, len(frozen.names), unseen if len(aside) else None, stage.replace(" ", "-"))
        return tune(
            encoder,
            task,
            recipe,
            checkpoints=self.checkpoints,
            watch=self.watch,
            report=lambda share: self.progress(stage, share),
        )


def _fused(frozen: FrozenViews, tuned: Tuned, aside: Integers) -> HeldOut:
    if tuned.validation_logits is None:
        raise AssertionError("the views are weighed on examples that were set aside")
    return frozen.held_out.with_view(aside, tuned.validation_logits)


def pays(measured: Mapping[str, float | int]) -> bool:
    """Whether messages set aside say that tuning was worth a second pass.

    By their likelihood, which tells two classifiers apart by fewer messages than accuracy does; and no fewer may be
    right. Four weights were fitted on these very messages, which is worth two nats by chance.
    """
    as_many_right = measured["set_aside_accuracy"] >= measured["set_aside_accuracy_of_head"]
    return measured["set_aside_nats_gained"] > _WORTH and as_many_right


def _offset(embedder: TunableEmbedder, tuned: Tuned) -> Floats:
    """What the tuned encoder adds to Chinese over English."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-encoder-") as folder:
        return language_offset(embedder.tuned(write_changes(tuned.changes, Path(folder))))


def _measured(probabilities: Floats, held_out: HeldOut, frozen: FrozenViews) -> dict[str, float | int]:
    """Named as what it is: measured on examples set aside; beside it the frozen views on the same ones."""
    fused = measure_held_out(probabilities, held_out.labels)
    frozen_weights = fit_pooling(frozen.held_out, FROZEN).weights
    by_head = softmax(pool(held_out.logits[:3], frozen_weights))
    head = accuracy([str(each) for each in by_head.argmax(axis=1)], [str(each) for each in held_out.labels])
    rows = np.arange(len(held_out.labels))
    gained = np.log(probabilities[rows, held_out.labels] + _TINY) - np.log(by_head[rows, held_out.labels] + _TINY)
    names = {key: key.replace("cross_validated", "set_aside") for key in fused}
    return {names[key]: value for key, value in fused.items()} | {
        "set_aside": len(held_out.labels),
        "set_aside_accuracy_of_head": round(head, 4),
        "set_aside_nats_gained": round(float(gained.sum()), 2),
    }
