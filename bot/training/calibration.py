"""Fits the few numbers of the similarity verifier and says how well they do on questions that they were not fitted on.

    python -m bot.training.calibration --data FOLDER --embedder FOLDER --out bot/verifiers/calibration.json

`--data` is a folder of public data sets (bot/training/calibration_cases.py names them); nothing of them gets into the
file, only the numbers. Takes about ten minutes of embedding.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.training.calibration_cases import Case, all_cases, rows
from bot.training.logistic import fit_evidence
from bot.training.metrics import auroc, expected_calibration_error
from bot.verifiers.calibration import LANGUAGES, Calibration, Centres, Logistic, as_json
from bot.verifiers.evidence import answerable_features, compare, ranking_scores, sentences_of, support_features
from bot.verifiers.sentence_vectors import SentenceVectors
from knowledge.languages import detect_language
from knowledge.protocols import Embedder
from knowledge.sentences import split_sentences

# How often customers are taken to ask what: most questions have an answer, and most of the others are on the subject.
_SHARES = {(True, True): 0.6, (False, True): 0.2, (False, False): 0.2}  # (answerable, near)
# Questions made for a paragraph, about one product, or said in the middle of a booking are unlike a help centre's.
_LESS_LIKE_CUSTOMERS = {"cmrc2018": 0.25, "drcd": 0.25, "epqa": 0.25, "dstc11": 0.5}
_SMALL = 60  # a data set with fewer cases of one kind counts in proportion


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to predict, with what is known of it."""

    features: Mapping[str, float]
    truth: bool
    language: str
    group: tuple[str, bool]  # data set, near
    fold: int


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data sets")
    parser.add_argument("--embedder", required=True, help="folder or hub id of the embedder that is calibrated")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    options = parser.parse_args(arguments)
    from knowledge.embedding.embeddings import TorchEmbedder

    fitted = calibrate(options.data, TorchEmbedder(options.embedder), Path(options.embedder).name)
    options.out.write_text(json.dumps(fitted, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def calibrate(folder: Path, embedder: Embedder, name: str) -> dict[str, Any]:
    """The contents of a calibration file, with what was measured under "measured"."""
    vectors = SentenceVectors(embedder, capacity=200_000)
    answerable: list[Row] = []
    ranked: list[Row] = []
    cases = all_cases(folder, embedder)
    centres = centres_of(cases, embedder, vectors)
    for case in cases:
        row, sentences = _rows_of(case, embedder, vectors, centres)
        answerable.append(row)
        ranked += sentences
    support = [*_english_claims(folder, vectors), *_chinese_claims(folder, vectors)]
    calibration = Calibration(
        release="3",
        embedder=name,
        centres=centres,
        answerable={language: fit(answerable, language) for language in LANGUAGES},
        sentence={language: fit(ranked, language) for language in LANGUAGES},
        support={language: fit(support, language) for language in LANGUAGES},
    )
    measured = {
        "answerable": {language: measure_answerable(answerable, language) for language in LANGUAGES},
        "sentence": {language: measure(ranked, language) for language in LANGUAGES},
        "support": {language: measure(support, language) for language in LANGUAGES},
    }
    return as_json(calibration) | {"measured": measured}


def centres_of(cases: Sequence[Case], embedder: Embedder, vectors: SentenceVectors) -> Centres:
    """Every data set counts the same, so that no subject becomes the centre."""
    questions: dict[str, dict[str, list[Any]]] = {language: {} for language in LANGUAGES}
    sentences: dict[str, dict[str, list[Any]]] = {language: {} for language in LANGUAGES}
    for case in cases:
        asked = embedder.embed_queries([case.question])
        questions[case.language].setdefault(case.source, []).extend(asked)
        texts = [one.text for one in sentences_of(case.passages)]
        for text, vector in zip(texts, vectors.of(texts), strict=True):
            sentences[detect_language(text)].setdefault(case.source, []).append(vector)
    return Centres(*({language: _centre(kind[language]) for language in LANGUAGES} for kind in (questions, sentences)))


def _centre(by_set: Mapping[str, Sequence[Any]]) -> Any:
    means = [np.mean(vectors, axis=0) for vectors in by_set.values() if len(vectors) >= _SMALL]
    return np.mean(means, axis=0).astype(np.float32)


def fit(all_rows: Sequence[Row], language: str, *, leave_out: int | None = None) -> Logistic:
    """On the rows of `language`, without those of one fold where given."""
    chosen = [row for row in all_rows if row.language == language and row.fold != leave_out]
    return fit_evidence([row.features for row in chosen], [row.truth for row in chosen], row_weights(chosen))


def row_weights(chosen: Sequence[Row]) -> list[float]:
    """Every data set counts the same within its kind, and the kinds count as they are expected to be asked."""
    counts = Counter((row.truth, row.group) for row in chosen)
    shares = {
        (truth, group): _LESS_LIKE_CUSTOMERS.get(group[0], 1.0) * min(1.0, count / _SMALL)
        for (truth, group), count in counts.items()
    }
    totals = dict.fromkeys(_SHARES, 0.0)
    for (truth, (_, near)), share in shares.items():
        totals[truth, near] += share
    return [
        _SHARES[row.truth, row.group[1]] * share / counts[row.truth, row.group] / totals[row.truth, row.group[1]]
        for row in chosen
        for share in [shares[row.truth, row.group]]
    ]


def held_out(all_rows: Sequence[Row], language: str) -> list[tuple[Row, float]]:
    """Each row with the probability that the other four folds give it."""
    return [
        (row, logistic.probability(row.features))
        for fold in range(5)
        for logistic in [fit(all_rows, language, leave_out=fold)]
        for row in all_rows
        if row.language == language and row.fold == fold
    ]


def measure(all_rows: Sequence[Row], language: str) -> dict[str, Any]:
    judged = held_out(all_rows, language)
    truths, chances = [row.truth for row, _ in judged], [chance for _, chance in judged]
    return {"n": len(judged), "auroc": _rounded(auroc(chances, truths)), "reliability": _reliability(judged)}


def measure_answerable(all_rows: Sequence[Row], language: str) -> dict[str, Any]:
    judged = held_out(all_rows, language)
    answered = [chance for row, chance in judged if row.truth]
    tenth = float(np.quantile(answered, 0.1))
    found: dict[str, Any] = {
        "n": len(judged),
        "false_abstention": _rounded(float(np.mean([chance < 0.5 for chance in answered]))),
        "false_abstention_weighted": _rounded(_weighted_false_abstention(judged)),
        "reliability": _reliability(judged),
        "threshold_at_10_percent_false_abstention": _rounded(_threshold(judged)),
    }
    for kind, near in (("near_miss", True), ("off_topic", False)):
        wrong = [chance for row, chance in judged if not row.truth and row.group[1] == near]
        found[kind] = {
            "n": len(wrong),
            "auroc": _rounded(auroc([*answered, *wrong], [True] * len(answered) + [False] * len(wrong))),
            "recall": _rounded(float(np.mean([chance < 0.5 for chance in wrong]))),
            "recall_at_10_percent_false_abstention": _rounded(float(np.mean([chance < tenth for chance in wrong]))),
        }
    found["auroc_by_set"] = dict(_by_set(judged))
    return found


def _weighted_false_abstention(judged: Sequence[tuple[Row, float]]) -> float:
    weights = row_weights([row for row, _ in judged])
    answered = [(weight, chance) for weight, (row, chance) in zip(weights, judged, strict=True) if row.truth]
    return sum(weight for weight, chance in answered if chance < 0.5) / sum(weight for weight, _ in answered)


def _threshold(judged: Sequence[tuple[Row, float]], share: float = 0.1) -> float:
    """The probability below which `share` of the answerable questions lie, under the weights of the fit."""
    weights = row_weights([row for row, _ in judged])
    answered = sorted((chance, weight) for weight, (row, chance) in zip(weights, judged, strict=True) if row.truth)
    below, total = 0.0, sum(weight for _, weight in answered)
    for chance, weight in answered:
        below += weight
        if below >= share * total:
            return chance
    raise AssertionError("the weights add up to their total")


def _by_set(judged: Sequence[tuple[Row, float]]) -> Iterator[tuple[str, float | None]]:
    """Near misses only: a base on another subject is told apart nearly always."""
    for name in sorted({row.group[0] for row, _ in judged}):
        own = [(chance, row.truth) for row, chance in judged if row.group == (name, True)]
        if min(Counter(truth for _, truth in own).get(kind, 0) for kind in (True, False)) >= 20:
            yield name, _rounded(auroc([chance for chance, _ in own], [truth for _, truth in own]))


def _reliability(judged: Sequence[tuple[Row, float]]) -> dict[str, Any]:
    """Ten bins as [mean probability, share that is true, weight], under the weights of the fit; and the ECE."""
    weights = np.array(row_weights([row for row, _ in judged]))
    chances = np.array([chance for _, chance in judged])
    truths = np.array([row.truth for row, _ in judged], dtype=np.float64)
    places = np.minimum((chances * 10).astype(int), 9)
    bins = []
    for number in range(10):
        inside = places == number
        if inside.any():
            share = weights[inside] / weights[inside].sum()
            bins.append(
                [
                    float(share @ chances[inside]),
                    float(share @ truths[inside]),
                    float(weights[inside].sum() / weights.sum()),
                ]
            )
    return {
        "ece": round(sum(weight * abs(chance - truth) for chance, truth, weight in bins), 3),
        "ece_unweighted": round(expected_calibration_error(chances.tolist(), truths.astype(bool).tolist(), bins=10), 3),
        "bins": [[round(value, 3) for value in one] for one in bins],
    }


def _rows_of(case: Case, embedder: Embedder, vectors: SentenceVectors, centres: Centres) -> tuple[Row, list[Row]]:
    """What there is to learn of a case: can it be answered, and, where that is known, by which sentences?"""
    sentences = sentences_of(case.passages)
    asked = embedder.embed_queries([case.question])[0]
    stated = vectors.of([one.text for one in sentences])
    evidence = compare(case.question, asked, case.passages, sentences, stated, centres)
    features = answerable_features(evidence)
    row = Row(features, case.answerable, case.language, (case.source, case.near), case.fold)
    if not case.gold or not (case.answers or case.source == "epqa"):
        return row, []
    scores = ranking_scores(evidence)
    best = np.argsort(-scores)[:8].tolist()
    answering = [
        case.passages[sentences[n].passage].passage.passage_id in case.gold
        and (not case.answers or any(span in sentences[n].text for span in case.answers))
        for n in best
    ]
    return row, [
        Row({"score": float(scores[n])}, truth, case.language, (case.source, True), case.fold)
        for n, truth in zip(best, answering, strict=True)
    ]


def _english_claims(folder: Path, vectors: SentenceVectors) -> Iterator[Row]:
    """Answers about products with the sentence that they were written from, and with another about the same product."""
    by_product: dict[str, list[dict[str, Any]]] = {}
    for row in rows(folder, "hetpqa_gen/train")[:1500]:
        by_product.setdefault(row["asin"], []).append(row)
    for fold, product in enumerate(by_product.values()):
        for number, row in enumerate(product):
            other = product[(number + 1) % len(product)]["evidence"]
            yield _claim(row["answer"], row["evidence"], True, vectors, "hetpqa", fold % 5)
            if other != row["evidence"]:
                yield _claim(row["answer"], other, False, vectors, "hetpqa", fold % 5)


def _chinese_claims(folder: Path, vectors: SentenceVectors) -> Iterator[Row]:
    """A sentence without one of its clauses, held against the sentence, and against another one of its paragraph."""
    chance = random.Random(3)
    contexts = list(dict.fromkeys(row["context"] for row in rows(folder, "cmrc2018/train_trial")))[:150]
    for fold, context in enumerate(contexts):
        sentences = [context[span.start : span.end] for span in split_sentences(context)]
        for sentence in chance.sample(sentences, min(2, len(sentences))):
            clauses = sentence.split("，")
            others = [other for other in sentences if other != sentence]
            if len(clauses) > 2 and others and detect_language(sentence) == "zh":
                del clauses[chance.randrange(len(clauses))]
                claim = "，".join(clauses)
                yield _claim(claim, sentence, True, vectors, "cmrc2018", fold % 5)
                yield _claim(claim, chance.choice(others), False, vectors, "cmrc2018", fold % 5)


def _claim(claim: str, sentence: str, truth: bool, vectors: SentenceVectors, source: str, fold: int) -> Row:
    one, other = vectors.of([claim, sentence])
    return Row(
        support_features(claim, sentence, float(one @ other)), truth, detect_language(claim), (source, True), fold
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


if __name__ == "__main__":
    main()
