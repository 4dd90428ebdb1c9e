"""How well claims are told from their contradictions: `python -m tests.quality.test_claims_quality` prints the figures.

The claims were written by hand, before any verifier was trained, and nothing was chosen on them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.answering.contradictions import contradiction, new_words
from bot.protocols import Verifier
from bot.training.metrics import auroc
from bot.verifiers.calibration import LANGUAGES, load_calibration
from bot.verifiers.opening import open_verifier
from bot.verifiers.similarity import SimilarityVerifier
from knowledge.embedding.embeddings import TorchEmbedder
from tests.models import embedder_folder

pytestmark = [pytest.mark.models, pytest.mark.slow]

CLAIMS = Path(__file__).parents[1] / "data" / "claims.jsonl"


def rows(language: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in CLAIMS.read_text(encoding="utf-8").splitlines()]
    return [row for row in found if row["language"] == language]


def told(verifier: Verifier, language: str) -> float:
    """AUROC of the verifier's probabilities over right and wrong claims."""
    own = rows(language)
    chances = [verifier.supports(row["claim"], [row["sentence"]])[0] for row in own]
    return auroc(chances, [row["true"] for row in own]) or 0.0


def figures() -> dict[str, dict[str, float]]:
    embedder = TorchEmbedder(embedder_folder(), threads=1)
    trained, similarity = open_verifier(embedder), SimilarityVerifier(embedder, load_calibration())
    found = {}
    for language in LANGUAGES:
        own = rows(language)
        truths = [row["true"] for row in own]
        passes = [contradiction(row["claim"], row["sentence"]) is None for row in own]
        found[language] = {
            "n": len(own),
            "trained": round(told(trained, language), 3),
            "similarity": round(told(similarity, language), 3),
            "overlap": round(auroc([-new_words(row["claim"], row["sentence"]) for row in own], truths) or 0, 3),
            "rules_pass_right": sum(each and truth for each, truth in zip(passes, truths, strict=True)),
            "rules_pass_wrong": sum(each and not truth for each, truth in zip(passes, truths, strict=True)),
        }
    return found


def test_reading_tells_claims_from_contradictions_better_than_likeness() -> None:
    for language, measured in figures().items():
        assert measured["trained"] >= measured["similarity"] + 0.1, language


if __name__ == "__main__":
    sys.stdout.write(json.dumps(figures(), indent=1) + "\n")
