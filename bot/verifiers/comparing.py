"""Two texts compared word by word: each word looks for its counterpart in the other text, and what has none counts.

Decomposable attention (Parikh et al. 2016, arXiv 1606.01933, section 3) on the states of a frozen encoder, with two
changes: a word is seen both as the table of words has it, in which 14 and 30 differ, and as the encoder understands it
in its sentence; and the words that fit worst are kept beside the mean, because one wrong number makes a claim wrong.
On torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from knowledge.embedding.token_states import TokenStates

_NARROW = 64  # what each of the two views of a word is brought down to
_COMPARED = 96
_DECIDED = 64


@dataclass(frozen=True, slots=True)
class Words:
    """The words of n texts, padded to the longest: two views of shape (n, length, d), and where there is a word."""

    tokens: Tensor
    meanings: Tensor
    inside: Tensor  # (n, length), True or False


def words_of(texts: Sequence[TokenStates]) -> Words:
    import torch

    longest = max(1, *(len(text.tokens) for text in texts))
    counts = torch.tensor([len(text.tokens) for text in texts])
    inside = torch.arange(longest)[None, :] < counts[:, None]
    tokens, meanings = (torch.zeros(len(texts), longest, texts[0].tokens.shape[1]) for _ in range(2))
    for row, text in enumerate(texts):
        tokens[row, : len(text.tokens)] = text.tokens
        meanings[row, : len(text.tokens)] = text.meanings
    return Words(tokens, meanings, inside)


def fresh_weights(dimensions: int) -> dict[str, Tensor]:
    """By name, for an encoder of so many dimensions. The same every time."""
    import torch

    torch.manual_seed(0)
    shapes = {
        "tokens": (dimensions, _NARROW),
        "meanings": (dimensions, _NARROW),
        "claim": (8 * _NARROW + 2, _COMPARED),
        "claim.again": (_COMPARED, _COMPARED),
        "source": (8 * _NARROW + 2, _COMPARED),
        "source.again": (_COMPARED, _COMPARED),
        "decide": (4 * _COMPARED, _DECIDED),
        "answer": (_DECIDED, 1),
    }
    made: dict[str, Tensor] = {"sharpness": torch.tensor([6.0])}
    for name, (wide, narrow) in shapes.items():
        layer = torch.nn.Linear(wide, narrow)
        made |= {f"{name}.weight": layer.weight.detach(), f"{name}.bias": layer.bias.detach()}
    return made


def support_logits(claims: Words, sources: Words, weights: Mapping[str, Tensor]) -> Tensor:
    """Shape (n,); positive: the n-th source states all of the n-th claim; or answers it, with weights for that."""
    import torch

    mine, theirs = _narrowed(claims, weights), _narrowed(sources, weights)
    identity = _cosines(claims.tokens, sources.tokens)
    meaning = _cosines(claims.meanings, sources.meanings)
    both = (identity + meaning + _cosines(mine, theirs)) * weights["sharpness"]
    likeness = (both, identity, meaning)
    turned = tuple(each.transpose(1, 2) for each in likeness)
    views = [
        *_one_side("claim", (mine, theirs), likeness, (claims.inside, sources.inside), weights),
        *_one_side("source", (theirs, mine), turned, (sources.inside, claims.inside), weights),
    ]
    decided = _layer(torch.cat(views, dim=-1), "decide", weights)
    answer: Tensor = torch.nn.functional.linear(decided, weights["answer.weight"], weights["answer.bias"])[:, 0]
    return answer


def _one_side(
    name: str,
    words: tuple[Tensor, Tensor],
    likeness: Sequence[Tensor],
    inside: tuple[Tensor, Tensor],
    weights: Mapping[str, Tensor],
) -> tuple[Tensor, Tensor]:
    """What the words of one text find in the other: on the whole, and where they fit worst or best."""
    import torch

    (here, there), (own, other) = words, inside
    scores, *kinds = (each.masked_fill(~other[:, None, :], -1e4) for each in likeness)
    found = torch.softmax(scores, dim=-1) @ there
    best = [each.amax(-1, keepdim=True) for each in kinds]
    seen = torch.cat([here, found, (here - found).abs(), here * found, *best], dim=-1)
    compared = _layer(_layer(seen, name, weights), f"{name}.again", weights)
    return _mean(compared, own), compared.masked_fill(~own[:, :, None], -1e4).amax(1)


def _narrowed(words: Words, weights: Mapping[str, Tensor]) -> Tensor:
    import torch

    normal = torch.nn.functional.normalize
    views = [
        torch.nn.functional.linear(normal(each, dim=-1) * 10, weights[f"{name}.weight"], weights[f"{name}.bias"])
        for name, each in (("tokens", words.tokens), ("meanings", words.meanings))
    ]
    return torch.cat(views, dim=-1)


def _layer(values: Tensor, name: str, weights: Mapping[str, Tensor]) -> Tensor:
    import torch

    linear = torch.nn.functional.linear(values, weights[f"{name}.weight"], weights[f"{name}.bias"])
    return torch.nn.functional.gelu(linear)


def _cosines(first: Tensor, second: Tensor) -> Tensor:
    import torch

    normal = torch.nn.functional.normalize
    product: Tensor = normal(first, dim=-1) @ normal(second, dim=-1).transpose(1, 2)
    return product


def _mean(values: Tensor, inside: Tensor) -> Tensor:
    weights = inside[:, :, None].to(values.dtype)
    mean: Tensor = (values * weights).sum(1) / weights.sum(1).clamp(min=1)
    return mean
