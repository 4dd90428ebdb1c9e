"""SqlTranscripts across processes: nothing that was confirmed is lost to kill -9, and an operator elsewhere wins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.answers import Answer, Outcome
from bot.messages import Author, Handler, MessageState
from bot.migrations import upgrade_database
from bot.traces import Release, Trace
from bot.transcripts import SqlTranscripts
from knowledge.database import open_database

ROOT = Path(__file__).parents[2]
CONFIRMED_BEFORE_THE_KILL = 60
RACES = 60

APPEND_FOR_EVER = """
    import itertools, sys
    from bot.messages import Author
    from bot.transcripts import SqlTranscripts
    from knowledge.database import open_database
    store = SqlTranscripts(open_database(sys.argv[1]))
    for number in itertools.count():
        sent = store.append(sys.argv[2], Author.CUSTOMER, f"text {number}", client_message_id=f"{sys.argv[3]}{number}")
        print(sent.message.message_id, flush=True)
"""

TAKE_OVER = """
    import sys
    from bot.messages import Handler
    from bot.transcripts import SqlTranscripts
    from knowledge.database import open_database
    store = SqlTranscripts(open_database(sys.argv[1]))
    print("ready", flush=True)
    for line in sys.stdin:
        store.change_handler(line.strip(), Handler.OPERATOR)
        print(len(store.messages(line.strip())), flush=True)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'frontdesk.db'}"


@pytest.fixture
def store(url: str) -> Iterator[SqlTranscripts]:
    engine = open_database(url)
    upgrade_database(engine)
    yield SqlTranscripts(engine)
    engine.dispose()


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_every_confirmed_message_survives_kill_9_and_none_is_doubled(store: SqlTranscripts, url: str) -> None:
    identity = store.open_conversation(channel="chat").conversation_id
    writers = [start(APPEND_FOR_EVER, url, identity, name) for name in ("a", "b")]
    confirmed: list[str] = []
    for writer in writers:
        assert writer.stdout is not None
        confirmed += [writer.stdout.readline().strip() for _ in range(CONFIRMED_BEFORE_THE_KILL)]
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    for writer in writers:
        assert writer.stdout is not None
        confirmed += writer.stdout.read().split()  # not communicate(): it passes over what readline() read ahead
        writer.communicate()

    stored = [message.message_id for message in store.messages(identity)]
    assert len(set(confirmed)) == len(confirmed) >= 2 * CONFIRMED_BEFORE_THE_KILL
    assert set(confirmed) <= set(stored)
    assert len(set(stored)) == len(stored) <= len(confirmed) + len(writers)  # at most one unconfirmed each
    for name in ("a", "b"):
        again = store.append(identity, Author.CUSTOMER, "sent again", client_message_id=f"{name}0")
        assert not again.is_new
        assert again.message.text == "text 0"


def test_an_operator_in_another_process_always_wins(store: SqlTranscripts, url: str) -> None:
    """What the operator saw after taking over is all that the bot ever said."""
    operator = start(TAKE_OVER, url)
    assert operator.stdin is not None
    assert operator.stdout is not None
    assert operator.stdout.readline() == "ready\n"
    for _ in range(RACES):
        conversation = store.open_conversation(channel="chat")
        question = store.append(conversation.conversation_id, Author.CUSTOMER, "Can I return it?").message
        operator.stdin.write(f"{conversation.conversation_id}\n")
        operator.stdin.flush()
        answer = store.append_answer(
            conversation.conversation_id,
            reply_to=question.message_id,
            answer=Answer("Yes.", Outcome.ANSWERED, "en"),
            trace=Trace("return_item", 0.9, "en", Release("g", "c", "v", 1, "p1")),
            state=MessageState.COMPLETE,
            handler_version=conversation.handler_version,
        )
        seen = int(operator.stdout.readline())
        assert seen == len(store.messages(conversation.conversation_id)) == (1 if answer is None else 2)
        assert store.conversation(conversation.conversation_id).handler is Handler.OPERATOR
    operator.communicate()
    assert operator.returncode == 0


def test_a_page_of_the_list_takes_three_queries_however_long_it_is(url: str) -> None:
    engine = open_database(url)
    upgrade_database(engine)
    store = SqlTranscripts(engine)
    for number in range(60):
        conversation = store.open_conversation(channel="chat")
        store.append(conversation.conversation_id, Author.CUSTOMER, f"parcel {number}")
    asked: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    found = store.conversations(limit=50, containing="PARCEL")
    assert [line.first_text for line in found] == [f"parcel {number}" for number in range(59, 9, -1)]
    assert len(asked) <= 3
    engine.dispose()
