"""A home with many conversations, of which one is to be erased: what tests of erasing and exporting begin with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from bot.answers import Answer, Outcome
from bot.bootstrap import open_home
from bot.messages import Author, Message, MessageState
from bot.personal_data.entry_wordings import take_out_wordings
from bot.personal_data.erasing import erase_customer
from bot.personal_data.receipts import Receipt, finish_erasing
from bot.settings import load_settings
from bot.signal_log import SqlSignalLog
from bot.signals.values import Signals
from bot.traces import Release, Trace
from bot.transcripts import SqlTranscripts
from knowledge.entries.entry_book import EntryBook
from knowledge.library import KnowledgeLibrary
from knowledge.storing.catalog import Catalog
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.passage_index import FakePassageIndex

TEXTS = (
    "My name is Wilhelmina Quastenberg, Larkspur Lane 14",
    "我的名字叫欧阳若溪，住在杏花巷十四号，包裹还没有到。",
    "ok",
    "a very long story " * 400 + "that ends with Quastenberg",
)
OTHERS = "What does the delivery to Larkspur Lane cost?"


@dataclass
class Customers:
    """A home with many conversations, of which one is erased."""

    home: Path
    engine: Engine
    transcripts: SqlTranscripts
    erased: str

    @property
    def book(self) -> EntryBook:
        return self.book_at(time.time)

    def book_at(self, clock: Callable[[], float]) -> EntryBook:
        library = KnowledgeLibrary(Catalog(self.engine), FakeEmbedder(), self.home, new_index=FakePassageIndex)
        return EntryBook(self.engine, FakeEmbedder(), library, clock=clock)

    def erase(self) -> Receipt:
        wordings = take_out_wordings(self.engine, self.erased, lambda: self.book)
        return finish_erasing(self.engine, erase_customer(self.engine, self.erased), self.home, wordings)

    def bytes(self) -> bytes:
        self.engine.dispose()
        return b"".join(path.read_bytes() for path in self.home.rglob("*") if path.is_file())


def customers_in(folder: Path) -> Customers:
    """Dispose of its engine at the end."""
    home = open_home(load_settings({"FRONTDESK_HOME": str(folder), "FRONTDESK_DATABASE_SYNCHRONOUS": "NORMAL"}))
    transcripts = SqlTranscripts(home.engine)
    talk(transcripts, home.engine, [f"{OTHERS} ({number})" for number in range(12)])
    erased = talk(transcripts, home.engine, TEXTS)
    talk(transcripts, home.engine, [f"{OTHERS} ({number})" for number in range(12, 24)])
    return Customers(folder, home.engine, transcripts, erased)


def talk(transcripts: SqlTranscripts, engine: Engine, texts: Sequence[str]) -> str:
    opened = transcripts.open_conversation(channel="chat").conversation_id
    for text in texts:
        said = transcripts.append(opened, Author.CUSTOMER, text).message
        trace = Trace("greeting", 0.9, "en", Release("g", "c", "v", 1, "p"))
        answer: Message | None = transcripts.append_answer(
            opened,
            reply_to=said.message_id,
            answer=Answer(f"You said: {text}", Outcome.ABSTAINED, "en"),
            trace=trace,
            state=MessageState.COMPLETE,
            handler_version=1,
        )
        assert answer is not None
        transcripts.record_feedback(answer.message_id, "down", reason=f"no help with: {text}")
        SqlSignalLog(engine).record(said, Signals("en", 0.1, ()))
    return opened
