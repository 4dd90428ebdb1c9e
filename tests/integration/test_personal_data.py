"""Personal data stays in the transcript, where a person needs it, and reaches neither the log nor the trace."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bot.answering.writing import AnswerWriter, WritingLimits
from bot.intents import UNKNOWN, IntentPrediction
from bot.manager import ConversationManager
from bot.migrations import upgrade_database
from bot.protocols import fixed_intents
from bot.signal_desk import SignalDesk
from bot.signal_log import SqlSignalLog
from bot.signals.masking import MaskingFormatter
from bot.signals.reader import SignalReader
from bot.transcripts import SqlTranscripts
from knowledge.database import open_database
from knowledge.passages import ScoredPassage
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.frontdesk import TrustingVerifier
from tests.fakes.retriever import a_passage

EMAIL, PHONE, CARD = "li.ming@example.com", "13812345678", "4111 1111 1111 1111"
TEXT = f"Order SO-12345678: write to {EMAIL}, call {PHONE}, my card is {CARD}"
PERSONAL = (EMAIL, PHONE, CARD)


class Unknowing:
    release = "unknowing"

    def classify(self, text: str) -> IntentPrediction:
        return IntentPrediction(UNKNOWN, 0.9)


class QuotingFailure:
    """Breaks off with an error that quotes what it was asked, as parsers and drivers like to do."""

    generation = 1

    def search(self, query: str, *, limit: int = 5, earlier: str = "") -> Sequence[ScoredPassage]:
        raise ValueError(f"cannot search for {query!r}")


class Found(QuotingFailure):
    def search(self, query: str, *, limit: int = 5, earlier: str = "") -> Sequence[ScoredPassage]:
        return [ScoredPassage(a_passage("Orders are sent within a day."), 0.9, 0.9, 0.9)]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    written = io.StringIO()
    lines = logging.StreamHandler(written)
    lines.setFormatter(MaskingFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.getLogger("bot").addHandler(lines)
    yield written
    logging.getLogger("bot").removeHandler(lines)


@pytest.mark.parametrize("retriever", [QuotingFailure(), Found()], ids=["a turn that fails", "a turn that answers"])
def test_log_and_trace_hold_no_personal_data(tmp_path: Path, log: io.StringIO, retriever: Found) -> None:
    path = tmp_path / "frontdesk.db"
    engine = open_database(f"sqlite:///{path}")
    upgrade_database(engine)
    transcripts = SqlTranscripts(engine)
    verifier = TrustingVerifier()
    signals = SignalDesk(SignalReader(FakeEmbedder(), None), SqlSignalLog(engine))
    manager = ConversationManager(
        transcripts=transcripts,
        retriever=retriever,
        live_intents=fixed_intents(Unknowing(), ()),
        verifier=verifier,
        writer=AnswerWriter(None, verifier, WritingLimits()),
        asks_for_person=lambda _: False,
        read_signals=signals.read,
    )
    conversation = transcripts.open_conversation(channel="test").conversation_id
    list(manager.turn(conversation, TEXT))
    logging.getLogger("bot").warning("The customer wrote: %s", TEXT)
    engine.dispose()

    with sqlite3.connect(path) as database:
        (trace,) = database.execute("SELECT trace FROM message WHERE author = 'bot'").fetchone()
        (entities,) = database.execute("SELECT entities FROM message_signal").fetchone()
        (text,) = database.execute("SELECT text FROM message WHERE author = 'customer'").fetchone()
    assert text == TEXT, "the transcript keeps every word"
    assert "The customer wrote" in log.getvalue()
    for kept in (log.getvalue(), trace, entities):
        assert not [value for value in PERSONAL if value in kept]
    found = {each["kind"]: each["value"] for each in json.loads(trace)["signals"]["entities"]}
    assert found == {"order_number": "SO-12345678", "email": "[email]", "phone": "[phone]", "card": "[card]"}


def test_an_error_in_the_log_is_masked_with_its_traceback(log: io.StringIO) -> None:
    def greet() -> None:
        raise ValueError(f"no such customer: {EMAIL}")

    try:
        greet()
    except ValueError:
        logging.getLogger("bot").exception("Could not greet %s", PHONE)
    assert "no such customer: [email]" in log.getvalue()
    assert "Could not greet [phone]" in log.getvalue()
