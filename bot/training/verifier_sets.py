"""The public data sets that a verifier learns from, one reader each. Knows no model."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any

from bot.errors import TrainingDataInvalid
from bot.training.verifier_pairs import Read, Reader, Restated, Statement, is_fit
from bot.training.verifier_rows import column, line_of, rows
from knowledge.chunking import split_into_passages
from knowledge.languages import detect_language
from knowledge.readers.markdown import read_markdown_text
from knowledge.sentences import split_sentences

_MOST = 1500  # statements of one set
_UNSURE = re.compile(r"don.?t know|not sure|i think|no idea", re.IGNORECASE)


def _epqa(folder: Path, chance: random.Random) -> Read:
    """Answers that people wrote from a sentence about a product."""
    statements, restated = [], []
    by_question: dict[str, list[dict[str, Any]]] = {}
    for row in rows(folder, "epqa_rank/dev", qid=str, candidate=str, label=str, answer=str):
        by_question.setdefault(row["qid"], []).append(row)
    for qid, judged in by_question.items():
        others = [row["candidate"] for row in judged if row["label"] == "0"]
        statements += [Statement(row["candidate"], qid) for row in judged if is_fit(row["candidate"])]
        restated += [
            Restated(row["answer"], row["candidate"], others, qid)
            for row in judged
            if row["label"] == "2" and row["answer"] and not _UNSURE.search(row["answer"])
        ]
    return _some(statements, chance), restated


def _hetpqa(folder: Path, chance: random.Random) -> Read:
    """The same, of other products."""
    statements, restated = [], []
    by_product: dict[str, list[dict[str, Any]]] = {}
    for row in rows(folder, "hetpqa_gen/train", asin=str, evidence=str, answer=str):
        if row["evidence"] and not _UNSURE.search(row["answer"]):
            by_product.setdefault(row["asin"], []).append(row)
    for product, given in by_product.items():
        evidence = [row["evidence"] for row in given]
        statements += [Statement(text, product) for text in evidence if is_fit(text)]
        restated += [Restated(row["answer"], row["evidence"], evidence, product) for row in given]
    return _some(statements, chance), restated


def _dstc11(folder: Path, chance: random.Random) -> Read:
    """What is known of hotels and restaurants, and the first sentence of replies that stand on one piece of it."""
    known = hotels_and_restaurants(folder)
    restated = []
    turns = rows(folder, "dstc11_sktod/dev", needs_knowledge=bool, knowledge=list, response=(str, NoneType))
    for number, row in enumerate(turns, start=1):
        used = row["knowledge"]
        reply = row["response"] or ""
        first = [reply[span.start : span.end] for span in split_sentences(reply)][:1]
        if row["needs_knowledge"] and len(used) == 1 and first and is_fit(first[0]):
            try:
                texts = known[used[0]["domain"], str(used[0]["entity_id"])]
                sentence = texts[place_of(used[0])]
            except (KeyError, TypeError) as error:
                place = line_of(folder, "dstc11_sktod/dev", number)
                raise TrainingDataInvalid(f"{place}: its knowledge is not in 'dstc11_sktod/kb' ({error})") from error
            restated.append(Restated(first[0], sentence, list(texts.values()), str(used[0]["entity_id"])))
    statements = [
        Statement(text, str(entity)) for entity, texts in known.items() for text in texts.values() if is_fit(text)
    ]
    return _some(statements, chance), restated


_Place = tuple[str, str, str]  # "faq" or "review", its number, the number of a review's sentence


def hotels_and_restaurants(folder: Path) -> dict[tuple[str, str], dict[_Place, str]]:
    known: dict[tuple[str, str], dict[_Place, str]] = {}
    facts = rows(folder, "dstc11_sktod/kb", domain=str, entity_id=(str, int), doc_type=str, doc_id=(str, int))
    for number, row in enumerate(facts, start=1):
        entity = known.setdefault((row["domain"], str(row["entity_id"])), {})
        place = line_of(folder, "dstc11_sktod/kb", number)
        if row["doc_type"] == "faq":
            entity["faq", str(row["doc_id"]), ""] = column(row, "body", str, place)
        else:
            for name, sentence in column(row, "sentences", dict, place).items():
                entity["review", str(row["doc_id"]), name] = column({"sentences": sentence}, "sentences", str, place)
    return known


def place_of(used: Mapping[str, Any]) -> _Place:
    return used["doc_type"], str(used["doc_id"]), str(used["sent_id"]) if used["doc_type"] == "review" else ""


def _paragraphs(family: str, file: str) -> Reader:
    def read(folder: Path, chance: random.Random) -> Read:
        contexts = {row["context"]: row["title"] for row in rows(folder, f"{family}/{file}", context=str, title=str)}
        statements = [
            Statement(context[span.start : span.end], title)
            for context, title in contexts.items()
            for span in split_sentences(context)
            if is_fit(context[span.start : span.end])
        ]
        return _some(statements, chance), []

    return read


def _help_centre(folder_name: str, languages: Sequence[str]) -> Reader:
    def read(folder: Path, chance: random.Random) -> Read:
        statements = []
        for page in rows(folder, f"{folder_name}/docs", id=str, title=(str, NoneType), text=str):
            if page.get("lang", "en") in languages:
                text = read_markdown_text(page["title"] or "", page["text"])
                for passage in split_into_passages(page["id"], page["id"], detect_language, text):
                    statements += [Statement(sentence, page["id"]) for sentence in _prose(passage.text)]
        return _some(statements, chance), []

    return read


def _prose(text: str) -> list[str]:
    """Its sentences without code and tables."""
    found = [text[span.start : span.end] for span in split_sentences(text)]
    return [one for one in found if is_fit(one) and "`" not in one[:3] and "|" not in one and "{" not in one]


def _some(statements: Sequence[Statement], chance: random.Random) -> list[Statement]:
    return chance.sample(statements, min(_MOST, len(statements)))


READERS: Mapping[str, Reader] = {
    "epqa": _epqa,
    "hetpqa": _hetpqa,
    "dstc11": _dstc11,
    "drcd": _paragraphs("drcd", "dev"),
    "cmrc2018": _paragraphs("cmrc2018", "train_trial"),
    "logingov": _help_centre("kb_logingov", ("en", "zh")),
    "tidb": _help_centre("kb_tidb_zh", ("zh",)),
    "plausible": _help_centre("kb_plausible", ("en",)),
    "chatwoot": _help_centre("kb_chatwoot", ("en",)),
    "rhobank": _help_centre("kb_rhobank", ("en",)),
}
