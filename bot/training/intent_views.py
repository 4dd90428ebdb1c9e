"""The views of an intent head, trained on features, and what cross-validation tells about them. Knows nothing of texts.

Two softmax heads are trained on torch, on meanings and on n-grams; neighbours need no training. Folds give every
example a score from heads that never saw it: these weigh and calibrate the views and set the threshold of what is out
of scope.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.classifiers.intent_head import Floats, IntentViews, Pooling, ScopeRule, log_sum_exp, pool
from bot.errors import TrainingDataInvalid
from bot.training.imagined_meanings import imagined_meanings
from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    import torch

TITLE = -1  # the fold of titles: they are trained on in every fold and never scored
COPY = -2  # that of what was made of an example of fold 0, and so on downwards: left out with it, and never scored
IN_SCOPE_REFUSED = 0.08  # share of cross-validated examples that the threshold calls out of scope

_LOPSIDED = 10
_ENOUGH_OF_A_LANGUAGE = 50
_MANY = 3000  # examples from which on three folds are enough

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HeadRecipe:
    """How one softmax head is trained: best of a small grid on banking77, clinc150 and bitext_cs, 3 to 100 examples."""

    learning_rate: float
    start: float  # length of each intent's weights at the start, along the mean of its examples


MEANING = HeadRecipe(learning_rate=0.1, start=10)
NGRAMS = HeadRecipe(learning_rate=0.03, start=5)
_WEIGHT_DECAY = 0.01
_EPOCHS = 10
_FEWEST_STEPS = 200
_LARGEST_BATCH = 256


@dataclass(frozen=True, slots=True)
class Rows:
    """Examples and titles as features."""

    meanings: Floats
    ngrams: Floats
    labels: Integers
    intents: int
    imagines: bool = False  # whether the head on meanings learns from imagined ones too, where an intent has few

    def only(self, wanted: NDArray[np.bool_]) -> Rows:
        return Rows(self.meanings[wanted], self.ngrams[wanted], self.labels[wanted], self.intents, self.imagines)


def deal_folds(labels: Integers, seed: int) -> Integers:
    """A fold for every example, each intent spread evenly: five folds, or three where examples are many or few."""
    fewest = int(np.bincount(labels).min())
    count = 5 if len(labels) < _MANY and fewest >= 5 else 3
    random = np.random.default_rng(seed)
    folds = np.zeros(len(labels), dtype=np.int64)
    dealt = 0
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        folds[members] = (dealt + np.arange(len(members))) % count
        dealt += len(members)
    return folds


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Scores of examples from views that were trained without them."""

    logits: Floats  # (v, n, c) of v views
    nearest: Floats  # (n,)
    labels: Integers  # (n,)
    positions: Integers  # (n,): which of the rows these are

    def with_view(self, positions: Integers, logits: Floats) -> HeldOut:
        """Only the rows at `positions`, with one more view: its logits (len(positions), c), in that order."""
        place_of = {int(position): place for place, position in enumerate(self.positions)}
        known = [number for number, position in enumerate(positions) if int(position) in place_of]
        places = [place_of[int(positions[number])] for number in known]
        both = np.concatenate([self.logits[:, places], logits[known][None]])
        return HeldOut(both, self.nearest[places], self.labels[places], self.positions[places])


def cross_validate(rows: Rows, folds: Integers, seed: int, on_fold: Callable[[float], None]) -> HeldOut:
    """Leaves out examples whose intent has nothing else to be learnt from."""
    parts: list[HeldOut] = []
    count = int(folds.max()) + 1
    for fold in range(count):
        on_fold(fold / count)
        kept = rows.only((folds != fold) & (folds != COPY - fold))
        present = np.unique(kept.labels)
        left_out = (folds == fold) & np.isin(rows.labels, present)
        scored = rows.only(left_out)
        if not len(scored.labels) or len(present) < 2:
            continue
        logits, nearest = _logits_of_all(kept, present, scored, seed)
        parts.append(HeldOut(logits, nearest, scored.labels, np.flatnonzero(left_out)))
    if not parts:
        raise TrainingDataInvalid("Training needs at least two examples of some intent; add more")
    return together(parts)


def together(parts: Sequence[HeldOut]) -> HeldOut:
    return HeldOut(
        np.concatenate([part.logits for part in parts], axis=1),
        np.concatenate([part.nearest for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.positions for part in parts]),
    )


def _logits_of_all(kept: Rows, present: Integers, scored: Rows, seed: int) -> tuple[Floats, Floats]:
    """Logits with a column for every intent; those without an example in this fold get the lowest of the row."""
    renumbered = replace(kept, labels=np.searchsorted(present, kept.labels), intents=len(present))
    logits, nearest = train_views(renumbered, seed).look(scored.meanings, scored.ngrams)
    if len(present) == scored.intents:
        return logits, nearest
    complete = np.repeat(logits.min(axis=2, keepdims=True), scored.intents, axis=2)
    complete[:, :, present] = logits
    return complete, nearest


def intent_weights(labels: Integers, intents: int) -> Floats:
    """How much an example of each intent counts, of shape (c,): all the same, unless the set is lopsided.

    Where the largest intent has more than `_LOPSIDED` times the examples of the smallest, an example counts by one over
    the square root of its intent's examples: a middle way between seeing every example and every intent the same.
    """
    counts = np.maximum(np.bincount(labels, minlength=intents), 1)
    if counts.max() <= _LOPSIDED * counts.min():
        return np.ones(intents, dtype=np.float32)
    weights = 1 / np.sqrt(counts)
    return np.asarray(weights * len(labels) / float(weights @ counts), dtype=np.float32)


def train_views(rows: Rows, seed: int) -> IntentViews:
    meaning_weights, meaning_bias = _train_meanings(rows, seed)
    ngram_weights, ngram_bias = _train_softmax(rows.ngrams, rows, NGRAMS, seed)
    order = np.argsort(rows.labels, kind="stable")
    first = np.searchsorted(rows.labels[order], np.arange(rows.intents))
    return IntentViews(meaning_weights, meaning_bias, ngram_weights, ngram_bias, rows.meanings[order], first)


def _train_meanings(rows: Rows, seed: int) -> tuple[Floats, Floats]:
    if rows.imagines:
        meanings, labels = imagined_meanings(rows.meanings, rows.labels, rows.intents, seed)
        more = np.concatenate([rows.meanings, meanings])
        rows = replace(rows, meanings=more, labels=np.concatenate([rows.labels, labels]))
    return _train_softmax(rows.meanings, rows, MEANING, seed)


def _train_softmax(features: Floats, rows: Rows, recipe: HeadRecipe, seed: int) -> tuple[Floats, Floats]:
    """A linear softmax head by AdamW with a falling learning rate: weights (width, c) and bias (c,).

    On one thread: two are hardly faster on an idle machine, and thirty times slower on a busy one.
    """
    import torch

    inputs, labels = torch.from_numpy(features), torch.from_numpy(rows.labels)
    weights = torch.nn.Parameter(torch.from_numpy(_mean_directions(features, rows) * recipe.start))
    bias = torch.nn.Parameter(torch.zeros(rows.intents))
    optimizer = torch.optim.AdamW([weights, bias], lr=recipe.learning_rate, weight_decay=_WEIGHT_DECAY, fused=True)
    batch = min(_LARGEST_BATCH, max(16, len(labels) // 8))
    batches = -(-len(labels) // batch)
    epochs = max(_EPOCHS, -(-_FEWEST_STEPS // batches))
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=epochs * batches)
    random = torch.Generator().manual_seed(seed)
    importance = torch.from_numpy(intent_weights(rows.labels, rows.intents))
    with torch_threads(1):
        for chosen in (each for _ in range(epochs) for each in _batches(len(labels), batch, random)):
            optimizer.zero_grad()
            scores = inputs[chosen] @ weights + bias
            loss = torch.nn.functional.cross_entropy(scores, labels[chosen], weight=importance)
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    return weights.detach().numpy(), bias.detach().numpy()


def _batches(rows: int, size: int, random: torch.Generator) -> Sequence[torch.Tensor]:
    """Every row's number once, shuffled."""
    import torch

    return torch.split(torch.randperm(rows, generator=random), size)


def _mean_directions(features: Floats, rows: Rows) -> Floats:
    """Mean of each intent's features at length 1, of shape (width, c)."""
    sums = np.zeros((rows.intents, features.shape[1]), dtype=np.float32)
    np.add.at(sums, rows.labels, features)
    directions: Floats = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
    return np.ascontiguousarray(directions.T)


@dataclass(frozen=True, slots=True)
class ScopeTarget:
    """How much error the threshold of what is out of scope may make, and in which languages the held-out rows are.

    Of held-out examples of each language that has `_ENOUGH_OF_A_LANGUAGE`, and of all together, `refused` are called
    out of scope: their quantile of strangeness is the threshold. It needs no strange messages, held up on live traffic,
    and one that was tuned on left-out intents did not.
    """

    refused: float = IN_SCOPE_REFUSED
    languages: tuple[str, ...] = ()  # of the examples, by position


def fit_pooling(held_out: HeldOut, used: Sequence[int], target: ScopeTarget | None = None) -> Pooling:
    """Weights of the views `used`, 0 for the others, that make held-out examples likeliest: temperature scaling
    (Guo et al. 2017, §4.2) of several views at once. A view that only does harm is left out.
    """
    found = _likeliest_weights(held_out.logits[list(used)], held_out.labels)
    if len(used) > 1 and min(found) <= 0:
        worst = int(np.argmin(found))
        return fit_pooling(held_out, [view for place, view in enumerate(used) if place != worst], target)
    weight_of = dict(zip(used, found, strict=True))
    weights = tuple(weight_of.get(view, 0.0) for view in range(len(held_out.logits)))
    return Pooling(weights, _scope_rule(pool(held_out.logits, weights), held_out, target or ScopeTarget()))


def _likeliest_weights(logits: Floats, labels: Integers) -> list[float]:
    """A convex problem in as many unknowns as there are views; weights may come out below 0."""
    import torch

    views, truth = torch.from_numpy(logits), torch.from_numpy(labels)
    weights = torch.nn.Parameter(torch.full((len(logits),), 1 / len(logits)))
    optimizer: torch.optim.Optimizer = torch.optim.LBFGS([weights], max_iter=50, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(torch.einsum("vqc,v->qc", views, weights), truth)
        torch.autograd.backward(value)
        return float(value.detach())

    with torch_threads(1):
        optimizer.step(loss)
    found = weights.detach().clamp(max=50)  # where the examples separate perfectly there is no likeliest weight
    return [float(each) for each in found] if len(logits) > 1 else [max(float(found[0]), 1e-3)]


def _scope_rule(pooled: Floats, held_out: HeldOut, target: ScopeTarget) -> ScopeRule:
    energy, nearest = log_sum_exp(pooled), held_out.nearest
    rule = ScopeRule(
        energy_mean=float(energy.mean()),
        energy_deviation=max(float(energy.std()), 1e-3),
        nearest_mean=float(nearest.mean()),
        nearest_deviation=max(float(nearest.std()), 1e-3),
    )
    strangeness = rule.strangeness(pooled, nearest)
    by_language = {}
    if target.languages:
        spoken = np.array([target.languages[position] for position in held_out.positions])
        for language in sorted(set(spoken)):
            of_language = strangeness[spoken == language]
            if len(of_language) >= _ENOUGH_OF_A_LANGUAGE:
                by_language[str(language)] = float(np.quantile(of_language, 1 - target.refused))
    threshold = float(np.quantile(strangeness, 1 - target.refused))
    return replace(rule, threshold=threshold, spread=max(float(strangeness.std()), 1e-3), by_language=by_language)
