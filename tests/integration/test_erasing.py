"""What is kept of a customer: given out whole, erased everywhere, and not to be found in the files afterwards."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bot.audit.audit_log import AuditLog
from bot.curation.gap_rows import QuestionVectorRow, store_question_vectors
from bot.curation.unanswered import digest_of
from bot.errors import ConversationNotFound
from bot.intent_store.intent_lists import IntentLists
from bot.intents import Intent, LeadsTo
from bot.messages import Author
from bot.personal_data.erasing import erase_customer
from bot.personal_data.export_rows import exported, safe_cell
from bot.personal_data.retention import RetentionKeeper, expire
from bot.settings import RetentionSettings
from knowledge.database import reading, writing
from tests.customers import OTHERS, TEXTS, Customers, customers_in
from ui.cli import app

ROOT = Path(__file__).parents[2]
DAY = 86_400.0

HOLD_OPEN = """
    import sqlite3, sys
    connection = sqlite3.connect(sys.argv[1])
    connection.execute("SELECT count(*) FROM message").fetchone()
    print("open", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def customers(tmp_path: Path) -> Iterator[Customers]:
    customers = customers_in(tmp_path)
    yield customers
    customers.engine.dispose()


def test_an_erased_customer_is_gone_from_every_table_and_every_byte(customers: Customers) -> None:
    assert b"Quastenberg" in customers.bytes()
    receipt = customers.erase()
    counts = receipt.counts
    assert (counts["conversations"], counts["messages"], counts["traces"]) == (1, 8, 4)
    assert (counts["feedback"], counts["signals"]) == (4, 4)
    assert receipt.is_complete
    assert receipt.file_rewritten
    left = customers.bytes()
    for word in ("Quastenberg", "quastenberg", "欧阳若溪", json.dumps("欧阳若溪")[1:-1], "very long story"):
        assert word.encode() not in left
    assert b"Larkspur Lane cost" in left  # of somebody else
    with pytest.raises(ConversationNotFound, match="Nothing is kept"):
        erase_customer(customers.engine, customers.erased)


def test_it_is_gone_too_while_a_server_has_the_database_open(customers: Customers) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD_OPEN), str(customers.home / "frontdesk.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    try:
        receipt = customers.erase()
        left = b"".join(path.read_bytes() for path in customers.home.glob("frontdesk.db*"))
    finally:
        process.communicate()
    assert receipt.is_complete
    assert b"Quastenberg" not in left


def test_what_is_still_in_the_files_is_found_and_said(customers: Customers) -> None:
    """A table that nobody told the eraser of."""
    customers.engine.dispose()
    with closing(sqlite3.connect(customers.home / "frontdesk.db")) as connection:
        connection.execute("CREATE TABLE forgotten (text TEXT)")
        connection.execute("INSERT INTO forgotten VALUES (?)", (TEXTS[0],))
        connection.commit()
    receipt = customers.erase()
    assert receipt.traces_found == 1
    assert not receipt.is_complete


def test_vectors_of_questions_go_unless_somebody_else_asked_the_same(customers: Customers) -> None:
    shared = f"{OTHERS} (3)"
    customers.transcripts.append(customers.erased, Author.CUSTOMER, shared)
    with writing(customers.engine) as session:
        store_question_vectors(session, {digest_of(text): b"\0\0" for text in (TEXTS[0], shared)}, "e5")
        session.commit()
    assert customers.erase().counts["question_vectors"] == 1
    with reading(customers.engine) as session:
        left = session.connection().execute(select(QuestionVectorRow.digest)).scalars().all()  # type: ignore[call-overload]
    assert left == [digest_of(shared)]


def test_training_examples_lose_the_customers_words_in_every_version(customers: Customers) -> None:
    in_file = "My parcel has not arrived and I want my money back"
    customers.transcripts.append(customers.erased, Author.CUSTOMER, in_file)
    lists = IntentLists(customers.engine)
    parcel = Intent("parcel", LeadsTo.KNOWLEDGE, {"en": "Parcel"}, {"en": (in_file, "parcel late")})
    lists.take_in_file((parcel,), "file")
    taught = Intent("parcel", LeadsTo.KNOWLEDGE, {"en": "Parcel"}, {"en": (in_file, "parcel late", TEXTS[0])})
    lists.change(lambda _: (taught,), author="edda", change="examples added")
    more = Intent("parcel", LeadsTo.KNOWLEDGE, {"en": "Parcel"}, {"en": (in_file, "parcel late", TEXTS[0], "lost")})
    lists.change(lambda _: (more,), author="edda", change="examples added")
    receipt = customers.erase()
    assert receipt.counts["training_examples"] == 1
    assert receipt.retrain == ("parcel",)
    assert lists.newest().intents[0].examples == {"en": (in_file, "parcel late", "lost")}
    assert b"Quastenberg" not in customers.bytes()


def test_an_export_holds_every_word_of_one_customer_and_none_of_the_others(customers: Customers) -> None:
    (conversation,) = exported(customers.engine, customers.erased)
    texts = [message["text"] for message in conversation["messages"] if message["author"] == "customer"]
    assert texts == [text.strip() for text in TEXTS]
    answers = [message for message in conversation["messages"] if message["author"] == "bot"]
    assert {message["feedback"]["verdict"] for message in answers} == {"down"}
    assert all(message["trace"]["release"]["generator"] == "g" for message in answers)
    assert OTHERS not in json.dumps(conversation)
    assert len(list(exported(customers.engine, None))) == 3


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_the_commands_print_one_object_write_a_private_file_and_leave_an_audit_entry(
    customers: Customers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FRONTDESK_HOME", str(customers.home))
    customers.transcripts.append(customers.erased, Author.CUSTOMER, "=HYPERLINK(1)")
    run = CliRunner().invoke
    shown = json.loads(run(app, ["export", "--customer", customers.erased, "--json"]).stdout)
    assert (shown["ok"], len(shown["conversations"])) == (True, 1)
    file = tmp_path / "all.csv"
    told = json.loads(run(app, ["export", "--output", str(file), "--format", "csv", "--json"]).stdout)
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) == told["messages"] + 1
    assert "'=HYPERLINK(1)" in [row[-1] for row in rows]
    assert file.stat().st_mode & 0o077 == 0
    erased = run(app, ["erase", "--customer", customers.erased, "--json"])
    receipt = json.loads(erased.stdout)
    assert (erased.exit_code, receipt["ok"], receipt["traces_found"]) == (0, True, 0)
    assert receipt["not_reached"]
    again = run(app, ["erase", "--customer", customers.erased, "--json"])
    assert (again.exit_code, json.loads(again.stdout)["code"]) == (1, "conversation_not_found")
    assert run(app, ["erase", "--json"]).exit_code == 2
    actions = [entry.action for entry in AuditLog(customers.engine).entries()]
    assert actions == ["data_erased", "data_exported", "data_exported"]


def test_retention_lets_go_of_each_kind_after_its_days_and_of_nothing_else(customers: Customers) -> None:
    now = customers.transcripts.conversation(customers.erased).updated_at
    assert not any(expire(customers.engine, RetentionSettings(), now=now + 1000 * DAY).counts.values())
    keep = RetentionSettings(conversations_days=30, traces_days=10, signals_days=20)
    assert not any(expire(customers.engine, keep, now=now + 9 * DAY).counts.values())
    assert expire(customers.engine, keep, now=now + 11 * DAY).counts == {"traces": 28, "signals": 0}
    assert expire(customers.engine, keep, now=now + 21 * DAY).counts == {"traces": 0, "signals": 28}
    customers.transcripts.append(customers.erased, Author.CUSTOMER, "Hello again")
    with writing(customers.engine) as session:
        session.connection().exec_driver_sql(
            "UPDATE conversation SET updated_at = updated_at + ? WHERE conversation_id = ?",
            (30 * DAY, customers.erased),
        )
        session.commit()
    gone = expire(customers.engine, keep, now=now + 31 * DAY).counts
    assert (gone["conversations"], gone["messages"]) == (2, 48)
    assert customers.transcripts.messages(customers.erased)[-1].text == "Hello again"


def test_the_server_lets_go_in_the_background_and_notes_it_down(customers: Customers) -> None:
    now = customers.transcripts.conversation(customers.erased).updated_at
    keeper = RetentionKeeper(customers.engine, RetentionSettings(conversations_days=1), clock=lambda: now + 2 * DAY)
    keeper.start()
    keeper.stop()
    assert customers.transcripts.conversations() == []
    (entry,) = AuditLog(customers.engine).entries()
    assert (entry.actor, entry.action, entry.details["conversations"]) == ("the server", "data_expired", 3)
