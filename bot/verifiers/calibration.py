"""The few fitted numbers that turn similarities into probabilities. Knows no model. Ours lie beside this module.

A calibration belongs to one embedder: another one has other similarities, and needs its own
(`python -m bot.training.calibration`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.errors import ModelUnavailable

CALIBRATION_FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression: the probability is 1 / (1 + exp(-(bias + sum of weight × feature)))."""

    bias: float
    weights: Mapping[str, float]

    def probability(self, features: Mapping[str, float]) -> float:
        """Features without a weight are ignored. Raises KeyError when one that has a weight is missing."""
        total = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """One regression per language for each question; 0.5 means the same in both languages."""

    release: str
    embedder: str  # the model whose similarities these numbers belong to
    answerable: Mapping[str, Logistic]
    sentence: Mapping[str, Logistic]
    support: Mapping[str, Logistic]


def load_calibration(path: Path = CALIBRATION_FILE) -> Calibration:
    """Raises ModelUnavailable when the file is missing or is no calibration."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Calibration(
            release=str(stored["release"]),
            embedder=str(stored["embedder"]),
            answerable=_logistics(stored["answerable"]),
            sentence=_logistics(stored["sentence"]),
            support=_logistics(stored["support"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnavailable(
            f"Cannot read the calibration '{path}': {error}; `python -m bot.training.calibration` writes a new one"
        ) from error


def as_json(calibration: Calibration) -> dict[str, Any]:
    """What `load_calibration` reads, for writing to a file."""
    return {
        "release": calibration.release,
        "embedder": calibration.embedder,
        **{
            name: {
                language: {"bias": round(one.bias, 4), "weights": {key: round(w, 4) for key, w in one.weights.items()}}
                for language, one in getattr(calibration, name).items()
            }
            for name in ("answerable", "sentence", "support")
        },
    }


def _logistics(stored: Mapping[str, Any]) -> dict[str, Logistic]:
    fitted = {
        language: Logistic(float(one["bias"]), {name: float(weight) for name, weight in one["weights"].items()})
        for language, one in stored.items()
    }
    missing = {"en", "zh"} - fitted.keys()
    if missing:
        raise ValueError(f"it has no numbers for {', '.join(sorted(missing))}")
    return fitted
