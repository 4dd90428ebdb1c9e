"""What serving would find in the passages that a row brings: the sentences, best first. Knows no generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.protocols import Assessment, Verifier
from knowledge.given_passages import GivenPassages
from knowledge.passages import ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Callable

    from knowledge.protocols import Embedder, PassageIndex


@dataclass(frozen=True, slots=True)
class Evidence:
    passages: Sequence[ScoredPassage]
    assessment: Assessment

    def facts(self, most: int) -> list[str]:
        """What the generator is handed."""
        return [sentence.text for sentence in self.assessment.sentences[:most]]


class EvidenceReader:
    """Finds and assesses as a turn does; `limit` passages at most. Not thread-safe."""

    def __init__(
        self, embedder: Embedder, verifier: Verifier, *, limit: int, new_index: Callable[[int], PassageIndex]
    ) -> None:
        self._given = GivenPassages(embedder, new_index=new_index)
        self._verifier = verifier
        self._limit = limit

    def read(self, question: str, passages: Sequence[str]) -> Evidence:
        self._given.give(passages)
        found = self._given.search(question, limit=self._limit)
        return Evidence(found, self._verifier.assess(question, found))
