"""Documents that have been read → the catalogue, with vectors and originals. Knows nothing of indexes and formats.

What writes documents needs no index: the indexes follow the database. So a process that only takes documents in holds
none, however large the knowledge base is.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from knowledge.chunking import split_into_passages
from knowledge.embedding.paced_embedding import OnEmbedded
from knowledge.embedding.titled_vectors import TitledText, TitledVectors
from knowledge.errors import DocumentNotFound, DocumentRefused, KnowledgeError
from knowledge.languages import detect_language
from knowledge.passages import Change
from knowledge.protocols import Embedder
from knowledge.storing.catalog import AlsoWrite, Catalog
from knowledge.storing.catalog_values import DocumentDraft, PreparedDocument
from knowledge.storing.document_queries import checksums_in_use, checksums_of
from knowledge.storing.originals import Originals

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document ready to be taken in. `original` is None where it has no bytes of its own."""

    prepared: PreparedDocument
    original: bytes | None


class Intake:
    """Thread-safe, and safe beside other processes."""

    def __init__(self, catalog: Catalog, embedder: Embedder, originals: Originals) -> None:
        self._catalog = catalog
        self._originals = originals
        self._vectors = TitledVectors(embedder)

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    def prepare(self, draft: DocumentDraft) -> PreparedDocument:
        """Cuts a document into passages. Raises DocumentRefused when there is nothing to find in it."""
        passages = split_into_passages(draft.document_id, draft.source, detect_language, draft.text)
        if not passages:
            raise DocumentRefused(draft.source, "it holds no text; if it is a scan, upload one with recognised text")
        return PreparedDocument(draft, passages)

    def commit(
        self, documents: Sequence[ReadDocument], *, on_embedded: OnEmbedded, also: AlsoWrite | None = None
    ) -> tuple[Change, ...]:
        """Embeds new passages together, for speed, and commits documents and originals: all of them or none.

        `also` writes what must be true together with the documents. Raises StorageUnavailable and CatalogUnavailable,
        with nothing half-stored.
        """
        import numpy as np

        prepared = [document.prepared for document in documents]
        ids = [each.draft.document_id for each in prepared]
        known = self._catalog.known_passages(ids)
        fresh = {
            passage.passage_id: TitledText(passage.title, passage.embedded_text)
            for each in prepared
            for passage in each.passages
            if (passage.passage_id, passage.embedded_text) not in known
        }
        vectors = self._vectors.embed(list(fresh.values()), on_embedded).astype(np.dtype("<f2"))
        stored = {key: vector.tobytes() for key, vector in zip(fresh, vectors, strict=True)}
        originals = {each.prepared.draft.sha256: each.original for each in documents if each.original is not None}
        try:
            with self._originals.keeping(originals):
                changes = self._catalog.write_documents(prepared, stored, self._vectors.fingerprint, also=also)
        except Exception:
            self._forget_unwritten(originals)
            raise
        self.forget_originals(ids)
        return changes

    def remove(self, document_ids: Sequence[str]) -> int:
        """Removes documents and originals that only they had; returns how many documents were still there."""
        removed = 0
        for document_id in document_ids:
            try:
                self._catalog.remove_document(document_id)
            except DocumentNotFound:
                continue  # another process was first
            removed += 1
        self.forget_originals(document_ids)
        return removed

    def sweep(self) -> int:
        """Deletes originals that a killed process has left without a document; returns how many."""
        return self._originals.sweep(self._in_use)

    def forget_originals(self, document_ids: Sequence[str]) -> int:
        """Deletes whatever these documents were ever read from, and neither document nor snapshot has now; how many."""
        return self._originals.forget(checksums_of(self._catalog.engine, document_ids), self._in_use)

    def _forget_unwritten(self, checksums: Collection[str]) -> None:
        """Deletes what was kept for a transaction that failed."""
        try:
            self._originals.forget(checksums, self._in_use)
        except KnowledgeError as error:  # the first failure is the one to tell of; the next sweep finds them
            _log.warning("Originals without a document stay until the next start: %s", error)

    def _in_use(self, checksums: Collection[str]) -> frozenset[str]:
        return checksums_in_use(self._catalog.engine, checksums)
