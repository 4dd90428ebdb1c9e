"""More meanings for intents that have few examples: a small conditional VAE over embeddings. Knows nothing of texts.

As the conditional variational autoencoder that Kumar et al. 2019 ("A closer look at feature space data augmentation for
few-shot intent classification", §3) compare: what differs from the middle of an intent is coded given that middle
(Kingma and Welling 2014; Sohn et al. 2015), so that ways of saying things pass from intents with examples to those
with few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot.classifiers.intent_head import Floats
from bot.training.paraphrases import THIN
from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

_CODE = 16  # numbers that a way of saying something is coded in
_HIDDEN = 128
_STEPS = 400
_BATCH = 128
_RATE = 2e-3
_DIVERGENCE = (
    0.02  # weight of the divergence from the prior against the squared error: codes are used, and not learnt off
)


def imagined_meanings(
    meanings: Floats, labels: NDArray[np.int64], intents: int, seed: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Meanings (m, d) of length 1 and their labels (m,), so that each intent has THIN together with `meanings` (n, d).

    None for intents that have as many, and none at all where fewer than two have two examples: nothing differs there.
    """
    counts = np.bincount(labels, minlength=intents)
    missing = np.where(counts > 0, np.maximum(THIN - counts, 0), 0)
    wanted = np.repeat(np.arange(intents), missing)
    if not len(wanted) or np.count_nonzero(counts > 1) < 2:
        return np.zeros((0, meanings.shape[1]), dtype=np.float32), np.zeros(0, dtype=np.int64)
    middles = np.zeros((intents, meanings.shape[1]), dtype=np.float32)
    np.add.at(middles, labels, meanings)
    middles /= np.maximum(counts, 1)[:, None]
    with torch_threads(1):
        drawn = _drawn(meanings - middles[labels], middles[labels], middles[wanted], seed)
    made = middles[wanted] + drawn
    made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-6)
    return made.astype(np.float32), wanted


def _drawn(differences: Floats, given: Floats, wanted: Floats, seed: int) -> Floats:
    """Differences (m, d) for the middles `wanted` (m, d), after learning from `differences` (n, d) `given` theirs."""
    import torch

    random = torch.Generator().manual_seed(seed)
    width = differences.shape[1]
    scale = float(np.sqrt((differences**2).mean())) or 1.0
    data, middles = torch.from_numpy(differences / scale), torch.from_numpy(given)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        into, back = _layers(2 * width, 2 * _CODE), _layers(_CODE + width, width)
    optimizer = torch.optim.Adam([*into.parameters(), *back.parameters()], lr=_RATE)
    for _ in range(_STEPS):
        chosen = torch.randint(len(data), (min(_BATCH, len(data)),), generator=random)
        optimizer.zero_grad()
        torch.autograd.backward(_loss(into, back, data[chosen], middles[chosen], random))
        optimizer.step()
    with torch.no_grad():
        codes = torch.randn(len(wanted), _CODE, generator=random)
        found: Floats = back(torch.cat([codes, torch.from_numpy(wanted)], dim=1)).numpy() * scale
    return found


def _layers(wide: int, narrow: int) -> nn.Module:
    from torch import nn

    return nn.Sequential(nn.Linear(wide, _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, narrow))


def _loss(into: nn.Module, back: nn.Module, data: Tensor, middles: Tensor, random: object) -> Tensor:
    """Squared error and divergence from the standard normal, each per number of the data."""
    import torch

    mean, spread = into(torch.cat([data, middles], dim=1)).chunk(2, dim=1)
    noise = torch.randn(mean.shape, generator=random)  # type: ignore[call-overload]
    seen = back(torch.cat([mean + noise * torch.exp(spread / 2), middles], dim=1))
    divergence = 0.5 * (mean**2 + spread.exp() - 1 - spread).sum(dim=1).mean()
    loss: Tensor = torch.nn.functional.mse_loss(seen, data) + _DIVERGENCE * divergence
    return loss
