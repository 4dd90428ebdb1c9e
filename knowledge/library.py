"""The knowledge base: documents in, passages out. Knows nothing of files' formats and of conversations.

The database is the truth and the indexes are caches of it. Every change, whoever made it, reaches the indexes the same
way: by asking the catalogue what happened since the generation they stand at. So a document that another process
ingests is found by the next query here, and a crash between the commit and the index loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.embedding.paced_embedding import OnEmbedded, not_told
from knowledge.errors import DocumentNotFound, StorageUnavailable
from knowledge.indexing.index_keeper import IndexKeeper
from knowledge.indexing.named_titles import lifted_by_title
from knowledge.indexing.repetitions import fold_repetitions
from knowledge.indexing.search_state import EmbeddedQuery, RankedPassage, Ranking
from knowledge.passages import Change, Document, IndexHealth, Passage, ScoredPassage
from knowledge.protocols import Embedder, PassageIndex
from knowledge.sentences import split_sentences
from knowledge.storing.catalog import Catalog
from knowledge.storing.catalog_values import DocumentDraft, PreparedDocument, RemovalReceipt
from knowledge.storing.document_queries import (
    DocumentFilter,
    DocumentPage,
    Order,
    OriginalFile,
    original_of,
    page_of_documents,
    source_of,
    titles_of_passages,
)
from knowledge.storing.intake import Intake, ReadDocument
from knowledge.storing.open_jobs import withdraw_jobs
from knowledge.storing.originals import Originals
from knowledge.storing.snapshots import OnCopied, RollbackReport, Snapshots

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever

_log = logging.getLogger(__name__)

_PROBES = 16  # sentences of a removed document that are searched for
_LOOKED_AT = 20  # passages found for each


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
        self._originals = Originals(folder / "originals")
        self._intake = Intake(catalog, embedder, self._originals)
        self._indexes = IndexKeeper(catalog, embedder, folder / "index", new_index=new_index)

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    @property
    def intake(self) -> Intake:
        """What writes documents; what it has written is found after `catch_up`."""
        return self._intake

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
        self._indexes.catch_up_for_query()
        texts = [query, f"{earlier}\n{query}"] if earlier.strip() else [query]
        vectors = self._embedder.embed_queries(texts)
        queries = [EmbeddedQuery(text, vector) for text, vector in zip(texts, vectors, strict=True)]
        ranked = self._indexes.ranked(queries)
        if ranked.stayed:
            ranked = self._lifted(ranked, texts[-1])
        return self._still_there(ranked, limit)

    def _lifted(self, ranked: Ranking, conversation: str) -> Ranking:
        """With the passages of documents above the others whose titles the conversation names."""
        numbers = ranked.numbers()
        titles = titles_of_passages(self._catalog.engine, numbers)
        in_order = [titles.get(number, "") for number in numbers]
        return ranked.rescored(lambda scores: lifted_by_title(scores, in_order, conversation, ranked.stayed))

    def _still_there(self, ranked: Sequence[RankedPassage], limit: int) -> tuple[ScoredPassage, ...]:
        found: tuple[ScoredPassage, ...] = ()
        for first in range(0, len(ranked), limit):
            part = ranked[first : first + limit]
            passages = self._catalog.passages([one.number for one in part])
            fresh = [
                ScoredPassage(passages[one.number], one.score, one.dense, one.lexical)
                for one in part
                if one.number in passages
            ]
            found = fold_repetitions([*found, *fresh])
            if len(found) >= limit:
                break
        return found[:limit]

    def documents(self) -> tuple[Document, ...]:
        return self._catalog.documents()

    def document_text(self, document_id: str) -> str:
        """The whole text of a document, into which passages' offsets point. Raises DocumentNotFound."""
        return self._catalog.document_text(document_id)

    def passage(self, passage_id: str) -> Passage:
        """Raises DocumentNotFound."""
        return self._catalog.passage(passage_id)

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """The passages of one document, in order; none of one that is gone."""
        return self._catalog.passages_of(document_id)

    def as_langchain(self, *, limit: int = 5) -> BaseRetriever:
        from knowledge.langchain_retriever import LangChainRetriever

        return LangChainRetriever(retriever=self, k=limit)

    # Changing

    def prepare(self, draft: DocumentDraft) -> PreparedDocument:
        """Cuts a document into passages. Raises DocumentRefused when there is nothing to find in it."""
        return self._intake.prepare(draft)

    def add_document(self, draft: DocumentDraft) -> Change:
        """Adds a document, or replaces the one with its id. It can be found when this returns. DocumentRefused."""
        return self.commit([self.prepare(draft)])[0]

    def commit(
        self, documents: Sequence[PreparedDocument], *, on_embedded: OnEmbedded | None = None
    ) -> tuple[Change, ...]:
        """Embeds the documents' new passages together, for speed, and commits them in one transaction: all or none."""
        read = [ReadDocument(document, None) for document in documents]
        changes = self._intake.commit(read, on_embedded=on_embedded or not_told)
        self._indexes.catch_up()
        return changes

    def remove_document(self, document_id: str) -> RemovalReceipt:
        """Removes a document everywhere, saves the index without it, and searches for what it said.

        One that has vanished from its folder, and so cannot be found, still loses its copies in snapshots and its
        original. Raises DocumentNotFound where nothing at all is left of it.
        """
        probes = list(self._probes(document_id))
        # Removing wins over what was queued before; a running job cannot commit any more from here on.
        source = source_of(self._catalog.engine, document_id)
        if source is not None:
            withdraw_jobs(self._catalog.engine, source, document_id)
        removed = self._catalog.remove_document(document_id, also_copies=True)
        originals = self._intake.forget_originals([document_id])
        if removed.was_gone and not (removed.copies or originals):
            raise DocumentNotFound(document_id)
        self.save()
        self._indexes.catch_up()
        found = [(probe, one.passage) for probe in probes for one in self.search(probe, limit=_LOOKED_AT)]
        reached = self._indexes.hold_any(removed.numbers) or any(each.document_id == document_id for _, each in found)
        return RemovalReceipt(
            document_id,
            removed.title,
            len(removed.numbers),
            removed.generation,
            unreachable=not reached,
            probes=len(probes),
            originals=originals,
            copies=removed.copies,
            same_text_in=tuple(sorted({passage.document_id for probe, passage in found if probe in passage.text})),
        )

    def remove_quietly(self, document_ids: Sequence[str]) -> int:
        """Removes documents without proof, many at a time; returns how many were still there. Save afterwards."""
        removed = self._intake.remove(document_ids)
        self._indexes.catch_up()
        return removed

    def _probes(self, document_id: str) -> Iterator[str]:
        passages = self._catalog.passages_of(document_id)
        for passage in passages[:: max(1, len(passages) // _PROBES)][:_PROBES]:
            spans = split_sentences(passage.text)
            longest = max(spans, key=lambda span: span.end - span.start, default=None)
            if longest is not None:
                yield passage.text[longest.start : longest.end]

    def original(self, document_id: str) -> tuple[OriginalFile, bytes | None]:
        """A document's bytes, None where it has none of its own. Raises DocumentNotFound, StorageUnavailable."""
        described = original_of(self._catalog.engine, document_id)
        return described, self._originals.read(described.sha256)

    def has_original(self, document_id: str) -> bool:
        """Whether the bytes of a document are kept. Raises DocumentNotFound."""
        return self._originals.has(original_of(self._catalog.engine, document_id).sha256)

    def page(
        self, wanted: DocumentFilter, *, order: Order = "source", offset: int = 0, limit: int = 50
    ) -> DocumentPage:
        return page_of_documents(self._catalog.engine, wanted, order=order, offset=offset, limit=limit)

    # Keeping the indexes

    def catch_up(self) -> None:
        """Makes what anybody has written findable here. Every search does so itself."""
        self._indexes.catch_up()

    def save(self) -> None:
        """Writes the indexes down where what lies on the disk is older or damaged."""
        self._indexes.save()

    def verify(self) -> IndexHealth:
        """Compares the saved index and the snapshots with their checksums and the indexes in use with the database."""
        health, damaged = self._indexes.health(), self.snapshots.problems()
        return replace(health, ok=health.ok and not damaged, problems=(*health.problems, *damaged))

    def rebuild(self) -> IndexHealth:
        """Makes the indexes anew from the database and saves them."""
        self._indexes.rebuild()
        return self._indexes.health()

    @property
    def snapshots(self) -> Snapshots:
        return Snapshots(self._catalog.engine)

    def rollback(self, name: str, *, on_copied: OnCopied | None = None) -> RollbackReport:
        """Makes the documents what they were in a snapshot; found so when this returns. Raises SnapshotUnusable."""
        report = self.snapshots.rollback(name, on_copied=on_copied)
        self._indexes.catch_up()
        self.save()
        try:
            self._intake.sweep()  # the state before the last rollback is forgotten, and what only it had
        except StorageUnavailable as error:
            _log.warning("Originals without a document stay until the next start: %s", error)
        return report
