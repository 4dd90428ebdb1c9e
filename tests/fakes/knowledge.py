"""Builders for a knowledge base in a temporary folder: real SQLite, a fake embedder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from sqlmodel import SQLModel

from knowledge.database import open_database
from knowledge.indexing.faiss_index import FaissIndex
from knowledge.library import KnowledgeLibrary
from knowledge.passages import DocumentText
from knowledge.protocols import Embedder, PassageIndex
from knowledge.storing.catalog import Catalog
from knowledge.storing.catalog_values import DocumentDraft
from tests.fakes.embedder import FakeEmbedder


def a_catalog(folder: Path) -> Catalog:
    engine = open_database(f"sqlite:///{folder / 'frontdesk.db'}", synchronous="NORMAL")
    SQLModel.metadata.create_all(engine)
    return Catalog(engine)


def a_library(
    folder: Path, *, embedder: Embedder | None = None, new_index: Callable[[int], PassageIndex] = FaissIndex
) -> KnowledgeLibrary:
    """A second one on the same folder is what another process would be."""
    return KnowledgeLibrary(a_catalog(folder), embedder or FakeEmbedder(), folder, new_index=new_index)


def a_draft(document_id: str, text: str, *, title: str = "Help") -> DocumentDraft:
    return DocumentDraft(
        document_id=document_id,
        source=f"{document_id}.md",
        collection="",
        media_type="text/markdown",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        text=DocumentText(title, text),
    )


def found_texts(library: KnowledgeLibrary, query: str) -> list[str]:
    return [found.passage.text for found in library.search(query, limit=20)]
