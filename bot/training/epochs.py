"""How every training of ours goes from step to step and from epoch to epoch. Knows nothing of what is learnt."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from bot.training.checkpoints import Checkpoints, Standing


@dataclass(frozen=True, slots=True)
class Measured:
    """One epoch."""

    stage: str
    epoch: int  # from 1
    epochs: int
    loss: float
    validation_accuracy: float | None
    validation_loss: float | None
    seconds: float


@dataclass(slots=True)
class EpochProgress:
    """Where a training stands, in plain values: it is part of every checkpoint."""

    step: int = 0
    best_loss: float = math.inf
    best_epoch: int = 0
    summed_loss: float = 0.0  # of the steps of this epoch
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)

    def waits_to_be_measured(self, steps_an_epoch: int) -> bool:
        """Whether it was killed between the last step of an epoch and what is measured after it."""
        return self.step == (len(self.history) + 1) * steps_an_epoch

    def is_over(self, steps_an_epoch: int, epochs: int, patience: int | None) -> bool:
        if self.waits_to_be_measured(steps_an_epoch):
            return False
        over = self.step // steps_an_epoch
        stale = patience is not None and over - self.best_epoch >= patience
        return self.step >= steps_an_epoch * epochs or (self.step % steps_an_epoch == 0 and stale)

    def work(
        self,
        steps_an_epoch: int,
        epochs: int,
        batches: Callable[[int], Sequence[Sequence[int]]],
        learn: Callable[[Sequence[int]], float],
    ) -> Iterator[float]:
        """Works through the rest of the epoch; yields how much of the whole training is done.

        `batches(epoch)` must deal the same batches every time it is asked.
        """
        if self.waits_to_be_measured(steps_an_epoch):
            return
        epoch, done = divmod(self.step, steps_an_epoch)
        for chosen in batches(epoch)[done:]:
            began = time.perf_counter()
            self.summed_loss += learn(chosen)
            self.step += 1
            self.seconds += time.perf_counter() - began
            yield self.step / (steps_an_epoch * epochs)

    def measured(
        self, stage: str, steps_an_epoch: int, epochs: int, accuracy: float | None, loss: float | None
    ) -> Measured:
        """Closes the epoch."""
        mean = self.summed_loss / steps_an_epoch
        measured = Measured(stage, self.step // steps_an_epoch, epochs, mean, accuracy, loss, round(self.seconds, 2))
        self.summed_loss = 0.0
        self.history.append(asdict(measured))
        return measured

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "best_loss": min(self.best_loss, 1e9)}  # JSON knows no infinity

    def measurements(self) -> tuple[Measured, ...]:
        return tuple(Measured(**each) for each in self.history)


class Run(Protocol):
    """`epoch` and `measure` in turn until `is_over`."""

    def is_over(self) -> bool: ...

    def epoch(self) -> Iterator[float]: ...

    def measure(self) -> Measured: ...

    def standing(self) -> Standing: ...


def run_epochs(
    run: Run,
    stage: str,
    *,
    checkpoints: Checkpoints | None,
    watch: Callable[[Measured], None],
    report: Callable[[float], None] | None,
) -> None:
    """Until it is over; what was done is written down every minute and after each epoch."""
    while not run.is_over():
        for share in run.epoch():
            if report:
                report(share)
            if checkpoints and checkpoints.is_due():
                checkpoints.write(stage, run.standing())
        measured = run.measure()
        if checkpoints:
            checkpoints.write(stage, run.standing())
        watch(measured)
