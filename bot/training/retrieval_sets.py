"""Documents and questions for the retrieval benchmark, made from public data sets. Knows no model and no retriever.

A question that is a page's heading is easy while the heading stands on the page: `stripped` leaves every heading of
the pages out, as a customer does not ask in their words. Titles stay.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.training.evaluation_data import read_rows

_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_FURNITURE = 4  # a heading that stands on so many pages ("Related articles") is no question about one of them
_SHORTEST = {"en": 15, "zh": 6}  # characters of a heading that asks for something
_ASKED = 300  # questions of a set at the most, drawn with a fixed seed


@dataclass(frozen=True, slots=True)
class SetDocument:
    document_id: str
    title: str
    text: str  # Markdown


@dataclass(frozen=True, slots=True)
class SetQuestion:
    question: str
    document_ids: tuple[str, ...]  # any of them answers
    earlier: str = ""  # the exchange before, for a follow-up


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    name: str
    documents: tuple[SetDocument, ...]
    questions: tuple[SetQuestion, ...]


def retrieval_sets(folder: Path, *, only: Sequence[str] = ()) -> Iterator[RetrievalSet]:
    """Every set, or those whose names begin with one of `only`, one at a time. EvaluationDataInvalid if one is missing.

    Help centres come as they are and stripped; encyclopaedias have no headings.
    """
    for name, make in _MAKERS.items():
        if not only or name.startswith(tuple(only)):
            documents, questions = make(folder)
            yield RetrievalSet(name, tuple(documents), _asked(questions))


def without_headings(markdown: str) -> str:
    """Markdown without its heading lines; a # in a block of code is none."""
    kept, in_code = [], False
    for line in markdown.split("\n"):
        if _FENCE.match(line):
            in_code = not in_code
        if in_code or not _HEADING.match(line):
            kept.append(line)
    return "\n".join(kept)


def headings(markdown: str) -> list[str]:
    """The texts of the heading lines, in order."""
    found, in_code = [], False
    for line in markdown.split("\n"):
        if _FENCE.match(line):
            in_code = not in_code
        elif not in_code and (match := _HEADING.match(line)):
            found.append(match.group(1).replace("*", ""))
    return found


Pages = Sequence[Mapping[str, Any]]
Made = tuple[Iterable[SetDocument], Iterable[SetQuestion]]


def _documents(pages: Pages, *, stripped: bool) -> Iterator[SetDocument]:
    for page in pages:
        yield SetDocument(page["id"], page["title"], without_headings(page["text"]) if stripped else page["text"])


def _company_questions(name: str, *, stripped: bool) -> Callable[[Path], Made]:
    """Questions that the company itself lists, with the page that answers."""

    def made(folder: Path) -> Made:
        questions = (
            SetQuestion(row["question"], (row["doc_id"],)) for row in read_rows(folder / name / "faq_dev.jsonl.gz")
        )
        return _documents(read_rows(folder / name / "docs.jsonl.gz"), stripped=stripped), questions

    return made


def _page_headings(name: str, language: str, *, stripped: bool) -> Callable[[Path], Made]:
    """Every heading of every page as a question."""

    def made(folder: Path) -> Made:
        pages = [page for page in read_rows(folder / name / "docs.jsonl.gz") if page["lang"] == language]
        asked = [(heading, page["id"]) for page in pages for heading in _telling_headings(page)]
        return _documents(pages, stripped=stripped), _without_furniture(asked)

    return made


def _parallel(folder: Path) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Pages of kb_logingov that are there in English and Chinese, by their common id and language."""
    by_page: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for page in read_rows(folder / "kb_logingov" / "docs.jsonl.gz"):
        by_page[page["parallel_id"]][page["lang"]] = page
    return {name: pages for name, pages in by_page.items() if {"en", "zh"} <= pages.keys()}


def _telling_headings(page: Mapping[str, Any]) -> list[str]:
    return [one for one in headings(page["text"]) if len(one) >= _SHORTEST[page["lang"]]]


def _without_furniture(asked: Sequence[tuple[str, str]]) -> Iterator[SetQuestion]:
    pages = Counter(heading for heading, _ in dict.fromkeys(asked))
    return (SetQuestion(heading, (page_id,)) for heading, page_id in asked if pages[heading] < _FURNITURE)


def _across(asked_in: str, written_in: str) -> Callable[[Path], Made]:
    """Titles and headings of one language over the pages of the other, stripped."""

    def made(folder: Path) -> Made:
        both = _parallel(folder).values()
        asked = [
            (one, pages[written_in]["id"])
            for pages in both
            for one in (pages[asked_in]["title"], *_telling_headings(pages[asked_in]))
        ]
        return _documents([pages[written_in] for pages in both], stripped=True), _without_furniture(asked)

    return made


def _mixed(folder: Path) -> Made:
    """Every page in one of two languages, asked for in both, stripped: no language may sink the other."""
    both = list(_parallel(folder).values())
    kept = [pages["en" if number % 2 else "zh"] for number, pages in enumerate(both)]
    asked = [
        (one, page["id"])
        for page, pages in zip(kept, both, strict=True)
        for language in ("en", "zh")
        for one in _telling_headings(pages[language])
    ]
    return _documents(kept, stripped=True), _without_furniture(asked)


def _turns(*, stripped: bool) -> Callable[[Path], Made]:
    """What travellers ask in a conversation, over the listed questions of every hotel and restaurant together.

    Which house is meant was said in the turns before; a listed question is its heading.
    """

    def made(folder: Path) -> Made:
        dialogues = [row for row in read_rows(folder / "dstc11_sktod" / "dev.jsonl.gz") if row["needs_knowledge"]]
        asked = [
            (row["turns"], [known for known in row["knowledge"] if known["doc_type"] == "faq"]) for row in dialogues
        ]
        questions = (
            SetQuestion(
                turns[-1]["text"],
                tuple(sorted({_listed_id(one) for one in known})),
                "\n".join(turn["text"] for turn in turns[-3:-1]),
            )
            for turns, known in asked
            if known
        )
        listed = [row for row in read_rows(folder / "dstc11_sktod" / "kb.jsonl.gz") if row["doc_type"] == "faq"]
        documents = (
            SetDocument(
                _listed_id(row), row["entity"], row["body"] if stripped else f"## {row['title']}\n\n{row['body']}"
            )
            for row in listed
        )
        return documents, questions

    return made


def _listed_id(row: Mapping[str, Any]) -> str:
    return f"{row['domain']}/{row['entity_id']}/{row['doc_id']}"


def _paragraphs(name: str, file: str) -> Callable[[Path], Made]:
    """Questions written for a paragraph of an encyclopaedia."""

    def made(folder: Path) -> Made:
        rows = read_rows(folder / name / f"{file}.jsonl.gz")
        ids = {text: str(number) for number, text in enumerate(dict.fromkeys(row["context"] for row in rows))}
        titles = {row["context"]: row["title"] for row in rows}
        documents = (SetDocument(number, titles[text], text) for text, number in ids.items())
        return documents, (SetQuestion(row["question"], (ids[row["context"]],)) for row in rows)

    return made


_MAKERS: Mapping[str, Callable[[Path], Made]] = {
    "kb_plausible faq": _company_questions("kb_plausible", stripped=False),
    "kb_plausible faq, stripped": _company_questions("kb_plausible", stripped=True),
    "kb_plausible headings, stripped": _page_headings("kb_plausible", "en", stripped=True),
    "kb_logingov en": _page_headings("kb_logingov", "en", stripped=False),
    "kb_logingov en, stripped": _page_headings("kb_logingov", "en", stripped=True),
    "kb_logingov zh": _page_headings("kb_logingov", "zh", stripped=False),
    "kb_logingov zh, stripped": _page_headings("kb_logingov", "zh", stripped=True),
    "kb_logingov zh to en, stripped": _across("zh", "en"),
    "kb_logingov en to zh, stripped": _across("en", "zh"),
    "kb_logingov mixed, stripped": _mixed,
    "kb_tidb_zh": _company_questions("kb_tidb_zh", stripped=False),
    "kb_tidb_zh, stripped": _company_questions("kb_tidb_zh", stripped=True),
    "dstc11 turns": _turns(stripped=False),
    "dstc11 turns, stripped": _turns(stripped=True),
    "drcd": _paragraphs("drcd", "dev"),
    "cmrc2018": _paragraphs("cmrc2018", "train_trial"),
}


def _asked(questions: Iterable[SetQuestion]) -> tuple[SetQuestion, ...]:
    """The same words asked once, with every page that answers them."""
    gold: dict[tuple[str, str], dict[str, None]] = {}
    for one in questions:
        gold.setdefault((one.question, one.earlier), {}).update(dict.fromkeys(one.document_ids))
    asked = [SetQuestion(question, tuple(ids), earlier) for (question, earlier), ids in gold.items()]
    return tuple(asked if len(asked) <= _ASKED else random.Random(5).sample(asked, _ASKED))
