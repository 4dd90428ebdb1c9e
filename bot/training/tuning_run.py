"""One tuning of an encoder, step by step: what learns, its optimizer, and where it stands. Knows nothing of files.

Fine-tuning as in Devlin et al. 2019, §4, with two changes: the head begins at the mean of each intent's examples, so
that the first steps need not wreck the encoder, and tables of words stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.classifiers.intent_head import Floats
from bot.training.checkpoints import Standing
from bot.training.epochs import EpochProgress, Measured
from bot.training.intent_views import Integers, intent_weights
from bot.training.tuning_speed import embed_tokens, fastest_way, plain_attention, seconds_of_a_step
from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    from torch import Tensor

    from knowledge.embedding.tunable_encoder import Method, TunableEncoder

_SORTED_TOGETHER = 8  # batches whose texts are sorted by length before they are cut apart: little is padded then


@dataclass(frozen=True, slots=True)
class TuningRecipe:
    """How an encoder is tuned. The values are starting points: no whole training has been measured with them yet."""

    method: Method
    epochs: int
    learning_rate: float = 3e-4
    head_learning_rate: float = 0.01
    head_start: float = 12.0  # length of each intent's weights at the start
    batch: int = 32
    warm_up: float = 0.1  # share of the steps
    weight_decay: float = 0.01
    patience: int | None = 3  # epochs without better validation accuracy after which it ends; None: the last is kept
    seed: int = 0
    threads: int = 1  # at most
    seconds: float | None = None  # of learning, at most: fewer epochs where they would take longer on this machine


class TooSlow(Exception):
    """Not even one epoch would be over in `TuningRecipe.seconds`."""


@dataclass(frozen=True, slots=True)
class Labelled:
    texts: Sequence[str]
    labels: Integers


@dataclass(frozen=True, slots=True)
class TunedHead:
    """The softmax head of a tuned encoder."""

    centre: Floats  # (d,): of the examples before tuning; meanings are what differs from it
    weights: Floats  # (d, c)
    bias: Floats  # (c,)


@dataclass(frozen=True, slots=True)
class Tuned:
    head: TunedHead
    changes: Mapping[str, Tensor]
    validation_logits: Floats | None  # (n, c), of the validation texts
    best_epoch: int
    history: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be learnt."""

    train: Labelled
    intents: int
    validation: Labelled | None = None  # never learnt from: chooses the epoch
    stage: str = "tuning"


@dataclass(slots=True)
class _Progress(EpochProgress):
    bfloat16: bool = False
    epochs: int = 0  # planned; kept with what was learnt, as another machine or hour would plan others
    best_accuracy: float = -1.0


class TuningRun:
    """`epoch` and `measure` in turn until `is_over`, then `result`."""

    def __init__(self, encoder: TunableEncoder, task: Task, recipe: TuningRecipe) -> None:
        """Raises TooSlow."""
        import torch

        train, validation, intents = task.train, task.validation, task.intents

        self._encoder, self._recipe, self._stage = encoder, recipe, task.stage
        self._sequences = encoder.tokenize(train.texts)
        self._labels = torch.from_numpy(train.labels).to(encoder.device)
        bfloat16, self.threads = fastest_way(encoder, self._sequences[: recipe.batch], recipe.threads)
        encoder.run_in_bfloat16(bfloat16)
        self._steps_an_epoch = -(-len(self._sequences) // recipe.batch)
        self._at = _Progress(bfloat16=bfloat16, epochs=self._planned_epochs())
        vectors = embed_tokens(encoder, self._sequences)
        self._centre = vectors.mean(0)
        self._weights, self._bias = _start(vectors - self._centre, self._labels, intents, recipe.head_start)
        self._importance = torch.from_numpy(intent_weights(train.labels, intents)).to(encoder.device)
        self._validation = validation
        self._unseen = encoder.tokenize(validation.texts) if validation else []
        layers = list(encoder.learning().values())
        groups = [
            {"params": layers, "lr": recipe.learning_rate},
            {"params": [self._weights, self._bias], "lr": recipe.head_learning_rate},
        ]
        self._optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=True)
        self._rates = [recipe.learning_rate, recipe.head_learning_rate]
        self._best: dict[str, Tensor] = {}

    @property
    def _steps(self) -> int:
        return self._steps_an_epoch * self._at.epochs

    def _planned_epochs(self) -> int:
        if self._recipe.seconds is None:
            return self._recipe.epochs
        with torch_threads(self.threads):
            step = seconds_of_a_step(self._encoder, self._sequences, self._recipe.batch)
        possible = int(self._recipe.seconds / (step * self._steps_an_epoch))
        if possible < 1:
            raise TooSlow
        return min(possible, self._recipe.epochs)

    def is_over(self) -> bool:
        return self._at.is_over(self._steps_an_epoch, self._at.epochs, self._recipe.patience)

    def epoch(self) -> Iterator[float]:
        """Works through the rest of the epoch; yields how much of the whole training is done."""
        return self._at.work(self._steps_an_epoch, self._at.epochs, self._batches, self._learn)

    def measure(self) -> Measured:
        """At the end of an epoch: looks at the validation texts, and keeps the weights where they are the best yet."""
        at = self._at
        epoch = at.step // self._steps_an_epoch
        accuracy = loss = None
        if self._validation is not None:
            accuracy, loss = self._validate(self._validation)
        if self._recipe.patience is None or accuracy is None or loss is None:
            at.best_epoch = epoch
        elif (accuracy, -loss) > (at.best_accuracy, -at.best_loss):
            at.best_accuracy, at.best_loss, at.best_epoch = accuracy, loss, epoch
            self._best = {name: each.detach().clone() for name, each in self._learning().items()}
        return at.measured(self._stage, self._steps_an_epoch, at.epochs, accuracy, loss)

    def result(self) -> Tuned:
        import torch

        with torch.no_grad():
            for name, each in self._learning().items():
                if name in self._best:
                    each.copy_(self._best[name])
        weights, bias = self._weights.detach().T, self._bias.detach()
        head = TunedHead(*(np.ascontiguousarray(each.cpu().numpy()) for each in (self._centre, weights, bias)))
        unseen = self._logits(self._unseen).cpu().numpy() if self._unseen else None
        return Tuned(head, self._encoder.changes(), unseen, self._at.best_epoch, self._at.measurements())

    def standing(self) -> Standing:
        """Everything that the rest of the training depends on; batches are dealt by seed and epoch."""
        tensors = {f"now/{name}": each for name, each in self._learning().items()}
        tensors |= {f"best/{name}": each for name, each in self._best.items()}
        for name, each in self._learning().items():
            for kind, value in self._optimizer.state.get(each, {}).items():
                tensors[f"{kind}/{name}"] = value
        return Standing(tensors, self._at.as_json())

    def restore(self, standing: Standing) -> None:
        import torch

        values = {key: value for key, value in standing.values.items() if key != "tensors"}
        self._at = _Progress(**values)
        self._encoder.run_in_bfloat16(self._at.bfloat16)
        with torch.no_grad():
            for name, each in self._learning().items():
                each.copy_(standing.tensors[f"now/{name}"])
                kept = {kind: standing.tensors.get(f"{kind}/{name}") for kind in ("step", "exp_avg", "exp_avg_sq")}
                if kept["step"] is not None:
                    self._optimizer.state[each] = {
                        kind: value.to(each.device) for kind, value in kept.items() if value is not None
                    }
                if f"best/{name}" in standing.tensors:
                    self._best[name] = standing.tensors[f"best/{name}"].to(each.device)

    def _learning(self) -> dict[str, Tensor]:
        return {**self._encoder.learning(), "head.weights": self._weights, "head.bias": self._bias}

    def _learn(self, chosen: Sequence[int]) -> float:
        import torch

        share = self._at.step / self._steps
        factor = min(1.0, share / self._recipe.warm_up + 1 / self._steps) * (1 - share)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        self._optimizer.zero_grad()
        with plain_attention(), self._encoder.learning_with(self._recipe.seed * 1_000_003 + self._at.step):
            logits = self._scores(self._encoder.vectors([self._sequences[number] for number in chosen]))
            loss = torch.nn.functional.cross_entropy(logits, self._labels[list(chosen)], weight=self._importance)
            torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(list(self._encoder.learning().values()), 1.0)
        self._optimizer.step()
        return float(loss.detach())

    def _scores(self, vectors: Tensor) -> Tensor:
        import torch

        return torch.nn.functional.normalize(vectors - self._centre, dim=1) @ self._weights.T + self._bias

    def _logits(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        import torch

        with torch.no_grad():
            return self._scores(embed_tokens(self._encoder, sequences))

    def _validate(self, validation: Labelled) -> tuple[float, float]:
        import torch

        logits = self._logits(self._unseen)
        labels = torch.from_numpy(validation.labels).to(logits.device)
        loss = torch.nn.functional.cross_entropy(logits, labels)
        return float((logits.argmax(1) == labels).float().mean()), float(loss)

    def _batches(self, epoch: int) -> list[list[int]]:
        """Every text's number once, shuffled, those of one batch about as long as each other."""
        random = np.random.default_rng((self._recipe.seed, epoch))
        shuffled = random.permutation(len(self._sequences)).tolist()
        size, together = self._recipe.batch, self._recipe.batch * _SORTED_TOGETHER
        batches: list[list[int]] = []
        for start in range(0, len(shuffled), together):
            near = sorted(shuffled[start : start + together], key=lambda number: len(self._sequences[number]))
            batches += [near[place : place + size] for place in range(0, len(near), size)]
        return [batches[number] for number in random.permutation(len(batches))]


def _start(vectors: Tensor, labels: Tensor, intents: int, length: float) -> tuple[Tensor, Tensor]:
    """Head weights (c, d) along the mean of each intent's examples, and a bias of zeros."""
    import torch

    directions = torch.nn.functional.normalize(vectors, dim=1)
    sums = torch.zeros(intents, vectors.shape[1], device=vectors.device).index_add_(0, labels, directions)
    weights = torch.nn.functional.normalize(sums, dim=1) * length
    return torch.nn.Parameter(weights), torch.nn.Parameter(torch.zeros(intents, device=vectors.device))
