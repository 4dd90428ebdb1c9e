"""The API of documents: who may, what is taken, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.fakes.frontdesk import PASSWORD, Desk

EDITOR = ("edda", PASSWORD)
PATH = "/api/v1/documents"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, max_upload_bytes=10_000)
    yield desk
    desk.close()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(desk.app()) as client:
        yield client


def test_an_upload_becomes_a_job_a_document_and_can_be_removed(client: TestClient, desk: Desk) -> None:
    files = [
        ("files", ("refunds.md", b"# Refunds", "text/markdown")),
        ("files", ("plans.md", b"# Plans", "text/plain")),
    ]
    accepted = client.post(PATH, files=files, auth=EDITOR)
    assert accepted.status_code == 202
    jobs = accepted.json()["jobs"]
    assert [job["name"] for job in jobs] == ["refunds.md", "plans.md"]
    desk.jobs.step()
    desk.jobs.step()
    running = client.get(f"{PATH}/jobs/{jobs[0]['id']}", auth=EDITOR).json()
    assert (running["state"], running["done"], running["total"]) == ("running", 0, 40)
    for _ in range(5):
        desk.jobs.step()
    assert {job["state"] for job in client.get(f"{PATH}/jobs", auth=EDITOR).json()["jobs"]} == {"done"}
    documents = client.get(PATH, auth=EDITOR).json()["documents"]
    assert documents[0].keys() >= {"id", "title", "source", "state", "passages", "version"}
    receipt = client.delete(f"{PATH}/{documents[0]['id']}", auth=EDITOR)
    assert receipt.json()["unreachable"] is True
    again = client.delete(f"{PATH}/{documents[0]['id']}", auth=EDITOR)
    assert (again.status_code, again.json()["code"]) == (404, "document_not_found")


def test_a_waiting_upload_can_be_cancelled_once(client: TestClient) -> None:
    job = client.post(PATH, files={"files": ("a.md", b"x")}, auth=EDITOR).json()["jobs"][0]["id"]
    assert client.post(f"{PATH}/jobs/{job}/cancel", auth=EDITOR).json()["state"] == "cancelled"
    assert client.post(f"{PATH}/jobs/{job}/cancel", auth=EDITOR).json()["code"] == "job_over"
    assert client.post(f"{PATH}/jobs/none/cancel", auth=EDITOR).json()["code"] == "job_not_found"


def test_only_editors_may(client: TestClient) -> None:
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/x"), ("GET", "/jobs"), ("POST", "/jobs/x/cancel")):
        unknown = client.request(method, PATH + path)
        assert (unknown.status_code, unknown.json()["code"]) == (401, "sign_in_required")
        assert unknown.headers["www-authenticate"].startswith("Basic")
        assert client.request(method, PATH + path, auth=("edda", "wrong password")).status_code == 401
        operator = client.request(method, PATH + path, auth=("olga", PASSWORD))
        assert (operator.status_code, operator.json()["code"]) == (403, "forbidden")
    assert client.get(PATH, auth=("ada", PASSWORD)).status_code == 200
    for nonsense in ("Basic", "Basic !!!", "Basic b2xnYQ==", "Bearer x"):
        assert client.get(PATH, headers={"Authorization": nonsense}).status_code == 401


def test_a_stranger_is_refused_before_the_upload_is_read(client: TestClient) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": "30000"}
    assert client.post(PATH, content=b"--b\r\n", headers=headers).status_code == 401


def test_what_is_too_large_is_refused_and_nothing_of_it_is_kept(client: TestClient, desk: Desk) -> None:
    files = [("files", ("small.md", b"x")), ("files", ("large.md", b"x" * 10_001))]
    refused = client.post(PATH, files=files, auth=EDITOR)
    assert (refused.status_code, refused.json()["code"]) == (413, "document_too_large")
    assert "large.md" in refused.json()["message"]
    whole = client.post(PATH, files={"files": ("huge.md", b"x" * 200_000)}, auth=EDITOR)
    assert (whole.status_code, whole.json()["code"]) == (413, "body_too_large")
    pieces = (b"--b\r\nContent-Disposition: form-data; name=files; filename=a\r\n\r\n", *[b"x" * 50_000] * 10)
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    hidden = client.post(PATH, content=iter(pieces), headers=headers, auth=EDITOR)
    assert (hidden.status_code, hidden.json()["code"]) == (413, "body_too_large")
    assert desk.jobs.jobs() == ()


def test_what_is_no_upload_is_refused_with_the_way_out(client: TestClient) -> None:
    plain = client.post(PATH, json={"a": 1}, auth=EDITOR)
    assert (plain.status_code, plain.json()["code"]) == (415, "unsupported_media_type")
    empty = client.post(
        PATH, files={}, data={"a": "1"}, headers={"Content-Type": "multipart/form-data; boundary=b"}, auth=EDITOR
    )
    assert empty.status_code in (400, 422)
    no_file = client.post(PATH, files={"note": (None, "text")}, auth=EDITOR)
    assert (no_file.status_code, no_file.json()["code"]) == (422, "no_files")
    broken = client.post(PATH, content=b"x", headers={"Content-Type": "multipart/form-data"}, auth=EDITOR)
    assert broken.status_code == 400
    assert set(broken.json()) == {"code", "message", "status"}


def test_a_page_of_another_origin_cannot_use_an_editors_cookie(client: TestClient) -> None:
    client.post("/sign-in", data={"name": "edda", "password": PASSWORD}, follow_redirects=False)
    files = {"files": ("a.md", b"x")}
    assert client.post(PATH, files=files, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post(PATH, files=files, headers={"Origin": "http://testserver"}).status_code == 202
