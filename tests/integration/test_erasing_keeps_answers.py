"""What erasing and retention leave alone: the company's own answers; and what a failure in the middle leaves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from typer.testing import CliRunner

from bot.answering.writing import AnswerWriter, WritingLimits
from bot.events import AnswerCited, TurnEnded, TurnEvent
from bot.intent_store.intent_lists import IntentLists
from bot.intent_store.intent_trainings import IntentTrainings, RunState
from bot.intents import UNKNOWN, Intent, IntentPrediction, LeadsTo
from bot.manager import ConversationManager
from bot.messages import Author
from bot.personal_data.erasing import erase_customer
from bot.personal_data.retention import RetentionKeeper, expire
from bot.protocols import fixed_intents
from bot.settings import RetentionSettings
from knowledge.entries.entry_values import EntryDraft
from tests.customers import OTHERS, TEXTS, Customers, customers_in
from tests.fakes.frontdesk import TrustingVerifier
from tests.fakes.retriever import WordRetriever
from ui.cli import app

DAY = 86_400.0
YEAR = 365 * DAY
ANSWER = {"en": "We look after it."}
EMAIL = "li.ming@example.com"
WITH_EMAIL = f"Please send my invoice to {EMAIL} instead"
MASKED = "Please send my invoice to [email] instead"


class Unknowing:
    release = "unknowing"

    def classify(self, text: str) -> IntentPrediction:
        return IntentPrediction(UNKNOWN, 0.9)


@pytest.fixture
def customers(tmp_path: Path) -> Iterator[Customers]:
    customers = customers_in(tmp_path)
    yield customers
    customers.engine.dispose()


def asked_at(customers: Customers) -> float:
    return customers.transcripts.messages(customers.erased)[0].created_at


def parcel(*examples: str) -> Intent:
    return Intent("parcel", LeadsTo.KNOWLEDGE, {"en": "Parcel"}, {"en": examples})


def test_an_entry_written_after_the_customer_loses_the_customers_words_and_keeps_the_others(
    customers: Customers,
) -> None:
    both = customers.book.add(EntryDraft({"en": (TEXTS[0], "Where is my parcel?")}, ANSWER), editor="edda")
    other = customers.book.add(EntryDraft({"en": (f"{OTHERS} (1)",)}, ANSWER), editor="edda")
    receipt = customers.erase()
    assert (receipt.wordings, receipt.entries_left, receipt.traces_found) == (1, (), 0)
    assert customers.book.entry(both.entry_id).wordings == {"en": ("Where is my parcel?",)}
    assert customers.book.entry(other.entry_id) == other
    assert b"Quastenberg" not in customers.bytes()


def test_an_entry_with_no_other_question_is_left_whole_and_named(customers: Customers) -> None:
    only = customers.book.add(EntryDraft({"zh": (TEXTS[1],)}, {"zh": "我们会处理。"}), editor="edda")
    receipt = customers.erase()
    assert (receipt.wordings, receipt.entries_left, receipt.is_complete) == (0, (only.entry_id,), False)
    assert customers.book.entry(only.entry_id) == only


def test_an_entry_from_before_that_was_edited_since_keeps_its_questions_and_is_named(customers: Customers) -> None:
    """Whether the wording or only the answer came with the edit, nobody knows."""
    asked = asked_at(customers)
    wordings = {"en": (TEXTS[0], "Where is my parcel?")}
    early = customers.book_at(lambda: asked - YEAR).add(EntryDraft(wordings, {"en": "Old words."}), editor="edda")
    later = customers.book_at(lambda: asked + YEAR)
    edited = later.edit(early.entry_id, EntryDraft(wordings, ANSWER), editor="edda", expected_version=early.version)
    receipt = customers.erase()
    assert (receipt.wordings, receipt.entries_left) == (0, (early.entry_id,))
    assert customers.book.entry(early.entry_id) == edited


def test_an_entry_that_was_there_before_the_customer_asked_is_not_the_customers(customers: Customers) -> None:
    asked = asked_at(customers)
    entry = customers.book_at(lambda: asked - YEAR).add(EntryDraft({"en": (TEXTS[0],)}, ANSWER), editor="edda")
    assert customers.erase().entries_left == ()
    assert customers.book.entry(entry.entry_id) == entry


def test_time_alone_takes_no_answer_and_no_example(customers: Customers, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = customers.book.add(EntryDraft({"en": (TEXTS[0], "Where is my parcel?")}, ANSWER), editor="edda")
    lists = IntentLists(customers.engine)
    lists.take_in_file((parcel("parcel late"),), "file")
    lists.change(lambda _: (parcel("parcel late", TEXTS[0]),), author="edda", change="examples added")
    with closing(sqlite3.connect(customers.home / "frontdesk.db")) as connection:
        connection.execute("UPDATE conversation SET updated_at = updated_at - ?", (YEAR,))
        connection.commit()
    monkeypatch.setenv("FRONTDESK_HOME", str(customers.home))
    monkeypatch.setenv("FRONTDESK_RETENTION__CONVERSATIONS_DAYS", "30")
    told = json.loads(CliRunner().invoke(app, ["erase", "--expired", "--json"]).stdout)
    assert (told["ok"], told["erased"]["conversations"], told["entries_left"]) == (True, 3, [])
    assert customers.book.entry(entry.entry_id) == entry
    assert lists.newest().intents == (parcel("parcel late", TEXTS[0]),)


def test_the_server_in_the_background_takes_no_example_either(customers: Customers) -> None:
    lists = IntentLists(customers.engine)
    lists.take_in_file((parcel("parcel late"),), "file")
    lists.change(lambda _: (parcel("parcel late", TEXTS[0]),), author="edda", change="examples added")
    later = asked_at(customers) + YEAR
    RetentionKeeper(customers.engine, RetentionSettings(conversations_days=1), clock=lambda: later).look()
    assert customers.transcripts.conversations() == []
    assert lists.newest().intents == (parcel("parcel late", TEXTS[0]),)


def test_who_writes_while_retention_looks_is_kept_or_has_to_wait(customers: Customers) -> None:
    """Another process tries at every statement, from the one that has looked for what is old."""
    later = asked_at(customers) + YEAR
    database = customers.home / "frontdesk.db"
    statements: list[str] = []
    written = 0

    def write_again(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        nonlocal written
        if any("conversation.updated_at <" in each for each in statements) and not written:
            with closing(sqlite3.connect(database, timeout=0)) as other, suppress(sqlite3.OperationalError):
                changed = "UPDATE conversation SET updated_at = ? WHERE conversation_id = ?"
                written = other.execute(changed, (later, customers.erased)).rowcount
                other.commit()
        statements.append(statement)

    event.listen(customers.engine, "before_cursor_execute", write_again)
    expire(customers.engine, RetentionSettings(conversations_days=30), now=later)
    event.remove(customers.engine, "before_cursor_execute", write_again)
    assert any(statement.startswith("DELETE FROM conversation") for statement in statements)
    kept = [each.conversation.conversation_id for each in customers.transcripts.conversations()]
    assert kept == [customers.erased] * written


def test_what_trainings_found_loses_the_customers_words_as_written_and_masked(customers: Customers) -> None:
    customers.transcripts.append(customers.erased, Author.CUSTOMER, WITH_EMAIL)
    lists, trainings = IntentLists(customers.engine), IntentTrainings(customers.engine)
    lists.take_in_file((parcel("parcel late"),), "file")
    taught = lists.change(lambda _: (parcel("parcel late", TEXTS[0], MASKED),), author="edda", change="added")
    assert taught is not None
    found = [{"text": text, "intent": "parcel", "guess": "lost"} for text in ("parcel late", TEXTS[0], MASKED)]
    run = trainings.begin(1, "edda").run_id
    pair = {"first": "lost", "second": "parcel", "count": 3, "examples": found}
    trainings.end(run, RunState.DONE, findings={"examples": 3, "confusions": [pair], "doubtful": found})
    receipt = customers.erase()
    assert (receipt.counts["training_examples"], receipt.traces_found) == (2, 0)
    ended = trainings.run(run)
    assert ended is not None
    assert ended.findings == {
        "examples": 3,
        "confusions": [{**pair, "examples": found[:1]}],
        "doubtful": found[:1],
    }
    left = customers.bytes()
    assert b"Quastenberg" not in left
    assert MASKED.encode() not in left


def test_a_masked_example_that_is_still_in_the_files_is_found(customers: Customers) -> None:
    customers.transcripts.append(customers.erased, Author.CUSTOMER, WITH_EMAIL)
    customers.engine.dispose()
    with closing(sqlite3.connect(customers.home / "frontdesk.db")) as connection:
        connection.execute("CREATE TABLE forgotten (text TEXT)")
        connection.execute("INSERT INTO forgotten VALUES (?)", (MASKED,))
        connection.commit()
    assert customers.erase().traces_found == 1


def test_a_customer_is_still_there_where_an_entry_could_not_be_changed(
    customers: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers.book.add(EntryDraft({"en": (TEXTS[0], "Where is my parcel?")}, ANSWER), editor="edda")
    before = customers.transcripts.messages(customers.erased)
    monkeypatch.setenv("FRONTDESK_HOME", str(customers.home))
    monkeypatch.setenv("FRONTDESK_MODELS__EMBEDDER", str(customers.home / "no-model-here"))
    failed = CliRunner().invoke(app, ["erase", "--customer", customers.erased, "--json"])
    assert (failed.exit_code, json.loads(failed.stdout)["code"]) == (1, "model_unavailable")
    assert customers.transcripts.messages(customers.erased) == before
    assert customers.erase().wordings == 1


def test_an_export_that_breaks_off_prints_one_object_which_says_so(
    customers: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers.engine.dispose()
    with closing(sqlite3.connect(customers.home / "frontdesk.db")) as connection:
        connection.execute("DROP TABLE message_signal")
        connection.commit()
    monkeypatch.setenv("FRONTDESK_HOME", str(customers.home))
    failed = CliRunner().invoke(app, ["export", "--json"])
    assert (failed.exit_code, json.loads(failed.stdout)["code"]) == (1, "catalog_unavailable")


def test_a_turn_whose_customer_is_erased_meanwhile_ends_all_the_same_and_stores_nothing(customers: Customers) -> None:
    verifier = TrustingVerifier()
    manager = ConversationManager(
        transcripts=customers.transcripts,
        retriever=WordRetriever(),
        live_intents=fixed_intents(Unknowing(), ()),
        verifier=verifier,
        writer=AnswerWriter(None, verifier, WritingLimits()),
        asks_for_person=lambda _: False,
    )
    events: list[TurnEvent] = []
    for told in manager.turn(customers.erased, "Where is my parcel?"):
        events.append(told)
        if isinstance(told, AnswerCited):
            erase_customer(customers.engine, customers.erased)
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].message_id is None
    assert len(customers.transcripts.conversations()) == 2
