"""`frontdesk index …` and `documents remove` as people type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.product import answer_of, frontdesk

pytestmark = [pytest.mark.models, pytest.mark.slow]


def test_a_snapshot_is_made_listed_and_rolled_back_to_and_a_removal_ends_with_a_receipt(tmp_path: Path) -> None:
    home, pages = tmp_path / "home", tmp_path / "pages"
    pages.mkdir()
    (pages / "opening.md").write_text("# Opening hours\n\nThe shop is open from nine to five.\n", encoding="utf-8")
    (pages / "parking.md").write_text("# Parking\n\nParking behind the shop is free.\n", encoding="utf-8")
    assert frontdesk(home, "ingest", str(pages)).returncode == 0

    made = answer_of(frontdesk(home, "index", "snapshot", "spring", "--json"))
    assert (made["ok"], made["name"], made["documents"]) == (True, "spring", 2)
    again = frontdesk(home, "index", "snapshot", "spring", "--json")
    assert again.returncode == 1
    assert "already" in answer_of(again)["message"]

    removed = next(
        document["id"]
        for document in answer_of(frontdesk(home, "documents", "list", "--json"))["documents"]
        if document["title"] == "Parking"
    )
    receipt = frontdesk(home, "documents", "remove", removed)
    assert "none is found any more" in receipt.stdout
    assert "1 copies erased from snapshots" in receipt.stdout

    back = answer_of(frontdesk(home, "index", "rollback", "--json"))
    assert (back["ok"], back["name"], back["restored"], back["unchanged"]) == (True, "spring", 0, 1)
    assert back["not_restored"] == [{"id": removed, "title": "Parking"}]

    listed = answer_of(frontdesk(home, "index", "snapshot", "--list", "--json"))["snapshots"]
    assert {each["name"] for each in listed} == {"spring", "before-rollback"}
    health = answer_of(frontdesk(home, "index", "verify", "--json"))
    assert (health["ok"], health["problems"]) == (True, [])
    assert health["indexes"]["en"]["kind"] == "flat"
