"""Weighted logistic regression on a few named features. Pure numpy; knows nothing of what is predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.verifiers.calibration import Logistic

_STEPS = 50
_RIDGE = 1e-3  # on standardised weights, relative to a total sample weight of 1


def fit_evidence(
    features: Sequence[Mapping[str, float]], truths: Sequence[bool], weights: Sequence[float] | None = None
) -> Logistic:
    """As `fit_logistic`, where every feature is evidence for the truth: one that would speak against it gets no weight.

    Correlated features otherwise take weights of both signs that fit one collection and mislead in another.
    """
    names = list(features[0])
    while True:
        fitted = fit_logistic([{name: row[name] for name in names} for row in features], truths, weights)
        worst = min(names, key=lambda name: fitted.weights[name])
        if fitted.weights[worst] >= 0 or len(names) == 1:
            return fitted
        names.remove(worst)


def fit_logistic(
    features: Sequence[Mapping[str, float]], truths: Sequence[bool], weights: Sequence[float] | None = None
) -> Logistic:
    """Newton's method on standardised features (Hastie et al. 2009, §4.4.1), a little ridge against separable data.

    `weights` say how much each row counts; equal where not given. Raises ValueError without rows of both kinds.
    """
    if len(set(truths)) < 2:
        raise ValueError("a regression needs rows of both kinds")
    names = list(features[0])
    table = np.array([[row[name] for name in names] for row in features], dtype=np.float64)
    centre, spread = table.mean(axis=0), table.std(axis=0)
    spread[spread < 1e-9] = 1.0
    share = np.ones(len(truths)) if weights is None else np.asarray(weights, dtype=np.float64)
    solution = _newton((table - centre) / spread, np.asarray(truths, dtype=np.float64), share / share.sum())
    slopes = solution[1:] / spread
    return Logistic(float(solution[0] - slopes @ centre), dict(zip(names, slopes.tolist(), strict=True)))


def _newton(table: NDArray[np.float64], truths: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    design = np.hstack([np.ones((len(table), 1)), table])
    penalty = np.full(design.shape[1], _RIDGE)
    penalty[0] = 0.0
    solution = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chances = 1 / (1 + np.exp(-np.clip(design @ solution, -30, 30)))
        slope = design.T @ (share * (chances - truths)) + penalty * solution
        curvature = (design * (share * chances * (1 - chances))[:, None]).T @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, slope)
        solution -= step
        if np.abs(step).max() < 1e-8:
            break
    return solution
