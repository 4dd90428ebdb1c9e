"""One system of `frontdesk bench index`, made and measured. Knows nothing of how the figures are shown."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import SQLModel

from knowledge.database import open_database
from knowledge.embedding.titled_vectors import TitledVectors
from knowledge.indexing.faiss_index import FLAT_UNTIL, FaissIndex
from knowledge.library import KnowledgeLibrary
from knowledge.storing.catalog import Catalog
from ui.commands.benchmarks.index_corpus import InventedCorpus, Question

OURS, EXACT = "frontdesk", "exact search"
SYSTEMS = (OURS, EXACT)
_FLAT_UNTIL = {OURS: FLAT_UNTIL, EXACT: 1 << 60}
_FINGERPRINT = "bench"
_CHANGES = 7
_RECALL_AT = 10
_VECTOR_FILES = ("vectors-en.index", "vectors-zh.index")

Vectors = NDArray[np.float32]


class GivenVectors:
    """An Embedder that only knows the questions it is given: what is timed is everything else."""

    def __init__(self, questions: Sequence[Question], dimensions: int) -> None:
        self._vectors = {question.text: question.vector for question in questions}
        self._dimensions = dimensions

    @property
    def fingerprint(self) -> str:
        return _FINGERPRINT

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vectors[text] for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        raise ValueError(f"{len(texts)} passages have no vector in the database")


def _stored_as() -> str:
    """By which fingerprint a library knows vectors as its own."""
    return TitledVectors(GivenVectors((), 1)).fingerprint


def fill(folder: Path, passages: int, questions: int, anchors: Vectors, on_done: Callable[[float], None]) -> None:
    """Writes the database, and the questions beside it."""
    corpus, catalog = InventedCorpus(anchors), _catalog(folder)
    asked: list[Question] = []
    written = 0
    for documents, vectors in corpus.batches(passages):
        ids = [passage.passage_id for document in documents for passage in document.passages]
        stored = {key: vector.astype("<f2").tobytes() for key, vector in zip(ids, vectors, strict=True)}
        catalog.write_documents(documents, stored, _stored_as())
        written += len(ids)
        wanted = -(-questions * written // passages) - len(asked)  # from everywhere, not from the end alone
        asked += corpus.questions(documents, vectors, wanted) if wanted > 0 else []
        on_done(written / passages)
    np.save(folder / "questions.npy", np.stack([question.vector for question in asked]))
    (folder / "questions.json").write_text(json.dumps([question.text for question in asked]), encoding="utf-8")
    catalog.engine.dispose()


def build(folder: Path, system: str) -> float:
    """Seconds from the database to an index on the disk."""
    began = time.perf_counter()
    library = _opened(folder, system)
    library.save()
    library.catalog.engine.dispose()
    return time.perf_counter() - began


def measure(folder: Path, system: str) -> dict[str, Any]:
    questions = _questions(folder)
    _catalog(folder).state()  # whatever is imported and opened once is not the index's memory
    before = _resident_megabytes()
    began = time.perf_counter()
    library = _opened(folder, system)
    cold = time.perf_counter() - began
    library.search(questions[0].text, limit=_RECALL_AT)
    taken = [_milliseconds(partial(library.search, question.text, limit=_RECALL_AT)) for question in questions]
    memory = _resident_megabytes()
    shape = library.verify().shapes["en"]
    return {
        "kind": shape.kind,
        "probes": f"{shape.probes}/{shape.lists}",
        "search_ms": _middle_and_tail(taken),
        "vectors_ms": _middle_and_tail(_dense_times(folder, system, questions)),
        "recall@10": _recall(folder, system, questions),
        "cold_start_seconds": round(cold, 2),
        "memory_mb": round(memory),
        "index_mb": round(memory - before),
        "visible_ms": _until_visible(folder, library, questions[0]),
    }


def _until_visible(folder: Path, library: KnowledgeLibrary, like: Question) -> dict[str, float]:
    """The search that first finds what another process has just committed, and the one that first does not."""
    corpus, elsewhere = InventedCorpus(like.vector.reshape(1, -1), seed=9), _catalog(folder)
    added, removed = [], []
    for number in range(_CHANGES):
        document = corpus.document(f"latest-{number}", False, says=like.text)
        stored = {one.passage_id: like.vector.astype("<f2").tobytes() for one in document.passages}
        elsewhere.write_documents([document], stored, _stored_as())
        added.append(_milliseconds(lambda: _finds(library, like, document.draft.document_id, expected=True)))  # noqa: B023
        elsewhere.remove_document(document.draft.document_id)
        removed.append(_milliseconds(lambda: _finds(library, like, document.draft.document_id, expected=False)))  # noqa: B023
    return {"added": round(float(np.median(added)), 1), "removed": round(float(np.median(removed)), 1)}


def _finds(library: KnowledgeLibrary, question: Question, document_id: str, *, expected: bool) -> None:
    found = any(one.passage.document_id == document_id for one in library.search(question.text, limit=20))
    if found is not expected:
        raise RuntimeError(f"'{document_id}' was {'not ' if expected else ''}found by the search after its change")


def _recall(folder: Path, system: str, questions: Sequence[Question]) -> float:
    """Of the dense index, both languages, against exact search of the same vectors."""
    shared = wanted = 0
    for name in _VECTOR_FILES:
        ours, exact = (_loaded(folder, each, name, len(questions[0].vector)) for each in (system, EXACT))
        for question in questions:
            nearest = {number for number, _ in exact.search(question.vector, limit=_RECALL_AT)}
            shared += len(nearest & {number for number, _ in ours.search(question.vector, limit=_RECALL_AT)})
            wanted += len(nearest)
    return round(shared / wanted, 4)


def _dense_times(folder: Path, system: str, questions: Sequence[Question]) -> list[float]:
    """Of the vector indexes alone, both languages: without words, database and folding. Milliseconds a question."""
    indexes = [_loaded(folder, system, name, len(questions[0].vector)) for name in _VECTOR_FILES]
    return [
        sum(_milliseconds(partial(index.search, question.vector, limit=_RECALL_AT)) for index in indexes)
        for question in questions
    ]


def _loaded(folder: Path, system: str, name: str, dimensions: int) -> FaissIndex:
    loaded = FaissIndex(dimensions)
    loaded.load(next((folder / system / "index").glob(f"[0-9]*/{name}")))
    return loaded


def _questions(folder: Path) -> list[Question]:
    texts = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    return [Question(*pair) for pair in zip(texts, np.load(folder / "questions.npy"), strict=True)]


def _opened(folder: Path, system: str) -> KnowledgeLibrary:
    questions = _questions(folder)
    embedder = GivenVectors(questions, len(questions[0].vector))
    new_index = partial(FaissIndex, flat_until=_FLAT_UNTIL[system])
    return KnowledgeLibrary(_catalog(folder), embedder, folder / system, new_index=new_index)


def _catalog(folder: Path) -> Catalog:
    engine = open_database(f"sqlite:///{folder / 'frontdesk.db'}", synchronous="NORMAL")
    SQLModel.metadata.create_all(engine)
    return Catalog(engine)


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def _middle_and_tail(taken: Sequence[float]) -> dict[str, float]:
    return {"p50": round(float(np.percentile(taken, 50)), 2), "p95": round(float(np.percentile(taken, 95)), 2)}


def _resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
