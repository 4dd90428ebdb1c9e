"""What a run finds, read and cut into passages unless it is known already. Knows nothing of embedding and storing.

This is the half of a run that goes ahead in a thread of its own, so that the next files are read while the embedder is
busy with those before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from knowledge.errors import DocumentRefused, KnowledgeError
from knowledge.ingesting.ingest_values import Stage
from knowledge.ingesting.sources import Candidate
from knowledge.passages import Refusal
from knowledge.storing.catalog_values import DocumentDraft, PreparedDocument, StoredDocument
from knowledge.storing.intake import ReadDocument

_log = logging.getLogger(__name__)


# What a run is to do, in order.


@dataclass(frozen=True, slots=True)
class Expect:
    """So many more documents than thought."""

    documents: int


@dataclass(frozen=True, slots=True)
class Take:
    """Take in what one expected file holds."""

    source: str  # of the file; what is in it has sources that begin with it
    found: Iterable[Candidate | Refusal]
    collection: str  # the container that the documents are in; "" for a file on its own


@dataclass(frozen=True, slots=True)
class Sweep:
    """Remove what came from `container` earlier and has not been found in it this time."""

    container: str


Step = Expect | Take | Sweep | Refusal


# What comes of it.


@dataclass(frozen=True, slots=True)
class Same:
    """The document is there already, with these bytes."""

    stored: StoredDocument
    collection: str


@dataclass(frozen=True, slots=True)
class Passed:
    """Nothing is to do: found twice in this run, or finished before a crash."""

    source: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The document was removed while its upload waited: it is not to come back with it."""

    source: str
    document_id: str


Finding = Expect | Sweep | Refusal | Same | Passed | LeftOut | ReadDocument


class Finished(Protocol):
    """What an earlier attempt at the same run has finished; none of it is read again."""

    def is_taken(self, source: str, /) -> bool: ...

    def is_withheld(self, source: str, document_id: str, /) -> bool: ...

    def refusals_of(self, source: str, /) -> Collection[Refusal]: ...


class Reading:
    """Iterate once, in whatever thread. `stage` and `source` tell any thread what is being done."""

    def __init__(
        self,
        steps: Iterable[Step],
        *,
        stored_within: Callable[[str], Mapping[str, StoredDocument]],
        prepare: Callable[[DocumentDraft], PreparedDocument],
        finished: Finished,
    ) -> None:
        self._steps = steps
        self._stored_within = stored_within
        self._prepare = prepare
        self._finished = finished
        self._seen: set[str] = set()
        self.stage = Stage.READING
        self.source = ""

    def __iter__(self) -> Iterator[Finding]:
        for step in self._steps:
            if isinstance(step, Take):
                yield from self._take(step)
            elif isinstance(step, Refusal):
                yield from self._refused(step)
            else:
                yield step

    def _take(self, step: Take) -> Iterator[Finding]:
        self._tell(Stage.READING, step.source)
        stored = self._stored_within(step.source)
        found = list(step.found) or [Refusal(step.source, "there is no document in it; is it the right file?")]
        if len(found) > 1:
            yield Expect(len(found) - 1)
        for one in found:
            yield from (
                self._refused(one) if isinstance(one, Refusal) else self._considered(one, step.collection, stored)
            )

    def _refused(self, refusal: Refusal) -> Iterator[Finding]:
        known = refusal in self._finished.refusals_of(refusal.source)
        yield Passed(refusal.source) if known else refusal

    def _considered(
        self, candidate: Candidate, collection: str, stored: Mapping[str, StoredDocument]
    ) -> Iterator[Finding]:
        if candidate.source in self._seen or self._finished.is_taken(candidate.source):
            self._seen.add(candidate.source)
            yield Passed(candidate.source)
            return
        self._seen.add(candidate.source)
        there = stored.get(candidate.source)
        if there is not None:  # by its source it is known again: another title may have made another id
            candidate = replace(candidate, document_id=there.document_id)
        if self._finished.is_withheld(candidate.source, candidate.document_id):
            yield LeftOut(candidate.source, candidate.document_id)
            return
        # With an encoding that a person chose, the same bytes may say something else.
        if there is not None and candidate.encoding is None and there.sha256 == candidate.sha256:
            yield Same(there, collection)
        elif self._finished.refusals_of(candidate.source):
            yield Passed(candidate.source)
        else:
            yield self._read(candidate, collection)

    def _read(self, candidate: Candidate, collection: str) -> ReadDocument | Refusal:
        self._tell(Stage.READING, candidate.source)
        try:
            draft = candidate.draft(collection)
            self._tell(Stage.SPLITTING, candidate.source)
            return ReadDocument(self._prepare(draft), candidate.original)
        except DocumentRefused as refused:
            return Refusal(candidate.source, refused.reason)
        except KnowledgeError:
            raise
        except Exception as error:  # noqa: BLE001
            # A reader has met a file that nobody foresaw: the rest of the batch must not suffer for it.
            _log.exception("Reading '%s' failed", candidate.source)
            reason = f"it could not be read ({type(error).__name__}); save it in another format and try again"
            return Refusal(candidate.source, reason)

    def _tell(self, stage: Stage, source: str) -> None:
        self.stage, self.source = stage, source
