"""Whether the frustration head tells upset messages to a desk from calm ones, on messages written for this test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.signals.frustration import load_frustration_head
from bot.training.frustration import measured
from knowledge.embedding.embeddings import TorchEmbedder
from knowledge.languages import detect_language
from tests.models import embedder_folder

MESSAGES = Path(__file__).parents[1] / "data" / "upset_messages.jsonl"


def test_a_head_of_another_embedder_is_not_used() -> None:
    assert load_frustration_head("another-embedder") is None


@pytest.mark.models
def test_upset_messages_to_a_desk_are_told_from_calm_ones() -> None:
    embedder = TorchEmbedder(embedder_folder())
    head = load_frustration_head(embedder.fingerprint)
    assert head is not None, "the head was trained on another embedder: train it again"
    rows = [json.loads(line) for line in MESSAGES.read_text(encoding="utf-8").splitlines()]
    for language in ("en", "zh"):
        spoken = [(row["text"], row["upset"]) for row in rows if detect_language(row["text"]) == language]
        figures = measured(head, spoken, embedder, language)
        assert figures["auroc"] >= 0.92, language
        assert figures["recall"] >= 0.8, language
        assert figures["false_alarms"] <= 0.1, language
