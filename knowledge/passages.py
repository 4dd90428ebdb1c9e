"""The values of a knowledge base: documents, passages, search results. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a document's text."""

    level: int  # 1 is the title
    text: str
    start: int  # character offset of the heading's line in DocumentText.text


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What a reader makes of the bytes of one file.

    `page_starts` holds the character offset at which each page begins, the first page first; it is empty for
    formats without pages. `text` has Unix line ends; tables are written one record a line. `encoding` is the one in
    which the bytes were read, "" for formats that say so themselves.
    """

    title: str
    text: str
    headings: tuple[Heading, ...] = ()
    page_starts: tuple[int, ...] = ()
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document, small enough to be quoted as the source of an answer.

    `text` is `DocumentText.text[start:end]`; `heading` is the heading path, outermost first, joined by " > ".
    """

    passage_id: str
    document_id: str
    title: str
    source: str
    heading: str
    text: str
    start: int
    end: int
    language: str  # "en" or "zh"
    page: int | None = None  # counted from 1; None where the format has no pages

    @property
    def embedded_text(self) -> str:
        """The text that is embedded and indexed: where the passage stands, then what it says."""
        place = " > ".join(part for part in (self.title, self.heading) if part)
        return f"{place}\n{self.text}" if place else self.text


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage found for a question.

    `score` orders the results of one search (0 to 1, fused). `dense` is the cosine similarity of question and
    passage, `lexical` the share of the best possible BM25 score: both compare across searches. `repetitions` were found
    too and say the same.
    """

    passage: Passage
    score: float
    dense: float = 0.0
    lexical: float = 0.0
    repetitions: tuple[Passage, ...] = ()


class DocumentState(StrEnum):
    READY = "ready"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Document:
    """One entry of the catalogue, as people see it in lists."""

    document_id: str
    title: str
    source: str
    state: DocumentState
    passages: int
    version: int
    language: str
    media_type: str
    updated_at: float  # seconds since 1970, UTC
    encoding: str = ""  # in which its bytes were read; "" for formats that say so themselves


class Change(StrEnum):
    """What ingesting one source did to the catalogue."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A source that could not be taken in, and the sentence that says why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one `ingest` did, as counts; `passages` and `generation` describe the library afterwards."""

    added: int
    updated: int
    unchanged: int
    removed: int
    refused: tuple[Refusal, ...]
    passages: int
    generation: int
    seconds: float


@dataclass(frozen=True, slots=True)
class IndexShape:
    """How a dense index is built, as its manifest says."""

    kind: str  # "flat": every vector is compared; "ivf": inverted lists
    vectors: int
    recall_at_10: float  # against exact search, on sampled queries when it was built
    lists: int = 0
    probes: int = 0  # lists looked into
    trained_on: int = 0  # vectors there were when the lists were laid out
    lists_refused_at_recall: float = 1.0  # below 1 where lists were tried and found too little


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """The answer to "do the index and the database agree?"."""

    ok: bool
    generation: int
    passages: int
    problems: Sequence[str] = ()
    shapes: Mapping[str, IndexShape] = field(default_factory=dict)  # by language
