"""The words of a text one by one, as the table of words has them and as an encoder understands them in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from knowledge.protocols import Embedder


@dataclass(frozen=True, slots=True)
class TokenStates:
    """Both of shape (number of tokens, dimensions), bfloat16, without what the tokenizer puts around a text."""

    tokens: Tensor
    meanings: Tensor
    is_cut: bool = False  # whether the text has more words than are told here


@runtime_checkable
class WordEmbedder(Embedder, Protocol):
    """An Embedder that tells the words of a text. Optional."""

    def token_states(self, texts: Sequence[str], *, asks: bool = False) -> list[TokenStates]:
        """As passages or, with `asks`, as questions; long texts are cut, and say so."""
        ...


def table_of_words(encoder: nn.Module) -> nn.Embedding:
    """The largest table of an encoder. Raises ValueError where it has none."""
    return max(
        (each for each in encoder.modules() if isinstance(each, nn.Embedding)), key=lambda each: each.num_embeddings
    )
