"""The knowledge base: documents in, passages out. Knows nothing of files' formats and of conversations.

The database is the truth and the indexes are caches of it. Every change, whoever made it, reaches the indexes the same
way: by asking the catalogue what happened since the generation they stand at. So a document that another process
ingests is found by the next query here, and a crash between the commit and the index loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.catalog import Catalog
from knowledge.catalog_values import DocumentDraft, PreparedDocument, RemovalReceipt
from knowledge.chunking import split_into_passages
from knowledge.errors import DocumentNotFound, DocumentRefused
from knowledge.index_keeper import IndexKeeper, OnEmbedded, as_stored, embed_in_parts
from knowledge.languages import detect_language
from knowledge.passages import Change, Document, IndexHealth, Passage, ScoredPassage
from knowledge.protocols import Embedder, PassageIndex
from knowledge.search_state import EmbeddedQuery, RankedPassage
from knowledge.sentences import split_sentences

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever

_PROBES = 16  # sentences of a removed document that are searched for


class KnowledgeLibrary:
    """A Retriever over the catalogue, and the way to change it. Thread-safe, and safe beside other processes.

    That removed text is never returned does not depend on the indexes: they yield numbers only, and the passages behind
    them are read from the catalogue, which no longer has what was removed.
    """

    def __init__(
        self, catalog: Catalog, embedder: Embedder, folder: Path, *, new_index: Callable[[int], PassageIndex]
    ) -> None:
        """Opens the index saved in `folder`/index, or makes one from the database where that one cannot be used."""
        self._catalog = catalog
        self._embedder = embedder
        self._indexes = IndexKeeper(catalog, embedder, folder / "index", new_index=new_index)

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    @property
    def generation(self) -> int:
        return self._indexes.generation

    @property
    def passage_count(self) -> int:
        """How many passages can be found."""
        return self._indexes.passage_count

    # Finding

    def search(self, query: str, *, limit: int, earlier: str = "") -> Sequence[ScoredPassage]:
        if not query.strip() or limit <= 0:
            return ()
        self._indexes.catch_up()
        texts = [query, f"{earlier}\n{query}"] if earlier.strip() else [query]
        vectors = self._embedder.embed_queries(texts)
        queries = [EmbeddedQuery(text, vector) for text, vector in zip(texts, vectors, strict=True)]
        return self._still_there(self._indexes.ranked(queries), limit)

    def _still_there(self, ranked: Sequence[RankedPassage], limit: int) -> tuple[ScoredPassage, ...]:
        found: list[ScoredPassage] = []
        for first in range(0, len(ranked), limit):
            part = ranked[first : first + limit]
            passages = self._catalog.passages([one.number for one in part])
            found += (
                ScoredPassage(passages[one.number], one.score, one.dense, one.lexical)
                for one in part
                if one.number in passages
            )
            if len(found) >= limit:
                break
        return tuple(found[:limit])

    def documents(self) -> tuple[Document, ...]:
        return self._catalog.documents()

    def document_text(self, document_id: str) -> str:
        """The whole text of a document, into which passages' offsets point. Raises DocumentNotFound."""
        return self._catalog.document_text(document_id)

    def passage(self, passage_id: str) -> Passage:
        """Raises DocumentNotFound."""
        return self._catalog.passage(passage_id)

    def as_langchain(self, *, limit: int = 5) -> BaseRetriever:
        from knowledge.langchain_retriever import LangChainRetriever

        return LangChainRetriever(retriever=self, k=limit)

    # Changing

    def prepare(self, draft: DocumentDraft) -> PreparedDocument:
        """Cuts a document into passages. Raises DocumentRefused when there is nothing to find in it."""
        passages = split_into_passages(draft.document_id, draft.source, detect_language, draft.text)
        if not passages:
            raise DocumentRefused(draft.source, "it holds no text; if it is a scan, upload one with recognised text")
        return PreparedDocument(draft, passages)

    def add_document(self, draft: DocumentDraft) -> Change:
        """Adds a document, or replaces the one with its id. It can be found when this returns. DocumentRefused."""
        return self.commit([self.prepare(draft)])[0]

    def commit(
        self, documents: Sequence[PreparedDocument], *, on_embedded: OnEmbedded | None = None
    ) -> tuple[Change, ...]:
        """Embeds the documents' new passages together, for speed, and commits them in one transaction: all or none."""
        known = self._catalog.known_passages([document.draft.document_id for document in documents])
        fresh = {
            passage.passage_id: passage.embedded_text
            for document in documents
            for passage in document.passages
            if (passage.passage_id, passage.embedded_text) not in known
        }
        vectors = embed_in_parts(self._embedder, list(fresh.values()), on_embedded)
        stored = {key: as_stored(vector) for key, vector in zip(fresh, vectors, strict=True)}
        changes = self._catalog.write_documents(documents, stored, self._embedder.fingerprint)
        self._indexes.catch_up()
        return changes

    def remove_document(self, document_id: str) -> RemovalReceipt:
        """Removes a document everywhere, saves the index without it, and searches for what it said.

        Raises DocumentNotFound.
        """
        probes = list(self._probes(document_id))
        removed = self._catalog.remove_document(document_id)
        self.save()
        unreachable = not self._indexes.hold_any(removed.numbers)
        for probe in probes:
            found = self.search(probe, limit=20)
            unreachable = unreachable and all(one.passage.document_id != document_id for one in found)
        return RemovalReceipt(document_id, removed.title, len(removed.numbers), removed.generation, unreachable)

    def remove_quietly(self, document_ids: Sequence[str]) -> int:
        """Removes documents without proof, many at a time; returns how many were still there. Save afterwards."""
        removed = 0
        for document_id in document_ids:
            try:
                self._catalog.remove_document(document_id)
            except DocumentNotFound:
                continue  # another process was first
            removed += 1
        self._indexes.catch_up()
        return removed

    def _probes(self, document_id: str) -> Iterator[str]:
        passages = self._catalog.passages_of(document_id)
        for passage in passages[:: max(1, len(passages) // _PROBES)][:_PROBES]:
            spans = split_sentences(passage.text)
            longest = max(spans, key=lambda span: span.end - span.start, default=None)
            if longest is not None:
                yield passage.text[longest.start : longest.end]

    # Keeping the indexes

    def save(self) -> None:
        """Writes the indexes down where what lies on the disk is older or damaged."""
        self._indexes.save()

    def verify(self) -> IndexHealth:
        """Compares the saved index with its checksums and the indexes in use with the database. Changes nothing."""
        return self._indexes.health()

    def rebuild(self) -> IndexHealth:
        """Makes the indexes anew from the database and saves them."""
        self._indexes.rebuild()
        return self._indexes.health()
