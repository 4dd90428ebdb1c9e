"""The API of entries and unanswered questions: who may, what is taken, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.fakes.frontdesk import PASSWORD, Desk

EDITOR = ("edda", PASSWORD)
PATH = "/api/v1/entries"
SUNDAYS: dict[str, Any] = {
    "questions": {"en": ["Are you open on Sunday?"], "zh": ["你们周日上班吗？"]},
    "answers": {"en": "Yes, <b>always</b>.", "zh": "是的。"},
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(desk.app()) as client:
        yield client


def say(client: TestClient, text: str) -> dict[str, Any]:
    body = {"model": "frontdesk", "messages": [{"role": "user", "content": text}]}
    answer: dict[str, Any] = client.post("/v1/chat/completions", json=body).json()
    return answer


def test_an_entry_is_written_read_edited_and_removed(client: TestClient) -> None:
    added = client.post(PATH, json=SUNDAYS, auth=EDITOR)
    assert added.status_code == 201
    entry = added.json()
    assert (entry["version"], entry["created_by"], entry["answers"]["en"]) == (1, "edda", "Yes, <b>always</b>.")
    assert client.get(PATH, params={"query": "always"}, auth=EDITOR).json()["matching"] == 1
    said = say(client, "are you open on sunday")
    assert said["choices"][0]["message"]["content"] == "Yes, <b>always</b>. [1]"
    assert said["citations"][0]["document_id"] == f"entry-{entry['id']}-en"
    new = SUNDAYS | {"answers": {"en": "No."}, "version": 1}
    assert client.put(f"{PATH}/{entry['id']}", json=new, auth=("ada", PASSWORD)).json()["version"] == 2
    assert say(client, "Are you open on Sunday?")["choices"][0]["message"]["content"] == "No. [1]"
    conflict = client.put(f"{PATH}/{entry['id']}", json=new, auth=EDITOR)
    assert (conflict.status_code, conflict.json()["code"]) == (409, "entry_changed")
    assert "'ada'" in conflict.json()["message"]
    history = client.get(f"{PATH}/{entry['id']}/history", auth=EDITOR).json()["changes"]
    assert [(each["action"], each["editor"]) for each in history] == [("created", "edda"), ("edited", "ada")]
    assert client.delete(f"{PATH}/{entry['id']}", params={"version": 1}, auth=EDITOR).status_code == 409
    assert client.delete(f"{PATH}/{entry['id']}", auth=EDITOR).json()["unreachable"] is True
    gone = client.get(f"{PATH}/{entry['id']}", auth=EDITOR)
    assert (gone.status_code, gone.json()["code"]) == (404, "entry_not_found")
    assert say(client, "Are you open on Sunday?")["choices"][0]["message"]["content"] != "No. [1]"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"questions": {"en": []}}, "question_missing"),
        ({"answers": {"en": " "}}, "answer_missing"),
        ({"answers": {"en": "x" * 100_000}}, "answer_too_long"),
        ({"questions": {"en": ["x" * 100_000]}}, "question_too_long"),
        ({"questions": {"fr": ["Ouvert ?"]}}, "language_unknown"),
        ({"link": "ftp://a.example"}, "link_invalid"),
        ({"unknown": 1}, "invalid_request"),
        ({"answers": "Yes."}, "invalid_request"),
    ],
)
def test_what_cannot_be_an_entry_is_refused_in_words(client: TestClient, changes: dict[str, Any], code: str) -> None:
    refused = client.post(PATH, json=SUNDAYS | changes, auth=EDITOR)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert set(refused.json()) == {"code", "message", "status"}
    assert client.get(PATH, auth=EDITOR).json()["total"] == 0


def test_only_editors_may(client: TestClient) -> None:
    for method, path in (
        ("GET", "/entries"),
        ("POST", "/entries"),
        ("GET", "/entries/x"),
        ("PUT", "/entries/x"),
        ("DELETE", "/entries/x"),
        ("GET", "/entries/x/history"),
        ("GET", "/gaps"),
        ("POST", "/gaps/x/dismiss"),
    ):
        assert client.request(method, f"/api/v1{path}").status_code == 401
        assert client.request(method, f"/api/v1{path}", auth=("olga", PASSWORD)).status_code == 403


def test_gaps_that_are_not_there_cannot_be_dismissed(client: TestClient) -> None:
    assert client.get("/api/v1/gaps", auth=EDITOR).json() == {"gaps": [], "questions": 0, "covered": 0, "waiting": 0}
    missing = client.post("/api/v1/gaps/none/dismiss", auth=EDITOR)
    assert (missing.status_code, missing.json()["code"]) == (404, "gap_not_found")
