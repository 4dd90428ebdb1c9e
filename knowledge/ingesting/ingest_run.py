"""One run of taking documents in: what is new, what has changed, what is gone. Knows nothing of jobs and commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from sqlmodel import Session

from knowledge.ingesting.ingest_reading import Expect, Finding, Finished, LeftOut, Passed, Reading, Same, Step, Sweep
from knowledge.ingesting.ingest_values import (
    STAGES,
    FileOutcome,
    FileResult,
    IngestProgress,
    OnProgress,
    Stage,
    no_report,
)
from knowledge.ingesting.read_ahead import ReadAhead
from knowledge.passages import Change, Refusal
from knowledge.storing.catalog import AlsoWrite
from knowledge.storing.catalog_values import StoredDocument
from knowledge.storing.document_queries import stored_within
from knowledge.storing.intake import Intake, ReadDocument

__all__ = [
    "STAGES",
    "FileOutcome",
    "FileResult",
    "IngestProgress",
    "IngestRun",
    "Journal",
    "NoJournal",
    "OnProgress",
    "Stage",
    "no_report",
]

_PASSAGES_AT_ONCE = 128  # embedded together, across documents, and committed in one transaction
_READ_AHEAD = 16  # documents that wait for the embedder, read and cut
_NOTED_AT_ONCE = 200  # results of documents that needed no transaction of their own


class Journal(Finished, Protocol):
    """Where a run writes down what became of each document, so that it can be taken up again after a crash."""

    def entry(self, results: Callable[[Sequence[Change]], Sequence[FileResult]], /) -> AlsoWrite:
        """Writes results in the transaction that takes the documents in."""
        ...

    def note(self, results: Sequence[FileResult], /) -> None:
        """Writes results of documents that changed nothing."""
        ...


class NoJournal:
    """For a run that begins from the beginning every time."""

    def is_taken(self, _source: str) -> bool:
        return False

    def is_withheld(self, _source: str, _document_id: str) -> bool:
        return False

    def refusals_of(self, _source: str) -> Collection[Refusal]:
        return ()

    def entry(self, _results: Callable[[Sequence[Change]], Sequence[FileResult]]) -> AlsoWrite:
        def nothing(_session: Session, _changes: Sequence[Change]) -> None:
            return

        return nothing

    def note(self, _results: Sequence[FileResult]) -> None:
        return


class IngestRun:
    """A document is committed whole or not at all, so a run can be broken off anywhere: raise from `on_progress`.

    Doing the same run again then finishes the work: what is there already is unchanged.
    """

    def __init__(self, intake: Intake, *, on_progress: OnProgress = no_report, journal: Journal | None = None) -> None:
        self._intake = intake
        self._on_progress = on_progress
        self._journal: Journal = journal or NoJournal()
        self._pending: list[ReadDocument] = []
        self._noted: list[FileResult] = []
        self._moved: dict[str, list[str]] = {}  # collection → ids of unchanged documents that are seen in it now
        self._seen: set[str] = set()
        self._unknown: set[str] = set()  # sources that were refused: what is in them is not known
        self._done = 0
        self._total = 0
        self.counts: Counter[FileOutcome] = Counter()
        self.refused: list[Refusal] = []

    def work(self, steps: Iterable[Step]) -> None:
        """Does all of `steps`; afterwards `counts` and `refused` tell what became of the documents."""
        engine = self._intake.catalog.engine
        reading = Reading(
            steps,
            stored_within=lambda root: stored_within(engine, root),
            prepare=self._intake.prepare,
            finished=self._journal,
        )
        ahead = ReadAhead(reading, ahead=_READ_AHEAD, while_waiting=lambda: self._wait(reading))
        with ahead:
            for finding in ahead:
                self._handle(finding)
        self._flush()
        for collection, document_ids in self._moved.items():
            self._intake.catalog.mark_collection(document_ids, collection)
        self._write_notes()

    def _handle(self, finding: Finding) -> None:
        match finding:
            case Expect():
                self._total += finding.documents
            case Refusal():
                self._unknown.add(finding.source)
                self.refused.append(finding)
                self._note(FileResult(finding.source, FileOutcome.REFUSED, finding.reason))
            case Same():
                self._stays(finding)
            case Passed():
                self._seen.add(finding.source)
                self._unknown.update(refusal.source for refusal in self._journal.refusals_of(finding.source))
                self._done += 1
            case LeftOut():
                self._seen.add(finding.source)
                self._note(FileResult(finding.source, FileOutcome.REMOVED, document_id=finding.document_id))
            case ReadDocument():
                self._take(finding)
            case Sweep():
                self._remove_missing(finding.container)

    def _wait(self, reading: Reading) -> None:
        """The reader is behind: what it has read so far is not kept waiting."""
        if self._pending:
            self._flush()
        self._write_notes()
        self._report(reading.stage, reading.source)

    def _stays(self, found: Same) -> None:
        stored = found.stored
        self._seen.add(stored.source)
        if found.collection and found.collection != stored.collection:
            self._moved.setdefault(found.collection, []).append(stored.document_id)
        self._note(FileResult(stored.source, FileOutcome.UNCHANGED, document_id=stored.document_id))

    def _take(self, document: ReadDocument) -> None:
        draft = document.prepared.draft
        self._seen.add(draft.source)
        for stage in (Stage.READING, Stage.SPLITTING):
            self._report(stage, draft.source)
        if any(each.prepared.draft.document_id == draft.document_id for each in self._pending):
            self._flush()  # the same id in another list: the later one wins
        self._pending.append(document)
        if sum(len(each.prepared.passages) for each in self._pending) >= _PASSAGES_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if not self._pending:
            return
        batch, self._pending = self._pending, []
        last = batch[-1].prepared.draft.source

        def embedded(done: int, total: int) -> None:
            if done == total:
                self._report(Stage.SAVING, last)
            elif len(batch) == self._total == 1:
                self._on_progress(IngestProgress(Stage.EMBEDDING, last, done, total))
            else:
                self._report(Stage.EMBEDDING, last)

        def results(changes: Sequence[Change]) -> list[FileResult]:
            return [_result(document, change) for document, change in zip(batch, changes, strict=True)]

        changes = self._intake.commit(batch, on_embedded=embedded, also=self._journal.entry(results))
        self.counts.update(FileOutcome(change) for change in changes)
        self._done += len(batch)
        self._report(Stage.SAVING, last)

    def _remove_missing(self, container: str) -> None:
        """Removes documents that came from `container` earlier and are not there any more.

        Nothing is removed where the container held nothing readable (an unmounted disk looks like an empty folder), nor
        what may stand in a part of it that was refused.
        """
        self._flush()
        if not any(_is_inside(source, container) for source in self._seen):
            return
        stored = stored_within(self._intake.catalog.engine, container).values()
        gone = [each for each in stored if each.collection and each.source != container and self._is_gone(each)]
        if not gone:
            return
        self._report(Stage.SAVING, container)
        self._intake.remove([each.document_id for each in gone])
        for each in gone:
            self._note(FileResult(each.source, FileOutcome.REMOVED, document_id=each.document_id), counted=False)

    def _is_gone(self, stored: StoredDocument) -> bool:
        return stored.source not in self._seen and not any(
            stored.source == refused or _is_inside(stored.source, refused) for refused in self._unknown
        )

    def _note(self, result: FileResult, *, counted: bool = True) -> None:
        """`counted`: whether the document is one of the `total`; what is gone from a container is not."""
        self.counts[result.outcome] += 1
        self._done += counted
        self._noted.append(result)
        if len(self._noted) >= _NOTED_AT_ONCE:
            self._write_notes()
            self._report(Stage.READING, result.source)

    def _write_notes(self) -> None:
        if self._noted:
            self._journal.note(self._noted)
            self._noted = []

    def _report(self, stage: Stage, source: str) -> None:
        self._on_progress(IngestProgress(stage, source, self._done, self._total))


def _result(document: ReadDocument, change: Change) -> FileResult:
    draft = document.prepared.draft
    return FileResult(
        draft.source, FileOutcome(change), document_id=draft.document_id, passages=len(document.prepared.passages)
    )


def _is_inside(source: str, container: str) -> bool:
    return source.startswith((f"{container}/", f"{container}#"))
