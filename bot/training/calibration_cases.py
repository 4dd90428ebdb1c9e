"""Questions whose passages are known to answer them, or known not to, made from public data sets. Knows no model.

A case without an answer is made by leaving out: the same question is asked again after the page or paragraph that
answers it has been taken out of the base, which leaves the passages that come nearest; or it is asked of a base on
another subject.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.chunking import split_into_passages
from knowledge.embedding.paced_embedding import not_told
from knowledge.embedding.titled_vectors import TitledText, TitledVectors
from knowledge.indexing.faiss_index import FaissIndex
from knowledge.indexing.lexical_index import LexicalIndex
from knowledge.indexing.lexical_tokens import tokens
from knowledge.indexing.search_state import EmbeddedQuery, IndexedPassage, SearchState
from knowledge.languages import CHINESE, detect_language, is_written_in_chinese
from knowledge.passages import Passage, ScoredPassage
from knowledge.protocols import Embedder
from knowledge.readers.markdown import read_markdown_text

PASSAGES = 5  # per case, as the product considers them
_QUESTION_EN = re.compile(r"^(?:how|what|why|when|where|who|which|can|do|does|is|are|will|should)\b|\?$", re.IGNORECASE)
_QUESTION_ZH = re.compile(r"[？?]$|如何|怎么|怎样|什么|吗|是否|多久|多少|哪")
_ASKED_ZH = re.compile(r"[？?吗呢]")


@dataclass(frozen=True, slots=True)
class Case:
    source: str  # the data set
    question: str
    passages: tuple[ScoredPassage, ...]  # found, best first
    answerable: bool
    near: bool  # whether the base is about the question's subject
    gold: frozenset[str] = frozenset()  # ids of the passages that answer
    answers: tuple[str, ...] = ()  # spans that a right sentence contains; empty: any sentence of a gold passage

    @property
    def language(self) -> str:
        return detect_language(self.question)

    @property
    def fold(self) -> int:
        """0 to 4; both cases of one question are in the same fold."""
        return int(hashlib.sha256(f"{self.source} {self.question}".encode()).hexdigest(), 16) % 5


class Base:
    """Passages in memory, searched as the product searches them."""

    def __init__(self, name: str, passages: Sequence[Passage], embedder: Embedder) -> None:
        self.name = name
        self.passages = passages
        self._embedder = embedder
        self._state = SearchState(
            FaissIndex(embedder.dimensions), FaissIndex(embedder.dimensions), LexicalIndex(), generation=1
        )
        texts = [TitledText(passage.title, passage.embedded_text) for passage in passages]
        vectors = TitledVectors(embedder).embed(texts, not_told)
        self._state.add(
            [
                IndexedPassage(n, Counter(tokens(p.embedded_text)), is_written_in_chinese(p.embedded_text), vectors[n])
                for n, p in enumerate(passages)
            ]
        )

    def found(self, question: str, *, without: frozenset[str] = frozenset()) -> tuple[ScoredPassage, ...]:
        """The best passages that are not in a document of `without`."""
        query = EmbeddedQuery(question, self._embedder.embed_queries([question])[0])
        ranked = (
            ScoredPassage(self.passages[one.number], one.score, one.dense, one.lexical)
            for one in self._state.ranked([query])
        )
        return tuple(one for one in ranked if one.passage.document_id not in without)[:PASSAGES]

    def both(self, question: str, gold: frozenset[str], answers: tuple[str, ...] = ()) -> Iterator[Case]:
        """The question with the documents `gold` in the base, if they are found, and with them taken out."""
        found = self.found(question)
        ids = frozenset(one.passage.passage_id for one in found if one.passage.document_id in gold)
        if ids:
            yield Case(self.name, question, found, answerable=True, near=True, gold=ids, answers=answers)
        yield Case(self.name, question, self.found(question, without=gold), answerable=False, near=True)

    def off_topic(self, questions: Sequence[str]) -> Iterator[Case]:
        for question in questions:
            yield Case(self.name, question, self.found(question), answerable=False, near=False)


def all_cases(folder: Path, embedder: Embedder) -> list[Case]:
    """Every case that the data sets in `folder` give; about 3,000. Takes minutes. OSError if one is missing."""
    chance = random.Random(7)
    strangers = _Strangers(folder, chance)
    cases: list[Case] = []
    for name, language in (("kb_plausible", "en"), ("kb_logingov", "en"), ("kb_logingov", "zh"), ("kb_tidb_zh", "zh")):
        cases += _help_centre(folder, name, language, embedder, strangers, chance)
    for name, file in (("cmrc2018", "train_trial"), ("drcd", "dev")):
        cases += _paragraphs(folder, name, file, embedder, strangers, chance)
    return [*cases, *_hotels(folder, embedder, chance), *_products(folder, embedder)]


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


class _Strangers:
    """Questions about something that no help centre here is about, never the same twice."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        english = [row["text"] for row in rows(folder, "clinc150/dev") if row["oos"]]
        english += [row["text"] for row in rows(folder, "banking77/dev")][:600]
        chinese = [row["text"] for row in rows(folder, "xsid/dev") if row["lang"] == "zh"]
        chinese += [
            turn["text"]
            for row in rows(folder, "crosswoz/dev")
            for turn in row["turns"]
            if turn["role"] == "user" and _ASKED_ZH.search(turn["text"])
        ]
        self._left = {"en": english, "zh": chinese}
        for questions in self._left.values():
            chance.shuffle(questions)

    def take(self, language: str, count: int) -> list[str]:
        taken, self._left[language] = self._left[language][:count], self._left[language][count:]
        return taken


def _help_centre(
    folder: Path, name: str, language: str, embedder: Embedder, strangers: _Strangers, chance: random.Random
) -> Iterator[Case]:
    """Headings that ask, with their page in the base and taken out; parallel pages in the other language too.

    The heading itself is taken off the passages that it stands over: a customer does not ask in its words.
    """
    pages = [page for page in rows(folder, f"{name}/docs") if page["lang"] == language]
    chance.shuffle(pages)
    passages = [passage for page in pages[:90] for passage in _passages(page)]
    pattern = _QUESTION_ZH if language == CHINESE else _QUESTION_EN
    headings: dict[str, str] = {}
    for passage in passages:
        heading = passage.heading.split(" > ")[-1]
        if len(heading) >= (6 if language == CHINESE else 15) and pattern.search(heading):
            headings.setdefault(heading, passage.document_id)
    base = Base(f"{name}/{language}", [_without_heading(passage, headings) for passage in passages], embedder)
    asked = list(headings.items())
    chance.shuffle(asked)
    for heading, page_id in asked[:130]:
        yield from base.both(heading, frozenset({page_id}))
    yield from base.off_topic(strangers.take(language, 70))
    yield from base.off_topic(strangers.take("en" if language == CHINESE else CHINESE, 25))
    parallel = {page["parallel_id"]: page["id"] for page in pages if "parallel_id" in page}
    for page in rows(folder, f"{name}/docs") if parallel else ():
        if page["lang"] == ("en" if language == CHINESE else CHINESE) and page["parallel_id"] in parallel:
            yield from base.both(page["title"], frozenset({parallel[page["parallel_id"]]}))


def _passages(page: dict[str, Any]) -> tuple[Passage, ...]:
    return split_into_passages(page["id"], page["id"], detect_language, read_markdown_text(page["title"], page["text"]))


def _without_heading(passage: Passage, headings: dict[str, str]) -> Passage:
    *above, last = passage.heading.split(" > ")
    heading = " > ".join(above) if last in headings else passage.heading
    return _passage(passage.passage_id, passage.document_id, passage.title, heading, passage.text)


def _passage(passage_id: str, document_id: str, title: str, heading: str, text: str) -> Passage:
    return Passage(passage_id, document_id, title, document_id, heading, text, 0, len(text), detect_language(text))


def _paragraphs(
    folder: Path, name: str, file: str, embedder: Embedder, strangers: _Strangers, chance: random.Random
) -> Iterator[Case]:
    """Questions with an answer span, over 200 paragraphs, with theirs among them and taken out."""
    asked = rows(folder, f"{name}/{file}")
    contexts = list(dict.fromkeys(row["context"] for row in asked))
    chance.shuffle(contexts)
    numbers = {context: str(n) for n, context in enumerate(contexts[:200])}
    titles = {row["context"]: row["title"] for row in asked}
    base = Base(name, [_passage(n, n, titles[text], "", text) for text, n in numbers.items()], embedder)
    asked = [row for row in asked if row["context"] in numbers]
    chance.shuffle(asked)
    for row in asked[:200]:
        yield from base.both(row["question"], frozenset({numbers[row["context"]]}), tuple(row["answers"]))
    yield from base.off_topic(strangers.take(CHINESE, 30))


def _hotels(folder: Path, embedder: Embedder, chance: random.Random) -> Iterator[Case]:
    """Customers' turns over the questions and answers of one hotel or restaurant; what only reviews answer has none."""
    faq: dict[tuple[str, str], list[Passage]] = {}
    for row in rows(folder, "dstc11_sktod/kb"):
        if row["doc_type"] == "faq":
            passage = _passage(row["doc_id"], row["doc_id"], row["entity"], row["title"], row["body"])
            faq.setdefault((row["domain"], row["entity_id"]), []).append(passage)
    turns = [row for row in rows(folder, "dstc11_sktod/dev") if row["needs_knowledge"]]
    chance.shuffle(turns)
    only_reviews = 0
    for row in turns:
        entities = {(k["domain"], str(k["entity_id"])) for k in row["knowledge"]}
        if len(entities) != 1 or not entities <= faq.keys():
            continue
        gold = frozenset(str(k["doc_id"]) for k in row["knowledge"] if k["doc_type"] == "faq")
        only_reviews += not gold
        if gold or only_reviews <= 140:
            base = Base("dstc11", faq[entities.pop()], embedder)
            question = row["turns"][-1]["text"]
            found = base.found(question)
            yield from base.both(question, gold) if gold else [Case("dstc11", question, found, False, True)]


def _products(folder: Path, embedder: Embedder) -> Iterator[Case]:
    """Questions about a product over ten sentences about it, judged by people, with those that answer taken out."""
    by_question: dict[str, list[dict[str, Any]]] = {}
    for row in rows(folder, "epqa_rank/dev"):
        by_question.setdefault(row["qid"], []).append(row)
    for judged in by_question.values():
        sentences = [_passage(str(n), row["label"] + str(n), "", "", row["candidate"]) for n, row in enumerate(judged)]
        base = Base("epqa", sentences, embedder)
        answering = frozenset(one.document_id for one in sentences if one.document_id[0] == "2")
        partly = frozenset(one.document_id for one in sentences if one.document_id[0] == "1")
        question = judged[0]["question"]
        if answering:
            yield from (case for case in base.both(question, answering) if case.answerable)
        if len(answering | partly) < len(sentences):
            yield Case("epqa", question, base.found(question, without=answering | partly), False, True)
