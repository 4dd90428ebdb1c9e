"""Documents and questions of the retrieval benchmark, on a data folder of our own."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import EvaluationDataInvalid
from bot.training.bench_retrieval import as_table, measured
from bot.training.retrieval_sets import SetQuestion, headings, retrieval_sets, without_headings

PAGE = "Pay by card.\n\n## How to change your card\n\nOpen billing.\n\n```sh\n# not a heading at all\n```\n"


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    path = folder / f"{name}.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def a_help_centre(folder: Path) -> None:
    pages = [
        {"id": f"page-{n}#{language}", "parallel_id": f"page-{n}", "lang": language, "title": title, "text": text}
        for n in range(5)
        for language, title, text in (
            ("en", f"Billing {n}", f"{PAGE}\n## Related articles of ours\n\n## How do I pay invoice {n}\n"),
            ("zh", f"账单{n}", f"刷卡。\n\n## 如何更换第{n}张银行卡\n\n打开账单。\n"),
        )
    ]
    write(folder, "kb_logingov/docs", pages)


def test_heading_lines_go_and_code_stays() -> None:
    stripped = without_headings(PAGE)
    assert "How to change your card" not in stripped
    assert "# not a heading at all" in stripped
    assert headings(PAGE) == ["How to change your card"]


def test_headings_that_every_page_has_are_not_asked(tmp_path: Path) -> None:
    a_help_centre(tmp_path)
    (one,) = retrieval_sets(tmp_path, only=["kb_logingov en, stripped"])
    assert sorted(question.question for question in one.questions) == [f"How do I pay invoice {n}" for n in range(5)]
    assert all("##" not in document.text for document in one.documents)
    assert len(one.documents) == 5


def test_across_languages_the_parallel_page_is_right(tmp_path: Path) -> None:
    a_help_centre(tmp_path)
    (one,) = retrieval_sets(tmp_path, only=["kb_logingov zh to en"])
    right = {question.question: question.document_ids for question in one.questions}
    assert right["如何更换第3张银行卡"] == ("page-3#en",)
    assert {document.document_id[-2:] for document in one.documents} == {"en"}


def test_in_a_mixed_collection_every_page_is_there_once(tmp_path: Path) -> None:
    a_help_centre(tmp_path)
    (one,) = retrieval_sets(tmp_path, only=["kb_logingov mixed"])
    assert [document.document_id for document in one.documents] == [
        f"page-{n}#{'en' if n % 2 else 'zh'}" for n in range(5)
    ]


def test_what_is_asked_twice_is_one_question_with_two_right_pages(tmp_path: Path) -> None:
    write(tmp_path, "kb_tidb_zh/docs", [{"id": name, "title": name, "text": "正文"} for name in ("a", "b")])
    rows = [{"question": "如何升级", "doc_id": "a"}, {"question": "如何升级", "doc_id": "b"}]
    write(tmp_path, "kb_tidb_zh/faq_dev", rows)
    (one,) = retrieval_sets(tmp_path, only=["kb_tidb_zh, stripped"])
    assert one.questions == (SetQuestion("如何升级", ("a", "b")),)


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationDataInvalid, match="drcd"):
        list(retrieval_sets(tmp_path, only=["drcd"]))


class Always:
    def __init__(self, *documents: str) -> None:
        self.asked: list[tuple[str, str]] = []
        self._documents = documents

    def ranked(self, question: str, earlier: str) -> tuple[str, ...]:
        self.asked.append((question, earlier))
        return self._documents


def test_a_document_stands_where_its_best_passage_stands() -> None:
    system = Always("a", "a", "b", "b", "c")
    figures = measured(system, [SetQuestion("?", ("b",), "before")])
    assert figures["recall@1"] == 0
    assert figures["recall@5"] == 1
    assert figures["mrr"] == 0.5
    assert set(system.asked) == {("?", "before")}


def test_the_best_of_each_set_is_bold() -> None:
    rows: list[dict[str, object]] = [
        {"set": "drcd", "system": "ours", "mrr": 0.9751},
        {"set": "drcd", "system": "theirs", "mrr": 0.9},
    ]
    assert as_table(rows, "mrr").splitlines()[-1] == "| drcd | **0.975** | 0.900 |"
