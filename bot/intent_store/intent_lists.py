"""The versions of a company's list of intents, in the database. Knows nothing of models.

Every change is a new version, stored in one transaction; versions that a training used are kept, others as far as the
latest fifty.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, Engine, delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, col, select

from bot.errors import IntentsChanged, IntentsInvalid
from bot.intent_store.intent_editing import Intents, digest_of
from bot.intent_store.intent_trainings import IntentTrainingRow
from bot.intents import Intent, LeadsTo
from bot.serialization import storable_text
from knowledge.database import reading, writing

_KEPT = 50


@dataclass(frozen=True, slots=True)
class ListVersion:
    version: int  # from 1
    created_at: float  # seconds since 1970, UTC
    author: str  # an account's name, or "" for the file
    change: str  # in words: what was done
    digest: str  # of everything the list says
    intents: Intents


class IntentListRow(SQLModel, table=True):
    __tablename__ = "intent_list"

    version: int = Field(primary_key=True)
    created_at: float
    author: str
    change: str
    digest: str
    file_digest: str  # sha256 of the company's file, where the version was read from it
    renamed_from: str
    renamed_to: str
    intents: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))


class IntentLists:
    """Thread-safe; several processes may use one database."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    # --- the list ---

    def current(self) -> ListVersion | None:
        """None before a list was ever stored."""
        with reading(self._engine) as session:
            row = _latest(session)
            return None if row is None else _version(row)

    def newest(self) -> ListVersion:
        """Raises IntentsInvalid before a list was ever stored."""
        found = self.current()
        if found is None:
            raise IntentsInvalid("There is no list of intents yet; start the server once")
        return found

    def version(self, number: int) -> ListVersion | None:
        """None where there never was such a version, or it is too old to be kept."""
        with reading(self._engine) as session:
            row = session.get(IntentListRow, number)
            return None if row is None else _version(row)

    def take_in_file(self, intents: Intents, file_digest: str) -> ListVersion:
        """The file's list becomes the newest version, unless this file was taken in before or people have edited.

        Returns the newest version, whoever made it.
        """
        with writing(self._engine) as session:
            latest = _latest(session)
            if latest is not None and (latest.author or latest.file_digest == file_digest):
                return _version(latest)
            row = self._row(latest, intents, "", "taken in from the company's file")
            row.file_digest = file_digest
            return _kept(session, row)

    def file_was_taken_in(self, file_digest: str) -> bool:
        with reading(self._engine) as session:
            wanted = select(IntentListRow.version).where(col(IntentListRow.file_digest) == file_digest)
            return session.exec(wanted).first() is not None

    def change(
        self,
        edit: Callable[[ListVersion], Intents],
        *,
        author: str,
        change: str,
        renamed: tuple[str, str] = ("", ""),
    ) -> ListVersion:
        """Stores `edit(newest version)` as the next version; nothing where it changes nothing.

        `edit` runs inside the transaction, so that two people's changes come one after the other. What it raises is
        passed on, and nothing is stored.
        """
        with writing(self._engine) as session:
            latest = _latest(session)
            if latest is None:
                raise IntentsInvalid("There is no list of intents yet; start the server once")
            edited = edit(_version(latest))
            if digest_of(edited) == latest.digest:
                return _version(latest)
            row = self._row(latest, edited, author, change)
            row.renamed_from, row.renamed_to = renamed
            try:
                return _kept(session, row)
            except IntegrityError:  # on a database that lets two transactions read at once
                raise IntentsChanged("Somebody else changed the list at the same moment; please try again") from None

    def renames(self, since: int, until: int) -> dict[str, str]:
        """Names of version `since` → their names in version `until`, for intents that were renamed between them."""
        now: dict[str, str] = {}
        with reading(self._engine) as session:
            rows = session.exec(
                select(IntentListRow.renamed_from, IntentListRow.renamed_to)
                .where(col(IntentListRow.version) > since, col(IntentListRow.version) <= until)
                .where(col(IntentListRow.renamed_from) != "")
                .order_by(col(IntentListRow.version))
            ).all()
        for before, after in rows:
            origin = next((name for name, today in now.items() if today == before), before)
            now[origin] = after
        return now

    def _row(self, latest: IntentListRow | None, intents: Intents, author: str, change: str) -> IntentListRow:
        return IntentListRow(
            version=1 if latest is None else latest.version + 1,
            created_at=self._clock(),
            author=storable_text(author),
            change=storable_text(change),
            digest=digest_of(intents),
            file_digest="",
            renamed_from="",
            renamed_to="",
            intents=[as_entry(intent) for intent in intents],
        )


def as_entry(intent: Intent) -> dict[str, Any]:
    """The intent as plain values."""
    return {
        "name": intent.name,
        "leads_to": intent.leads_to.value,
        "title": dict(intent.title),
        "reply": dict(intent.reply),
        "examples": {language: list(texts) for language, texts in intent.examples.items()},
    }


def as_intent(entry: Mapping[str, Any]) -> Intent:
    examples = {language: tuple(texts) for language, texts in entry["examples"].items()}
    return Intent(entry["name"], LeadsTo(entry["leads_to"]), entry["title"], examples, entry["reply"])


def _latest(session: Session) -> IntentListRow | None:
    return session.exec(select(IntentListRow).order_by(col(IntentListRow.version).desc()).limit(1)).first()


def _kept(session: Session, row: IntentListRow) -> ListVersion:
    """Stores a version and lets go of those that nobody needs any more."""
    stored = _version(row)
    session.add(row)
    used = select(IntentTrainingRow.list_version)
    session.exec(
        delete(IntentListRow).where(
            col(IntentListRow.version) > 1,
            col(IntentListRow.version) <= stored.version - _KEPT,
            col(IntentListRow.version).not_in(used),
        )
    )
    session.commit()
    return stored


def _version(row: IntentListRow) -> ListVersion:
    intents = tuple(as_intent(entry) for entry in row.intents)
    return ListVersion(row.version, row.created_at, row.author, row.change, row.digest, intents)
