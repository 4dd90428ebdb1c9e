"""Tunes intents twice, from the encoder as it is and from one that has read the company's documents; the better stays.

Better is what recognises more of the examples that neither had learnt from. Where tuning must pay, the better
one has to pay like any other, or the head alone stays. Knows nothing of where documents lie.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.errors import TrainingDataInvalid
from bot.training.checkpoints import Checkpoints, Standing
from bot.training.encoder_tuning import Watch
from bot.training.intents import LabelledText, train_intent_head
from bot.training.pretraining import FEWEST_TEXTS, PretrainingRecipe, pretrain
from bot.training.tuned_intents import TunedIntents, TuningOptions, pays, train_tuned_intents
from knowledge.embedding.model_folders import ProgressCallback

if TYPE_CHECKING:
    from torch import Tensor

    from knowledge.embedding.tunable_encoder import TunableEmbedder
    from knowledge.library import KnowledgeLibrary

_STAGE = "reading the documents"
_MEASURED = "set_aside_accuracy"


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of a training, and where it is kept meanwhile."""

    checkpoints: Checkpoints
    watch: Watch
    progress: ProgressCallback


def texts_of(library: KnowledgeLibrary) -> tuple[str, ...]:
    """Every passage of every document, as it is read by the encoder."""
    documents = library.documents()
    return tuple(one.text for document in documents for one in library.passages_of(document.document_id))


def train_with_documents(
    documents: Sequence[str],
    examples: Sequence[LabelledText],
    embedder: TunableEmbedder,
    options: TuningOptions,
    titles: Mapping[str, Sequence[str]] | None,
    told: Told,
) -> TunedIntents:
    """As `train_tuned_intents` with the method `full`, three times as long: `options.seconds` limits nothing here.

    With `options.must_pay` what comes back may be the head alone. The metrics say what was kept and why.
    Raises TrainingDataInvalid, also for too few documents.
    """
    if len(documents) < FEWEST_TEXTS:
        raise TrainingDataInvalid(
            f"The documents have {len(documents)} passages, and {FEWEST_TEXTS} is the fewest that something can be "
            "learnt from; ingest more, or leave out `--stage pretrain`"
        )

    def tuned(chosen: TuningOptions) -> TunedIntents:
        return train_tuned_intents(
            examples,
            embedder,
            chosen,
            titles=titles,
            checkpoints=told.checkpoints,
            watch=told.watch,
            progress=told.progress,
        )

    patient = replace(options, must_pay=False)  # both are measured before it is asked whether the better one pays
    without = tuned(patient)
    begin, losses = _read(documents, embedder, options.seed, told)
    having = tuned(replace(patient, begin=begin))
    made = _better(without, having, losses)
    if not options.must_pay or pays(made.trained.metrics):
        return made
    head = train_intent_head(
        examples,
        embedder,
        titles=titles,
        seed=options.seed,
        refused=options.refused,
        augment=options.augment,
        progress=told.progress,
    )
    metrics = {**head.metrics, **made.trained.metrics, "pretraining_kept": 0}
    return TunedIntents(replace(head, metrics=metrics), None)


def _better(without: TunedIntents, having: TunedIntents, losses: Mapping[str, float]) -> TunedIntents:
    scores = [float(each.trained.metrics[_MEASURED]) for each in (without, having)]
    kept = having if scores[1] > scores[0] else without
    metrics = {
        **kept.trained.metrics,
        **losses,
        "pretraining_kept": int(kept is having),
        f"{_MEASURED}_without_pretraining": scores[0],
        f"{_MEASURED}_with_pretraining": scores[1],
    }
    return replace(kept, trained=replace(kept.trained, metrics=metrics))


def _read(
    documents: Sequence[str], embedder: TunableEmbedder, seed: int, told: Told
) -> tuple[Mapping[str, Tensor], Mapping[str, float]]:
    """What the encoder learnt and the loss before and after; from the checkpoint where that was done already."""
    stage = _STAGE.replace(" ", "-")
    known = told.checkpoints.read(stage)
    if known is not None:
        return known.tensors, known.values["losses"]
    recipe = PretrainingRecipe(seed=seed, threads=os.cpu_count() or 1)
    made = pretrain(embedder.tunable("full"), documents, recipe, report=lambda share: told.progress(_STAGE, share))
    losses = {
        "pretraining_passages": len(documents),
        "pretraining_loss_before": round(made.loss_before, 4),
        "pretraining_loss_after": round(made.loss_after, 4),
        "pretraining_seconds": round(made.seconds, 2),
    }
    told.checkpoints.write(stage, Standing(made.changes, {"step": made.steps, "losses": losses}))
    return made.changes, losses
