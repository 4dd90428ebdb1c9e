"""/api/v1/intents, /api/v1/releases and `frontdesk releases`: who may, what is told, what is refused in which words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.intent_store.intent_editing import from_toml
from bot.releases import make_current, publish_release
from bot.training.release_report import write_release_report
from knowledge.durable_files import write_durably
from tests.fakes.frontdesk import PASSWORD, Desk
from tests.integration.test_teaching_intents import a_release, bits

ROOT = Path(__file__).parents[2]
ADA, EDDA, OLGA = (("ada", PASSWORD), ("edda", PASSWORD), ("olga", PASSWORD))
PARCEL = {"name": "parcel", "title": {"en": "Parcels"}, "examples": {"en": ["where is my parcel"], "zh": ["包裹"]}}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("home"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(desk: Desk) -> TestClient:
    return TestClient(desk.app())


def told(client: TestClient, method: str, path: str, who: tuple[str, str] = ADA, **body: Any) -> tuple[int, Any]:
    answer = client.request(method, f"/api/v1{path}", auth=who, **body)
    return answer.status_code, answer.json()


def test_strangers_and_operators_are_turned_away(client: TestClient) -> None:
    assert client.get("/api/v1/intents").status_code == 401
    for method, path in (("GET", "/intents"), ("POST", "/intents/trainings"), ("GET", "/releases")):
        assert told(client, method, path, OLGA)[0] == 403
    assert told(client, "POST", "/releases/intents/x/promote", EDDA, json={})[0] == 403
    assert told(client, "POST", "/releases/intents/rollback", EDDA)[0] == 403


def test_a_releases_report_opens_for_whoever_teaches_and_tells_no_examples(desk: Desk, client: TestClient) -> None:
    root = desk.settings.releases_folder

    def written(files: Callable[[Path], None]) -> Path:
        return publish_release(root, "intents", files, data_sha256="", base="", recipe="", metrics={})

    with_report = written(lambda folder: write_release_report("<!doctype html><p>92 %</p>", folder))
    path = f"/api/v1/releases/intents/{with_report.name}/report"
    assert client.get(path).status_code == 401
    assert client.get(path, auth=OLGA).status_code == 403
    answer = client.get(path, auth=EDDA)
    assert (answer.status_code, answer.text) == (200, "<!doctype html><p>92 %</p>")
    assert "script" not in answer.headers["content-security-policy"]
    assert "style-src 'unsafe-inline'" in answer.headers["content-security-policy"]
    without = written(lambda folder: write_durably(folder / "head.json", b"{}"))
    assert told(client, "GET", f"/releases/intents/{without.name}/report")[0] == 404
    assert told(client, "GET", "/releases/intents/nothing/report")[0] == 404


def test_an_intent_is_added_changed_and_deleted_by_a_program(client: TestClient) -> None:
    status, listed = told(client, "POST", "/intents", EDDA, json=PARCEL)
    assert (status, listed["changed_by"], listed["change"]) == (201, "edda", "'parcel' added")
    version = listed["version"]
    renamed = {**PARCEL, "name": "delivery"}
    status, listed = told(client, "PUT", f"/intents/parcel?version={version}", json=renamed)
    assert status == 200
    assert listed["intents"][-1]["name"] == "delivery"
    status, problem = told(client, "PUT", f"/intents/parcel?version={version}", json=PARCEL)
    assert (status, problem["code"]) == (409, "intents_changed")
    status, listed = told(client, "DELETE", f"/intents/delivery?version={listed['version']}")
    assert (status, [each["name"] for each in listed["intents"]][-1]) == (200, "greeting")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "<script>"}, "cannot be a name"),
        ({"examples": {"en": ["hello"]}}, "'hello' stands under 'greeting'"),
        ({"examples": {"en": ["x" * 100_000]}}, "at most 1,000 are taken"),
        ({"examples": {}}, "give at least one example"),
        ({"leads_to": "small_talk"}, "small talk needs a reply"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(client: TestClient, change: dict[str, Any], words: str) -> None:
    status, problem = told(client, "POST", "/intents", json={**PARCEL, **change})
    assert (status, problem["code"]) == (422, "intents_invalid")
    assert words in problem["message"]


def test_the_list_is_exported_as_a_file_that_can_be_read_back(client: TestClient) -> None:
    exported = client.get("/api/v1/intents/export", auth=EDDA)
    assert exported.headers["content-disposition"] == 'attachment; filename="intents.toml"'
    assert [intent.name for intent in from_toml(exported.text)] == ["refund", "hours", "password", "greeting"]


def test_a_training_can_be_followed_and_one_at_a_time_runs(desk: Desk, client: TestClient) -> None:
    trainer = desk.intent_desk.parts.trainer
    trainer.may_train.clear()
    status, run = told(client, "POST", "/intents/trainings", EDDA)
    assert (status, run["state"], run["started_by"]) == (202, "running", "edda")
    assert told(client, "POST", "/intents/trainings")[1]["code"] == "training_under_way"
    told(client, "POST", "/intents/trainings/cancel")
    trainer.join()
    assert told(client, "GET", f"/intents/trainings/{run['id']}")[1]["state"] == "cancelled"
    assert told(client, "GET", "/intents/trainings/nothing")[0] == 404


def test_releases_are_listed_promoted_and_rolled_back(desk: Desk, client: TestClient) -> None:
    root = desk.settings.releases_folder
    good, bad = a_release(root, bits(90)), a_release(root, bits(40))
    assert told(client, "POST", f"/releases/verifier/{good}/promote", json={})[0] == 200
    status, problem = told(client, "POST", f"/releases/verifier/{bad}/promote", json={})
    assert (status, problem["code"]) == (409, "release_worse")
    status, done = told(client, "POST", f"/releases/verifier/{bad}/promote", json={"force": True})
    assert (status, done["before"], done["compared"]["messages"]) == (200, good, 100)
    assert told(client, "POST", "/releases/verifier/rollback")[1]["release"] == good
    listed = told(client, "GET", "/releases?kind=verifier")[1]["releases"]
    assert {each["name"]: each["current"] for each in listed} == {good: True, bad: False}
    assert told(client, "POST", "/releases/verifier/nothing/promote", json={})[0] == 404


def test_the_routes_are_described(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert {"/api/v1/intents", "/api/v1/intents/trainings", "/api/v1/releases/{kind}/rollback"} <= set(paths)


# --- the command line ---


def command(home: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "releases", *arguments, "--json"],
        env={**os.environ, "FRONTDESK_HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 1, done.stderr
    answer: dict[str, Any] = json.loads(lines[0])
    return done.returncode, answer


def test_the_command_line_lists_promotes_and_rolls_back(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    good, bad = a_release(root, bits(90)), a_release(root, bits(40))
    make_current(root, "verifier", good)
    code, listed = command(tmp_path, "list")
    assert (code, {each["id"]: each["current"] for each in listed["releases"]}) == (
        0,
        {f"verifier/{good}": True, f"verifier/{bad}": False},
    )
    code, problem = command(tmp_path, "promote", f"verifier/{bad}")
    assert (code, problem["code"]) == (1, "release_worse")
    code, done = command(tmp_path, "promote", bad, "--force")
    assert (code, done["release"], done["compared"]["messages"]) == (0, bad, 100)
    assert command(tmp_path, "rollback", "--kind", "verifier")[1]["release"] == good
    assert command(tmp_path, "rollback")[1]["code"] == "release_invalid"
