"""The fitted numbers that turn similarities into probabilities. Knows no model. Ours lie beside this module.

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

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import ModelUnavailable

CALIBRATION_FILE = Path(__file__).with_name("calibration.json")
LANGUAGES = ("en", "zh")
Vector = NDArray[np.float32]


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
class Centres:
    """The mean vector of many questions and of many sentences, for each language."""

    question: Mapping[str, Vector]
    sentence: Mapping[str, Vector]

    @property
    def dimensions(self) -> int:
        return len(self.question[LANGUAGES[0]])

    @staticmethod
    def at_zero(dimensions: int) -> Centres:
        zero = dict.fromkeys(LANGUAGES, np.zeros(dimensions, dtype=np.float32))
        return Centres(zero, zero)


@dataclass(frozen=True, slots=True)
class Calibration:
    """One regression per language for each question; 0.5 means the same in both languages."""

    release: str
    embedder: str  # the model whose similarities these numbers belong to
    centres: Centres
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
            centres=Centres(_vectors(stored["centres"]["question"]), _vectors(stored["centres"]["sentence"])),
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
    centres = {"question": calibration.centres.question, "sentence": calibration.centres.sentence}
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
        "centres": {
            kind: {
                language: " ".join(f"{value:.4f}" for value in vector.tolist()) for language, vector in centre.items()
            }
            for kind, centre in centres.items()
        },
    }


def _vectors(stored: Mapping[str, str]) -> dict[str, Vector]:
    return {language: np.array(stored[language].split(), dtype=np.float32) for language in LANGUAGES}


def _logistics(stored: Mapping[str, Any]) -> dict[str, Logistic]:
    return {language: read_logistic(stored[language]) for language in LANGUAGES}


def read_logistic(stored: Mapping[str, Any]) -> Logistic:
    """What `as_json` writes of one. Raises KeyError, TypeError, ValueError for something else."""
    return Logistic(float(stored["bias"]), {name: float(weight) for name, weight in stored["weights"].items()})
