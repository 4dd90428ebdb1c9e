"""The numbers of the desk through the whole app: counted from a real database, for those who may see them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.messages import Author
from bot.transcripts import SqlTranscripts
from tests.fakes.frontdesk import PASSWORD, Desk

OLGA, EDDA = ("olga", PASSWORD), ("edda", PASSWORD)  # an operator, an editor


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    desk.transcripts = SqlTranscripts(desk.engine)  # type: ignore[assignment]  # the numbers are counted in the database
    yield desk
    desk.close()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(desk.app(), follow_redirects=False) as client:
        yield client


def asked(desk: Desk, *texts: str, channel: str = "widget") -> str:
    manager = desk.new_manager()
    conversation = desk.transcripts.open_conversation(channel=channel)
    for text in texts:
        list(manager.turn(conversation.conversation_id, text))
    return conversation.conversation_id


def test_what_customers_did_is_counted(desk: Desk, client: TestClient) -> None:
    asked(desk, "Where is my refund?")
    asked(desk, "hi")  # nothing is wanted
    helped = asked(desk, "Where is my refund?")
    answer = next(each for each in desk.transcripts.messages(helped) if each.author is Author.BOT)
    desk.transcripts.record_feedback(answer.message_id, "up")
    handed = asked(desk, "a human, please")
    desk.new_manager().take_over(handed)
    desk.new_manager().operator_reply(handed, "Here I am.")
    asked(desk, "a human, please")
    desk.transcripts.open_conversation(channel="widget")  # nobody asks
    pressed = desk.transcripts.open_conversation(channel="widget")
    desk.new_manager().request_person(pressed.conversation_id)
    numbers = client.get("/api/v1/numbers?days=7", auth=OLGA).json()
    assert (numbers["conversations"], len(numbers["days"]), numbers["rated_up"]) == (5, 7, 1)
    assert (numbers["resolutions"]["person"], numbers["resolutions"]["waiting"]) == (1, 2)
    assert numbers["resolutions"]["open"] == 2
    assert numbers["outcomes"]["handed_over"] == 2
    assert numbers["waited"]["count"] == 1
    assert 0 <= numbers["waited"]["median"] < 60
    assert numbers["first_words"]["count"] + numbers["answered_in"]["count"] > 0


@pytest.mark.parametrize("path", ["/numbers", "/numbers/"])
def test_the_page_says_it_in_both_languages_and_leads_to_conversations(
    desk: Desk, client: TestClient, path: str
) -> None:
    key = asked(desk, "a human, please <script>")
    client.post("/sign-in", data={"name": "olga", "password": PASSWORD})
    english = client.get(f"{path}?days=7&show=waiting", headers={"Accept-Language": "en"})
    assert english.status_code == 200
    assert "What became of them" in english.text
    assert f'href="/console/?conversation={key}"' in english.text
    assert "a human, please &lt;script&gt;" in english.text
    assert "<script" not in english.text
    assert "会话结果" in client.get(f"{path}?language=zh").text
    assert "<title>数据" in client.get(path, headers={"Accept-Language": "zh-CN"}).text


def test_without_conversations_the_page_says_so(client: TestClient) -> None:
    client.post("/sign-in", data={"name": "ada", "password": PASSWORD})
    assert "No conversations in this time" in client.get("/numbers", headers={"Accept-Language": "en"}).text


def test_a_spreadsheet_never_runs_what_a_stranger_called_a_channel(desk: Desk, client: TestClient) -> None:
    asked(desk, "Where is my refund?", channel='=HYPERLINK("https://evil.example")')
    response = client.get("/numbers.csv", auth=OLGA)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff")))
    assert row["channel"].startswith("'=HYPERLINK")
    assert (row["questions"], row["resolution"]) == ("1", "open")
    assert not any("refund" in value for value in row.values())


@pytest.mark.parametrize("path", ["/api/v1/numbers", "/numbers.csv"])
def test_only_operators_and_admins_see_numbers(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 401
    assert client.get(path, auth=EDDA).status_code == 403
    assert client.get(path, auth=OLGA).status_code == 200


def test_a_stranger_is_asked_to_sign_in_first(client: TestClient) -> None:
    response = client.get("/numbers")
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?next=/numbers")
    back = client.post("/sign-in", data={"name": "olga", "password": PASSWORD, "next": "/numbers"})
    assert back.headers["location"] == "/numbers"


@pytest.mark.parametrize("days", ["0", "367", "many", "-1"])
def test_an_impossible_period_is_refused_in_words(client: TestClient, days: str) -> None:
    response = client.get(f"/api/v1/numbers?days={days}", auth=OLGA)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
