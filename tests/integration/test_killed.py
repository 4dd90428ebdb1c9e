"""kill -9 on the real server: in the middle of an answer, and of an upload. Nothing accepted is lost or doubled."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.product import Server, answer_of, frontdesk, serving

pytestmark = [pytest.mark.models, pytest.mark.slow]

QUESTION = "How long does a refund take?"
DONE_SECONDS = 120


def test_killed_in_the_middle_of_an_answer_the_question_survives_and_is_answered_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        conversation = open_conversation(server)
        ask = {"text": QUESTION, "client_message_id": "m-1"}
        url = f"{server.address}/api/v1/conversations/{conversation}/messages"
        with httpx.stream("POST", url, json=ask, timeout=60) as stream:
            assert next(line for line in stream.iter_lines() if line) == "event: accepted"
            server.kill()
    with serving(tmp_path) as server, httpx.Client(base_url=server.address, timeout=60) as client:
        path = f"/api/v1/conversations/{conversation}/messages"
        assert [message["author"] for message in messages_of(client, path)] == ["customer"]
        first = client.post(path, json=ask, headers={"accept": "application/json"}).json()
        again = client.post(path, json=ask, headers={"accept": "application/json"}).json()
        assert first["outcome"] == "answered"
        assert first["message_id"] == again["message_id"]
        assert [message["author"] for message in messages_of(client, path)] == ["customer", "bot"]


def test_killed_in_the_middle_of_an_upload_the_document_is_taken_in_once(tmp_path: Path) -> None:
    sections = "\n\n".join(f"## Stop {n}\n\nTram number {n} calls at stop {n} every {n} minutes." for n in range(300))
    page = f"# Timetable\n\n{sections}\n".encode()
    with serving(tmp_path) as server:
        staff = ("admin", server.password)
        url = f"{server.address}/api/v1/documents"
        uploaded = httpx.post(url, files={"files": ("timetable.md", page)}, auth=staff, timeout=60)
        assert uploaded.status_code == 202, uploaded.text
        server.kill()
    with serving(tmp_path) as server, httpx.Client(base_url=server.address, auth=staff, timeout=60) as client:
        wait_until_done(client)
        listed = client.get("/api/v1/documents").json()["documents"]
        assert [document["title"] for document in listed].count("Timetable") == 1
    verified = frontdesk(tmp_path, "index", "verify", "--json")
    assert answer_of(verified)["ok"] is True
    found = answer_of(frontdesk(tmp_path, "search", "How often does tram number 77 call?", "--json"))["passages"]
    assert found[0]["heading"].endswith("Stop 77")


def open_conversation(server: Server) -> str:
    identifier: str = httpx.post(f"{server.address}/api/v1/conversations", timeout=60).json()["id"]
    return identifier


def messages_of(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = client.get(path).json()["messages"]
    return messages


def wait_until_done(client: httpx.Client) -> None:
    """Asks for the jobs until none is queued or running."""
    until = time.monotonic() + DONE_SECONDS
    while time.monotonic() < until:
        states = {job["state"] for job in client.get("/api/v1/documents/jobs").json()["jobs"]}
        if states <= {"done", "refused", "cancelled"}:
            assert states == {"done"}
            return
    raise AssertionError("the upload did not come to an end")
