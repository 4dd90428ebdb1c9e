"""LangChain's stock path from documents to an index: split, embed, FAISS. Knows nothing of ours but the embedder."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ui.commands.benchmarks.corpus import help_pages

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from knowledge.embedding.embeddings import TorchEmbedder
    from knowledge.embedding.model_folders import ProgressCallback

_CHUNK_CHARACTERS, _OVERLAP = 1000, 200  # as in LangChain's own tutorial
_OURS = "LangChain, our embedder"
_STOCK = "LangChain, sentence-transformers in float32"
_NEEDS = {
    _OURS: ("langchain_community", "langchain_text_splitters"),
    _STOCK: ("langchain_community", "langchain_text_splitters", "sentence_transformers"),
}


def missing_baselines() -> Mapping[str, str]:
    """Which baseline cannot be measured for want of which module."""
    return {
        name: next(module for module in modules if find_spec(module) is None)
        for name, modules in _NEEDS.items()
        if any(find_spec(module) is None for module in modules)
    }


def langchain_rows(embedder: TorchEmbedder, documents: int, progress: ProgressCallback) -> list[dict[str, Any]]:
    """One row for each baseline that is installed; on one thread of torch."""
    missing = missing_baselines()
    makers: dict[str, Callable[[], Embeddings]] = {
        _OURS: lambda: _our_embeddings(embedder),
        _STOCK: lambda: _stock_embeddings(embedder),
    }
    rows = []
    for name, make in makers.items():
        if name not in missing:
            progress(name, 0.0)
            rows.append(_measured(name, make(), documents))
    return rows


def _measured(name: str, embeddings: Embeddings, documents: int) -> dict[str, Any]:
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the package is being given up is known: it is what people have
        from langchain_community.vectorstores import FAISS
    embeddings.embed_documents(["warming up"] * 64)
    began = time.perf_counter()
    pages = [Document(page_content=text, metadata={"source": source}) for source, text in help_pages(documents)]
    splitter = RecursiveCharacterTextSplitter(chunk_size=_CHUNK_CHARACTERS, chunk_overlap=_OVERLAP)
    chunks = splitter.split_documents(pages)
    FAISS.from_documents(chunks, embeddings)
    seconds = time.perf_counter() - began
    return {
        "system": name,
        "passages_per_second": round(len(chunks) / seconds, 1),
        "documents_per_second": round(documents / seconds, 2),
        "share": None,
    }


def _our_embeddings(embedder: TorchEmbedder) -> Embeddings:
    from langchain_core.embeddings import Embeddings

    class Ours(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = embedder.embed_passages(texts).tolist()
            return vectors

        def embed_query(self, text: str) -> list[float]:
            vector: list[float] = embedder.embed_queries([text])[0].tolist()
            return vector

    return Ours()


def _stock_embeddings(embedder: TorchEmbedder) -> Embeddings:
    """The same model as the usual wrapper runs it: sentence-transformers with its defaults."""
    from langchain_core.embeddings import Embeddings
    from sentence_transformers import SentenceTransformer

    from knowledge.embedding.torch_runtime import torch_threads

    options = {"dtype": "float32", "local_files_only": True}
    model = SentenceTransformer(embedder.describe().path, device="cpu", model_kwargs=options)

    class Stock(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            with torch_threads(1):
                vectors: list[list[float]] = model.encode(texts, normalize_embeddings=True).tolist()
            return vectors

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    return Stock()
