"""The API of conversations over real HTTP: streams, returns, refusals. The manager is the real one, on fake parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.frontdesk import ANSWER, QUESTION, SENTENCES, Desk, serving

JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("home"))
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def address(desk: Desk) -> Iterator[str]:
    with serving(desk.app()) as address:
        yield address


@pytest.fixture
def client(address: str, desk: Desk) -> Iterator[httpx.Client]:
    desk.generator.may_go_on.set()
    with httpx.Client(base_url=address, timeout=20) as client:
        yield client
    desk.generator.may_go_on.set()


@pytest.fixture
def conversation(client: httpx.Client) -> str:
    opened = client.post("/api/v1/conversations", json={"language": "en"})
    assert opened.status_code == 201
    return str(opened.json()["id"])


Event = tuple[str, str, dict[str, Any]]  # name, id, data


def events_in(lines: Iterator[str]) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], fields["id"], json.loads(fields["data"])
            fields = {}


def send(client: httpx.Client, conversation: str, text: str = QUESTION, **more: Any) -> list[Event]:
    headers = more.pop("headers", {})
    path = f"/api/v1/conversations/{conversation}/messages"
    with client.stream("POST", path, json={"text": text, **more}, headers=headers) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(events_in(response.iter_lines()))


def names(events: list[Event]) -> list[str]:
    return [name for name, _, _ in events]


def assert_problem(response: Any, status: int, code: str) -> None:
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"code", "message", "status"}
    assert (body["code"], body["status"]) == (code, status)
    assert body["message"]
    assert response.headers["x-request-id"]


# --- streams ---


def test_an_answer_streams_as_events_and_ends(client: httpx.Client, conversation: str) -> None:
    events = send(client, conversation)
    assert names(events) == ["accepted", "intent", "passages", "text", "text", "answer", "ended"]
    by_name = {name: data for name, _, data in events}
    shown = "".join(data["text"] for name, _, data in events if name == "text")
    assert shown == by_name["answer"]["text"] == ANSWER
    assert by_name["answer"]["citations"][0]["quote"] in " ".join(SENTENCES)
    assert by_name["ended"]["state"] == "complete"
    assert by_name["ended"]["release"]["generator"] == "paced"
    question = by_name["accepted"]["message_id"]
    assert [each for _, each, _ in events] == [f"{question}:{number}" for number in range(1, 8)]


def test_the_first_sentence_arrives_before_the_second_is_written(
    client: httpx.Client, conversation: str, desk: Desk
) -> None:
    desk.generator.may_go_on.clear()
    path = f"/api/v1/conversations/{conversation}/messages"
    with client.stream("POST", path, json={"text": QUESTION}) as response:
        events = events_in(response.iter_lines())
        first = next(data["text"] for name, _, data in events if name == "text")
        assert first.startswith(SENTENCES[0])
        desk.generator.may_go_on.set()
        assert list(events)[-1][0] == "ended"


def test_a_lost_connection_loses_nothing(client: httpx.Client, conversation: str, desk: Desk) -> None:
    desk.generator.may_go_on.clear()
    path = f"/api/v1/conversations/{conversation}/messages"
    body = {"text": QUESTION, "client_message_id": "from-my-phone"}
    with client.stream("POST", path, json=body) as response:
        heard = []
        for event in events_in(response.iter_lines()):
            heard.append(event)
            if event[0] == "text":
                break
    desk.generator.may_go_on.set()
    rest = send(client, conversation, client_message_id="from-my-phone", headers={"Last-Event-ID": heard[-1][1]})
    assert names(heard + rest) == ["accepted", "intent", "passages", "text", "text", "answer", "ended"]
    assert [each.rpartition(":")[2] for _, each, _ in heard + rest] == [str(number) for number in range(1, 8)]
    assert len(desk.transcripts.messages(conversation)) == 2


def test_the_same_message_sent_twice_is_answered_once(client: httpx.Client, conversation: str, desk: Desk) -> None:
    first = send(client, conversation, client_message_id="once")
    asked = len(desk.generator.prompts)
    again = send(client, conversation, client_message_id="once")
    assert again == first
    assert len(desk.generator.prompts) == asked
    assert len(desk.transcripts.messages(conversation)) == 2


def test_a_stream_that_was_already_heard_ends_again(client: httpx.Client, conversation: str) -> None:
    last = send(client, conversation, client_message_id="all")[-1]
    again = send(client, conversation, client_message_id="all", headers={"Last-Event-ID": last[1]})
    assert again == [last]


@pytest.mark.parametrize("last_event_id", ["nonsense", "other-message:3", ":", "x:-1", "9" * 400])
def test_a_strange_last_event_id_gives_the_whole_stream(
    client: httpx.Client, conversation: str, last_event_id: str
) -> None:
    events = send(client, conversation, headers={"Last-Event-ID": last_event_id})
    assert names(events)[0] == "accepted"
    assert names(events)[-1] == "ended"


def test_after_a_restart_the_stored_answer_is_told_and_the_numbers_go_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with serving(desk.app()) as address, httpx.Client(base_url=address) as client:
        conversation = client.post("/api/v1/conversations").json()["id"]
        before = send(client, conversation, client_message_id="m1")
    with serving(desk.app()) as address, httpx.Client(base_url=address) as client:
        middle = next(each for name, each, _ in before if name == "text")  # number 4 of 7
        rest = send(client, conversation, client_message_id="m1", headers={"Last-Event-ID": middle})
        assert names(rest) == ["intent", "answer", "ended"]
        assert [each.rpartition(":")[2] for _, each, _ in rest] == ["5", "6", "7"]
        assert rest[1][2]["text"] == ANSWER
        whole = send(client, conversation, client_message_id="m1")
        assert names(whole) == ["accepted", "intent", "text", "answer", "ended"]
        assert whole[0][2]["is_new"] is False
    assert len(desk.generator.prompts) == 1
    desk.close()


def test_a_failed_turn_ends_as_failed_and_can_be_sent_again(client: httpx.Client, conversation: str) -> None:
    path = f"/api/v1/conversations/{conversation}/messages"
    body = {"text": "Can I return a broken kit?", "client_message_id": "f"}
    events = send(client, conversation, body["text"], client_message_id="f")
    assert names(events)[-1] == "ended"
    assert events[-1][2]["state"] == "failed"
    assert_problem(client.post(path, json=body, headers=JSON), 500, "answer_failed")


# --- one object ---


def test_a_program_may_ask_for_one_object(client: httpx.Client, conversation: str) -> None:
    path = f"/api/v1/conversations/{conversation}/messages"
    reply = client.post(path, json={"text": QUESTION}, headers=JSON)
    assert reply.headers["content-type"] == "application/json"
    body = reply.json()
    assert set(body) == {
        "conversation_id", "message_id", "outcome", "answer", "citations",
        "intent", "language", "handler", "release", "ms",
    }  # fmt: skip
    assert body["answer"] == ANSWER
    assert (body["outcome"], body["handler"], body["language"]) == ("answered", "bot", "en")
    assert body["citations"][0].keys() >= {"marker", "document_id", "title", "passage_id", "quote"}
    assert body["release"] == {"generator": "paced", "classifier": "fixed-classifier", "index": 7}
    assert body["ms"]["total"] >= body["ms"]["first_token"] > 0


def test_a_question_nobody_documented_is_not_guessed(client: httpx.Client, conversation: str) -> None:
    path = f"/api/v1/conversations/{conversation}/messages"
    body = client.post(path, json={"text": "Bitcoin?"}, headers=JSON).json()
    assert (body["outcome"], body["citations"]) == ("abstained", [])


def test_while_a_person_answers_the_reply_is_empty(client: httpx.Client, conversation: str) -> None:
    path = f"/api/v1/conversations/{conversation}"
    assert client.post(f"{path}/handoff").json()["handler"] == "waiting"
    assert client.post(f"{path}/handoff").json()["handler"] == "waiting"
    body = client.post(f"{path}/messages", json={"text": QUESTION}, headers=JSON).json()
    assert (body["outcome"], body["answer"], body["handler"]) == ("handed_over", "", "waiting")
    assert body["message_id"] is None
    assert names(send(client, conversation)) == ["accepted", "ended"]


def test_asking_for_a_person_hands_over_in_the_stream(client: httpx.Client, conversation: str) -> None:
    events = send(client, conversation, "a human please")
    assert names(events)[-2:] == ["handoff", "ended"]
    assert events[-1][2]["handler"] == "waiting"


# --- what was said ---


def test_the_transcript_tells_what_is_new(client: httpx.Client, conversation: str, desk: Desk) -> None:
    send(client, conversation, client_message_id="t")
    path = f"/api/v1/conversations/{conversation}/messages"
    said = client.get(path).json()
    assert said["handler"] == "bot"
    assert [(each["author"], each["text"]) for each in said["messages"]] == [("customer", QUESTION), ("bot", ANSWER)]
    assert said["messages"][1]["citations"][0]["marker"] == 1
    later = client.get(path, params={"after": said["messages"][0]["id"]}).json()["messages"]
    assert [each["author"] for each in later] == ["bot"]
    assert_problem(client.get(path, params={"after": "no-such"}), 404, "conversation_not_found")


def test_an_answer_can_be_rated_and_the_rating_taken_back(client: httpx.Client, conversation: str, desk: Desk) -> None:
    answer = send(client, conversation)[-1][2]["message_id"]
    path = f"/api/v1/conversations/{conversation}/messages/{answer}/feedback"
    assert client.post(path, json={"verdict": "down", "reason": "wrong price"}).status_code == 200
    assert desk.transcripts.message(answer).feedback == "down"
    assert client.post(path, json={"verdict": ""}).status_code == 200
    assert desk.transcripts.message(answer).feedback is None
    assert_problem(client.post(path, json={"verdict": "meh"}), 422, "invalid_request")


def test_a_message_of_another_conversation_does_not_exist_here(client: httpx.Client, conversation: str) -> None:
    answer = send(client, conversation)[-1][2]["message_id"]
    other = client.post("/api/v1/conversations").json()["id"]
    path = f"/api/v1/conversations/{other}/messages/{answer}/feedback"
    assert_problem(client.post(path, json={"verdict": "up"}), 404, "message_not_found")
    unknown = f"/api/v1/conversations/{other}/messages/nothing/feedback"
    assert_problem(client.post(unknown, json={"verdict": "up"}), 404, "message_not_found")


def test_ones_own_message_cannot_be_rated(client: httpx.Client, conversation: str) -> None:
    question = send(client, conversation)[0][2]["message_id"]
    path = f"/api/v1/conversations/{conversation}/messages/{question}/feedback"
    assert_problem(client.post(path, json={"verdict": "up"}), 422, "not_an_answer")


def test_a_conversation_opens_without_a_body_and_tells_where_it_is(client: httpx.Client) -> None:
    opened = client.post("/api/v1/conversations")
    assert opened.status_code == 201
    body = opened.json()
    assert body["id"] == body["conversation_id"]
    assert (body["handler"], body["language"], body["channel"]) == ("bot", "en", "api")
    assert len(body["id"]) >= 22
    assert client.get(opened.headers["location"]).json() == body


# --- refusals ---


def test_refusals_are_sentences(client: httpx.Client, conversation: str, desk: Desk) -> None:
    path = f"/api/v1/conversations/{conversation}/messages"
    assert_problem(client.post(path, json={"text": "  "}), 422, "message_empty")
    assert_problem(client.post(path, json={"text": "a" * 4001}), 422, "message_too_long")
    assert_problem(client.post(path, json={}), 422, "invalid_request")
    assert "'text' is missing" in client.post(path, json={}).json()["message"]
    assert_problem(client.post(path, json={"text": "hi", "txet": "?"}), 422, "invalid_request")
    assert_problem(
        client.post(path, content=b"{", headers={"content-type": "application/json"}), 422, "invalid_request"
    )
    assert_problem(client.post(path, content=b"text=hi", headers={"content-type": "text/plain"}), 415,
                   "unsupported_media_type")  # fmt: skip
    assert_problem(client.post("/api/v1/conversations/nobody/messages", json={"text": "hi"}), 404,
                   "conversation_not_found")  # fmt: skip
    assert_problem(client.get("/api/v1/conversations/nobody/messages"), 404, "conversation_not_found")
    assert_problem(client.post("/api/v1/conversations", json={"language": "fr"}), 422, "invalid_request")
    desk.manager.close(conversation)
    assert_problem(client.post(path, json={"text": "hi"}), 409, "conversation_closed")


def test_wrong_addresses_and_methods_are_answered_alike(client: httpx.Client) -> None:
    assert_problem(client.get("/api/v1/nothing"), 404, "not_found")
    refused = client.put("/api/v1/conversations")
    assert_problem(refused, 405, "method_not_allowed")
    assert "POST" in refused.headers["allow"]


def test_a_browser_gets_a_page_instead_of_an_object(client: httpx.Client) -> None:
    page = client.get("/nothing", headers={"Accept": "text/html,*/*", "Accept-Language": "zh-CN"})
    assert page.status_code == 404
    assert "页面不存在" in page.text
    assert page.headers["content-type"].startswith("text/html")


def test_a_large_body_is_refused_while_it_arrives(client: httpx.Client, conversation: str) -> None:
    path = f"/api/v1/conversations/{conversation}/messages"
    assert_problem(client.post(path, json={"text": "a" * 2_000_000}), 413, "body_too_large")


def test_a_body_that_hides_its_length_is_refused_too(desk: Desk) -> None:
    """Without a Content-Length, which is what counting is for. A test client: a real one breaks off in the middle."""
    from starlette.testclient import TestClient

    with TestClient(desk.app()) as client:
        pieces = (b" " * 100_000 for _ in range(30))
        headers = {"content-type": "application/json"}
        assert_problem(client.post("/api/v1/conversations", content=pieces, headers=headers), 413, "body_too_large")


def test_when_all_places_are_taken_the_answer_is_busy(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_simultaneous_turns=1)
    desk.generator.may_go_on.clear()
    with serving(desk.app()) as address, httpx.Client(base_url=address) as client:
        first, second = (client.post("/api/v1/conversations").json()["id"] for _ in range(2))
        path = f"/api/v1/conversations/{first}/messages"
        with client.stream("POST", path, json={"text": QUESTION}) as response:
            events = events_in(response.iter_lines())
            assert next(events)[0] == "accepted"
            refused = client.post(f"/api/v1/conversations/{second}/messages", json={"text": QUESTION})
            assert_problem(refused, 503, "busy")
            assert int(refused.headers["retry-after"]) > 0
            desk.generator.may_go_on.set()
            assert list(events)[-1][0] == "ended"
        assert names(send(client, second))[-1] == "ended"
    desk.close()


def test_the_description_names_every_event(client: httpx.Client) -> None:
    described = client.get("/api/v1/openapi.json").json()
    events = described["components"]["schemas"]["TurnEvents"]["oneOf"]
    told = {event["properties"]["event"]["const"] for event in events}
    assert told == {"accepted", "intent", "passages", "text", "answer", "handoff", "ended"}
    text = json.dumps(described)
    assert "HTTPValidationError" not in text
    assert described["paths"]["/api/v1/documents"]["get"]["security"] == [{"basic": []}, {"session": []}]
    for reference in set(text.split('"$ref": "#/components/schemas/')[1:]):
        assert reference.split('"')[0] in described["components"]["schemas"]
