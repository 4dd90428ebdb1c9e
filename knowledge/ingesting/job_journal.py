"""What became of each file of one job, written down as it happens. Knows nothing of how a file is taken in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Engine, func, or_, update
from sqlmodel import Session, col, select

from knowledge.database import reading, writing
from knowledge.ingesting.ingest_values import FileOutcome, FileResult
from knowledge.ingesting.job_values import REREAD, JobState
from knowledge.passages import Change, Refusal
from knowledge.storing.catalog_rows import DocumentVersionRow, IngestFileRow, IngestJobRow
from knowledge.storing.generations import parts_of
from knowledge.storing.open_jobs import WITHHELD

_TAKEN = (FileOutcome.ADDED, FileOutcome.UPDATED, FileOutcome.UNCHANGED, FileOutcome.REMOVED)


class JobLostError(Exception):
    """Somebody else has the job now: this worker was taken for dead."""


class JobCancelledError(Exception):
    """The job is still ours, but nobody wants it any more: cancelled, or what it was to read again has gone."""


class JobOvertakenError(Exception):
    """A document of the job was removed meanwhile: begun again, the job leaves it out."""


class JobJournal:
    """The Journal of one attempt at a job. Knows what earlier attempts have finished.

    A worker that was taken for dead cannot write any more: its transaction fails, with the documents in it. Nor can
    one whose job has been cancelled, and a reread cannot bring back a document that was removed meanwhile.
    """

    def __init__(self, engine: Engine, job_id: str, worker: str, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._job_id = job_id
        self._worker = worker
        self._clock = clock
        self._taken: set[str] = set()
        self._withheld_sources: set[str] = set()  # of documents that were removed while the job waited
        self._withheld_ids: set[str] = set()
        self._refusals: dict[str, set[Refusal]] = {}
        self._read()

    def is_taken(self, source: str) -> bool:
        return source in self._taken

    def is_withheld(self, source: str, document_id: str) -> bool:
        return source in self._withheld_sources or document_id in self._withheld_ids

    def refusals_of(self, source: str) -> Collection[Refusal]:
        return self._refusals.get(source, ())

    def entry(
        self, results: Callable[[Sequence[Change]], Sequence[FileResult]]
    ) -> Callable[[Session, Sequence[Change]], None]:
        def write(session: Session, changes: Sequence[Change]) -> None:
            found = results(changes)
            self.write(session, found)
            self._check_taken_out(session, found)
            if self._job_id.startswith(REREAD):
                _check_reread(session, self._job_id, found)

        return write

    def note(self, results: Sequence[FileResult]) -> None:
        with writing(self._engine) as session:
            self.write(session, results)
            session.commit()

    def write(self, session: Session, results: Sequence[FileResult]) -> None:
        """Adds to a transaction that the caller commits. Raises JobLostError and JobCancelledError."""
        mine = (
            col(IngestJobRow.job_id) == self._job_id,
            col(IngestJobRow.worker) == self._worker,
            col(IngestJobRow.state) == JobState.RUNNING,
        )
        # A file was finished, so the job is not what ends its worker: the attempts are counted anew.
        held = session.exec(update(IngestJobRow).where(*mine).values(attempts=1, heartbeat_at=self._clock()))
        if not held.rowcount:
            raise JobLostError(self._job_id)
        if session.exec(select(IngestJobRow.cancel_requested).where(*mine)).one():
            raise JobCancelledError(self._job_id)
        first = 1 + self._last_number(session)
        session.add_all(self._row(number, result) for number, result in enumerate(results, start=first))

    def _check_taken_out(self, session: Session, results: Sequence[FileResult]) -> None:
        """In the transaction that takes them in: none must have been removed since the journal was read."""
        withheld = select(IngestFileRow.source).where(
            col(IngestFileRow.job_id) == self._job_id, col(IngestFileRow.outcome) == WITHHELD
        )
        for part in parts_of(results):
            named = col(IngestFileRow.source).in_([result.source for result in part])
            known = col(IngestFileRow.document_id).in_([result.document_id for result in part])
            if session.exec(withheld.where(or_(named, known)).limit(1)).first() is not None:
                raise JobOvertakenError(self._job_id)

    def _last_number(self, session: Session) -> int:
        query = select(func.max(IngestFileRow.number)).where(col(IngestFileRow.job_id) == self._job_id)
        return session.exec(query).one() or 0

    def _row(self, number: int, result: FileResult) -> IngestFileRow:
        return IngestFileRow(
            job_id=self._job_id,
            number=number,
            source=result.source,
            outcome=result.outcome,
            reason=result.reason,
            document_id=result.document_id,
            passages=result.passages,
        )

    def _read(self) -> None:
        columns = select(IngestFileRow.source, IngestFileRow.document_id, IngestFileRow.outcome, IngestFileRow.reason)
        with reading(self._engine) as session:
            rows = session.exec(columns.where(col(IngestFileRow.job_id) == self._job_id))
            for source, document_id, outcome, reason in rows:
                if outcome == WITHHELD:
                    self._withheld_sources.add(source)
                    self._withheld_ids.add(document_id)
                elif outcome in _TAKEN:
                    self._taken.add(source)
                elif outcome == FileOutcome.REFUSED:
                    self._refusals.setdefault(source, set()).add(Refusal(source, reason))


def _check_reread(session: Session, job_id: str, results: Sequence[FileResult]) -> None:
    """In the transaction that writes a reread: what it replaces must be what it was to read. JobCancelledError."""
    expected = session.exec(select(IngestJobRow.sha256).where(IngestJobRow.job_id == job_id)).one()
    for result in results:
        versions = select(DocumentVersionRow.sha256).where(DocumentVersionRow.document_id == result.document_id)
        last_two = session.exec(versions.order_by(col(DocumentVersionRow.version).desc()).limit(2)).all()
        replaced = last_two[-1] if result.outcome is FileOutcome.UPDATED else expected
        if result.outcome is FileOutcome.ADDED or replaced != expected:
            raise JobCancelledError(job_id)
