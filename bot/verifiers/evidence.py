"""Sentences of passages as evidence, and what is measured of them. Knows no model: similarities are handed in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.contradictions import new_words
from bot.verifiers.question_words import coverage, overlaps, question_words
from knowledge.languages import CHINESE, detect_language
from knowledge.passages import ScoredPassage
from knowledge.sentences import split_sentences

# How much beside the sentence's own similarity decides which sentence answers: chosen on epqa_rank, DRCD, CMRC, DSTC11
# and help centres, where it raised the share of right first sentences from .60 to .65.
_FUSED_WEIGHT = 0.06
_DENSE_WEIGHT = 0.5
_WORDS_WEIGHT = 0.04
_UNFIT = 0.05  # taken off a question, a bare heading and a fragment

# What English text is less similar to a Chinese question than Chinese text that says the same: measured on passages about
# something else. The other way round there is no such gap.
_CHINESE_TO_ENGLISH = 0.04

_MOST_SENTENCES = 60  # of one passage; passages are far shorter
_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z0-9]+")
_QUESTION_MARKS = ("?", "？")


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is `passages[passage].passage.text[start:end]`."""

    passage: int
    start: int
    end: int
    text: str


def sentences_of(passages: Sequence[ScoredPassage]) -> list[Sentence]:
    return [
        Sentence(number, span.start, span.end, scored.passage.text[span.start : span.end])
        for number, scored in enumerate(passages)
        for span in split_sentences(scored.passage.text)[:_MOST_SENTENCES]
    ]


def similarities_with(
    question: str, question_vector: NDArray[np.float32], sentences: Sequence[Sentence], vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Cosine of the question with each sentence, made comparable between languages; shape (len(sentences),)."""
    made_up = [_made_up(question, detect_language(sentence.text)) for sentence in sentences]
    similarities: NDArray[np.float32] = vectors @ question_vector + np.array(made_up, dtype=np.float32)
    return similarities


def ranking_scores(
    question: str,
    sentences: Sequence[Sentence],
    passages: Sequence[ScoredPassage],
    similarities: NDArray[np.float32],
) -> NDArray[np.float32]:
    """How well each sentence seems to answer, on the scale of cosine similarity; orders the sentences."""
    words = overlaps(question_words(question), [sentence.text for sentence in sentences])
    beside = [
        _FUSED_WEIGHT * passages[sentence.passage].score
        + _DENSE_WEIGHT * _dense(question, passages[sentence.passage])
        + _WORDS_WEIGHT * overlap
        - _UNFIT * (not is_statement(sentence.text))
        for sentence, overlap in zip(sentences, words, strict=True)
    ]
    scores: NDArray[np.float32] = similarities + np.array(beside, dtype=np.float32)
    return scores


def is_statement(text: str) -> bool:
    """Whether a sentence can be an answer: no question, nothing under three words. Table records are statements."""
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    long_enough = han + words >= 4 if han else words >= 3
    return long_enough and not text.rstrip(" \"'”’)）").endswith(_QUESTION_MARKS)


def answerable_features(
    question: str, passages: Sequence[ScoredPassage], similarities: NDArray[np.float32]
) -> dict[str, float]:
    """What tells whether `passages` answer `question`; `similarities` are those of their sentences with it."""
    words = question_words(question)
    return {
        "best_sentence": float(similarities.max()) if len(similarities) else 0.0,
        "best_passage": max(_dense(question, scored) for scored in passages),
        "coverage": max(coverage(words, scored.passage.embedded_text) for scored in passages),
        "lexical": max(scored.lexical for scored in passages),
    }


def _dense(question: str, scored: ScoredPassage) -> float:
    return scored.dense + _made_up(question, scored.passage.language)


def _made_up(question: str, language: str) -> float:
    return _CHINESE_TO_ENGLISH if language != CHINESE and detect_language(question) == CHINESE else 0.0


def support_features(claim: str, sentence: str, similarity: float) -> dict[str, float]:
    """What tells whether `sentence` states what `claim` states."""
    return {
        "similarity": similarity,
        "shared_words": 1 - new_words(claim, sentence),
    }
