"""Runs every system over every set and measures what is found. Knows sets, systems and a way to open a library."""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from bot.training.metrics import ndcg_at, recall_at, reciprocal_rank
from bot.training.retrieval_sets import RetrievalSet, SetQuestion, retrieval_sets
from bot.training.retrieval_systems import NEEDS, SYSTEMS, Corpus, KnownPassages, System
from knowledge.library import KnowledgeLibrary
from knowledge.passages import Passage
from knowledge.protocols import Embedder

Row = dict[str, object]
# Opens a library over the set's documents, with the embedder it is given, for the time of the measurement.
OpenLibrary = Callable[[RetrievalSet, Embedder], AbstractContextManager[KnowledgeLibrary]]

_WARM_UP = 2  # questions that are asked once before the clock runs


def bench_retrieval(
    data: Path,
    embedder: Embedder,
    open_library: OpenLibrary,
    *,
    only: Sequence[str] = (),
    progress: Callable[[str, float], None],
) -> list[Row]:
    """Rows of set, system, recall@1/5/10, ndcg@10, mrr (means over questions, of documents) and ms_per_query (median).

    Systems whose packages are missing are left out (see `missing_systems`). Raises EvaluationDataInvalid.
    """
    rows: list[Row] = []
    known = KnownPassages(embedder)
    present = [name for name in SYSTEMS if name not in missing_systems()]
    for one in retrieval_sets(data, only=only):
        progress(one.name, 0.0)
        with open_library(one, known) as library:
            corpus = Corpus(one.documents, list(_passages(library)), library)
            for number, name in enumerate(present):
                figures = measured(SYSTEMS[name](corpus, known), one.questions)
                rows.append({"set": one.name, "system": name, **figures, "passages": len(corpus.passages)})
                progress(one.name, (number + 1) / len(present))
    return rows


def missing_systems() -> Mapping[str, str]:
    """Systems that cannot be measured here, with the package that each lacks."""
    return {name: module for name, module in NEEDS.items() if importlib.util.find_spec(module) is None}


def measured(system: System, questions: Sequence[SetQuestion]) -> dict[str, float | int]:
    """Means over the questions; a document stands where its best passage stands."""
    for question in questions[:_WARM_UP]:
        system.ranked(question.question, question.earlier)
    found, milliseconds = [], []
    for question in questions:
        began = time.perf_counter()
        documents = system.ranked(question.question, question.earlier)
        milliseconds.append(1000 * (time.perf_counter() - began))
        found.append((list(dict.fromkeys(documents)), question.document_ids))
    return {
        **{f"recall@{k}": statistics.fmean(recall_at(ranked, gold, k) for ranked, gold in found) for k in (1, 5, 10)},
        "ndcg@10": statistics.fmean(ndcg_at(ranked, gold) for ranked, gold in found),
        "mrr": statistics.fmean(reciprocal_rank(ranked, gold) for ranked, gold in found),
        "n": len(found),
        "ms_per_query": statistics.median(milliseconds),
    }


def as_table(rows: Sequence[Row], figure: str) -> str:
    """One figure as a Markdown table, sets × systems; the best of each set is bold."""
    systems = list(dict.fromkeys(str(row["system"]) for row in rows))
    values = {(row["set"], row["system"]): row[figure] for row in rows}
    lines = [f"| {figure} | {' | '.join(systems)} |", f"|---{'|---' * len(systems)}|"]
    for name in dict.fromkeys(row["set"] for row in rows):
        own = [values[name, system] for system in systems]
        lines.append(f"| {name} | {' | '.join(_cells(own))} |")
    return "\n".join(lines)


def _cells(values: Sequence[object]) -> Iterator[str]:
    shown = [f"{value:.3f}" for value in values]
    best = max(shown)
    return (f"**{value}**" if value == best else value for value in shown)


def _passages(library: KnowledgeLibrary) -> Iterator[Passage]:
    for document in library.documents():
        yield from library.catalog.passages_of(document.document_id)
