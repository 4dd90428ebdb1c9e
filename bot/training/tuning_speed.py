"""Embeds without learning, and finds out by trying how fast a machine learns. Knows nothing of intents."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from knowledge.embedding.torch_runtime import torch_threads

if TYPE_CHECKING:
    from torch import Tensor

    from knowledge.embedding.tunable_encoder import TunableEncoder

_TOKENS_EMBEDDED_AT_ONCE = 4096
_TIMED = 4  # batches by which the time of a step is guessed
_STEP_OVER_PASS = 1.2  # the optimizer's part on top


def embed_tokens(encoder: TunableEncoder, sequences: Sequence[Sequence[int]]) -> Tensor:
    """Vectors of shape (len(sequences), d) without gradients, in the order of `sequences`."""
    import torch

    order = sorted(range(len(sequences)), key=lambda number: -len(sequences[number]))
    rows: list[Tensor] = []
    start = 0
    with torch.no_grad():
        while start < len(order):
            size = max(1, _TOKENS_EMBEDDED_AT_ONCE // max(1, len(sequences[order[start]])))
            rows.append(encoder.vectors([sequences[number] for number in order[start : start + size]]))
            start += size
    sorted_rows = torch.cat(rows)
    return sorted_rows[torch.argsort(torch.tensor(order, device=sorted_rows.device))]


def plain_attention() -> AbstractContextManager[None]:
    """Attention by two matrix products, for learning from short messages.

    What torch takes otherwise spares memory, of which short messages need none, and its way back is so slow on a
    processor that it took a third of each step (torch 2.13, messages of 18 tokens, bfloat16).
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return sdpa_kernel(SDPBackend.MATH)


def seconds_of_a_step(encoder: TunableEncoder, sequences: Sequence[Sequence[int]], batch: int) -> float:
    """Mean of a few batches from all over the texts, forward and back; nothing is learnt from them."""
    import torch

    stride = max(1, len(sequences) // (_TIMED * batch))
    sample = sorted(sequences[::stride], key=len)  # as in training, where the texts of a batch are about as long
    batches = [sample[start : start + batch] for start in range(0, len(sample), batch)]
    began = 0.0
    for one in [batches[-1], *batches]:  # the first time warms up
        if one is batches[0]:
            began = time.perf_counter()
        with plain_attention():
            torch.autograd.backward(encoder.vectors(one).sum())
    seconds = (time.perf_counter() - began) / len(batches)
    for parameter in encoder.learning().values():
        parameter.grad = None
    return _STEP_OVER_PASS * seconds


def fastest_way(encoder: TunableEncoder, sequences: Sequence[Sequence[int]], most: int) -> tuple[bool, int]:
    """Whether to run in bfloat16, and on how many threads. By trying.

    Processors with units for bfloat16 gain a factor of two to four by it, others lose as much. All threads gain little
    less than their number on an idle machine, and are thirty times slower than one on a busy one.
    """
    seconds = {}
    ways = [(bfloat16, threads) for bfloat16 in (False, True) for threads in sorted({1, most})]
    for way in ways * 2:  # the first time warms up
        encoder.run_in_bfloat16(way[0])
        with torch_threads(way[1]), plain_attention():
            began = time.perf_counter()
            embed_tokens(encoder, sequences)
            seconds[way] = time.perf_counter() - began
    return min(ways, key=lambda way: seconds[way])
