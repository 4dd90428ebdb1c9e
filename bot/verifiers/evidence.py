"""Sentences of passages as evidence, and what is measured of them. Knows no model: vectors are handed in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.answering.contradictions import new_words
from bot.verifiers.calibration import Centres
from bot.verifiers.conditions import holds_under_an_unasked_condition
from bot.verifiers.question_words import overlaps, question_words
from knowledge.languages import CHINESE, detect_language
from knowledge.passages import ScoredPassage
from knowledge.sentences import split_sentences

# What decides, beside the sentence's own similarity, which sentence answers. Chosen on epqa_rank, DRCD, CMRC, DSTC11
# and help centres, where it raised the share of right first sentences from .60 to .68.
_FUSED_WEIGHT = 0.3
_DENSE_WEIGHT = 2.5
_WORDS_WEIGHT = 0.2
_UNFIT = 0.25  # taken off a question, a bare heading and a fragment
_CONDITION = 0.1  # taken off a sentence under a condition not asked about; left epqa_rank and DRCD as they were

# By how much English passages are less similar to a Chinese question than Chinese ones: measured on passages about
# something else. The other way round there is no such gap.
_CHINESE_TO_ENGLISH = 0.04

_MOST_SENTENCES = 60  # of one passage; passages are far shorter
_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z0-9]+")
_QUESTION_MARKS = ("?", "？")

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is `passages[passage].passage.text[start:end]`."""

    passage: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A question, what was found for it, and their similarities after centring."""

    question: str
    passages: Sequence[ScoredPassage]
    sentences: Sequence[Sentence]
    similarities: Vectors  # of the question with each sentence
    themes: Vectors  # of the question with the sum of each passage's sentences


def sentences_of(passages: Sequence[ScoredPassage]) -> list[Sentence]:
    return [
        Sentence(number, span.start, span.end, scored.passage.text[span.start : span.end])
        for number, scored in enumerate(passages)
        for span in split_sentences(scored.passage.text)[:_MOST_SENTENCES]
    ]


def compare(
    question: str,
    question_vector: Vectors,
    passages: Sequence[ScoredPassage],
    sentences: Sequence[Sentence],
    vectors: Vectors,
    centres: Centres,
) -> Evidence:
    """`vectors` has shape (len(sentences), dimensions), at least one row.

    An encoder's vectors share a large common part, another one in each language; without it, the similarities of
    different subjects, collections and languages compare (Mu and Viswanath 2018, "All-but-the-Top", section 2).
    """
    asked = _unit(question_vector - centres.question[detect_language(question)])
    stated = _unit(vectors - np.stack([centres.sentence[detect_language(one.text)] for one in sentences]))
    owners = np.array([one.passage for one in sentences])
    sums = np.stack([stated[owners == number].sum(axis=0) for number in np.unique(owners)])
    return Evidence(question, passages, sentences, stated @ asked, _unit(sums) @ asked)


def ranking_scores(evidence: Evidence) -> Vectors:
    """How well each sentence seems to answer; orders the sentences."""
    words = overlaps(question_words(evidence.question), [sentence.text for sentence in evidence.sentences])
    beside = [
        _FUSED_WEIGHT * evidence.passages[sentence.passage].score
        + _DENSE_WEIGHT * _dense(evidence.question, evidence.passages[sentence.passage])
        + _WORDS_WEIGHT * overlap
        - _UNFIT * (not is_statement(sentence.text))
        - _CONDITION * holds_under_an_unasked_condition(evidence.question, sentence.text)
        for sentence, overlap in zip(evidence.sentences, words, strict=True)
    ]
    scores: Vectors = evidence.similarities + np.array(beside, dtype=np.float32)
    return scores


def is_statement(text: str) -> bool:
    """Whether a sentence can be an answer: no question, nothing under three words. Table records are statements."""
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    long_enough = han + words >= 4 if han else words >= 3
    return long_enough and not text.rstrip(" \"'”’)）").endswith(_QUESTION_MARKS)


def answerable_features(evidence: Evidence) -> dict[str, float]:
    """What tells whether the passages answer the question; each speaks for it."""
    return {"sentence": float(evidence.similarities.max()), "theme": float(evidence.themes.max())}


def support_features(claim: str, sentence: str, similarity: float) -> dict[str, float]:
    """What tells whether `sentence` states what `claim` states."""
    return {"similarity": similarity, "shared_words": shared_words(claim, sentence)}


def shared_words(claim: str, sentence: str) -> float:
    """Share of the claim's content words that the sentence has, 0 to 1."""
    return 1 - new_words(claim, sentence)


def _dense(question: str, scored: ScoredPassage) -> float:
    asked_across = scored.passage.language != CHINESE and detect_language(question) == CHINESE
    return scored.dense + (_CHINESE_TO_ENGLISH if asked_across else 0.0)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return scaled
