"""An answer while it grows: sentences with their sources, and the [n] markers and citations they need. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers import Answer, Citation, Outcome
from bot.protocols import EvidenceSentence
from bot.traces import DroppedSentence
from knowledge.languages import CHINESE
from knowledge.passages import ScoredPassage

_LONGEST_QUOTE = 600  # characters of one passage that a citation marks at the most


class AnswerDraft:
    """Collects sentences; what `add` returns is shown at once, and `answer()` always begins with all of it."""

    def __init__(self, passages: Sequence[ScoredPassage], language: str) -> None:
        self._passages = passages
        self._language = language
        self._shown: list[str] = []
        self._markers: dict[int, int] = {}  # position of a passage → its marker
        self._spans: dict[int, tuple[int, int]] = {}  # position of a passage → what of it is quoted
        self.quoted = False  # whether the text is a quotation, not the generator's
        self.dropped: list[DroppedSentence] = []

    def __bool__(self) -> bool:
        return bool(self._shown)

    def add(self, text: str, *evidence: EvidenceSentence) -> str:
        """Adds text standing on `evidence`, sentences of one passage; returns what to show for it, marker included.

        Line breaks stay, for lists; other runs of white space become one space.
        """
        marker = self._markers.setdefault(evidence[0].passage, len(self._markers) + 1)
        for sentence in evidence:
            self._widen(sentence)
        folded = "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
        piece = f"{self._gap(folded)}{folded} [{marker}]"
        self._shown.append(piece)
        return piece

    def answer(self) -> Answer:
        citations = tuple(self._citation(position, marker) for position, marker in self._markers.items())
        return Answer("".join(self._shown), Outcome.ANSWERED, self._language, citations)

    def _gap(self, text: str) -> str:
        if not self._shown:
            return ""
        if "\n" in text:
            return "\n"
        return "" if self._language == CHINESE else " "

    def _widen(self, evidence: EvidenceSentence) -> None:
        start, end = self._spans.get(evidence.passage, (evidence.start, evidence.end))
        wider = (min(start, evidence.start), max(end, evidence.end))
        if wider[1] - wider[0] <= _LONGEST_QUOTE or evidence.passage not in self._spans:
            self._spans[evidence.passage] = wider

    def _citation(self, position: int, marker: int) -> Citation:
        passage = self._passages[position].passage
        start, end = self._spans[position]
        return Citation(
            marker=marker,
            document_id=passage.document_id,
            title=passage.title,
            passage_id=passage.passage_id,
            quote=passage.text[start:end],
            heading=passage.heading,
            source=passage.source,
            page=passage.page,
            passage_text=passage.text,
        )
