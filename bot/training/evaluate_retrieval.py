"""How well the right documents are found. Knows a Retriever, a Verifier and a list of questions, nothing else."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence

from bot.protocols import Verifier
from bot.training.evaluation_data import RetrievalQuestion
from bot.training.metrics import ndcg_at, recall_at, reciprocal_rank
from bot.training.reliability import Forecast, reliability
from knowledge.languages import detect_language
from knowledge.passages import ScoredPassage
from knowledge.protocols import Retriever

_FORECAST = 200  # questions: embedding the sentences of what was found takes longer than finding it
_PASSAGES = 100  # searched a question, so that ten different documents come together


def evaluate_retrieval(
    retriever: Retriever,
    questions: Sequence[RetrievalQuestion],
    *,
    progress: Callable[[float], None],
    verifier: Verifier | None = None,
    assessed: int = 5,
) -> dict[str, object]:
    """Means over the questions, of documents: a document stands where its best passage, or its repetition, stands.

    recall@k is the share of the gold documents among the first k, ndcg@10 gains 1 a gold document, mrr is of the first.
    `ms_per_query` is the median of whole searches, the question's embedding included. With a verifier, `calibration`
    says whether its probability that the first `assessed` passages answer came true: for the first 200 questions as
    they are, and once more with every passage of the right documents taken out.
    """
    rankings: list[list[str]] = []
    milliseconds: list[float] = []
    forecasts: list[Forecast] = []
    for number, question in enumerate(questions, start=1):
        began = time.perf_counter()
        found = retriever.search(question.question, limit=_PASSAGES)
        milliseconds.append(1000 * (time.perf_counter() - began))
        rankings.append(document_ids(found))
        if verifier is not None and number <= _FORECAST:
            forecasts += _forecasts(verifier, question, found, assessed)
        progress(number / len(questions))
    pairs = [(ranking, question.document_ids) for ranking, question in zip(rankings, questions, strict=True)]
    return {
        **{f"recall@{k}": statistics.fmean(recall_at(ranking, gold, k) for ranking, gold in pairs) for k in (1, 5, 10)},
        "ndcg@10": statistics.fmean(ndcg_at(ranking, gold) for ranking, gold in pairs),
        "mrr": statistics.fmean(reciprocal_rank(ranking, gold) for ranking, gold in pairs),
        "n": len(questions),
        "ms_per_query": statistics.median(milliseconds),
        **({"calibration": reliability(forecasts)} if verifier is not None else {}),
    }


def _forecasts(
    verifier: Verifier, question: RetrievalQuestion, found: Sequence[ScoredPassage], assessed: int
) -> Iterator[Forecast]:
    language, gold = detect_language(question.question), set(question.document_ids)
    without = [one for one in found if gold.isdisjoint(document_ids([one]))]
    for passages in (found[:assessed], without[:assessed]):
        chance = verifier.assess(question.question, passages).answerable
        yield Forecast(chance, not gold.isdisjoint(document_ids(passages)), language)


def document_ids(found: Sequence[ScoredPassage]) -> list[str]:
    """Of the documents found, best first, each once; those that repeat a passage come right after it."""
    return list(dict.fromkeys(one.document_id for scored in found for one in (scored.passage, *scored.repetitions)))
