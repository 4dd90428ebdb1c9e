"""What was learnt about a company's intents, and how it judges a message. Knows nothing of training or files.

Three views of a message are pooled: a linear head on its meaning (embedding), a linear head on its n-grams, and the
density of its neighbours among the examples. Where the encoder was tuned too, a head on what it makes of the message is
the fourth. They are weighed on scores of examples they had not seen, which also calibrates the sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.classifiers.language_offset import without_language
from bot.classifiers.ngrams import NgramFeatures
from knowledge.embedding.torch_runtime import torch_threads
from knowledge.languages import detect_language

Floats = NDArray[np.float32]

_SHARPNESS = 20.0  # of the neighbours' kernel, exp(_SHARPNESS * (cosine - 1)): best of 8 to 24 on banking77
_FARTHEST = 1e-9  # density of an intent without neighbours, so that its logarithm stays finite
_READABLE = 0.2  # share of a message's n-grams that must be known for their view to count
_NEAREST = 5  # neighbours whose mean closeness tells what is out of scope; ten do as well, one does worse
_CLOSENESS_COUNTS = 0.5  # beside energy; see ARCHITECTURE.md, Intents
_BATCH = 512  # messages judged at once: bounds the memory of their similarities to all examples


@dataclass(frozen=True, slots=True)
class IntentViews:
    """The three views. d is the embedding's width, w that of n-grams, c the intents, n the examples."""

    meaning_weights: Floats  # (d, c)
    meaning_bias: Floats  # (c,)
    ngram_weights: Floats  # (w, c)
    ngram_bias: Floats  # (c,)
    neighbours: Floats  # (n, d): the examples' meanings, ordered by intent; every intent has one
    first_neighbours: NDArray[np.int64]  # (c,): where each intent's neighbours begin

    def look(self, meanings: Floats, ngrams: Floats) -> tuple[Floats, Floats]:
        """Logits of shape (3, q, c), and the mean cosine of the nearest examples of shape (q,)."""
        similarities = _product(meanings, self.neighbours.T)
        kernel = np.exp(_SHARPNESS * (similarities - 1))
        density = np.add.reduceat(kernel, self.first_neighbours, axis=1)
        logits = np.stack(
            [
                _product(meanings, self.meaning_weights) + self.meaning_bias,
                _product(ngrams, self.ngram_weights) + self.ngram_bias,
                np.log(density + _FARTHEST),
            ]
        )
        count = min(_NEAREST, similarities.shape[1])
        return logits, np.partition(similarities, -count, axis=1)[:, -count:].mean(axis=1)


@dataclass(frozen=True, slots=True)
class TunedView:
    """A linear head on an encoder that was tuned for these intents. d is its width, c the intents."""

    centre: Floats  # (d,)
    language_offset: Floats  # (d,)
    weights: Floats  # (d, c)
    bias: Floats  # (c,)

    def look(self, texts: list[str], vectors: Floats) -> Floats:
        """Logits of shape (q, c) for q texts with their embeddings by the tuned encoder."""
        meanings = centred(without_language(texts, vectors, self.language_offset), self.centre)
        logits: Floats = _product(meanings, self.weights) + self.bias
        return logits


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """Tells messages about something else: energy of the pooled logits (Liu et al. 2020, §3.1) and half the distance of
    the nearest examples, both in standard deviations of held-out messages in scope.
    """

    energy_mean: float
    energy_deviation: float
    nearest_mean: float
    nearest_deviation: float
    threshold: float = 0.0  # of the sum
    spread: float = 1.0  # of the sum, in scope
    by_language: Mapping[str, float] = field(default_factory=dict)  # thresholds of languages that have examples enough

    def strangeness(self, pooled: Floats, nearest: Floats) -> NDArray[np.float64]:
        """Shape (q,): grows with the distance from everything known; 0 on average in scope."""
        energy = (self.energy_mean - log_sum_exp(pooled)) / self.energy_deviation
        distance = (self.nearest_mean - nearest) / self.nearest_deviation
        return np.asarray(energy + _CLOSENESS_COUNTS * distance, dtype=np.float64)

    def out_of_scope(self, pooled: Floats, nearest: Floats, languages: Sequence[str]) -> NDArray[np.float64]:
        """The same from 0 to 1, with the threshold of each message's language at 0.5."""
        thresholds = np.array([self.by_language.get(language, self.threshold) for language in languages])
        above = (self.strangeness(pooled, nearest) - thresholds) / self.spread
        return np.asarray(1 / (1 + np.exp(-np.clip(above, -50, 50))), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Pooling:
    """How the views are weighed, and what that makes of a message's scope."""

    weights: tuple[float, ...]  # one a view
    scope: ScopeRule

    def judge(self, logits: Floats, nearest: Floats, languages: Sequence[str]) -> tuple[Floats, NDArray[np.float64]]:
        pooled = pool(logits, self.weights)
        return softmax(pooled), self.scope.out_of_scope(pooled, nearest, languages)


@dataclass(frozen=True, slots=True)
class IntentHead:
    names: tuple[str, ...]  # of the intents, c of them
    centre: Floats  # (d,): mean embedding of the examples; meanings are what differs from it
    language_offset: Floats  # (d,)
    ngrams: NgramFeatures
    views: IntentViews
    pooling: Pooling
    wordless: Pooling  # without the n-grams: for messages in a language that has no examples
    tuned: TunedView | None = None

    def judge(
        self, texts: list[str], vectors: Floats, tuned_vectors: Floats | None = None
    ) -> tuple[Floats, NDArray[np.float64]]:
        """For q texts with their embeddings (q, d): probabilities of the intents (q, c), and how far out of scope (q,).

        `tuned_vectors` are those of the tuned encoder, where there is one. A probability says which intent it is if it
        is one of them; 0.5 and above is out of scope.
        """
        batches = [slice(start, start + _BATCH) for start in range(0, len(texts), _BATCH)]
        judged = [
            self._judge(texts[batch], vectors[batch], None if tuned_vectors is None else tuned_vectors[batch])
            for batch in batches
        ]
        return np.concatenate([each for each, _ in judged]), np.concatenate([each for _, each in judged])

    def _judge(
        self, texts: list[str], vectors: Floats, tuned_vectors: Floats | None
    ) -> tuple[Floats, NDArray[np.float64]]:
        meanings = centred(without_language(texts, vectors, self.language_offset), self.centre)
        logits, nearest = self.views.look(meanings, self.ngrams.transform(texts))
        if self.tuned is not None:
            if tuned_vectors is None:
                raise ValueError("this head judges with the vectors of its tuned encoder, and there are none")
            logits = np.concatenate([logits, self.tuned.look(texts, tuned_vectors)[None]])
        languages = [detect_language(text) for text in texts]
        probabilities, strange = self.pooling.judge(logits, nearest, languages)
        unread = self.ngrams.coverage(texts) < _READABLE
        if unread.any():
            spoken = [language for language, each in zip(languages, unread, strict=True) if each]
            probabilities[unread], strange[unread] = self.wordless.judge(logits[:, unread], nearest[unread], spoken)
        return probabilities, strange


def centred(vectors: Floats, centre: Floats) -> Floats:
    """What differs from the mean, at length 1: encoders such as e5 give all texts a large common part."""
    rest: Floats = vectors - centre
    rest /= np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-6)
    return rest


def pool(logits: Floats, weights: tuple[float, ...]) -> Floats:
    """Weighted sum over v views: (v, q, c) → (q, c)."""
    pooled: Floats = np.einsum("vqc,v->qc", logits, np.array(weights, dtype=np.float32))
    return pooled


def _product(first: Floats, second: Floats) -> Floats:
    """Matrix product on one thread: numpy would spread one message over all, which takes eight times as long."""
    import torch

    with torch_threads(1):
        product: Floats = (torch.from_numpy(first) @ torch.from_numpy(second)).numpy()
    return product


def log_sum_exp(logits: Floats) -> Floats:
    highest = logits.max(axis=1)
    summed: Floats = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    return summed


def softmax(logits: Floats) -> Floats:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return shares
