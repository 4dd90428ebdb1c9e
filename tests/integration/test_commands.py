"""The console script on bad input: each a clear sentence and exit code, and nothing half-stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.product import answer_of, frontdesk

pytestmark = [pytest.mark.models, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one document, so that nothing opens the sample company."""
    folder = tmp_path_factory.mktemp("desk")
    page = folder / "opening.md"
    page.write_text("# Opening hours\n\nThe shop is open from nine to five, Monday to Friday.\n", encoding="utf-8")
    done = frontdesk(folder / "home", "ingest", str(page), "--json")
    assert done.returncode == 0, done.stderr
    return folder / "home"


@pytest.mark.parametrize("question", ["", "   ", "x" * 100_000])
def test_an_empty_or_endless_question_is_wrong_usage(home: Path, question: str) -> None:
    refused = frontdesk(home, "ask", question, "--json")
    assert refused.returncode == 2
    assert set(answer_of(refused)) == {"code", "message", "status"}
    assert "Traceback" not in refused.stderr


def test_unreadable_files_are_refused_one_by_one_and_the_rest_is_taken(home: Path, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Parking\n\nParking behind the shop is free.\n", encoding="utf-8")
    (tmp_path / "empty.md").write_bytes(b"")
    (tmp_path / "picture.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\n garbage")
    (tmp_path / "program.exe").write_bytes(b"MZ" + bytes(100))
    done = frontdesk(home, "ingest", str(tmp_path), "--json")
    report = answer_of(done)
    assert done.returncode == 3, done.stderr
    assert report["added"] == 1
    assert len(report["refused"]) >= 3
    assert all(refusal["reason"] for refusal in report["refused"])
    listed = answer_of(frontdesk(home, "documents", "list", "--json"))["documents"]
    assert {document["title"] for document in listed} == {"Opening hours", "Parking"}


def test_a_path_that_does_not_exist_is_refused_by_name(home: Path) -> None:
    done = frontdesk(home, "ingest", "/no/such/file.md", "--json")
    assert done.returncode in (1, 2)
    assert "/no/such/file.md" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_document_is_named(home: Path) -> None:
    done = frontdesk(home, "documents", "remove", "no-such-document", "--json")
    assert done.returncode == 1
    assert "no-such-document" in answer_of(done)["message"]


def test_an_unknown_conversation_is_named(home: Path) -> None:
    done = frontdesk(home, "ask", "Are you open?", "--conversation", "nowhere", "--json")
    assert done.returncode == 1
    assert "nowhere" in answer_of(done)["message"]


def test_an_unknown_setting_stops_the_start_and_names_the_nearest(home: Path) -> None:
    done = frontdesk(home, "documents", "list", FRONTDESK_HOEM="x")
    assert done.returncode == 2
    assert "FRONTDESK_HOME" in done.stderr


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder should be", encoding="utf-8")
    done = frontdesk(tmp_path / "file" / "home", "documents", "list")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_same_file_again_changes_nothing_and_new_bytes_replace_it(tmp_path: Path) -> None:
    page, home = tmp_path / "fees.md", tmp_path / "home"
    page.write_text("# Fees\n\nA locker costs two euros a day.\n", encoding="utf-8")
    first = answer_of(frontdesk(home, "ingest", str(page), "--json"))
    again = answer_of(frontdesk(home, "ingest", str(page), "--json"))
    page.write_text("# Fees\n\nA locker costs three euros a day.\n", encoding="utf-8")
    changed = answer_of(frontdesk(home, "ingest", str(page), "--json"))
    assert (first["added"], again["unchanged"], changed["updated"]) == (1, 1, 1)
    found = answer_of(frontdesk(home, "search", "What does a locker cost?", "--json"))["passages"]
    assert "three euros" in found[0]["text"]
    assert all("two euros" not in passage["text"] for passage in found)


def test_json_lines_keep_their_ids_and_removal_ends_with_a_proof(tmp_path: Path) -> None:
    rows = [
        {"id": "bikes", "title": "Bikes", "text": "Bikes are lent for a day at a time."},
        {"id": "boats", "title": "Boats", "text": "Rowing boats are lent by the hour."},
    ]
    source = tmp_path / "pages.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in rows) + "\nnot json\n", encoding="utf-8")
    home = tmp_path / "home"
    done = frontdesk(home, "ingest", str(source), "--json")
    assert done.returncode == 3
    assert answer_of(done)["added"] == 2
    receipt = answer_of(frontdesk(home, "documents", "remove", "boats", "--json"))
    assert receipt["unreachable"] is True
    found = answer_of(frontdesk(home, "search", "rowing boats by the hour", "--json"))["passages"]
    assert [passage["document_id"] for passage in found] == ["bikes"]
    assert answer_of(frontdesk(home, "index", "verify", "--json"))["ok"] is True
