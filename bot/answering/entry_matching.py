"""Which question-and-answer entry a question asks for, if any. Knows vectors and wordings; decides nothing else.

An entry wins where the question is one of its wordings, or is as near to one as paraphrases are and nothing tells the
two apart (`lookalikes`). An entry that looks alike but asks something else is ruled out: not even its passage may
then serve as evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from bot.answering.lookalikes import Difference, difference, plain, shares_much
from bot.answers import Answer, Citation, Outcome, markers_in
from bot.traces import TracedEntry
from knowledge.entries.entry_book import Wordings, document_id_of
from knowledge.entries.entry_values import LANGUAGES, SOURCE_PREFIX, Entry
from knowledge.languages import CHINESE, ENGLISH
from knowledge.passages import Passage, ScoredPassage
from knowledge.protocols import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Cosine similarity of two questions, both embedded as questions. Chosen on banking77 (dev), the intents of the sample
# company and tests/data/entry_pairs.jsonl, all of which was seen while the rules were made: no figure on it is blind.
# Below it the entry is still found by the search, like any document.
THRESHOLDS: Mapping[str, float] = MappingProxyType({ENGLISH: 0.94, CHINESE: 0.94})
# So much less is enough where the two share much (`lookalikes.shares_much`) and no other entry comes near: on
# banking77, bitext_cs and clinc150, with three wordings of every intent as entries, right wins rose from 246 to 263 of
# 1,500 questions and wrong ones fell from 41 to 23, most of these by the lead that every winner must have.
NEARLY = 0.02
LEAD = 0.02  # over the next entry that the question could mean as well
CLEAR_LEAD = 0.05  # where the similarity alone would not be enough
LOOKALIKE = 0.88  # from here on a question that asks something else is taken for a lookalike of the entry


class Book(Protocol):
    """Where the entries are: the EntryBook."""

    def revision(self) -> int: ...

    def wordings(self) -> Wordings: ...


@dataclass(frozen=True, slots=True)
class EntryCandidate:
    """An entry, and how near it comes to a question: with its nearest wording that asks the same, if there is one."""

    entry: Entry
    wording: str
    similarity: float  # cosine, of that wording
    threshold: float  # that this question and wording need
    difference: Difference | None = None  # what tells question and wording apart
    wins: bool = False
    has_rival: bool = False  # near enough, but so is another entry


@dataclass(frozen=True, slots=True)
class EntryVerdict:
    winner: EntryCandidate | None = None
    nearest: tuple[EntryCandidate, ...] = ()  # best first
    ruled_out: frozenset[str] = field(default_factory=frozenset)  # ids of documents that must not serve as evidence


NO_ENTRY = EntryVerdict()


class Entries(Protocol):
    """What a turn asks of the entries: the EntryMatcher, or nobody."""

    def judge(self, question: str, language: str) -> EntryVerdict: ...

    def entry_of(self, document_id: str) -> Entry | None: ...


class NoEntries:
    """For desks without entries, such as those of evaluations."""

    def judge(self, question: str, language: str) -> EntryVerdict:  # noqa: ARG002
        return NO_ENTRY

    def entry_of(self, document_id: str) -> Entry | None:  # noqa: ARG002
        return None


WITHOUT_ENTRIES = NoEntries()


_Near = tuple[float, str, Entry]  # similarity, wording, whose


class EntryMatcher:
    """Thread-safe: the book's wordings are one immutable value per revision."""

    def __init__(self, book: Book, embedder: Embedder, *, thresholds: Mapping[str, float] = THRESHOLDS) -> None:
        self._book = book
        self._embedder = embedder
        self._thresholds = thresholds

    def revision(self) -> int:
        """Grows with every change of any entry."""
        return self._book.revision()

    def judge(self, question: str, language: str, *, limit: int = 3) -> EntryVerdict:
        """Looks at the wordings in the question's language, of entries that have an answer in it."""
        known = self._book.wordings()
        if not known.wordings:
            return NO_ENTRY
        return self._judged(known, question, language, self._embedder.embed_queries([question])[0], limit)

    def _judged(
        self, known: Wordings, question: str, language: str, vector: NDArray[np.float32], limit: int
    ) -> EntryVerdict:
        best = _best_of_each(known, (known.vectors @ vector).tolist(), language, plain(question))
        found = [self._candidate(question, language, each) for each in best[: max(limit, 10)]]
        found.sort(key=lambda each: -each.similarity)  # not always of the nearest wordings, by which `best` is ordered
        candidates = _decided(found, self._thresholds[language])
        winner = next((each for each in candidates if each.wins), None)
        return EntryVerdict(winner, tuple(candidates[:limit]), _ruled_out(candidates, winner))

    def covers(self, question: str, language: str, vector: NDArray[np.float32]) -> bool:
        """Whether some entry wins this question, whose vector is known. Cheap: for thousands of questions at once."""
        known = self._book.wordings()
        if not known.wordings:
            return False
        nearest = float((known.vectors @ vector).max())
        if nearest < min(self._thresholds[language] - NEARLY, LOOKALIKE):
            return False
        return self._judged(known, question, language, vector, 1).winner is not None

    def entry_of(self, document_id: str) -> Entry | None:
        """The entry that a document is the second shape of."""
        if not document_id.startswith("entry-"):
            return None
        entries = (each.entry for each in self._book.wordings().wordings)
        return next((each for each in entries if document_id.startswith(f"entry-{each.entry_id}-")), None)

    def _candidate(self, question: str, language: str, near: Sequence[_Near]) -> EntryCandidate:
        """By its nearest wording that asks the same; where none does, by its nearest."""
        threshold = self._thresholds[language]
        similarity, wording, entry = next((each for each in near if difference(question, each[1]) is None), near[0])
        apart = difference(question, wording)
        if similarity < threshold and apart is None and shares_much(question, wording):
            threshold -= NEARLY
        return EntryCandidate(entry, wording, similarity, threshold, apart)


def _best_of_each(known: Wordings, similarities: Sequence[float], language: str, asked: str) -> list[list[_Near]]:
    """The nearest wordings of each entry, the nearest entry first; the very question asked is nearest of all."""
    best: dict[str, list[_Near]] = {}
    for wording, similarity in zip(known.wordings, similarities, strict=True):
        if wording.language != language or not wording.entry.answers.get(language):
            continue
        near = 1.0 if plain(wording.text) == asked else min(similarity, 1.0)
        best.setdefault(wording.entry.entry_id, []).append((near, wording.text, wording.entry))
    ranked = [sorted(some, key=lambda each: -each[0]) for some in best.values()]
    nearest = [[each for each in some if each is some[0] or each[0] >= LOOKALIKE] for some in ranked]
    return sorted(nearest, key=lambda some: (-some[0][0], some[0][2].entry_id))


def _decided(candidates: Sequence[EntryCandidate], threshold: float) -> list[EntryCandidate]:
    """At most one wins: the nearest that nothing tells apart from the question, where it is ahead of all others.

    `candidates` stand in the order of their similarity, the nearest first.
    """
    possible = [each for each in candidates if each.difference is None]
    if not possible or possible[0].similarity < possible[0].threshold:
        return list(candidates)
    best, others = possible[0], possible[1:]
    lead = best.similarity - max((each.similarity for each in others), default=0.0)
    wins = best.similarity >= 1.0 or lead >= (LEAD if best.similarity >= threshold else CLEAR_LEAD)
    judged = replace(best, wins=wins, has_rival=not wins)
    return [judged if each is best else each for each in candidates]


def _ruled_out(candidates: Sequence[EntryCandidate], winner: EntryCandidate | None) -> frozenset[str]:
    alike = (each for each in candidates if each.difference is not None and each.similarity >= LOOKALIKE)
    return frozenset(
        document_id_of(each.entry.entry_id, language) for each in alike if each is not winner for language in LANGUAGES
    )


def entry_behind(entries: Entries, found: Sequence[ScoredPassage], best: int, language: str) -> EntryCandidate | None:
    """The entry that the best passage found belongs to: it is given whole, not a sentence of it."""
    passage = found[best].passage
    entry = entries.entry_of(passage.document_id)
    if entry is None or not entry.answers.get(language):
        return None
    return EntryCandidate(entry, entry.title_in(language), found[best].dense, 0.0, wins=True)


def traced_entry(candidate: EntryCandidate) -> TracedEntry:
    entry = candidate.entry
    return TracedEntry(
        entry.entry_id, entry.version, candidate.wording, round(candidate.similarity, 4), entry.updated_by
    )


def entry_passage(entry: Entry, language: str, similarity: float) -> ScoredPassage:
    """The entry's answer as what was found for the question."""
    answer = entry.answers[language]
    document_id = document_id_of(entry.entry_id, language)
    passage = Passage(
        passage_id=f"{document_id}:answer",
        document_id=document_id,
        title=entry.title_in(language),
        source=entry.link or f"{SOURCE_PREFIX}{entry.entry_id}",
        heading="",
        text=answer,
        start=0,
        end=len(answer),
        language=language,
    )
    return ScoredPassage(passage, score=1.0, dense=similarity, lexical=0.0)


def entry_answer(entry: Entry, language: str) -> Answer:
    """The entry's text word for word, with the entry as its source."""
    text = entry.answers[language]
    marker = next(number for number in range(1, 1000) if number not in markers_in(text))
    passage = entry_passage(entry, language, 1.0).passage
    citation = Citation(
        marker=marker,
        document_id=passage.document_id,
        title=passage.title,
        passage_id=passage.passage_id,
        quote=text,
        source=passage.source,
        passage_text=text,
    )
    return Answer(f"{text} [{marker}]", Outcome.ANSWERED, language, (citation,))
