"""Goes on with what an encoder learnt before it came here: guessing hidden words, in the company's own documents.

Masked language modelling (Devlin et al. 2019, §3.1) as continued pre-training (Gururangan et al. 2020). Words are
guessed from among those of the documents, against the encoder's own table of words, so that no table has to be learnt.
Whether it helps is for others to measure; knows nothing of intents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.training.tuning_speed import fastest_way, plain_attention
from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    from torch import Tensor

    from knowledge.embedding.tunable_encoder import TunableEncoder

FEWEST_TEXTS = 20
_LONGEST = 128  # tokens of a text that are read
_UNSEEN = 10  # one text in so many is not learnt from: on them the loss is measured


@dataclass(frozen=True, slots=True)
class PretrainingRecipe:
    epochs: int = 3
    seconds: float = 300.0  # at most; it ends between two steps
    learning_rate: float = 1e-4
    batch: int = 16
    hidden: float = 0.15  # share of the words that are to be guessed
    seed: int = 0
    threads: int = 1  # at most


@dataclass(frozen=True, slots=True)
class Pretrained:
    changes: Mapping[str, Tensor]
    steps: int
    loss_before: float  # on texts that were not learnt from, with a head that has learnt nothing yet
    loss_after: float
    seconds: float


def pretrain(
    encoder: TunableEncoder,
    texts: Sequence[str],
    recipe: PretrainingRecipe,
    *,
    report: Callable[[float], None] = lambda _: None,
) -> Pretrained:
    """Learns from `texts`; at least FEWEST_TEXTS. `report` is told which share of the time or steps is over."""
    began = time.perf_counter()
    run = _Run(encoder, [sequence[:_LONGEST] for sequence in encoder.tokenize(texts)], recipe)
    with torch_threads(run.threads), plain_attention():
        before = run.loss_of_unseen()
        order = np.random.default_rng(recipe.seed)
        steps = 0
        for epoch in range(recipe.epochs):
            for chosen in run.batches(order):
                over = max(steps / run.steps, (time.perf_counter() - began) / recipe.seconds)
                if over >= 1:
                    break
                run.learn(chosen, 1 - over, seed=(recipe.seed, epoch, steps))
                steps += 1
                report(over)
        after = run.loss_of_unseen()
    return Pretrained(encoder.changes(), steps, before, after, time.perf_counter() - began)


class _Run:
    def __init__(self, encoder: TunableEncoder, sequences: Sequence[Sequence[int]], recipe: PretrainingRecipe) -> None:
        import torch

        self._encoder, self._recipe = encoder, recipe
        self._unseen, self._seen = sequences[::_UNSEEN], [s for n, s in enumerate(sequences) if n % _UNSEEN]
        bfloat16, self.threads = fastest_way(encoder, self._seen[: recipe.batch], recipe.threads)
        encoder.run_in_bfloat16(bfloat16)
        self.steps = recipe.epochs * -(-len(self._seen) // recipe.batch)
        words = sorted({token for sequence in sequences for token in sequence})
        self._number = {token: number for number, token in enumerate(words)}
        table = encoder.word_table()
        self._table = torch.nn.functional.normalize(table[torch.tensor(words, device=table.device)].float(), dim=1)
        width = self._table.shape[1]
        torch.manual_seed(recipe.seed)
        self._head: Any = torch.nn.Sequential(
            torch.nn.Linear(width, width), torch.nn.GELU(), torch.nn.LayerNorm(width), torch.nn.Linear(width, width)
        ).to(table.device)
        groups = [
            {"params": list(encoder.learning().values()), "rate": recipe.learning_rate},
            {"params": list(self._head.parameters()), "rate": 10 * recipe.learning_rate},
        ]
        self._optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, weight_decay=0.01, fused=True)

    def batches(self, order: np.random.Generator) -> Sequence[Sequence[Sequence[int]]]:
        shuffled = [self._seen[number] for number in order.permutation(len(self._seen))]
        return [shuffled[start : start + self._recipe.batch] for start in range(0, len(shuffled), self._recipe.batch)]

    def learn(self, chosen: Sequence[Sequence[int]], factor: float, *, seed: tuple[int, ...]) -> None:
        import torch

        for group in self._optimizer.param_groups:
            group["lr"] = group["rate"] * factor
        self._optimizer.zero_grad()
        loss = self._loss(chosen, np.random.default_rng(seed))
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(list(self._encoder.learning().values()), 1.0)
        self._optimizer.step()

    def loss_of_unseen(self) -> float:
        import torch

        losses = []
        with torch.no_grad():
            for start in range(0, len(self._unseen), self._recipe.batch):
                losses.append(
                    float(self._loss(self._unseen[start : start + self._recipe.batch], np.random.default_rng(0)))
                )
        return float(np.mean(losses))

    def _loss(self, chosen: Sequence[Sequence[int]], random: np.random.Generator) -> Tensor:
        """Cross-entropy of the hidden words; first and last token, which every text has, are never hidden."""
        import torch

        from knowledge.embedding.tunable_encoder import padded

        shown, rows, places, gold = [], [], [], []
        for row, sequence in enumerate(chosen):
            inside = np.arange(1, max(2, len(sequence) - 1))
            hidden = set(
                random.choice(inside, max(1, round(self._recipe.hidden * len(inside))), replace=False).tolist()
            )
            shown.append([self._encoder.mask_token if n in hidden else token for n, token in enumerate(sequence)])
            for place in sorted(each for each in hidden if each < len(sequence)):
                rows.append(row)
                places.append(place)
                gold.append(self._number[sequence[place]])
        states = self._encoder.hidden(*padded(shown, self._encoder.padding))
        guesses = torch.nn.functional.normalize(self._head(states[rows, places]), dim=1) @ self._table.T
        truth = torch.tensor(gold, device=guesses.device)
        return torch.nn.functional.cross_entropy(_SHARPNESS * guesses, truth)


_SHARPNESS = 20.0  # of cosines, so that the likeliest word can be near certain
