"""Signing in, staying in, and who may see what. Through the whole app, on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.testclient import TestClient

from tests.fakes.frontdesk import PASSWORD, Desk
from ui.accounts import Account, Role
from ui.sessions import COOKIE, SESSION_SECONDS, SignInsTooMany, StaffSessions, load_or_make_secret
from ui.sign_in import safe_next

PAGE = {"Accept": "text/html"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(desk.app(), follow_redirects=False) as client:
        yield client


def sign_in(client: TestClient, name: str, password: str = PASSWORD, **form: str) -> Any:
    return client.post("/sign-in", data={"name": name, "password": password, **form}, headers=PAGE)


def test_an_operator_signs_in_and_lands_in_the_console(client: TestClient) -> None:
    response = sign_in(client, "olga")
    assert response.status_code == 303
    assert response.headers["location"] == "/console/"
    cookie = response.headers["set-cookie"]
    assert all(part in cookie for part in (f"{COOKIE}=", "HttpOnly", "SameSite=lax", "Max-Age=43200", "Path=/"))
    assert "Secure" not in cookie


def test_behind_https_the_cookie_is_secure(tmp_path: Path) -> None:
    desk = Desk(tmp_path, secure_cookies=True)
    with TestClient(desk.app(), follow_redirects=False) as client:
        assert "Secure" in sign_in(client, "olga").headers["set-cookie"]
    desk.close()


def test_after_signing_in_people_come_where_they_wanted_to(client: TestClient) -> None:
    assert sign_in(client, "edda", next="/knowledge/").headers["location"] == "/knowledge/"
    assert sign_in(client, "ada", next="/knowledge/").headers["location"] == "/knowledge/"
    assert sign_in(client, "edda", next="/console/").headers["location"] == "/knowledge/"
    assert sign_in(client, "olga", next="https://evil.example/console").headers["location"] == "/console/"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/console",
        "//evil.example/console",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/consolex",
        "/sign-in",
        "console",
        "/console/../sign-out",
        "/console\r\nSet-Cookie: a=b",
        " /console",
        "http:/console",
        "/\t/evil.example/console",
    ],
)
def test_a_link_to_the_sign_in_leads_nowhere_else(wanted: str) -> None:
    assert safe_next(wanted) == ""


def test_a_link_to_a_page_of_ours_is_kept() -> None:
    assert [safe_next(page) for page in ("/console", "/console/", "/knowledge/")] == [
        "/console",
        "/console/",
        "/knowledge/",
    ]


def test_a_wrong_password_and_a_wrong_name_read_the_same(client: TestClient) -> None:
    wrong = [sign_in(client, "olga", "wrong password"), sign_in(client, "nobody", "wrong password")]
    assert [each.status_code for each in wrong] == [401, 401]
    assert wrong[0].text.replace("olga", "nobody") == wrong[1].text
    assert "do not belong together" in wrong[0].text
    assert COOKIE not in wrong[0].headers.get("set-cookie", "")


def test_what_is_typed_is_never_markup(client: TestClient) -> None:
    page = sign_in(client, '"><script>alert(1)</script>', "x", next='"><script>')
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "Sillgrove &lt;Gardens&gt;" in page.text


def test_after_ten_failures_even_the_right_password_waits(client: TestClient) -> None:
    for _ in range(10):
        assert sign_in(client, "olga", "wrong password").status_code == 401
    refused = sign_in(client, "olga")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 301
    assert "Too many attempts" in refused.text
    basic = client.get("/api/v1/documents", auth=("edda", PASSWORD))
    assert basic.status_code == 429
    assert basic.json()["code"] == "too_many_attempts"


def test_failures_are_forgotten_after_five_minutes_and_after_a_success() -> None:
    now = [0.0]
    attempts = SignInsTooMany(most=2, seconds=300, clock=lambda: now[0])
    for _ in range(2):
        attempts.attempt("192.0.2.1")
    assert attempts.wait_seconds("192.0.2.1") == 300
    assert attempts.wait_seconds("192.0.2.2") == 0
    now[0] = 301
    assert attempts.wait_seconds("192.0.2.1") == 0
    attempts.attempt("2001:db8::1")
    attempts.attempt("2001:db8::ffff")
    assert attempts.wait_seconds("2001:db8::2") > 0, "one household, one address"
    attempts.forget("2001:db8::1")
    assert attempts.wait_seconds("2001:db8::2") == 0


def test_who_is_signed_in_stays_so_and_can_leave(client: TestClient) -> None:
    sign_in(client, "edda")
    assert client.get("/api/v1/documents").status_code == 200
    assert client.get("/sign-in", params={"next": "/knowledge"}).headers["location"] == "/knowledge"
    assert client.get("/sign-out").status_code == 405, "a link or a picture must not sign anybody out"
    left = client.post("/sign-out")
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
    assert client.get("/api/v1/documents").status_code == 401


def test_a_cookie_that_was_tampered_with_or_is_too_old_opens_nothing() -> None:
    sessions = StaffSessions(b"s" * 64)
    cookie = sessions.cookie_for(Account("olga", Role.OPERATOR))
    assert sessions.account_in(cookie) == Account("olga", Role.OPERATOR)
    for forged in (
        cookie[:-1],
        cookie.replace(".", "", 1),
        "",
        "a.b.c",
        StaffSessions(b"t" * 64).cookie_for(Account("olga", Role.ADMIN)),
    ):
        assert sessions.account_in(forged) is None
    other_kind = URLSafeTimedSerializer(b"s" * 64, salt="frontdesk-session").dumps({"name": "olga"})
    assert sessions.account_in(str(other_kind)) is None


def test_a_session_ends_after_twelve_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    sessions = StaffSessions(b"s" * 64)
    cookie = sessions.cookie_for(Account("olga", Role.OPERATOR))
    later = time.time() + SESSION_SECONDS + 2
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    assert sessions.account_in(cookie) is None


def test_sessions_outlive_a_restart(desk: Desk) -> None:
    with TestClient(desk.app(), follow_redirects=False) as before:
        cookie = sign_in(before, "edda").cookies[COOKIE]
    with TestClient(desk.app(), cookies={COOKIE: cookie}) as after:
        assert after.get("/api/v1/documents").status_code == 200


def test_the_secret_is_for_its_owner_only_and_is_made_once(tmp_path: Path) -> None:
    secret = load_or_make_secret(tmp_path)
    path = tmp_path / "session-secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_make_secret(tmp_path) == secret
    assert [each.name for each in tmp_path.iterdir()] == ["session-secret"]
    path.write_bytes(b"cut")
    assert len(load_or_make_secret(tmp_path)) == 64


def test_a_page_of_another_origin_cannot_sign_anybody_in_or_out(client: TestClient) -> None:
    foreign = {"Origin": "https://evil.example"}
    refused = client.post("/sign-in", data={"name": "olga", "password": PASSWORD}, headers=foreign)
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin")
    assert client.post("/sign-out", headers=foreign).status_code == 403
    assert client.post("/sign-out", headers={"Origin": "null"}).status_code == 403
    ours = {"Origin": "http://testserver"}
    assert client.post("/sign-in", data={"name": "olga", "password": PASSWORD}, headers=ours).status_code == 303


def test_the_page_speaks_the_visitors_language_and_may_not_be_framed(client: TestClient) -> None:
    english = client.get("/sign-in", headers=PAGE)
    assert '<html lang="en">' in english.text
    chinese = client.get("/sign-in", headers={**PAGE, "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})
    assert '<html lang="zh-CN">' in chinese.text
    assert "登录" in chinese.text
    assert english.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in english.headers["content-security-policy"]
    assert "unsafe" not in english.headers["content-security-policy"]
    assert english.headers["cache-control"] == "no-store"
    assert client.get("/static/plain_page.css").status_code == 200
