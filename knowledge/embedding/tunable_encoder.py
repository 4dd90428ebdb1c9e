"""An encoder that learns: the layers of an embedder in float32, with gradients, and what changed in them afterwards.

Tables of words and positions stay as they are: rare words would be moved by one or two examples, and they are most of
the bytes. Knows nothing of what is taught, or of files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from knowledge.embedding.encoders import Encoder
from knowledge.protocols import Embedder

Method = Literal["full", "lora"]
RANK = 16  # of what LoRA adds to a layer's weights (Hu et al. 2021, §4.1)
_DOWN, _UP = ".down", ".up"  # the two factors of a low-rank change, scaled
DROPPED = 0.1  # share of what a layer adds that is left out while it learns, as in Devlin et al. 2019, §A.2
_TABLES = "embeddings"
_ADDED = "output.dense"  # ends the names of what computes it, in BERT and its kin
_LORA_TARGETS = ["query", "key", "value", "dense"]


class TunableEncoder:
    """Not thread-safe: one training at a time owns it."""

    def __init__(
        self,
        encoder: Encoder,
        *,
        tokenize: Callable[[Sequence[str]], list[list[int]]],
        padding: int,
        pooling: Literal["mean", "cls"],
        method: Method = "full",
        mask_token: int | None = None,
    ) -> None:
        """Takes over `encoder`, whose weights are float32. `tokenize` adds the prefix of questions."""
        self.tokenize = tokenize
        self.padding = padding
        self.mask_token = padding if mask_token is None else mask_token  # stands where a word is to be guessed
        self._encoder = encoder
        self._padding = padding
        self._pooling = pooling
        self._device = next(encoder.parameters()).device
        self._autocast = False
        self._is_learning = False
        for name, module in encoder.named_modules():
            if name.endswith(_ADDED):
                module.register_forward_hook(self._drop)
        if method == "lora":
            _add_lora(encoder)
        else:
            for name, parameter in encoder.named_parameters():
                parameter.requires_grad_(_TABLES not in name.split("."))

    @property
    def device(self) -> torch.device:
        return self._device

    def run_in_bfloat16(self, wanted: bool) -> None:
        """Products in bfloat16, with weights and sums in float32."""
        self._autocast = wanted

    @contextmanager
    def learning_with(self, seed: int) -> Iterator[None]:
        """While it lasts, parts of what layers add are left out, as `seed` says."""
        torch.manual_seed(seed)
        self._is_learning = True
        try:
            yield
        finally:
            self._is_learning = False

    def _drop(self, module: nn.Module, inputs: object, output: Tensor) -> Tensor:  # noqa: ARG002
        return torch.nn.functional.dropout(output, DROPPED) if self._is_learning else output

    def vectors(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        """Token ids → float32 tensor of shape (len(sequences), dimensions), rows of length 1, with gradients."""
        ids, mask = padded(sequences, self._padding)
        ids, mask = ids.to(self._device), mask.to(self._device)
        return torch.nn.functional.normalize(pooled(self.hidden(ids, mask), mask, self._pooling), dim=1)

    def hidden(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids and mask of shape (n, length) → float32 hidden states of shape (n, length, d), with gradients."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._autocast):
            states: Tensor = self._encoder(ids.to(self._device), mask.to(self._device))
        return states.float()

    def word_table(self) -> Tensor:
        """The embedding of every word, (words, d); it does not learn. Raises KeyError where the encoder has none."""
        for name, each in self._encoder.named_parameters():
            if name.endswith("word_embeddings.weight"):
                return each.detach()
        raise KeyError("word_embeddings")

    def begin_with(self, changes: Mapping[str, Tensor]) -> None:
        """Takes over what an encoder of the same shape has learnt. Raises KeyError where the names do not fit."""
        apply_changes(self._encoder, changes)

    def learning(self) -> dict[str, nn.Parameter]:
        """What learns, by name."""
        return {name: each for name, each in self._encoder.named_parameters() if each.requires_grad}

    def changes(self) -> dict[str, Tensor]:
        """What `apply_changes` needs to make an equal encoder, in bfloat16."""
        found = dict(_low_rank(self._encoder)) or {name: each.detach() for name, each in self.learning().items()}
        return {name: each.to("cpu", torch.bfloat16).contiguous() for name, each in found.items()}


@runtime_checkable
class TunableEmbedder(Embedder, Protocol):
    """An Embedder whose layers can learn. Optional: what is trained on a frozen embedder needs none of this."""

    def tunable(self, method: Method) -> TunableEncoder:
        """A copy that can learn."""
        ...

    def tuned(self, changes: Path) -> Embedder:
        """This embedder with what was learnt: a file of `TunableEncoder.changes`. Raises ModelUnavailable."""
        ...


def apply_changes(encoder: Encoder, changes: Mapping[str, Tensor]) -> None:
    """Gives an encoder what another one of the same shape has learnt.

    Raises KeyError or RuntimeError where the shapes or names do not fit.
    """
    weights = dict(encoder.named_parameters())
    with torch.no_grad():
        for name, change in changes.items():
            if name.endswith(_UP):
                weight = weights[name.removesuffix(_UP) + ".weight"]
                added = change.float() @ changes[name.removesuffix(_UP) + _DOWN].float()
                weight.copy_(weight.float() + added.to(weight.device))
            elif not name.endswith(_DOWN):
                weights[name].copy_(change)


def padded(sequences: Sequence[Sequence[int]], padding: int) -> tuple[Tensor, Tensor]:
    """Token ids and mask, both of shape (len(sequences), longest)."""
    longest = max(map(len, sequences))
    ids = torch.full((len(sequences), longest), padding)
    mask = torch.zeros((len(sequences), longest), dtype=torch.long)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence)
        mask[row, : len(sequence)] = 1
    return ids, mask


def pooled(hidden: Tensor, mask: Tensor, pooling: Literal["mean", "cls"]) -> Tensor:
    """Hidden states (n, length, d) → one vector a text (n, d): the first token's, or the mean without padding."""
    if pooling == "cls":
        return hidden[:, 0]
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


def _add_lora(encoder: Encoder) -> None:
    from peft import LoraConfig, inject_adapter_in_model

    options = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=_LORA_TARGETS, lora_dropout=0.0)
    inject_adapter_in_model(options, encoder)


def _low_rank(encoder: Encoder) -> Iterator[tuple[str, Tensor]]:
    for name, module in encoder.named_modules():
        layer: Any = module
        if hasattr(layer, "lora_A"):
            for adapter, down in layer.lora_A.items():
                yield name + _DOWN, down.weight.detach()
                yield name + _UP, layer.lora_B[adapter].weight.detach() * layer.scaling[adapter]
