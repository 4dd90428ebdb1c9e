"""Trains the guard's head on public data: `python -m bot.training.guard DATA OUT`. Knows no conversation.

DATA holds the sets that bot/training/guard_data.py names. Printed are, as JSON: for every source of attacks the share
that is caught by a head that has learnt nothing from that source, and for every source of ordinary messages the share
that is refused by mistake.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.guarding.head import GuardHead, save_guard_head, table_of
from bot.guarding.shape import FEATURES
from bot.guarding.windows import pieces, tidied
from bot.training.guard_data import SAMPLE, GuardRow, attacks, ordinary, threshold_setting, unseen
from knowledge.embedding.torch_runtime import torch_threads
from knowledge.languages import CHINESE, ENGLISH

if TYPE_CHECKING:
    from knowledge.protocols import Embedder

Floats = NDArray[np.float32]

_HIDDEN = 32
_WEIGHT_DECAY = 1e-3  # of 1e-4 and 1e-3 the one that caught more of sources held out
_SPREAD = 20.0  # by which the numbers of an embedding, each about a twentieth, are brought to the size of the others
_STEPS = 300
_REFUSED = 0.003  # share of ordinary messages in the threshold's sources that may reach it
_WINDOW_WEIGHT = 0.3  # of a window of a long message, beside the whole: not each of them attacks
_MOST_WINDOWS = 8  # of one attack


class Pieces:
    """The embeddings of every piece of the texts, and which belong to which text."""

    def __init__(self, rows: Sequence[GuardRow], embedder: Embedder) -> None:
        self._of = {row.text: pieces(tidied(row.text)) for row in rows}
        texts = list(dict.fromkeys(piece for parts in self._of.values() for piece in parts))
        vectors = np.empty((len(texts), embedder.dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))  # batches of one length
        for start in range(0, len(order), 128):
            batch = order[start : start + 128]
            vectors[batch] = embedder.embed_queries([texts[place] for place in batch])
        self._table = dict(zip(texts, table_of(vectors, texts), strict=True))

    def of(self, row: GuardRow) -> Floats:
        """Shape (pieces, d + shape features); the whole text first."""
        return np.stack([self._table[piece] for piece in self._of[row.text]])


def train_guard(rows: Sequence[GuardRow], setting: Sequence[GuardRow], parts: Pieces) -> GuardHead:
    """Learns from `rows`; of the ordinary messages `setting`, in each language, 0.3 % reach a score of 0.5.

    Fewer where one of the sample company's own questions would be among them.
    """
    hidden, hidden_bias, output = _learnt(rows, parts)
    head = GuardHead(hidden, hidden_bias, output, {ENGLISH: 0.0, CHINESE: 0.0})
    bias = {}
    for language in (ENGLISH, CHINESE):
        logits = {row: head.logit(parts.of(row)) for row in setting if row.language == language}
        own = [logit for row, logit in logits.items() if row.source == SAMPLE]
        bias[language] = -max(float(np.quantile(list(logits.values()), 1 - _REFUSED)), *(logit + 0.1 for logit in own))
    return GuardHead(hidden, hidden_bias, output, bias)


def shares(head: GuardHead, rows: Sequence[GuardRow], parts: Pieces) -> dict[str, dict[str, float | int]]:
    """By source and language: how many of the rows are refused."""
    judged: dict[str, list[bool]] = {}
    for row in rows:
        refused = head.logit(parts.of(row)) + head.bias[row.language] >= 0
        judged.setdefault(f"{row.source}, {row.language}", []).append(refused)
    return {source: {"refused": round(sum(all_) / len(all_), 4), "n": len(all_)} for source, all_ in judged.items()}


def _learnt(rows: Sequence[GuardRow], parts: Pieces) -> tuple[Floats, Floats, Floats]:
    """Both kinds count the same in all. LBFGS on one thread: some seconds."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    tables = [parts.of(row)[: 1 + _MOST_WINDOWS] if row.attack else parts.of(row) for row in rows]
    truths = np.concatenate([np.full(len(table), row.attack) for row, table in zip(rows, tables, strict=True)])
    weights = np.concatenate([[1.0, *[_WINDOW_WEIGHT] * (len(table) - 1)] for table in tables])
    weights /= np.where(truths, weights[truths].sum(), weights[~truths].sum())
    scale = torch.tensor([_SPREAD] * (tables[0].shape[1] - len(FEATURES)) + [1.0] * len(FEATURES))
    inputs = torch.tensor(np.concatenate(tables)) * scale
    labels, share = torch.tensor(truths, dtype=torch.float32), torch.tensor(weights, dtype=torch.float32)
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(len(scale), _HIDDEN), torch.nn.Tanh(), torch.nn.Linear(_HIDDEN, 1))
    optimizer: torch.optim.Optimizer = torch.optim.LBFGS(
        network.parameters(), max_iter=_STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        optimizer.zero_grad()
        fit = binary_cross_entropy_with_logits(network(inputs).squeeze(1), labels, weight=share, reduction="sum")
        value = fit + _WEIGHT_DECAY * torch.stack([each.square().sum() for each in network.parameters()]).sum()
        torch.autograd.backward(value)
        return float(value.detach())

    with torch_threads(1):
        optimizer.step(loss)
    first, first_bias, last, _ = (each.detach() for each in network.parameters())
    return (first.T * scale[:, None]).numpy(), first_bias.numpy(), last[0].numpy()


def report(data: Path, embedder: Embedder) -> tuple[GuardHead, dict[str, object]]:
    """The head that has learnt from everything, and the figures of the module's docstring."""
    bad, good, setting, others = attacks(data), ordinary(data), threshold_setting(data), unseen(data)
    parts = Pieces([*bad, *good, *setting, *others], embedder)
    caught: dict[str, object] = {}
    for source in dict.fromkeys(row.source for row in bad):
        rest = [row for row in (*bad, *good) if row.source != source]
        held_out = [row for row in bad if row.source == source]
        caught |= shares(train_guard(rest, setting, parts), held_out, parts)
    head = train_guard([*bad, *good], setting, parts)
    return head, {
        "caught, source not learnt from": caught,
        "caught, source learnt from": shares(head, bad, parts),
        "refused by mistake, source unseen": shares(head, others, parts),
        "refused by mistake, threshold's sources": shares(head, setting, parts),
    }


def main(data: Path, folder: Path) -> None:
    from bot.settings import load_settings
    from knowledge.embedding.embedded_e5 import FOLDER_NAME, prepare_embedded_embedder
    from knowledge.embedding.embeddings import TorchEmbedder

    models = load_settings().models
    place = (models.folder or Path("var/models")) / FOLDER_NAME
    embedder = TorchEmbedder(prepare_embedded_embedder(place, wheels_folder=models.wheels), dtype=models.dtype)
    head, figures = report(data, embedder)
    save_guard_head(head, embedder.fingerprint, folder / "guard.safetensors")
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
