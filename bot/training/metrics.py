"""Measures of quality, on plain sequences and numpy. Knows nothing of models, files or conversations."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+(?:\.\d+)*")
_APOSTROPHE = re.compile(r"['\u2019]")
_ARTICLES = frozenset({"a", "an", "the"})


def accuracy(predicted: Sequence[str], gold: Sequence[str]) -> float:
    """Share of positions at which both agree. Raises ValueError for no rows or different lengths."""
    _require_pairs(predicted, gold)
    return sum(guess == truth for guess, truth in zip(predicted, gold, strict=True)) / len(gold)


def macro_f1(predicted: Sequence[str], gold: Sequence[str]) -> float:
    """Mean F1 of the classes that occur in either sequence; a class that is only predicted counts 0."""
    _require_pairs(predicted, gold)
    right = Counter(truth for guess, truth in zip(predicted, gold, strict=True) if guess == truth)
    seen = Counter(predicted) + Counter(gold)
    return sum(2 * right[name] / seen[name] for name in seen) / len(seen)


def matthews_correlation(predicted: Sequence[str], gold: Sequence[str]) -> float:
    """Correlation of what is predicted with what is true, over all classes (Gorodkin 2004, eq. 8): 1 at best.

    0 where either names one class only.
    """
    _require_pairs(predicted, gold)
    right = sum(guess == truth for guess, truth in zip(predicted, gold, strict=True))
    guessed, true, rows = Counter(predicted), Counter(gold), len(gold)
    covariance = right * rows - sum(guessed[name] * true[name] for name in guessed)
    spreads = [rows**2 - sum(count**2 for count in counts.values()) for counts in (guessed, true)]
    return float(covariance / np.sqrt(float(spreads[0]) * float(spreads[1]))) if all(spreads) else 0.0


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """Probability that a positive row scores above a negative one, ties counting half (Mann and Whitney 1947).

    None where one of the two kinds is missing.
    """
    _require_pairs(scores, positive)
    values = np.asarray(scores, dtype=np.float64)
    is_positive = np.asarray(positive, dtype=bool)
    positives = int(is_positive.sum())
    negatives = len(values) - positives
    if positives == 0 or negatives == 0:
        return None
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle_ranks = np.cumsum(counts) - (counts - 1) / 2  # ranks from 1; tied rows share their middle
    rank_sum = float(middle_ranks[inverse][is_positive].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def expected_calibration_error(confidences: Sequence[float], correct: Sequence[bool], *, bins: int = 15) -> float:
    """Mean distance of confidence and accuracy over equal-width bins, weighted by their rows (Guo et al. 2017, §2)."""
    _require_pairs(confidences, correct)
    values = np.asarray(confidences, dtype=np.float64)
    hits = np.asarray(correct, dtype=np.float64)
    places = np.clip((values * bins).astype(int), 0, bins - 1)
    gaps = np.bincount(places, weights=values - hits, minlength=bins)
    return float(np.abs(gaps).sum() / len(values))


def recall_at(ranked: Sequence[str], gold: Collection[str], limit: int) -> float:
    """Share of the gold documents among the first `limit` ranked ones."""
    return len(set(ranked[:limit]) & set(gold)) / len(set(gold))


def ndcg_at(ranked: Sequence[str], gold: Collection[str], limit: int = 10) -> float:
    """Discounted gain of the first `limit` over the best possible, gold gaining 1 (Järvelin and Kekäläinen 2002)."""
    wanted = set(gold)
    gain = sum(1 / np.log2(place + 2) for place, name in enumerate(ranked[:limit]) if name in wanted)
    best = sum(1 / np.log2(place + 2) for place in range(min(limit, len(wanted))))
    return float(gain / best)


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str]) -> float:
    """1 over the place of the first gold document, counted from 1; 0 where none was found."""
    return next((1 / place for place, name in enumerate(ranked, start=1) if name in gold), 0.0)


def token_f1(answer: str, reference: str) -> float:
    """Overlap of tokens as in SQuAD (Rajpurkar et al. 2016, §6.1): no case, punctuation or English articles.

    A Chinese character is a token. Two texts without tokens agree.
    """
    answered, wanted = _content_tokens(answer), _content_tokens(reference)
    if not answered or not wanted:
        return float(answered == wanted)
    shared = (Counter(answered) & Counter(wanted)).total()
    return 2 * shared / (len(answered) + len(wanted))


def rouge_l(answer: str, reference: str) -> float:
    """F-measure (β = 1) of the longest common subsequence of tokens (Lin 2004, §3). A Chinese character is a token."""
    answered, wanted = tokens(answer), tokens(reference)
    if not answered or not wanted:
        return float(answered == wanted)
    return 2 * _longest_common_subsequence(answered, wanted) / (len(answered) + len(wanted))


def bootstrap_interval(
    values: Sequence[float], *, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of the mean of `values` (Efron 1979). Raises ValueError where there are none."""
    if not values:
        raise ValueError("an interval needs at least one value")
    drawn = np.asarray(values, dtype=np.float64)
    random = np.random.default_rng(seed)
    means = [drawn[random.integers(len(drawn), size=len(drawn))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def tokens(text: str) -> list[str]:
    """Words and numbers in lower case, Chinese characters one by one; punctuation is left out."""
    folded = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).lower())
    return _TOKEN.findall(folded)


def _content_tokens(text: str) -> list[str]:
    return [token for token in tokens(text) if token not in _ARTICLES]


def _longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length, by dynamic programming one row at a time: len(first) vector operations over len(second)."""
    numbers: dict[str, int] = {}
    columns: NDArray[np.int64] = np.array([numbers.setdefault(token, len(numbers)) for token in second], dtype=np.int64)
    row = np.zeros(len(second) + 1, dtype=np.int64)
    for token in first:
        extended = np.where(columns == numbers.get(token, -1), row[:-1] + 1, row[1:])
        row = np.concatenate(([0], np.maximum.accumulate(extended)))
    return int(row[-1])


def _require_pairs(first: Sequence[object], second: Sequence[object]) -> None:
    if len(first) != len(second) or not len(first):
        raise ValueError(f"measures need as many predictions as rows, and at least one: {len(first)} and {len(second)}")
