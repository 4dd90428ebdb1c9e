"""A Retriever over a few texts in memory, for questions that bring their evidence. Knows no files and no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from knowledge.chunking import split_into_passages
from knowledge.indexing.lexical_index import LexicalIndex
from knowledge.indexing.lexical_tokens import tokens
from knowledge.indexing.search_state import EmbeddedQuery, IndexedPassage, SearchState
from knowledge.languages import detect_language, is_written_in_chinese
from knowledge.passages import DocumentText, Passage, ScoredPassage
from knowledge.protocols import Embedder

if TYPE_CHECKING:
    from collections.abc import Callable

    from knowledge.protocols import PassageIndex


class GivenPassages:
    """Searches what `give` was given last, with the same ranking as a library. Not thread-safe."""

    generation = 0

    def __init__(self, embedder: Embedder, *, new_index: Callable[[int], PassageIndex]) -> None:
        self._embedder = embedder
        self._new_index = new_index
        self.give(())

    def give(self, texts: Sequence[str]) -> None:
        """Cuts the texts into passages; the n-th text becomes the document "given-n", counted from 1."""
        self._passages: tuple[Passage, ...] = tuple(
            passage
            for number, text in enumerate(texts, start=1)
            for passage in split_into_passages(f"given-{number}", "given", detect_language, DocumentText("", text))
        )
        dimensions = self._embedder.dimensions
        self._state = SearchState(
            self._new_index(dimensions), self._new_index(dimensions), LexicalIndex(), generation=self.generation
        )
        if self._passages:
            self._index()

    def search(self, query: str, *, limit: int, earlier: str = "") -> Sequence[ScoredPassage]:
        if not query.strip() or not self._passages:
            return ()
        texts = [query, f"{earlier}\n{query}"] if earlier.strip() else [query]
        vectors = self._embedder.embed_queries(texts)
        ranked = self._state.ranked([EmbeddedQuery(text, vector) for text, vector in zip(texts, vectors, strict=True)])
        return [
            ScoredPassage(self._passages[one.number - 1], one.score, one.dense, one.lexical) for one in ranked[:limit]
        ]

    def _index(self) -> None:
        texts = [passage.embedded_text for passage in self._passages]
        vectors = self._embedder.embed_passages(texts)
        self._state.add(
            [
                IndexedPassage(number, Counter(tokens(text)), is_written_in_chinese(text), vector)
                for number, (text, vector) in enumerate(zip(texts, vectors, strict=True), start=1)
            ]
        )
