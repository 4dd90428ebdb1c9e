"""How well the right documents are found. Knows a Retriever and a list of questions, nothing else."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from bot.training.evaluation_data import RetrievalQuestion
from bot.training.metrics import ndcg_at, recall_at, reciprocal_rank
from knowledge.passages import ScoredPassage
from knowledge.protocols import Retriever

_PASSAGES = 100  # searched a question, so that ten different documents come together


def evaluate_retrieval(
    retriever: Retriever, questions: Sequence[RetrievalQuestion], *, progress: Callable[[float], None]
) -> dict[str, float | int]:
    """Means over the questions, of documents: a document stands where its best passage, or its repetition, stands.

    recall@k is the share of the gold documents among the first k, ndcg@10 gains 1 a gold document, mrr is of the first.
    `ms_per_query` is the median of whole searches, the question's embedding included.
    """
    rankings, milliseconds = [], []
    for number, question in enumerate(questions, start=1):
        began = time.perf_counter()
        found = retriever.search(question.question, limit=_PASSAGES)
        milliseconds.append(1000 * (time.perf_counter() - began))
        rankings.append(document_ids(found))
        progress(number / len(questions))
    pairs = [(ranking, question.document_ids) for ranking, question in zip(rankings, questions, strict=True)]
    return {
        **{f"recall@{k}": statistics.fmean(recall_at(ranking, gold, k) for ranking, gold in pairs) for k in (1, 5, 10)},
        "ndcg@10": statistics.fmean(ndcg_at(ranking, gold) for ranking, gold in pairs),
        "mrr": statistics.fmean(reciprocal_rank(ranking, gold) for ranking, gold in pairs),
        "n": len(questions),
        "ms_per_query": statistics.median(milliseconds),
    }


def document_ids(found: Sequence[ScoredPassage]) -> list[str]:
    """Of the documents found, best first, each once; those that repeat a passage come right after it."""
    return list(dict.fromkeys(one.document_id for scored in found for one in (scored.passage, *scored.repetitions)))
