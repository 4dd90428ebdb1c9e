"""The Gradio pages behind their guard: what a stranger, an operator and an editor can reach. With the real pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.fakes.frontdesk import PASSWORD, Desk
from ui.app import our_pages
from ui.gradio_guard import is_open
from ui.gradio_import import prepare_environment

PAGE = {"Accept": "text/html"}
STAFF_PAGES = ("/console", "/knowledge", "/intents")
ALL_PAGES = ("/chat", *STAFF_PAGES)
HOLES = (
    ("GET", "/gradio_api/info"),
    ("GET", "/gradio_api/openapi.json"),
    ("POST", "/gradio_api/call/send"),
    ("POST", "/gradio_api/call/v2/send"),
    ("GET", "/gradio_api/call/send/1"),
    ("POST", "/gradio_api/api/predict"),
    ("POST", "/gradio_api/api/send"),
    ("POST", "/gradio_api/run/send"),
    ("GET", "/gradio_api/proxy=https://example.com"),
    ("GET", "/gradio_api/file=https://example.com/a.png"),
    ("GET", "/gradio_api/file=../../etc/passwd"),
    ("POST", "/gradio_api/component_server"),
    ("GET", "/gradio_api/deep_link"),
    ("GET", "/gradio_api/runs"),
    ("GET", "/gradio_api/queue/status"),
    ("GET", "/gradio_api/token"),
    ("GET", "/gradio_api/user"),
    ("POST", "/gradio_api/vibe-edit"),
    ("POST", "/gradio_api/process_recording"),
    ("GET", "/monitoring"),
    ("GET", "/monitoring/summary"),
    ("POST", "/login"),
    ("GET", "/logout"),
    ("PUT", "/gradio_api/queue/join"),
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    prepare_environment()
    desk = Desk(tmp_path_factory.mktemp("home"), frame_ancestors=("https://shop.example",), max_upload_bytes=2_000)
    yield desk.app(our_pages)
    desk.close()


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    return TestClient(app, follow_redirects=False)


def signed_in(app: FastAPI, name: str) -> TestClient:
    client = TestClient(app, follow_redirects=False)
    assert client.post("/sign-in", data={"name": name, "password": PASSWORD}).status_code == 303
    return client


def test_the_chat_is_open_to_everybody(stranger: TestClient) -> None:
    page = stranger.get("/chat/", headers=PAGE)
    assert page.status_code == 200
    assert "window.gradio_config" in page.text
    assert stranger.get("/chat", headers=PAGE).headers["location"].endswith("/chat/")
    script = re.search(r'src="\.?/?(assets/[^"]+\.js)"', page.text)
    assert script is not None
    assert stranger.get(f"/chat/{script.group(1)}").status_code == 200
    assert stranger.get("/chat/theme.css").status_code == 200
    assert stranger.get("/chat/config").status_code == 200


@pytest.mark.parametrize(("method", "path"), HOLES)
def test_what_no_page_needs_is_shut_for_everybody(app: FastAPI, stranger: TestClient, method: str, path: str) -> None:
    assert stranger.request(method, f"/chat{path}").status_code == 404
    admin = signed_in(app, "ada")
    for page in STAFF_PAGES:
        assert admin.request(method, f"{page}{path}").status_code == 404


def test_nobody_uploads_through_the_chat(app: FastAPI, stranger: TestClient) -> None:
    files = {"files": ("a.md", b"x")}
    for client in (stranger, signed_in(app, "ada")):
        assert client.post("/chat/gradio_api/upload", files=files).status_code == 404
        assert client.post("/console/gradio_api/upload", files=files).status_code in (401, 404)


def test_only_editors_upload_on_the_knowledge_page(app: FastAPI, stranger: TestClient) -> None:
    path, files = "/knowledge/gradio_api/upload", {"files": ("a.md", b"x")}
    assert stranger.post(path, files=files).status_code == 401
    assert signed_in(app, "olga").post(path, files=files).status_code == 403
    assert signed_in(app, "edda").post(path, files=files).status_code == 200
    assert signed_in(app, "edda").post(path, files={"files": ("a.md", b"x" * 2_001)}).status_code == 413


def test_a_strangers_browser_is_sent_to_the_sign_in_and_a_program_is_told(stranger: TestClient) -> None:
    for page in STAFF_PAGES:
        for path in (page, f"{page}/"):
            sent = stranger.get(path, headers=PAGE)
            assert (sent.status_code, sent.headers["location"]) == (303, f"/sign-in?next={path}")
        for path in ("/config", "/gradio_api/queue/data", "/gradio_api/heartbeat/x", "/theme.css", "/assets/x.js"):
            told = stranger.get(f"{page}{path}")
            assert (told.status_code, told.json()["code"]) == (401, "sign_in_required")
        assert stranger.post(f"{page}/gradio_api/queue/join", json={}).status_code == 401
        assert stranger.post(f"{page}/gradio_api/run/predict", json={}).status_code == 401


def test_each_role_sees_its_pages(app: FastAPI) -> None:
    seen = {
        name: [signed_in(app, name).get(f"{page}/", headers=PAGE).status_code for page in STAFF_PAGES]
        for name in ("olga", "edda", "ada")
    }
    assert seen == {"olga": [200, 403, 403], "edda": [403, 200, 200], "ada": [200, 200, 200]}


def test_who_may_not_see_a_page_can_sign_in_as_somebody_else(app: FastAPI) -> None:
    operator = signed_in(app, "olga")
    refused = operator.get("/knowledge/", headers=PAGE)
    assert "/sign-in?next=/knowledge/" in refused.text
    assert operator.get("/sign-in?next=/knowledge/", headers=PAGE).status_code == 200
    assert operator.get("/sign-in?next=/console/", headers=PAGE).status_code == 303


def test_a_role_is_asked_for_however_the_path_is_written(stranger: TestClient) -> None:
    for path in ("/console/../console/", "/chat/../console/config", "/chat/%2e%2e/console/config", "//console/config",
                 "/Console/config", "/console/;/config", "/%63onsole/config"):  # fmt: skip
        assert stranger.get(path, headers={"Accept": "*/*"}).status_code in (401, 404), path


def test_the_chat_may_be_framed_where_the_settings_say_and_staff_pages_nowhere(
    app: FastAPI, stranger: TestClient
) -> None:
    chat = stranger.get("/chat/").headers
    assert "frame-ancestors 'self' https://shop.example" in chat["content-security-policy"]
    assert "x-frame-options" not in chat
    for page in STAFF_PAGES:
        staff = signed_in(app, "ada").get(f"{page}/").headers
        assert "frame-ancestors 'none'" in staff["content-security-policy"]
        assert staff["x-frame-options"] == "DENY"
    assert "'unsafe-eval'" not in stranger.get("/sign-in").headers["content-security-policy"]


def test_no_page_loads_an_image_from_elsewhere_or_sends_anything_there(app: FastAPI, stranger: TestClient) -> None:
    staff = signed_in(app, "ada")
    pages = [stranger.get("/chat/"), stranger.get("/sign-in"), *(staff.get(f"{page}/") for page in STAFF_PAGES)]
    for page in pages:
        policy = dict(part.split(maxsplit=1) for part in page.headers["content-security-policy"].split(";"))
        for kind in ("img-src", "connect-src", "media-src", "font-src"):
            sources = policy.get(kind, policy["default-src"]).split()
            assert set(sources) <= {"'self'", "'none'", "data:", "blob:"}, (page.url, kind)


def test_gradio_lets_no_other_origin_read(stranger: TestClient) -> None:
    headers = {"Origin": "https://evil.example", "Host": "help.example"}
    page = stranger.get("/chat/config", headers=headers)
    assert "access-control-allow-origin" not in page.headers
    assert "access-control-allow-credentials" not in page.headers
    assert stranger.post("/chat/gradio_api/queue/join", json={}, headers=headers).status_code == 403


def test_a_large_event_is_refused(stranger: TestClient) -> None:
    refused = stranger.post("/chat/gradio_api/queue/join", content=b"x" * 1_100_000)
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")


def test_the_guard_knows_paths_not_prefixes() -> None:
    assert is_open("GET", "", uploads=False)
    assert is_open("GET", "/gradio_api/queue/data", uploads=False)
    assert is_open("POST", "/gradio_api/upload", uploads=True)
    assert not is_open("POST", "/gradio_api/upload", uploads=False)
    assert not is_open("GET", "/assets/../gradio_api/info", uploads=True)
    assert not is_open("GET", "/gradio_api/queue/data/x", uploads=True)
    assert not is_open("POST", "/gradio_api/run/predict/../call", uploads=True)
    assert not is_open("DELETE", "/", uploads=True)
