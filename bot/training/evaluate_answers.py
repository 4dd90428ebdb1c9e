"""Whether answers are right, grounded and cited, and whether the bot knows what it does not know. Knows no model."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.answering.contradictions import contradiction
from bot.answers import Outcome, markers_in, without_markers
from bot.training.evaluation_data import AnswerQuestion
from bot.training.metrics import rouge_l, token_f1
from bot.training.reliability import Forecast, reliability
from knowledge.languages import detect_language
from knowledge.sentences import split_sentences

_SAME_STATEMENT = 0.5  # token F1 from which a cited passage's sentence counts as holding the gold answer


@dataclass(frozen=True, slots=True)
class CitedPassage:
    marker: int
    quote: str
    text: str  # of the whole passage


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What the bot made of one question."""

    text: str  # with markers; empty where it kept silent
    outcome: Outcome
    citations: tuple[CitedPassage, ...]
    milliseconds: dict[str, float]
    answerable: float | None = None  # the probability that what was found answers; None where nothing was searched for


def evaluate_answers(
    answer: Callable[[AnswerQuestion], GivenAnswer],
    questions: Sequence[AnswerQuestion],
    *,
    progress: Callable[[float], None],
) -> dict[str, object]:
    """Asks every question and averages.

    answered, abstained: shares of all questions (the rest was small talk, clarified or handed over).
    token_f1 (SQuAD), rouge_l: over the answerable questions, without markers; what was not answered counts 0.
    grounded: share of shown sentences that stand verbatim in a passage they cite, or that no pure check of numbers,
    negation and new words can tell apart from one of its sentences; the bot's verifier is not asked.
    citation_precision: share of citations, on answerable questions, whose passage holds the gold answer: verbatim,
    or in a sentence of token F1 ≥ .5 with it.
    unanswerable_recall: share of the unanswerable questions that were not answered. A share over nothing is null.
    calibration: whether the probabilities on which it was decided came true (`bot.training.reliability`).
    """
    given = []
    for number, question in enumerate(questions, start=1):
        given.append(answer(question))
        progress(number / len(questions))
    pairs = list(zip(questions, given, strict=True))
    answerable = [(question, one) for question, one in pairs if question.answerable]
    unanswerable = [one for question, one in pairs if not question.answerable]
    texts = [(_shown(one), question.answer) for question, one in answerable]
    return {
        "answered": _share([one.outcome is Outcome.ANSWERED for one in given]),
        "abstained": _share([one.outcome is Outcome.ABSTAINED for one in given]),
        "token_f1": _mean([token_f1(text, gold) if text else 0.0 for text, gold in texts]),
        "rouge_l": _mean([rouge_l(text, gold) if text else 0.0 for text, gold in texts]),
        "grounded": _share([is_grounded for one in given for is_grounded in _grounded_sentences(one)]),
        "citation_precision": _share(
            [holds_answer(cited.text, question.answer) for question, one in answerable for cited in one.citations]
        ),
        "unanswerable_recall": _share([one.outcome is not Outcome.ANSWERED for one in unanswerable]),
        "n": len(questions),
        "ms": _milliseconds(given),
        "calibration": reliability(
            [
                Forecast(one.answerable, question.answerable, detect_language(question.question))
                for question, one in pairs
                if one.answerable is not None
            ]
        ),
    }


def holds_answer(passage: str, gold: str) -> bool:
    """Whether a passage states the gold answer: verbatim, or in a sentence that shares most of its words."""
    if _folded(gold) in _folded(passage):
        return True
    sentences = [passage[span.start : span.end] for span in split_sentences(passage)]
    return any(token_f1(sentence, gold) >= _SAME_STATEMENT for sentence in sentences)


def _shown(given: GivenAnswer) -> str:
    return without_markers(given.text).strip() if given.outcome is Outcome.ANSWERED else ""


def _grounded_sentences(given: GivenAnswer) -> list[bool]:
    """For every shown sentence of an answer, whether a passage it cites holds it."""
    if given.outcome is not Outcome.ANSWERED:
        return []
    passages = {cited.marker: cited.text for cited in given.citations}
    sentences = [given.text[span.start : span.end] for span in split_sentences(given.text)]
    return [
        _is_grounded(sentence, [passages[marker] for marker in markers_in(sentence) if marker in passages])
        for sentence in _with_their_markers(sentences)
        if without_markers(sentence).strip()
    ]


def _with_their_markers(sentences: Sequence[str]) -> list[str]:
    """Puts a marker that the splitter made a sentence of its own back behind the sentence it belongs to."""
    joined: list[str] = []
    for sentence in sentences:
        if joined and markers_in(sentence) and not markers_in(joined[-1]):
            marker, rest = _leading_marker(sentence)
            joined[-1] += marker
            if rest.strip():
                joined.append(rest)
        else:
            joined.append(sentence)
    return joined


def _leading_marker(sentence: str) -> tuple[str, str]:
    stripped = sentence.lstrip()
    if not stripped.startswith("["):
        return "", sentence
    end = stripped.index("]") + 1
    return f" {stripped[:end]}", stripped[end:]


def _is_grounded(sentence: str, passages: Sequence[str]) -> bool:
    claim = without_markers(sentence).strip()
    if any(_folded(claim) in _folded(passage) for passage in passages):
        return True
    sources = [passage[span.start : span.end] for passage in passages for span in split_sentences(passage)]
    return any(contradiction(claim, source) is None for source in sources)


def _folded(text: str) -> str:
    return " ".join(text.lower().split())


def _milliseconds(given: Sequence[GivenAnswer]) -> dict[str, float]:
    """The median of every step over the questions in which it happened."""
    steps = sorted({step for one in given for step in one.milliseconds})
    return {
        step: round(statistics.median(one.milliseconds[step] for one in given if step in one.milliseconds), 1)
        for step in steps
    }


def _share(values: Sequence[bool]) -> float | None:
    return _mean([float(value) for value in values])


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None
