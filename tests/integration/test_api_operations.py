"""What surrounds every route: health, measurements, headers, origins, errors that nobody foresaw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.fakes.frontdesk import QUESTION, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, cors_origins=("https://shop.example/",), frame_ancestors=("https://shop.example",))
    yield desk
    desk.close()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(desk.app(), follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def test_health_needs_nothing_and_readiness_tells_what_was_checked(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["checks"]["database"] == "ok"
    assert ready.json()["checks"]["index"] == "generation 7"


def test_without_its_database_the_desk_is_up_but_not_ready(desk: Desk, client: TestClient, tmp_path: Path) -> None:
    desk.engine.dispose()
    (tmp_path / "frontdesk.db").unlink()
    (tmp_path / "frontdesk.db").mkdir()
    assert client.get("/health").status_code == 200
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["ok"] is False


def test_the_front_page_is_the_chat(client: TestClient) -> None:
    response = client.get("/")
    assert (response.status_code, response.headers["location"]) == (302, "/chat/")
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_turns_requests_and_stock_are_measured(client: TestClient, desk: Desk) -> None:
    desk.library.add("refunds.md", "Refunds", "text", passages=3)
    desk.jobs.accept("a.md", b"x")
    conversation = client.post("/api/v1/conversations").json()["id"]
    path = f"/api/v1/conversations/{conversation}/messages"
    for text in ("Bitcoin?", QUESTION, "hi", "a human", "anybody?", "kit that is broken"):
        client.post(path, json={"text": text}, headers={"Accept": "application/json"})
    client.get("/nothing/at/all")
    text = client.get("/metrics").text
    for line in (
        'frontdesk_turns_total{outcome="answered"} 1.0',
        'frontdesk_turns_total{outcome="abstained"} 1.0',
        'frontdesk_turns_total{outcome="small_talk"} 1.0',
        'frontdesk_turns_total{outcome="handed_over"} 1.0',
        'frontdesk_turns_total{outcome="silent"} 2.0',
        "frontdesk_turn_seconds_count 6.0",
        "frontdesk_first_text_seconds_count 4.0",
        'method="POST",route="/api/v1/conversations/{conversation_id}/messages",status="200"} 6.0',
        'method="GET",route="unmatched",status="404"} 1.0',
        "frontdesk_documents 1.0",
        "frontdesk_passages 3.0",
        "frontdesk_conversations_waiting 1.0",
        'frontdesk_ingest_jobs{state="queued"} 1.0',
    ):
        assert line in text, line
    assert conversation not in text


def test_two_apps_measure_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        home = tmp_path / name
        home.mkdir()
        desk = Desk(home)
        with TestClient(desk.app()) as client:
            client.get("/health")
            assert 'route="/health",status="200"} 1.0' in client.get("/metrics").text
        desk.close()


def test_every_answer_has_the_headers_that_browsers_obey(client: TestClient) -> None:
    for path in (
        "/health",
        "/api/v1/nothing",
        "/sign-in",
        "/v1/models",
        "/static/plain_page.css",
        "/chat/",
        "/console/",
    ):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin"
        assert "content-security-policy" in headers
        assert headers["x-request-id"]
    assert client.get("/v1/models").headers["cache-control"] == "no-store"


def test_a_callers_request_id_is_kept_where_it_is_one(client: TestClient) -> None:
    assert client.get("/health", headers={"X-Request-ID": "trace-1"}).headers["x-request-id"] == "trace-1"
    strange = client.get("/health", headers={"X-Request-ID": "a b<script>"}).headers["x-request-id"]
    assert len(strange) == 32


def test_other_origins_may_not_call_unless_the_settings_name_them(client: TestClient) -> None:
    refused = client.post("/api/v1/conversations", headers={"Origin": "https://evil.example"})
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin")
    assert "access-control-allow-origin" not in refused.headers
    named = client.post("/api/v1/conversations", headers={"Origin": "https://shop.example"})
    assert named.status_code == 201
    assert named.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in named.headers
    preflight = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    asked = client.options(
        "/api/v1/conversations", headers={**preflight, "Access-Control-Request-Headers": "last-event-id"}
    )
    assert asked.status_code == 200
    assert (
        client.options("/api/v1/conversations", headers={**preflight, "Origin": "https://evil.example"}).status_code
        == 400
    )


def test_a_named_origin_may_call_the_public_api_only(client: TestClient) -> None:
    named = {"Origin": "https://shop.example"}
    for path in ("/sign-in", "/sign-out", "/api/v1/documents", "/console/gradio_api/queue/join"):
        assert client.post(path, headers=named).status_code == 403, path


def test_the_sites_own_pages_may_call_even_behind_a_proxy(client: TestClient) -> None:
    for headers in (
        {"Origin": "http://testserver"},
        {"Origin": "https://help.example", "X-Forwarded-Host": "help.example"},
        {"Origin": "https://help.example", "Sec-Fetch-Site": "same-origin"},
    ):
        assert client.post("/api/v1/conversations", headers=headers).status_code == 201


def test_an_error_nobody_foresaw_is_told_without_its_insides(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    app = desk.app()

    @app.get("/api/v1/broken")
    def broken() -> None:
        raise RuntimeError("password=hunter2")

    with TestClient(app, raise_server_exceptions=False) as client:
        response = client.get("/api/v1/broken", headers={"X-Request-ID": "trace-7"})
        assert response.status_code == 500
        assert response.json()["code"] == "internal_error"
        assert "hunter2" not in response.text
        assert response.headers["x-request-id"] == "trace-7"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert 'status="500"} 1.0' in client.get("/metrics").text
    assert "trace-7" in caplog.text
    assert "hunter2" in caplog.text
