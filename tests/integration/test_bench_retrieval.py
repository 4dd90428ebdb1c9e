"""Every system of `bench retrieval`, over a small data folder and with a fake embedder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.training.bench_retrieval import bench_retrieval, missing_systems
from bot.training.retrieval_sets import RetrievalSet
from bot.training.retrieval_systems import SYSTEMS
from knowledge.library import KnowledgeLibrary
from knowledge.protocols import Embedder
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.knowledge import a_draft, a_library
from tests.unit.test_retrieval_sets import a_help_centre


@contextmanager
def a_library_of(one: RetrievalSet, embedder: Embedder) -> Iterator[KnowledgeLibrary]:
    with tempfile.TemporaryDirectory() as folder:
        library = a_library(Path(folder), embedder=embedder)
        for document in one.documents:
            library.add_document(a_draft(document.document_id, document.text, title=document.title))
        yield library


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the packages that are compared
def test_every_system_is_measured_on_every_set(tmp_path: Path) -> None:
    a_help_centre(tmp_path)
    told: list[tuple[str, float]] = []
    rows = bench_retrieval(
        tmp_path,
        FakeEmbedder(),
        a_library_of,
        only=["kb_logingov en"],
        progress=lambda stage, share: told.append((stage, share)),
    )
    systems = [name for name in SYSTEMS if name not in missing_systems()]
    sets = ["kb_logingov en", "kb_logingov en to zh, stripped", "kb_logingov en, stripped"]
    assert sorted({str(row["set"]) for row in rows}) == sets
    assert [row["system"] for row in rows] == systems * 3
    for row in rows:
        assert all(0 <= float(str(row[name])) <= 1 for name in ("recall@1", "recall@5", "recall@10", "ndcg@10", "mrr"))
        assert float(str(row["ms_per_query"])) > 0
    with_headings = {row["system"]: row for row in rows if row["set"] == "kb_logingov en"}
    for name in ("frontdesk", "BM25 alone"):
        assert float(str(with_headings[name]["recall@5"])) == 1, "the headings stand on the pages"
    assert told[-1][1] == 1.0
