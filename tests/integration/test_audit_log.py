"""The audit log in a real database: many processes append, the database refuses to change, tampering is named."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import gradio as gr
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient
from typer.testing import CliRunner

from bot.audit.audit_log import AuditLog
from bot.audit.chain import Action
from bot.migrations import upgrade_database
from knowledge.database import open_database, writing
from tests.fakes.frontdesk import PASSWORD, Desk
from ui.cli import app
from ui.knowledge_pages.knowledge_acts import KnowledgeActs
from ui.knowledge_pages.knowledge_state import KnowledgeState
from ui.operator_console import ConsolePage

ROOT = Path(__file__).parents[2]
EACH = 15

APPEND = """
    import sys
    from bot.audit.audit_log import AuditLog
    from bot.audit.chain import Action
    from knowledge.database import open_database
    log = AuditLog(open_database(sys.argv[1]))
    for number in range(int(sys.argv[3])):
        log.record(sys.argv[2], Action.DOCUMENTS_ADDED, f"{number}", files=number)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'frontdesk.db'}")
    upgrade_database(engine)
    yield engine
    engine.dispose()


def test_entries_of_several_processes_are_one_chain_without_gap(engine: Engine, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'frontdesk.db'}"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(APPEND), url, name, str(EACH)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for name in ("ann", "bob", "cem")
    ]
    assert [process.wait(120) for process in started] == [0, 0, 0]
    log = AuditLog(engine)
    found = log.verify()
    assert (found.ok, found.entries) == (True, 3 * EACH)
    entries = log.entries(limit=3 * EACH)
    assert [entry.number for entry in entries] == list(range(3 * EACH, 0, -1))
    for name in ("ann", "bob", "cem"):
        assert [entry.target for entry in entries if entry.actor == name] == [str(n) for n in range(EACH - 1, -1, -1)]


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor = 'eve'", "DELETE FROM audit_entry"])
def test_the_database_itself_refuses_to_change_an_entry(engine: Engine, statement: str) -> None:
    AuditLog(engine).record("ann", Action.ACCOUNT_ADDED, "bob")
    with writing(engine) as session, pytest.raises(IntegrityError, match="append-only"):
        session.connection().execute(text(statement))
    assert AuditLog(engine).verify().ok


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit_entry SET target = 'x' WHERE number = 3", "entry 3 was changed"),
        ("UPDATE audit_entry SET details = 'no json' WHERE number = 3", "entry 3 was changed"),
        ("DELETE FROM audit_entry WHERE number = 3", "entry 3 removed"),
        ("UPDATE audit_entry SET number = 99 WHERE number = 3", "entry 3 removed"),
    ],
)
def test_tampering_behind_the_databases_back_is_named_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, problem: str
) -> None:
    monkeypatch.setenv("FRONTDESK_HOME", str(tmp_path))
    engine = open_database(f"sqlite:///{tmp_path / 'frontdesk.db'}")
    upgrade_database(engine)
    for number in range(5):
        AuditLog(engine).record("ann", Action.DOCUMENT_REMOVED, f"d-{number}")
    engine.dispose()
    sound = CliRunner().invoke(app, ["audit", "verify", "--json"])
    assert json.loads(sound.stdout)["ok"] is True
    with closing(sqlite3.connect(tmp_path / "frontdesk.db")) as connection:
        connection.execute("DROP TRIGGER audit_entry_no_update")
        connection.execute("DROP TRIGGER audit_entry_no_delete")
        connection.execute(statement)
        connection.commit()
    found = CliRunner().invoke(app, ["audit", "verify", "--json"])
    told = json.loads(found.stdout)
    assert found.exit_code == 1
    assert (told["ok"], told["entries"], told["first_bad"]) == (False, 2, 3)
    assert problem in told["problem"]


def test_what_staff_do_over_the_api_is_noted_down_with_who_did_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with TestClient(desk.app(), follow_redirects=False) as client:
        opened = client.post("/api/v1/conversations").json()["id"]
        asked = {"text": "My secret question", "client_message_id": "m-1"}
        client.post(f"/api/v1/conversations/{opened}/messages", json=asked)
        for name in ("edda", "hunter2-typed-into-the-wrong-field"):
            client.post("/sign-in", data={"name": name, "password": "not the password"})
        client.post("/sign-in", data={"name": "Ada", "password": PASSWORD})
        client.cookies.clear()
        files = {"files": ("prices.md", b"# Prices\n\nTen euros.\n")}
        assert client.post("/api/v1/documents", files=files, auth=("edda", PASSWORD)).status_code == 202
    entries = AuditLog(desk.engine).entries()
    told = [(entry.actor, entry.action, entry.target) for entry in reversed(entries)]
    assert told == [
        ("edda", "sign_in_failed", ""),
        ("no account of ours", "sign_in_failed", ""),
        ("ada", "signed_in", ""),
        ("edda", "documents_added", "prices.md"),
    ]
    assert "hunter2" not in str(entries)
    assert "secret question" not in str(entries)
    assert AuditLog(desk.engine).verify().ok
    desk.close()


def test_what_operators_and_editors_do_on_their_pages_is_noted_down_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    frontdesk = desk.frontdesk()
    opened = desk.transcripts.open_conversation(channel="chat").conversation_id
    request = gr.Request(username="olga", headers={})
    for act in ("take_over", "reply", "hand_back", "open"):
        event = gr.EventData(None, {"act": act, "id": opened, "text": "What I say to my customer"})
        ConsolePage(frontdesk).act({"open": opened}, event, request)
    saved = {"questions_en": "Is it open?", "answer_en": "It is."}
    KnowledgeActs(frontdesk).done("save_entry", KnowledgeState("en"), saved, "edda")
    entries = AuditLog(desk.engine).entries()
    assert [(entry.actor, entry.action, entry.target) for entry in reversed(entries)] == [
        ("olga", "conversation_taken_over", opened),
        ("olga", "conversation_handed_back", opened),
        ("edda", "entry_saved", "new"),
    ]
    assert "What I say" not in str(entries)
    desk.close()
