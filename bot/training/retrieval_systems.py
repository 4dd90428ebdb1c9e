"""What `bench retrieval` compares: our library, its parts alone, and stock pipelines, each over the same documents.

All have the same embedder. Ours, its parts and txtai have the same passages; LangChain cuts its own, as it comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bot.training.evaluate_retrieval import document_ids
from bot.training.retrieval_sets import SetDocument
from knowledge.indexing.faiss_index import FaissIndex
from knowledge.indexing.lexical_index import LexicalIndex
from knowledge.passages import Passage
from knowledge.protocols import Embedder, Retriever

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPTH = 100  # passages a question, so that ten different documents come together
_FUSION_WEIGHT = 0.5
_FUSION_RAMP = (0.15, 0.35)
_LAST_TURN = 0.6
_CHARACTERS, _OVERLAP = 1000, 200  # of LangChain's tutorials


@dataclass(frozen=True, slots=True)
class Corpus:
    """One set's documents, as they are and as our library has cut them."""

    documents: Sequence[SetDocument]
    passages: Sequence[Passage]
    library: Retriever


class System(Protocol):
    """Something that was built over a Corpus."""

    def ranked(self, question: str, earlier: str) -> Sequence[str]:
        """Ids of documents, best first; a document may come more than once."""
        ...


class KnownPassages:
    """An Embedder that makes every passage's vector once, and every question's anew: a question's time is its own."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}

    @property
    def fingerprint(self) -> str:
        return self._embedder.fingerprint

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._embedder.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            self._known |= dict(zip(fresh, self._embedder.embed_passages(fresh), strict=True))
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        return np.stack([self._known[text] for text in texts])


class Ours:
    def __init__(self, corpus: Corpus, _embedder: Embedder) -> None:
        self._library = corpus.library

    def ranked(self, question: str, earlier: str) -> Sequence[str]:
        return document_ids(self._library.search(question, limit=DEPTH, earlier=earlier))


class WordsAlone:
    """BM25 over our passages and with our tokens, which makes it a better one than most."""

    def __init__(self, corpus: Corpus, _embedder: Embedder) -> None:
        self._documents = [passage.document_id for passage in corpus.passages]
        self._index = _word_index(corpus)

    def ranked(self, question: str, earlier: str) -> Sequence[str]:
        return [self._documents[hit.number] for hit in self._index.search(_joined(question, earlier), DEPTH)]


class MeaningAlone:
    def __init__(self, corpus: Corpus, embedder: Embedder) -> None:
        self._documents = [passage.document_id for passage in corpus.passages]
        self._embedder = embedder
        self._index = _dense_index(corpus, embedder)

    def ranked(self, question: str, earlier: str) -> Sequence[str]:
        vector = self._embedder.embed_queries([_joined(question, earlier)])[0]
        return [self._documents[number] for number, _ in self._index.search(vector, limit=DEPTH)]


class GatedFusion:
    """Scores fused without looking at languages: ½·minmax(cosine) + ½·gate·minmax(BM25) over the best hundred of each.

    A follow-up's scores are .6 those of the last turn and .4 those of it with the exchange before.
    """

    def __init__(self, corpus: Corpus, embedder: Embedder) -> None:
        self._documents = [passage.document_id for passage in corpus.passages]
        self._embedder = embedder
        self._dense = _dense_index(corpus, embedder)
        self._words = _word_index(corpus)

    def ranked(self, question: str, earlier: str) -> Sequence[str]:
        scores = self._scores(question)
        if earlier:
            together = self._scores(_joined(question, earlier))
            scores = {
                number: _LAST_TURN * scores.get(number, 0.0) + (1 - _LAST_TURN) * together.get(number, 0.0)
                for number in scores.keys() | together.keys()
            }
        return [self._documents[number] for number in sorted(scores, key=lambda number: (-scores[number], number))]

    def _scores(self, question: str) -> dict[int, float]:
        vector = self._embedder.embed_queries([question])[0]
        near = [number for number, _ in self._dense.search(vector, limit=DEPTH)]
        numbers = list(dict.fromkeys([*near, *(hit.number for hit in self._words.search(question, DEPTH))]))
        hits = self._words.scores(question, numbers)
        low, high = _FUSION_RAMP
        gate = min(1.0, max(0.0, (max(hit.coverage for hit in hits) - low) / (high - low)))
        dense = _scaled(self._dense.similarities(vector, numbers))
        words = _scaled([hit.score for hit in hits])
        fused = (1 - _FUSION_WEIGHT) * dense + _FUSION_WEIGHT * gate * words
        return dict(zip(numbers, fused.tolist(), strict=True))


class LangChain:
    """RecursiveCharacterTextSplitter and the FAISS store of langchain-community, titles in front of the text."""

    def __init__(self, corpus: Corpus, embedder: Embedder) -> None:
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document
        from langchain_core.embeddings import Embeddings
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        class Ours(Embeddings):
            def embed_documents(self, texts: list[str]) -> list[list[float]]:
                vectors: list[list[float]] = embedder.embed_passages(texts).tolist()
                return vectors

            def embed_query(self, text: str) -> list[float]:
                vector: list[float] = embedder.embed_queries([text])[0].tolist()
                return vector

        splitter = RecursiveCharacterTextSplitter(chunk_size=_CHARACTERS, chunk_overlap=_OVERLAP)
        pages = [
            Document(page_content=f"{one.title}\n{one.text}", metadata={"id": one.document_id})
            for one in corpus.documents
        ]
        self._store = FAISS.from_documents(splitter.split_documents(pages), Ours())

    def ranked(self, question: str, earlier: str) -> Sequence[str]:
        found = self._store.similarity_search(_joined(question, earlier), k=DEPTH)
        return [one.metadata["id"] for one in found]


class Txtai:
    """txtai's hybrid index with its own tokens and weights."""

    def __init__(self, corpus: Corpus, embedder: Embedder) -> None:
        from txtai.embeddings import Embeddings

        query, passage = "query: ", "passage: "

        def vectors(texts: Sequence[str]) -> NDArray[np.float32]:
            if texts[0].startswith(query):
                return embedder.embed_queries([text.removeprefix(query) for text in texts])
            return embedder.embed_passages([text.removeprefix(passage) for text in texts])

        self._documents = [one.document_id for one in corpus.passages]
        self._index: Any = Embeddings(
            method="external",
            transform=vectors,
            instructions={"query": query, "data": passage},
            hybrid=True,
            content=False,
        )
        self._index.index([(number, one.embedded_text, None) for number, one in enumerate(corpus.passages)])

    def ranked(self, question: str, earlier: str) -> Sequence[str]:
        return [self._documents[number] for number, _ in self._index.search(_joined(question, earlier), DEPTH)]


class NewSystem(Protocol):
    def __call__(self, corpus: Corpus, embedder: Embedder, /) -> System: ...


SYSTEMS: Mapping[str, NewSystem] = {
    "frontdesk": Ours,
    "BM25 alone": WordsAlone,
    "dense alone": MeaningAlone,
    "gated score fusion": GatedFusion,
    "LangChain FAISS": LangChain,
    "txtai hybrid": Txtai,
}
NEEDS: Mapping[str, str] = {"LangChain FAISS": "langchain_community", "txtai hybrid": "txtai"}  # of the extra `bench`


def _joined(question: str, earlier: str) -> str:
    """What a pipeline without follow-ups is given: the exchange before and the question as one text."""
    return f"{earlier}\n{question}" if earlier else question


def _word_index(corpus: Corpus) -> LexicalIndex:
    index = LexicalIndex()
    for number, passage in enumerate(corpus.passages):
        index.add(number, passage.embedded_text)
    return index


def _dense_index(corpus: Corpus, embedder: Embedder) -> FaissIndex:
    index = FaissIndex(embedder.dimensions)
    vectors = embedder.embed_passages([passage.embedded_text for passage in corpus.passages])
    index.add(range(len(vectors)), vectors)
    return index


def _scaled(values: Sequence[float]) -> NDArray[np.float64]:
    found = np.array(values, dtype=np.float64)
    spread = found.max() - found.min()
    return (found - found.min()) / spread if spread > 0 else np.zeros_like(found)
