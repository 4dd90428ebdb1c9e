"""The tables of question-and-answer entries, and the queries over them. Rows never leave this module; values do."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, LargeBinary, Text, delete, func, update
from sqlmodel import Field, Session, SQLModel, col, select

from knowledge.entries.entry_values import LANGUAGES, Entry, EntryChange, EntryDraft, EntryPage
from knowledge.errors import EntryNotFound


class EntryRow(SQLModel, table=True):
    __tablename__ = "entry"

    entry_id: str = Field(primary_key=True, max_length=64)
    version: int
    answers: str = Field(sa_column=Column(Text, nullable=False))  # JSON: language → text
    link: str = Field(sa_column=Column(Text, nullable=False))
    searchable: str = Field(sa_column=Column(Text, nullable=False))  # wordings and answers, folded
    created_by: str
    updated_by: str
    created_at: float
    updated_at: float = Field(index=True)


class EntryWordingRow(SQLModel, table=True):
    __tablename__ = "entry_wording"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: int | None = Field(default=None, primary_key=True)
    entry_id: str = Field(foreign_key="entry.entry_id", ondelete="CASCADE", index=True)
    language: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    embedding: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))  # fp16, little-endian
    embedder: str = Field(default="")  # the fingerprint of what made the embedding


class EntryChangeRow(SQLModel, table=True):
    """What was done to entries, in order. The latest number is the revision that every process compares."""

    __tablename__ = "entry_change"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a number is never given twice

    number: int | None = Field(default=None, primary_key=True)
    entry_id: str = Field(index=True, max_length=64)
    version: int
    action: str
    editor: str
    at: float


def revision(session: Session) -> int:
    return session.exec(select(func.max(EntryChangeRow.number))).one() or 0


def find_entry(session: Session, entry_id: str, *, lock: bool = False) -> Entry:
    """Raises EntryNotFound. With `lock`, other writers of this entry wait until the transaction ends."""
    wanted = select(EntryRow).where(col(EntryRow.entry_id) == entry_id)
    row = session.exec(wanted.with_for_update() if lock else wanted).first()
    if row is None:
        raise EntryNotFound(entry_id)
    return _entries(session, [row])[0]


def list_entries(session: Session, *, containing: str, limit: int | None, offset: int) -> EntryPage:
    """Most recently edited first."""
    wanted = select(EntryRow)
    counted = select(func.count()).select_from(EntryRow)
    total = session.exec(counted).one()
    matching = total
    if containing.strip():
        holds = col(EntryRow.searchable).contains(folded(containing.strip()), autoescape=True)
        wanted, matching = wanted.where(holds), session.exec(counted.where(holds)).one()
    wanted = wanted.order_by(col(EntryRow.updated_at).desc(), col(EntryRow.entry_id)).limit(limit).offset(offset)
    return EntryPage(tuple(_entries(session, session.exec(wanted).all())), matching, total)


def list_changes(session: Session, entry_id: str) -> tuple[EntryChange, ...]:
    """The history of one entry, the oldest first."""
    wanted = select(EntryChangeRow).where(col(EntryChangeRow.entry_id) == entry_id)
    rows = session.exec(wanted.order_by(col(EntryChangeRow.number)))
    return tuple(EntryChange(row.entry_id, row.version, row.action, row.editor, row.at) for row in rows)


def write_entry(session: Session, entry: Entry, vectors: Mapping[str, bytes], embedder: str, *, is_new: bool) -> None:
    """Inserts an entry or replaces what it says. `vectors` holds those of its wordings, by text."""
    draft = EntryDraft(entry.wordings, entry.answers, entry.link)
    values: dict[str, Any] = {
        "version": entry.version,
        "answers": json.dumps(dict(entry.answers), ensure_ascii=False),
        "link": entry.link,
        "searchable": _searchable(draft),
        "created_by": entry.created_by,
        "updated_by": entry.updated_by,
        "created_at": entry.created_at,
        "updated_at": entry.updated_at,
    }
    if is_new:
        session.add(EntryRow(entry_id=entry.entry_id, **values))
    else:
        session.exec(update(EntryRow).where(col(EntryRow.entry_id) == entry.entry_id).values(**values))
        session.exec(delete(EntryWordingRow).where(col(EntryWordingRow.entry_id) == entry.entry_id))
    session.flush()  # wordings refer to entries
    session.add_all(
        EntryWordingRow(
            entry_id=entry.entry_id, language=language, text=text, embedding=vectors.get(text), embedder=embedder
        )
        for language, texts in entry.wordings.items()
        for text in texts
    )
    add_change(session, entry.entry_id, entry.version, "created" if is_new else "edited", entry)


def delete_entry(session: Session, entry: Entry, editor: str, now: float) -> None:
    session.exec(delete(EntryWordingRow).where(col(EntryWordingRow.entry_id) == entry.entry_id))
    session.exec(delete(EntryRow).where(col(EntryRow.entry_id) == entry.entry_id))
    session.add(
        EntryChangeRow(entry_id=entry.entry_id, version=entry.version + 1, action="removed", editor=editor, at=now)
    )


def add_change(session: Session, entry_id: str, version: int, action: str, entry: Entry) -> None:
    session.add(
        EntryChangeRow(entry_id=entry_id, version=version, action=action, editor=entry.updated_by, at=entry.updated_at)
    )


def stored_wordings(session: Session) -> list[tuple[int, str, str, str, bytes | None, str]]:
    """(number, entry id, language, text, vector, who made the vector) of every wording, in a fixed order."""
    columns = select(
        EntryWordingRow.number, EntryWordingRow.entry_id, EntryWordingRow.language, EntryWordingRow.text
    ).add_columns(col(EntryWordingRow.embedding), col(EntryWordingRow.embedder))
    rows = session.connection().execute(columns.order_by(col(EntryWordingRow.number)))
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def store_vectors(session: Session, vectors: Mapping[int, bytes], embedder: str) -> None:
    """Replaces the vectors of wordings, by number, after the embedder has changed."""
    for number, vector in vectors.items():
        wanted = update(EntryWordingRow).where(col(EntryWordingRow.number) == number)
        session.exec(wanted.values(embedding=vector, embedder=embedder))


def folded(text: str) -> str:
    """What is compared in a search: upper and lower case, full and half width are one."""
    return unicodedata.normalize("NFKC", text).casefold()


def _searchable(draft: EntryDraft) -> str:
    texts = [text for some in draft.wordings.values() for text in some]
    return folded("\n".join([*texts, *draft.answers.values(), draft.link]))


def _entries(session: Session, rows: Sequence[EntryRow]) -> list[Entry]:
    """Two queries, however many entries (up to 500 in a statement)."""
    wordings: dict[str, dict[str, list[str]]] = {}
    ids = [row.entry_id for row in rows]
    for first in range(0, len(ids), 500):
        part = select(EntryWordingRow.entry_id, EntryWordingRow.language, EntryWordingRow.text)
        part = part.where(col(EntryWordingRow.entry_id).in_(ids[first : first + 500]))
        for entry_id, language, text in session.exec(part.order_by(col(EntryWordingRow.number))):
            wordings.setdefault(entry_id, {}).setdefault(language, []).append(text)
    return [_entry(row, wordings.get(row.entry_id, {})) for row in rows]


def _entry(row: EntryRow, wordings: Mapping[str, Sequence[str]]) -> Entry:
    ordered = {language: tuple(wordings[language]) for language in LANGUAGES if language in wordings}
    return Entry(
        row.entry_id,
        row.version,
        ordered,
        json.loads(row.answers),
        row.link,
        row.created_by,
        row.updated_by,
        row.created_at,
        row.updated_at,
    )
