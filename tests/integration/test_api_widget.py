"""What the bubble fetches, and from which sites it may."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.errors import SettingsInvalid
from bot.settings import load_settings
from tests.fakes.frontdesk import QUESTION, Desk

SHOP = {"Origin": "https://shop.example"}
STRANGER = {"Origin": "https://evil.example"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, allowed_origins=("https://shop.example",), cors_origins=("https://partner.example",))
    yield desk
    desk.close()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(desk.app(), raise_server_exceptions=False) as client:
        yield client


def test_the_script_is_public_kept_for_a_while_and_sent_zipped_where_that_is_understood(client: TestClient) -> None:
    plain = client.get("/widget.js", headers={"Accept-Encoding": "identity"})
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert plain.headers["cache-control"] == "public, max-age=300"
    assert plain.headers["cross-origin-resource-policy"] == "cross-origin"
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in plain.headers
    with client.stream("GET", "/widget.js", headers={"Accept-Encoding": "gzip, br"}) as zipped:
        assert zipped.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(zipped.iter_raw())) == plain.content
    known = client.get("/widget.js", headers={"If-None-Match": plain.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert client.get("/widget.js", headers={"If-None-Match": 'W/"another"'}).status_code == 200


def test_the_settings_of_the_bubble_say_whom_it_speaks_for_and_nothing_else(client: TestClient) -> None:
    told = client.get("/api/v1/widget").json()
    assert told == {
        "company": "Sillgrove <Gardens>",
        "tagline": {},
        "suggested_questions": {},
        "max_message_characters": 4000,
    }
    described = client.get("/api/v1/openapi.json").json()["paths"]
    assert "get" in described["/api/v1/widget"]


def test_a_site_that_is_named_may_do_what_the_bubble_does(client: TestClient) -> None:
    preflight = {
        **SHOP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, last-event-id",
    }
    opened = client.post("/api/v1/conversations", json={"language": "zh", "channel": "widget"}, headers=SHOP)
    assert (opened.status_code, opened.json()["channel"], opened.json()["language"]) == (201, "widget", "zh")
    path = f"/api/v1/conversations/{opened.json()['id']}"
    asked = client.options(f"{path}/messages", headers=preflight)
    assert asked.status_code == 200
    sent = client.post(f"{path}/messages", json={"text": QUESTION}, headers=SHOP)
    for answer in (opened, asked, sent, client.get("/api/v1/widget", headers=SHOP), client.get(path, headers=SHOP)):
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert "access-control-allow-credentials" not in answer.headers
        assert "Origin" in answer.headers["vary"]


def test_a_site_that_is_named_may_do_nothing_else(client: TestClient) -> None:
    assert client.post("/v1/chat/completions", json={"messages": []}, headers=SHOP).status_code == 403
    for path in ("/api/v1/documents", "/sign-in", "/v1/models", "/metrics", "/health", "/api/v1/conversationsx"):
        assert "access-control-allow-origin" not in client.get(path, headers=SHOP).headers, path
    partner = {"Origin": "https://partner.example"}
    for path in ("/v1/models", "/api/v1/widget"):
        assert client.get(path, headers=partner).headers["access-control-allow-origin"] == "https://partner.example"


def test_a_site_that_is_not_named_can_neither_write_nor_read(client: TestClient) -> None:
    refused = client.post("/api/v1/conversations", headers=STRANGER)
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin")
    assert "FRONTDESK_WEB__ALLOWED_ORIGINS" in refused.json()["message"]
    known = client.post("/api/v1/conversations").json()["id"]
    for path in ("/api/v1/widget", f"/api/v1/conversations/{known}/messages"):
        assert "access-control-allow-origin" not in client.get(path, headers=STRANGER).headers
    preflight = {**STRANGER, "Access-Control-Request-Method": "POST"}
    assert client.options(f"/api/v1/conversations/{known}/messages", headers=preflight).status_code == 400


def test_no_site_is_named_by_default(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with TestClient(desk.app()) as client:
        assert client.post("/api/v1/conversations", headers=SHOP).status_code == 403
    desk.close()


def test_the_id_of_a_conversation_cannot_be_guessed_and_opens_no_other(client: TestClient) -> None:
    ids = {client.post("/api/v1/conversations").json()["id"] for _ in range(50)}
    assert len(ids) == 50
    assert all(len(bytes.fromhex(each)) == 16 for each in ids)  # 128 random bits
    mine, theirs = sorted(ids)[:2]
    client.post(f"/api/v1/conversations/{theirs}/messages", json={"text": QUESTION})
    answer = client.get(f"/api/v1/conversations/{theirs}/messages").json()["messages"][-1]["id"]
    path = f"/api/v1/conversations/{mine}/messages"
    assert client.get(path, params={"after": answer}).status_code == 404
    assert client.post(f"{path}/{answer}/feedback", json={"verdict": "up"}).status_code == 404


def test_a_citation_carries_the_passage_that_its_quote_stands_in(client: TestClient) -> None:
    path = f"/api/v1/conversations/{client.post('/api/v1/conversations').json()['id']}/messages"
    whole = client.post(path, json={"text": QUESTION}, headers={"Accept": "application/json"}).json()
    stored = client.get(path).json()["messages"][-1]
    for citation in (whole["citations"][0], stored["citations"][0]):
        assert citation["quote"]
        assert citation["quote"] in citation["passage"]


@pytest.mark.parametrize("name", ["ALLOWED_ORIGINS", "CORS_ORIGINS"])
@pytest.mark.parametrize(
    "slip",
    [
        *("shop.example", "https://shop.example/path", "https://*.example", "ftp://shop.example"),
        *(
            "https://shop.example:99999",
            "https://shop.example:port",
            "https://shop.example?a",
            "https://me@shop.example",
        ),
    ],
)
def test_a_slip_in_a_list_of_sites_stops_the_start_with_a_sentence(name: str, slip: str) -> None:
    with pytest.raises(SettingsInvalid, match=rf"FRONTDESK_WEB__{name}.*write scheme, host and port"):
        load_settings({f"FRONTDESK_WEB__{name}": f"https://one.example,{slip}"})


@pytest.mark.parametrize("name", ["allowed_origins", "cors_origins"])
@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://Shop.example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80/", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("*", "*"),
    ],
)
def test_a_site_is_known_however_its_origin_is_written(name: str, written: str, sent: str) -> None:
    assert getattr(load_settings({f"FRONTDESK_WEB__{name.upper()}": written}).web, name) == (sent,)


def test_a_partner_whose_origin_is_written_with_capitals_and_port_may_write_and_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path, cors_origins=("https://Partner.example:443/",))
    with TestClient(desk.app()) as client:
        opened = client.post("/api/v1/conversations", headers={"Origin": "https://partner.example"})
    desk.close()
    assert opened.status_code == 201
    assert opened.headers["access-control-allow-origin"] == "https://partner.example"
