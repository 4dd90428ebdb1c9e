"""One training of a reader, step by step: its weights, their optimizer, and where it stands. Knows nothing of files.

The encoder is frozen, so what it says of each text is computed once, before; what learns is the small network of
`bot.verifiers.comparing`. One thread of torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.training.checkpoints import Standing
from bot.training.epochs import EpochProgress, Measured
from bot.training.verifier_pairs import ClaimPair
from bot.verifiers.comparing import fresh_weights, support_logits, words_of
from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    from torch import Tensor

    from knowledge.embedding.token_states import TokenStates

_SORTED_TOGETHER = 16  # batches whose pairs are sorted by length before they are cut apart: little is padded then
_SEEN_AT_ONCE = 128  # pairs, in validation


@dataclass(frozen=True, slots=True)
class ReaderRecipe:
    """Chosen by looking at validation curves; not searched."""

    epochs: int = 10
    learning_rate: float = 1.5e-3
    batch: int = 48
    warm_up: int = 50  # steps
    weight_decay: float = 0.02
    patience: int = 3  # epochs without a smaller validation loss after which it ends
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ReadPairs:
    """Pairs with what the encoder says of their texts, in the same order."""

    claims: Sequence[TokenStates]
    sentences: Sequence[TokenStates]
    truths: Sequence[bool]


@dataclass(frozen=True, slots=True)
class TrainedReader:
    weights: Mapping[str, Tensor]
    best_epoch: int
    history: tuple[Measured, ...]


class ReaderRun:
    """`epoch` and `measure` in turn until `is_over`, then `result`."""

    def __init__(self, train: ReadPairs, validation: ReadPairs, recipe: ReaderRecipe, *, stage: str) -> None:
        import torch

        self._train, self._validation, self._recipe, self._stage = train, validation, recipe, stage
        dimensions = train.claims[0].tokens.shape[1]
        self._weights = {name: torch.nn.Parameter(each) for name, each in fresh_weights(dimensions).items()}
        self._steps_an_epoch = -(-len(train.truths) // recipe.batch)
        self._steps = self._steps_an_epoch * recipe.epochs
        self._optimizer = torch.optim.AdamW(self._weights.values(), weight_decay=recipe.weight_decay)
        self._at = EpochProgress()
        self._best: dict[str, Tensor] = {}

    def is_over(self) -> bool:
        return self._at.is_over(self._steps_an_epoch, self._recipe.epochs, self._recipe.patience)

    def epoch(self) -> Iterator[float]:
        """Works through the rest of the epoch; yields how much of the whole training is done."""
        return self._at.work(self._steps_an_epoch, self._recipe.epochs, self._batches, self._learn)

    def measure(self) -> Measured:
        """At the end of an epoch: looks at the validation pairs, and keeps the weights where their loss is smallest."""
        at = self._at
        epoch = at.step // self._steps_an_epoch
        accuracy, loss = self._validated()
        if loss < at.best_loss:
            at.best_loss, at.best_epoch = loss, epoch
            self._best = {name: each.detach().clone() for name, each in self._weights.items()}
        return at.measured(self._stage, self._steps_an_epoch, self._recipe.epochs, accuracy, loss)

    def result(self) -> TrainedReader:
        weights = {name: each.detach().clone().contiguous() for name, each in (self._best or self._weights).items()}
        return TrainedReader(weights, self._at.best_epoch, self._at.measurements())

    def standing(self) -> Standing:
        """Everything that the rest of the training depends on; batches are dealt by seed and epoch."""
        tensors: dict[str, Tensor] = {f"now/{name}": each for name, each in self._weights.items()}
        tensors |= {f"best/{name}": each for name, each in self._best.items()}
        for name, each in self._weights.items():
            for kind, value in self._optimizer.state.get(each, {}).items():
                tensors[f"{kind}/{name}"] = value
        return Standing(tensors, self._at.as_json())

    def restore(self, standing: Standing) -> None:
        import torch

        self._at = EpochProgress(**{key: value for key, value in standing.values.items() if key != "tensors"})
        with torch.no_grad():
            for name, each in self._weights.items():
                each.copy_(standing.tensors[f"now/{name}"])
                kinds = ("step", "exp_avg", "exp_avg_sq")
                kept = {
                    kind: standing.tensors[f"{kind}/{name}"] for kind in kinds if f"{kind}/{name}" in standing.tensors
                }
                if kept:
                    self._optimizer.state[each] = kept
                if f"best/{name}" in standing.tensors:
                    self._best[name] = standing.tensors[f"best/{name}"]

    def _learn(self, chosen: Sequence[int]) -> float:
        import torch

        at, recipe = self._at, self._recipe
        factor = min(1.0, (at.step + 1) / recipe.warm_up) * max(0.02, 1 - at.step / self._steps)
        for group in self._optimizer.param_groups:
            group["lr"] = recipe.learning_rate * factor
        with torch_threads(1):
            self._optimizer.zero_grad()
            logits, truths = self._judged(self._train, chosen)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, truths)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(list(self._weights.values()), 1.0)
            self._optimizer.step()
        return float(loss.detach())

    def _judged(self, pairs: ReadPairs, chosen: Sequence[int]) -> tuple[Tensor, Tensor]:
        import torch

        claims = words_of([pairs.claims[number] for number in chosen])
        sentences = words_of([pairs.sentences[number] for number in chosen])
        truths = torch.tensor([float(pairs.truths[number]) for number in chosen])
        return support_logits(claims, sentences, self._weights), truths

    def _validated(self) -> tuple[float, float]:
        import torch

        order = _by_length(self._validation, range(len(self._validation.truths)))
        with torch_threads(1), torch.no_grad():
            judged = [
                self._judged(self._validation, order[start : start + _SEEN_AT_ONCE])
                for start in range(0, len(order), _SEEN_AT_ONCE)
            ]
            logits, truths = (torch.cat(each) for each in zip(*judged, strict=True))
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, truths)
        return float(((logits > 0) == (truths > 0.5)).float().mean()), float(loss)

    def _batches(self, epoch: int) -> list[list[int]]:
        """Every pair's number once, shuffled, those of one batch about as long as each other."""
        random = np.random.default_rng((self._recipe.seed, epoch))
        shuffled = random.permutation(len(self._train.truths)).tolist()
        size, together = self._recipe.batch, self._recipe.batch * _SORTED_TOGETHER
        batches: list[list[int]] = []
        for start in range(0, len(shuffled), together):
            near = _by_length(self._train, shuffled[start : start + together])
            batches += [near[place : place + size] for place in range(0, len(near), size)]
        return [batches[number] for number in random.permutation(len(batches))]


def read_pairs(pairs: Sequence[ClaimPair], states: Mapping[str, TokenStates]) -> ReadPairs:
    """`states` by text."""
    claims, sentences = (
        [states[text] for text in texts] for texts in zip(*((p.claim, p.sentence) for p in pairs), strict=True)
    )
    return ReadPairs(claims, sentences, [pair.truth for pair in pairs])


def _by_length(pairs: ReadPairs, numbers: Sequence[int]) -> list[int]:
    return sorted(numbers, key=lambda number: len(pairs.sentences[number].tokens))
