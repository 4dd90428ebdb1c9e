"""Whether probabilities come true: reliability tables, and what is wrong at which share answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.training.metrics import auroc, expected_calibration_error

_BINS = 10


@dataclass(frozen=True, slots=True)
class Forecast:
    """A probability that the passages answer a question, and whether they do."""

    chance: float
    truth: bool
    language: str


def reliability(forecasts: Sequence[Forecast]) -> Mapping[str, object]:
    """For each language: n, ece (ten bins of equal width), auroc (null for one kind), `bins` and `risk_coverage`.

    A bin says how many forecasts lie between `from` and `to`, the mean of what was predicted, and the share that came
    true; empty bins are left out (Guo et al. 2017, section 2). `risk_coverage` says, for thresholds of .1 to .9, the
    share of the questions that would be answered and the share of these that the passages do not answer
    (El-Yaniv and Wiener 2010, section 2).
    """
    found: dict[str, object] = {}
    for language in sorted({one.language for one in forecasts}):
        own = [one for one in forecasts if one.language == language]
        chances, truths = [one.chance for one in own], [one.truth for one in own]
        found[language] = {
            "n": len(own),
            "ece": round(expected_calibration_error(chances, truths, bins=_BINS), 4),
            "auroc": auroc(chances, truths),
            "bins": _bins(own),
            "risk_coverage": [_risk(own, threshold / 10) for threshold in range(1, 10)],
        }
    return found


def _bins(forecasts: Sequence[Forecast]) -> list[dict[str, float | int]]:
    rows: list[dict[str, float | int]] = []
    for number in range(_BINS):
        inside = [one for one in forecasts if min(int(one.chance * _BINS), _BINS - 1) == number]
        if inside:
            rows.append(
                {
                    "from": number / _BINS,
                    "to": (number + 1) / _BINS,
                    "n": len(inside),
                    "predicted": round(sum(one.chance for one in inside) / len(inside), 4),
                    "observed": round(sum(one.truth for one in inside) / len(inside), 4),
                }
            )
    return rows


def _risk(forecasts: Sequence[Forecast], threshold: float) -> dict[str, float | None]:
    answered = [one for one in forecasts if one.chance >= threshold]
    wrong = sum(not one.truth for one in answered)
    return {
        "threshold": threshold,
        "coverage": round(len(answered) / len(forecasts), 4),
        "risk": round(wrong / len(answered), 4) if answered else None,
    }
