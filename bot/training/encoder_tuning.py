"""Teaches an encoder to keep intents apart, and goes on where a killed training stood. Knows nothing of releases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.training.epochs import Measured, run_epochs
from bot.training.tuning_run import Task, Tuned, TuningRecipe, TuningRun
from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    from bot.training.checkpoints import Checkpoints
    from knowledge.embedding.tunable_encoder import TunableEncoder

Watch = Callable[[Measured], None]
Report = Callable[[float], None]


def unwatched(_: Measured) -> None:
    """For trainings that nobody looks at."""


def tune(
    encoder: TunableEncoder,
    task: Task,
    recipe: TuningRecipe,
    *,
    checkpoints: Checkpoints | None = None,
    watch: Watch = unwatched,
    report: Report | None = None,
) -> Tuned:
    """Trains until `recipe.epochs` are over, or `recipe.patience` of them brought no better validation accuracy.

    The best epoch's weights are kept, of equally accurate ones those of the smaller loss; the last one's without
    validation or patience. With `checkpoints`, a training that was
    killed goes on where it stood. The same seed gives the same weights, up to rounding. `report` is told, after
    every step, which share of the steps is done. Raises TooSlow where not one epoch would end in `recipe.seconds`.
    """
    standing = checkpoints.read(task.stage) if checkpoints else None
    # What was begun is finished as it was planned, however busy the machine is by now.
    run = TuningRun(encoder, task, replace(recipe, seconds=None) if standing else recipe)
    with torch_threads(run.threads):
        if standing:
            run.restore(standing)
        run_epochs(run, task.stage, checkpoints=checkpoints, watch=watch, report=report)
        return run.result()
