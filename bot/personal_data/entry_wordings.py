"""Takes a customer's words out of the questions of entries, where they are certain to be the customer's.

An entry is an answer of the company's: it is never removed here, and keeps at least one question. Knows nothing of
files, nor of what else is kept of a customer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import col, select

from bot.intent_store.intent_editing import normal
from bot.personal_data.erasing import conversation_of, said_at, said_in, said_nowhere_else
from knowledge.database import reading
from knowledge.entries.entry_book import EntryBook
from knowledge.entries.entry_rows import EntryRow, EntryWordingRow
from knowledge.entries.entry_values import Entry, EntryDraft
from knowledge.errors import EntryChanged, EntryNotFound, EntryRefused

EDITOR = "erasure"


@dataclass(frozen=True, slots=True)
class Wordings:
    taken: int = 0  # questions that were taken out of entries
    left: tuple[str, ...] = ()  # entries that may hold the customer's words still: for an editor to look at


def take_out_wordings(engine: Engine, customer: str, open_book: Callable[[], EntryBook]) -> Wordings:
    """Call it while the customer's messages still stand: where it fails, it can be called again.

    A question that nobody else has asked came from the customer for certain where the entry was written after the
    customer had asked the same. An entry that was written before and edited since may have got it either way, and is
    left, as is one that has no other question. Raises ConversationNotFound, and whatever `open_book` raises.
    """
    with reading(engine) as session:
        ids = conversation_of(session, customer)
        said = said_at(said_nowhere_else(session, said_in(session, ids), ids), lambda text: (text,))
        columns = select(EntryRow.entry_id, EntryRow.created_at, EntryRow.updated_at, EntryWordingRow.text)
        joined = columns.join(EntryWordingRow, col(EntryWordingRow.entry_id) == col(EntryRow.entry_id))
        rows = session.exec(joined).all() if said else []
    asked = [(entry, made, edited, said[normal(text)]) for entry, made, edited, text in rows if normal(text) in said]
    certain = {entry for entry, made, _, at in asked if made > at}
    left = {entry for entry, made, edited, at in asked if made <= at < edited}
    if not certain:
        return Wordings(0, tuple(sorted(left)))
    book, taken = open_book(), 0
    for entry_id in sorted(certain):
        try:
            count = _take_out(book, entry_id, said)
        except EntryNotFound:
            continue  # an editor was first
        taken += count
        left |= set() if count else {entry_id}
    return Wordings(taken, tuple(sorted(left)))


def _take_out(book: EntryBook, entry_id: str, said: Mapping[str, float]) -> int:
    """How many questions were taken out; 0: the entry is as it was. Raises EntryNotFound."""
    try:
        entry = book.entry(entry_id)
        kept = _without(entry, said)
        if not any(kept.values()):
            return 0
        book.edit(entry_id, EntryDraft(kept, entry.answers, entry.link), editor=EDITOR, expected_version=entry.version)
    except (EntryRefused, EntryChanged):
        return 0
    return sum(map(len, entry.wordings.values())) - sum(map(len, kept.values()))


def _without(entry: Entry, said: Mapping[str, float]) -> dict[str, tuple[str, ...]]:
    never = float("inf")
    return {
        language: tuple(text for text in texts if entry.created_at <= said.get(normal(text), never))
        for language, texts in entry.wordings.items()
    }
