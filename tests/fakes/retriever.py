"""A Retriever over a handful of passages, ranked by shared words. Passes tests/contract/test_retriever.py's rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.passages import Passage, ScoredPassage


def a_passage(text: str, *, number: int = 1, title: str = "Help") -> Passage:
    return Passage(
        passage_id=f"document-{number}:0",
        document_id=f"document-{number}",
        title=title,
        source=f"{number}.md",
        heading="",
        text=text,
        start=0,
        end=len(text),
        language="en",
    )


class WordRetriever:
    """Scores a passage by the share of the query's words that it holds."""

    generation = 7

    def __init__(self, *passages: Passage) -> None:
        self._passages = passages
        self.asked: list[tuple[str, str]] = []

    def search(self, query: str, *, limit: int, earlier: str = "") -> Sequence[ScoredPassage]:
        self.asked.append((query, earlier))
        wanted = _words(f"{earlier} {query}")
        scored = [
            ScoredPassage(passage, score=share, dense=share, lexical=share)
            for passage in self._passages
            if (share := len(wanted & _words(passage.text)) / max(1, len(wanted))) > 0
        ]
        return sorted(scored, key=lambda found: -found.score)[:limit]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
