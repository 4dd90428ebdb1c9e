"""One run of taking documents in: what is new, what has changed, what is gone. Knows nothing of jobs and commands."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from knowledge.catalog_values import PreparedDocument, StoredDocument
from knowledge.errors import DocumentRefused, KnowledgeError
from knowledge.library import KnowledgeLibrary
from knowledge.passages import Change, IngestReport, Refusal
from knowledge.sources import Candidate

_log = logging.getLogger(__name__)

_PASSAGES_AT_ONCE = 64  # embedded together, across documents


class Stage(StrEnum):
    READING = "reading"
    EMBEDDING = "embedding"
    SAVING = "saving"


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """How far a run is. Counts documents; while a single document is embedded, its passages.

    `total` grows where an archive or a list turns out to hold many documents.
    """

    stage: Stage
    source: str
    done: int
    total: int


OnProgress = Callable[[IngestProgress], None]


def no_report(_progress: IngestProgress) -> None:
    return


class IngestRun:
    """A document is committed whole or not at all, so a run can be broken off anywhere: raise from `on_progress`.

    Doing the same run again then finishes the work: what is there already is unchanged.
    """

    def __init__(self, library: KnowledgeLibrary, on_progress: OnProgress) -> None:
        self._library = library
        self._on_progress = on_progress
        self._began = time.monotonic()
        self._stored = library.catalog.stored_documents()
        self._pending: list[PreparedDocument] = []
        self._moved: dict[str, list[str]] = {}  # collection → ids of unchanged documents that are seen in it now
        self._seen: set[str] = set()
        self._refused: list[Refusal] = []
        self._changes = dict.fromkeys(Change, 0)
        self._removed = 0
        self._done = 0
        self._total = 0

    def expect(self, documents: int) -> None:
        self._total += documents

    def refuse(self, refusal: Refusal) -> None:
        self._refused.append(refusal)
        self._done += 1

    def take(self, found: Iterable[Candidate | Refusal], *, collection: str) -> None:
        """Takes in what one expected file holds. `collection` is the container it is in, "" for a file on its own."""
        everything = list(found)
        self._total += len(everything) - 1
        for one in everything:
            self._report(Stage.READING, one.source)
            if isinstance(one, Refusal):
                self.refuse(one)
            else:
                self._consider(one, collection)

    def remove_missing(self, container: str) -> None:
        """Removes documents that came from `container` earlier and are not there any more.

        Nothing is removed where the container held nothing readable (an unmounted disk looks like an empty folder), nor
        what may stand in a part of it that was refused.
        """
        self._flush()
        if not any(_is_inside(source, container) for source in self._seen):
            return
        unknown = {refusal.source for refusal in self._refused}
        gone = [
            stored.document_id
            for stored in self._library.catalog.stored_documents().values()
            if stored.collection and _is_inside(stored.source, container) and self._is_gone(stored, unknown)
        ]
        if gone:
            self._report(Stage.SAVING, container)
            self._removed += self._library.remove_quietly(gone)

    def _is_gone(self, stored: StoredDocument, unknown: set[str]) -> bool:
        return stored.source not in self._seen and not any(
            stored.source == refused or _is_inside(stored.source, refused) for refused in unknown
        )

    def finish(self) -> IngestReport:
        self._flush()
        for collection, document_ids in self._moved.items():
            self._library.catalog.mark_collection(document_ids, collection)
        return IngestReport(
            added=self._changes[Change.ADDED],
            updated=self._changes[Change.UPDATED],
            unchanged=self._changes[Change.UNCHANGED],
            removed=self._removed,
            refused=tuple(self._refused),
            passages=self._library.passage_count,
            generation=self._library.generation,
            seconds=time.monotonic() - self._began,
        )

    def _consider(self, candidate: Candidate, collection: str) -> None:
        if candidate.source in self._seen:
            self._done += 1
            return
        self._seen.add(candidate.source)
        stored = self._stored.get(candidate.source)
        if stored and (stored.document_id, stored.sha256) == (candidate.document_id, candidate.sha256):
            self._changes[Change.UNCHANGED] += 1
            self._done += 1
            if collection and collection != stored.collection:
                self._moved.setdefault(collection, []).append(stored.document_id)
            return
        self._prepare(candidate, collection)
        if sum(len(document.passages) for document in self._pending) >= _PASSAGES_AT_ONCE:
            self._flush()

    def _prepare(self, candidate: Candidate, collection: str) -> None:
        if any(document.draft.document_id == candidate.document_id for document in self._pending):
            self._flush()  # the same id in another list: the later one wins
        try:
            self._pending.append(self._library.prepare(candidate.draft(collection)))
        except DocumentRefused as refused:
            self.refuse(Refusal(candidate.source, refused.reason))
        except KnowledgeError:
            raise
        except Exception as error:  # noqa: BLE001
            # A reader has met a file that nobody foresaw: the rest of the batch must not suffer for it.
            _log.exception("Reading '%s' failed", candidate.source)
            reason = f"it could not be read ({type(error).__name__}); save it in another format and try again"
            self.refuse(Refusal(candidate.source, reason))

    def _flush(self) -> None:
        if not self._pending:
            return
        batch, self._pending = self._pending, []
        last = batch[-1].draft.source

        def embedded(done: int, total: int) -> None:
            if len(batch) == self._total == 1:
                self._on_progress(IngestProgress(Stage.EMBEDDING, last, done, total))
            else:
                self._report(Stage.EMBEDDING, last)

        for change in self._library.commit(batch, on_embedded=embedded):
            self._changes[change] += 1
        self._done += len(batch)
        self._report(Stage.SAVING, last)

    def _report(self, stage: Stage, source: str) -> None:
        self._on_progress(IngestProgress(stage, source, self._done, self._total))


def _is_inside(source: str, container: str) -> bool:
    return source.startswith((f"{container}/", f"{container}#"))
