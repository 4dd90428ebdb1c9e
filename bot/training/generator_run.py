"""One tuning of a generator, step by step: batches, optimizer, and where it stands. Knows nothing of files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.training.checkpoints import Standing
from bot.training.epochs import EpochProgress, Measured
from bot.training.generator_learners import GeneratorMethod, Learner
from bot.training.generator_rows import TokenRow
from bot.training.tuning_speed import plain_attention
from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    from torch import Tensor

_SORTED_TOGETHER = 8  # batches whose rows are sorted by length before they are cut apart: little is padded then


@dataclass(frozen=True, slots=True)
class GeneratorRecipe:
    epochs: int = 3
    learning_rate: float = 1e-3
    batch: int = 16  # rows of one step
    tokens_at_once: int = 2048  # of a batch, padding included: the rest waits, and gradients are added up
    warm_up: float = 0.06  # share of the steps
    weight_decay: float = 0.0
    patience: int = 1  # epochs without a smaller validation loss after which it ends
    seed: int = 0
    threads: int = 1

    @classmethod
    def of(cls, method: GeneratorMethod) -> GeneratorRecipe:
        """Where all weights learn, or only a prefix does, other steps are needed."""
        return cls(learning_rate={"full": 5e-5, "prefix": 1e-2}.get(method, 1e-3))


class GeneratorRun:
    """`epoch` and `measure` in turn until `is_over`, then `keep_best`."""

    def __init__(
        self,
        learner: Learner,
        train: Sequence[TokenRow],
        validation: Sequence[TokenRow],
        recipe: GeneratorRecipe,
        stage: str,
    ) -> None:
        import torch

        self._learner, self._train, self._validation, self._recipe = learner, train, validation, recipe
        self.stage = stage
        self.loss_before = 0.0  # of the validation rows, before the first step
        self._steps_an_epoch = steps_an_epoch(train, recipe)
        self._optimizer = torch.optim.AdamW(
            learner.masters.values(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
        )
        self._at = EpochProgress()
        self._best: dict[str, Tensor] = {}

    def is_over(self) -> bool:
        return self._at.is_over(self._steps_an_epoch, self._recipe.epochs, self._recipe.patience)

    def epoch(self) -> Iterator[float]:
        """Works through the rest of the epoch; yields how much of the whole training is done."""
        return self._at.work(self._steps_an_epoch, self._recipe.epochs, self._batches, self._learn)

    def measure(self) -> Measured:
        """At the end of an epoch: looks at the validation rows, and keeps the weights where their loss is smallest."""
        accuracy, loss = self._validated()
        if loss < self._at.best_loss:
            self._at.best_loss, self._at.best_epoch = loss, self._at.step // self._steps_an_epoch
            self._best = {name: each.detach().clone() for name, each in self._learner.masters.items()}
        return self._at.measured(self.stage, self._steps_an_epoch, self._recipe.epochs, accuracy, loss)

    def keep_best(self) -> tuple[Measured, ...]:
        """Puts the best epoch's weights back; returns the curve."""
        self._put(self._best)
        return self._at.measurements()

    def begin(self) -> None:
        """Before the first step of all; what goes on where another stood is restored instead."""
        self.loss_before = self._validated()[1]

    def standing(self) -> Standing:
        """Everything that the rest of the training depends on; batches are dealt by seed and epoch."""
        masters = self._learner.masters
        tensors: dict[str, Tensor] = {f"now/{name}": each for name, each in masters.items()}
        tensors |= {f"best/{name}": each for name, each in self._best.items()}
        for name, each in masters.items():
            for kind, value in self._optimizer.state.get(each, {}).items():
                tensors[f"{kind}/{name}"] = value
        allocated, values = self._learner.allocation()
        tensors |= {f"allocation/{name}": each for name, each in allocated.items()}
        return Standing(tensors, {**self._at.as_json(), "allocation": values, "loss_before": self.loss_before})

    def restore(self, standing: Standing) -> None:
        device = self._learner.device
        tensors: Mapping[str, Tensor] = {name: each.to(device) for name, each in standing.tensors.items()}
        others = ("tensors", "allocation", "loss_before")
        self._at = EpochProgress(**{name: value for name, value in standing.values.items() if name not in others})
        self.loss_before = standing.values["loss_before"]
        self._best = _under("best/", tensors)
        self._put(_under("now/", tensors))
        for name, each in self._learner.masters.items():
            kinds = [kind for kind in ("step", "exp_avg", "exp_avg_sq") if f"{kind}/{name}" in tensors]
            if kinds:
                self._optimizer.state[each] = {kind: tensors[f"{kind}/{name}"] for kind in kinds}
        self._learner.restore_allocation(_under("allocation/", tensors), standing.values["allocation"])

    def _put(self, weights: Mapping[str, Tensor]) -> None:
        import torch

        with torch.no_grad():
            for name, each in weights.items():
                self._learner.masters[name].copy_(each)
        self._learner.spread_masters()

    def _learn(self, chosen: Sequence[int]) -> float:
        import torch

        recipe, step = self._recipe, self._at.step
        steps = self._steps_an_epoch * recipe.epochs
        for group in self._optimizer.param_groups:
            group["lr"] = recipe.learning_rate * rate_at(step, steps, recipe.warm_up)
        rows = [self._train[number] for number in chosen]
        learnt = sum(len(row.tokens) - row.learnt_from for row in rows)
        summed = 0.0
        with torch_threads(recipe.threads), plain_attention(), self._learner.learning():
            for part in _parts(rows, recipe.tokens_at_once):
                loss, _ = self._loss(part)
                torch.autograd.backward(loss / learnt)
                summed += float(loss.detach())
            self._learner.gather_gradients()
            torch.nn.utils.clip_grad_norm_(list(self._learner.masters.values()), 1.0)
            self._optimizer.step()
            self._learner.allocate(step)
            self._learner.spread_masters()
            self._learner.forget_gradients()
        return summed / learnt

    def _loss(self, rows: Sequence[TokenRow]) -> tuple[Tensor, Tensor]:
        """Summed cross-entropy of what is to be learnt, and how many tokens were guessed."""
        import torch

        device = self._learner.device
        width = max(len(row.tokens) for row in rows)
        tokens = torch.tensor([[*row.tokens, *[0] * (width - len(row.tokens))] for row in rows], device=device)
        at = [(number, place) for number, row in enumerate(rows) for place in range(row.learnt_from, len(row.tokens))]
        numbers, places = torch.tensor(at, device=device).T
        logits = self._learner.logits(tokens, numbers, places - 1)
        truth = tokens[numbers, places]
        loss = torch.nn.functional.cross_entropy(logits, truth, reduction="sum")
        return loss, (logits.argmax(1) == truth).sum()

    def _validated(self) -> tuple[float, float]:
        """Share of the tokens that are guessed, and their mean loss."""
        import torch

        learnt = sum(len(row.tokens) - row.learnt_from for row in self._validation)
        rows = sorted(self._validation, key=lambda row: len(row.tokens))
        right = summed = 0.0
        with torch_threads(self._recipe.threads), torch.no_grad():
            for part in _parts(rows, self._recipe.tokens_at_once):
                loss, guessed = self._loss(part)
                summed += float(loss)
                right += float(guessed)
        return right / learnt, summed / learnt

    def _batches(self, epoch: int) -> list[list[int]]:
        """Every row's number once, shuffled, those of one batch about as long as each other."""
        random = np.random.default_rng((self._recipe.seed, epoch))
        shuffled = random.permutation(len(self._train)).tolist()
        size, together = self._recipe.batch, self._recipe.batch * _SORTED_TOGETHER
        batches: list[list[int]] = []
        for start in range(0, len(shuffled), together):
            near = sorted(shuffled[start : start + together], key=lambda number: len(self._train[number].tokens))
            batches += [near[place : place + size] for place in range(0, len(near), size)]
        return [batches[number] for number in random.permutation(len(batches))]


def steps_an_epoch(train: Sequence[TokenRow], recipe: GeneratorRecipe) -> int:
    """As many as `GeneratorRun` deals batches."""
    whole, rest = divmod(len(train), recipe.batch * _SORTED_TOGETHER)
    return whole * _SORTED_TOGETHER + -(-rest // recipe.batch)


def rate_at(step: int, steps: int, warm_up: float) -> float:
    """Share of the learning rate: rises through the warm-up, then falls in a line."""
    return min(1.0, (step + 1) / max(1.0, warm_up * steps)) * max(0.02, 1 - step / steps)


def _parts(rows: Sequence[TokenRow], tokens_at_once: int) -> Iterator[Sequence[TokenRow]]:
    """The rows in order, in parts that take at most so many tokens when padded; one row at least."""
    part: list[TokenRow] = []
    for row in rows:
        width = max(len(each.tokens) for each in [*part, row])
        if part and width * (len(part) + 1) > tokens_at_once:
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)}
