"""The API of documents: who may, what is taken, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

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


def test_an_answer_written_by_hand_is_no_document_to_list_or_remove(client: TestClient) -> None:
    before = client.get(PATH, auth=EDITOR).json()["total"]
    answer = {"questions": {"en": ["Are you open on Sunday?"]}, "answers": {"en": "Never."}}
    entry = client.post("/api/v1/entries", json=answer, auth=EDITOR).json()["id"]
    assert client.get(PATH, auth=EDITOR).json()["total"] == before
    refused = client.delete(f"{PATH}/entry-{entry}-en", auth=EDITOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "is_entry")
    assert "an answer that was written by hand; remove it among the answers" in refused.json()["message"]


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


def test_uploads_of_one_request_are_one_batch(client: TestClient, desk: Desk) -> None:
    files = [("files", (f"{n}.md", b"# Text")) for n in range(3)]
    accepted = client.post(PATH, files=files, data={"encoding": "gb18030"}, auth=EDITOR).json()
    batch = accepted["batch_id"]
    assert batch
    assert {(job["batch_id"], job["encoding"]) for job in accepted["jobs"]} == {(batch, "gb18030")}
    client.post(PATH, files=files[:1], data={"batch_id": batch}, auth=EDITOR)  # forty files come in several requests
    told = client.get(f"{PATH}/batches/{batch}", auth=EDITOR).json()
    assert (told["total"], told["ended"], told["states"]) == (4, 0, {"queued": 4})
    for _ in range(7):
        desk.jobs.step()
    assert client.get(f"{PATH}/batches/{batch}", auth=EDITOR).json()["ended"] == 4
    assert len(client.get(f"{PATH}/jobs", params={"batch_id": batch}, auth=EDITOR).json()["jobs"]) == 4
    assert client.get(f"{PATH}/batches/none", auth=EDITOR).json()["code"] == "batch_not_found"


def test_a_job_tells_its_stage_and_what_became_of_each_file(client: TestClient, desk: Desk) -> None:
    job = client.post(PATH, files={"files": ("locked.pdf", b"x")}, auth=EDITOR).json()["jobs"][0]["id"]
    desk.jobs.step()
    desk.jobs.step()
    running = client.get(f"{PATH}/jobs/{job}", auth=EDITOR).json()
    assert (running["stage"], running["stage_number"], running["stages"]) == ("embedding", 3, 4)
    for _ in range(5):
        desk.jobs.step()
    files = client.get(f"{PATH}/jobs/{job}/files", params={"outcome": "refused"}, auth=EDITOR).json()
    assert (files["total"], files["files"][0]["source"]) == (1, "locked.pdf")
    assert "unlocked copy" in files["files"][0]["reason"]
    assert client.get(f"{PATH}/jobs/none/files", auth=EDITOR).json()["code"] == "job_not_found"
    assert client.get(f"{PATH}/jobs/{job}/files", params={"outcome": "eaten"}, auth=EDITOR).status_code == 422


def test_the_original_is_a_download_that_no_browser_opens(client: TestClient, desk: Desk) -> None:
    desk.library.add('退货 "x".html', "Returns", "<script>alert(1)</script>")
    answer = client.get(f'{PATH}/退货 "x".html/original', auth=EDITOR)
    assert answer.status_code == 200
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; filename=\"__ _x_.html\"; filename*=UTF-8''")
    assert "\n" not in disposition
    assert client.get(f"{PATH}/none/original", auth=EDITOR).json()["code"] == "document_not_found"
    assert client.get(f"{PATH}/none/original", auth=("olga", PASSWORD)).status_code == 403


def test_a_document_can_be_read_again_in_another_encoding(client: TestClient, desk: Desk) -> None:
    desk.library.add("faq.txt", "FAQ", "text")
    job = client.post(f"{PATH}/faq.txt/reread", json={"encoding": "big5"}, auth=EDITOR)
    assert (job.status_code, job.json()["encoding"], job.json()["name"]) == (202, "big5", "faq.txt")
    assert client.post(f"{PATH}/none/reread", json={"encoding": "big5"}, auth=EDITOR).status_code == 404
    assert client.post(f"{PATH}/faq.txt/reread", json={}, auth=EDITOR).status_code == 422


def test_the_list_comes_in_pages_and_can_be_filtered(client: TestClient, desk: Desk) -> None:
    for number in range(7):
        desk.library.add(f"page{number}.md", f"Page {number}", "Some text.")
    desk.library.add("zh.md", "退货", "七天内可以退货。")
    page = client.get(PATH, params={"offset": 2, "limit": 3}, auth=EDITOR).json()
    assert (len(page["documents"]), page["total"], page["offset"]) == (3, 8, 2)
    assert [each["id"] for each in client.get(PATH, params={"language": "zh"}, auth=EDITOR).json()["documents"]] == [
        "zh.md"
    ]
    assert client.get(PATH, params={"query": "PAGE 3"}, auth=EDITOR).json()["total"] == 1
    for wrong in ({"limit": 0}, {"offset": -1}, {"state": "eaten"}, {"order": "size"}):
        assert client.get(PATH, params=wrong, auth=EDITOR).status_code == 422


def test_the_name_of_an_original_is_one_header_whatever_is_in_it(client: TestClient, desk: Desk) -> None:
    desk.library.add("re\tport\r\nX-Evil: 1\x7f.md", "Report", "text")
    key = desk.library.documents()[0].document_id
    answer = client.get(f"{PATH}/{quote(key)}/original", auth=EDITOR)
    assert answer.status_code == 200
    assert "x-evil" not in answer.headers
    disposition = answer.headers["content-disposition"]
    assert 'filename="re_port__X-Evil: 1_.md"' in disposition
    assert disposition.isprintable()
