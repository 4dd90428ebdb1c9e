"""Named states of the knowledge base, and the way back to one. Knows nothing of indexes: they follow the database.

A snapshot lists the documents there were, each in a version; a copy of every such version, with passages and vectors,
lies in the database beside it, once for all snapshots that have it. What `documents remove` takes out is erased from
the copies in the same transaction: a rollback cannot bring it back, and says so. Documents that follow the table of
entries are in no snapshot, and no rollback touches them: they would contradict their entries.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, delete, func, update
from sqlmodel import Session, col, select

from knowledge.database import reading, writing
from knowledge.errors import SnapshotUnusable
from knowledge.passages import DocumentState
from knowledge.storing.catalog_rows import CatalogStateRow, DocumentRow, PassageRow, new_version
from knowledge.storing.catalog_values import ENTRY_SOURCES
from knowledge.storing.document_copies import checksum_of, contents_of, copy_of, restore_document, restored_passage
from knowledge.storing.generations import ONLY_STATE, bury, next_generation, parts_of
from knowledge.storing.snapshot_rows import (
    DocumentCopyRow,
    SnapshotDocumentRow,
    SnapshotRow,
    forget_unused_copies,
    rename_snapshot,
)

BEFORE_ROLLBACK = "before-rollback"
_IN_THE_MAKING = "before-rollback (in the making)"  # no name a person can give
_NAME = re.compile(r"\w[\w.-]{0,79}")
_COPIES_AT_ONCE = 50  # documents in one transaction: others wait for its end

OnCopied = Callable[[int, int], None]  # documents done, of how many


@dataclass(frozen=True, slots=True)
class Snapshot:
    name: str
    generation: int
    documents: int
    passages: int
    automatic: bool
    created_at: float  # seconds since 1970, UTC


@dataclass(frozen=True, slots=True)
class NotRestored:
    document_id: str
    title: str


@dataclass(frozen=True, slots=True)
class RollbackReport:
    """`restored` were missing or different; `removed` had come since. `undo` is the snapshot of the state before."""

    name: str
    generation: int
    restored: int
    removed: int
    unchanged: int
    not_restored: tuple[NotRestored, ...]  # removed for good since the snapshot
    undo: str


@dataclass(frozen=True, slots=True)
class _Live:
    """What is known of a document that can be found now."""

    document_id: str
    version: int
    source: str
    title: str


class Snapshots:
    """Every method raises CatalogUnavailable when the database cannot be used."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def all(self) -> tuple[Snapshot, ...]:
        """The newest first."""
        query = select(SnapshotRow).where(SnapshotRow.name != _IN_THE_MAKING)
        with reading(self._engine) as session:
            rows = session.exec(query.order_by(col(SnapshotRow.created_at).desc(), col(SnapshotRow.name))).all()
            return tuple(_as_snapshot(row) for row in rows)

    def newest(self) -> str:
        """The name of the newest one that a person has made. Raises SnapshotUnusable where there is none."""
        made = [each.name for each in self.all() if not each.automatic]
        if not made:
            raise SnapshotUnusable("There is no snapshot to go back to; `frontdesk index snapshot` makes one")
        return made[0]

    def make(self, name: str, *, on_copied: OnCopied | None = None) -> Snapshot:
        """Raises SnapshotUnusable where the name is taken or malformed."""
        if not _NAME.fullmatch(name) or name == BEFORE_ROLLBACK:
            raise SnapshotUnusable(
                f"'{name}' cannot name a snapshot; use letters, digits, '.', '-' and '_', and not '{BEFORE_ROLLBACK}'"
            )
        if any(each.name == name for each in self.all()):
            raise SnapshotUnusable(f"There is a snapshot '{name}' already; name another, or delete that one first")
        return self._make(name, automatic=False, on_copied=on_copied)

    def _make(self, name: str, *, automatic: bool, on_copied: OnCopied | None = None) -> Snapshot:
        self._copy_ahead(on_copied)
        with writing(self._engine) as session:
            row = self._copied_and_listed(session, name, automatic=automatic)
            session.commit()
            return _as_snapshot(row)

    def _copy_ahead(self, on_copied: OnCopied | None) -> None:
        # Some at a time: killed here, the copies wait for the next snapshot. The names are written at the end.
        with reading(self._engine) as session:
            missing = [live.document_id for live in _without_copy(session)]
        for first in range(0, len(missing), _COPIES_AT_ONCE):
            if on_copied:
                on_copied(first, len(missing))
            with writing(self._engine) as session:
                _copy(session, missing[first : first + _COPIES_AT_ONCE])
                session.commit()

    def _copied_and_listed(self, session: Session, name: str, *, automatic: bool) -> SnapshotRow:
        # On PostgreSQL the lock keeps writers of documents out until the commit. SQLite has one writer anyway.
        session.get(CatalogStateRow, ONLY_STATE, with_for_update=True)
        _copy(session, [live.document_id for live in _without_copy(session)])  # changed meanwhile
        session.exec(delete(SnapshotRow).where(col(SnapshotRow.name) == name))
        return self._listed(session, name, automatic=automatic)

    def _listed(self, session: Session, name: str, *, automatic: bool) -> SnapshotRow:
        copies = _copies(session)
        members = [
            SnapshotDocumentRow(
                snapshot=name,
                document_id=live.document_id,
                version=live.version,
                source=live.source,
                title=live.title,
                sha256=copies[live.document_id, live.version][0],
            )
            for live in _live_documents(session)
        ]
        state = session.get(CatalogStateRow, ONLY_STATE)
        row = SnapshotRow(
            name=name,
            generation=state.generation if state else 0,
            documents=len(members),
            passages=sum(copies[member.document_id, member.version][1] for member in members),
            checksum=_checksum(members),
            automatic=automatic,
            created_at=self._clock(),
        )
        session.add(row)
        session.flush()  # its documents refer to it
        session.add_all(members)
        return row

    def delete(self, name: str) -> None:
        """Deletes a snapshot, and the copies no other one has. Raises SnapshotUnusable."""
        with writing(self._engine) as session:
            _named(session, name)
            session.exec(delete(SnapshotRow).where(col(SnapshotRow.name) == name))
            forget_unused_copies(session)
            session.commit()

    def problems(self) -> tuple[str, ...]:
        """What is wrong with the snapshots, as sentences."""
        found = []
        for name in [each.name for each in self.all()]:
            try:
                self._checked(name)
            except SnapshotUnusable as error:
                found.append(str(error))
        return tuple(found)

    def rollback(self, name: str, *, on_copied: OnCopied | None = None) -> RollbackReport:
        """Makes the documents what they were, in one transaction: all of them or none.

        Documents that have come since are taken out, those changed or gone are brought back with the passages and
        vectors they had. The state before is kept as the snapshot BEFORE_ROLLBACK, so that this can be undone. What
        was removed for good since is not brought back, and what has been added under its id meanwhile stays.

        Raises SnapshotUnusable where there is no such snapshot or a copy of it is damaged; nothing has changed then.
        """
        self._checked(name)
        self._copy_ahead(on_copied)
        with writing(self._engine) as session:
            # In this transaction: what comes in before it is kept, too, and nothing can come in between.
            self._copied_and_listed(session, _IN_THE_MAKING, automatic=True)
            report = self._roll_back(session, name)
            session.exec(delete(SnapshotRow).where(col(SnapshotRow.name) == BEFORE_ROLLBACK))
            rename_snapshot(session, _IN_THE_MAKING, BEFORE_ROLLBACK)
            forget_unused_copies(session)
            session.commit()
        return report

    def _roll_back(self, session: Session, name: str) -> RollbackReport:
        members = _members(session, name)  # an older release put entries' documents in
        wanted = {row.document_id: row for row in members if not row.source.startswith(ENTRY_SOURCES)}
        copies = _copies(session)
        erased = [row for row in wanted.values() if (row.document_id, row.version) not in copies]
        lost = {row.document_id for row in erased}
        live = {each.document_id: each for each in _live_documents(session)}
        same = [key for key, now in live.items() if key in wanted and _is_same(now, wanted[key])]
        removed = sorted(live.keys() - wanted.keys())
        restored = sorted(wanted.keys() - lost - set(same))
        generation = next_generation(session)
        self._take_out(session, [*removed, *restored], generation)
        for document_id in restored:
            self._bring_back(session, wanted[document_id], generation)
        return RollbackReport(
            name,
            generation,
            restored=len(restored),
            removed=len(removed),
            unchanged=len(same),
            not_restored=tuple(NotRestored(row.document_id, row.title) for row in erased),
            undo=BEFORE_ROLLBACK,
        )

    def _take_out(self, session: Session, document_ids: Sequence[str], generation: int) -> None:
        """All of them before the first comes back: two documents may have exchanged their sources."""
        for part in parts_of(document_ids):
            owned = col(PassageRow.document_id).in_(part)
            numbers = session.exec(select(PassageRow.number).where(owned, col(PassageRow.removed_generation).is_(None)))
            bury(session, [number for number in numbers.all() if number is not None], generation)
            session.exec(
                update(DocumentRow)
                .where(col(DocumentRow.document_id).in_(part))
                .values(state=DocumentState.REMOVED, text="", sha256="", updated_at=self._clock())
            )

    def _bring_back(self, session: Session, wanted: SnapshotDocumentRow, generation: int) -> None:
        copy = session.get(DocumentCopyRow, (wanted.document_id, wanted.version))
        if copy is None:
            raise SnapshotUnusable(f"The copy of '{wanted.title}' is gone; nothing was changed")
        fields, passages = contents_of(copy.content)
        row = session.get(DocumentRow, wanted.document_id)
        if row is None:  # the database is an older one: it has never seen this document
            row = DocumentRow.model_validate(fields)
        restore_document(row, fields)
        row.source, row.state, row.updated_at = wanted.source, DocumentState.READY, self._clock()
        row.version += 1
        session.add(row)
        session.flush()
        session.add_all(restored_passage(passage, generation) for passage in passages)
        session.add(new_version(row, len(passages), generation))
        session.flush()
        session.expunge(copy)

    def _checked(self, name: str) -> None:
        """Reads every copy once, one at a time."""
        with reading(self._engine) as session:
            row, members = _named(session, name), _members(session, name)
            if row.checksum != _checksum(members):
                raise SnapshotUnusable(f"The list of the snapshot '{name}' is not as it was written; {_WAY_OUT}")
            for member in members:
                copy = session.get(DocumentCopyRow, (member.document_id, member.version))
                if copy is None:
                    continue  # removed for good
                if not member.sha256 == copy.sha256 == checksum_of(copy.content):
                    raise SnapshotUnusable(
                        f"The copy of '{member.title}' in the snapshot '{name}' is damaged; {_WAY_OUT}"
                    )
                session.expunge(copy)


_WAY_OUT = "roll back to another one, or delete this one and make a new one"


def _as_snapshot(row: SnapshotRow) -> Snapshot:
    return Snapshot(row.name, row.generation, row.documents, row.passages, row.automatic, row.created_at)


def _named(session: Session, name: str) -> SnapshotRow:
    row = session.get(SnapshotRow, name)
    if row is None:
        raise SnapshotUnusable(
            f"There is no snapshot '{name}'; `frontdesk index snapshot --list` shows those there are"
        )
    return row


def _members(session: Session, name: str) -> list[SnapshotDocumentRow]:
    query = select(SnapshotDocumentRow).where(SnapshotDocumentRow.snapshot == name)
    return list(session.exec(query.order_by(col(SnapshotDocumentRow.document_id))))


def _checksum(members: Iterable[SnapshotDocumentRow]) -> str:
    lines = sorted(f"{one.document_id}\t{one.version}\t{one.source}\t{one.title}\t{one.sha256}" for one in members)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _is_same(now: _Live, wanted: SnapshotDocumentRow) -> bool:
    return (now.version, now.source) == (wanted.version, wanted.source)


def _live_documents(session: Session) -> list[_Live]:
    columns = (DocumentRow.document_id, DocumentRow.version, DocumentRow.source, DocumentRow.title)
    of_files = func.substr(col(DocumentRow.source), 1, len(ENTRY_SOURCES)) != ENTRY_SOURCES  # LIKE disregards case
    query = select(*columns).where(col(DocumentRow.state) == DocumentState.READY, of_files)
    return [_Live(*row) for row in session.exec(query.order_by(col(DocumentRow.document_id)))]


def _copies(session: Session) -> Mapping[tuple[str, int], tuple[str, int]]:
    """Document and version → checksum and passages of the copy."""
    columns = (DocumentCopyRow.document_id, DocumentCopyRow.version, DocumentCopyRow.sha256, DocumentCopyRow.passages)
    return {(row[0], row[1]): (row[2], row[3]) for row in session.exec(select(*columns))}


def _without_copy(session: Session) -> list[_Live]:
    copies = _copies(session)
    return [live for live in _live_documents(session) if (live.document_id, live.version) not in copies]


def _copy(session: Session, document_ids: Sequence[str]) -> None:
    for document_id in document_ids:
        row = session.get(DocumentRow, document_id)
        if row is None or row.state != DocumentState.READY:
            continue  # removed meanwhile
        if session.get(DocumentCopyRow, (document_id, row.version)) is not None:
            continue
        query = select(PassageRow).where(
            PassageRow.document_id == document_id, col(PassageRow.removed_generation).is_(None)
        )
        passages = session.exec(query.order_by(col(PassageRow.ordinal))).all()
        content = copy_of(row, passages)
        session.add(
            DocumentCopyRow(
                document_id=document_id,
                version=row.version,
                sha256=checksum_of(content),
                passages=len(passages),
                content=content,
            )
        )
        session.flush()
        session.expunge_all()
