"""How much the entity rules find, on public sets: `python -m tests.quality.test_entities_quality` prints the figures.

The rules were written while looking at these very files, so the figures are not blind.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.signals.entities import find_entities
from bot.signals.values import Entity

SHARED = Path(__file__).parents[3] / "shared" / "data"
PRESIDIO, BITEXT = SHARED / "presidio_pii" / "dev.jsonl.gz", SHARED / "bitext_cs" / "train.jsonl.gz"
CLAIMED = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip_address",
    "DATE_TIME": "date",
}
OF_BITEXT = {"order_id": "order_number", "invoice_id": "order_number", "refund_amount": "amount"}

needs = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the public sets in ../shared/data")


def rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def overlaps(entity: Entity, span: Mapping[str, Any]) -> bool:
    return entity.start < int(span["end"]) and int(span["start"]) < entity.end


def personal_data() -> dict[str, float | int]:
    """Recall over all spans and over those of the claimed types, and precision of what is found in these."""
    spans, found, claimed, right, named = Counter[str](), 0, 0, 0, 0
    for row in rows(PRESIDIO):
        entities = [each for each in find_entities(row["text"]) if each.kind in CLAIMED.values()]
        for span in row["spans"]:
            hit = any(CLAIMED.get(span["type"]) == each.kind and overlaps(each, span) for each in entities)
            spans[span["type"]] += 1
            found += hit
            claimed += span["type"] in CLAIMED
        for each in entities:
            named += 1
            right += any(CLAIMED.get(span["type"]) == each.kind and overlaps(each, span) for span in row["spans"])
    return {
        "pii_recall": found / claimed,
        "pii_recall_of_all_17_types": found / spans.total(),
        "pii_precision": right / named,
        "n": claimed,
    }


def slots() -> dict[str, float | int]:
    total, hits = Counter[str](), Counter[str]()
    for row in rows(BITEXT):
        entities = find_entities(row["text"])
        for span in row["entities"]:
            if span["type"] in OF_BITEXT:
                total[span["type"]] += 1
                hits[span["type"]] += any(
                    each.kind == OF_BITEXT[span["type"]] and overlaps(each, span) for each in entities
                )
    return {f"recall of {kind}": hits[kind] / total[kind] for kind in sorted(total)}


@needs
def test_what_is_claimed_is_found_and_little_else() -> None:
    figures = personal_data()
    assert figures["pii_recall"] >= 0.97
    assert figures["pii_precision"] >= 0.85


@needs
def test_orders_and_amounts_are_found_in_shop_messages() -> None:
    assert all(recall >= 0.97 for recall in slots().values())


if __name__ == "__main__":
    sys.stdout.write(json.dumps(personal_data() | slots(), indent=1) + "\n")
