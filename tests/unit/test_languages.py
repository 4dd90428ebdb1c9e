"""Which language a customer writes in, and which collection a passage belongs to."""

from __future__ import annotations

import pytest

from knowledge.chinese_script import simplified
from knowledge.indexing.lexical_tokens import tokens
from knowledge.languages import detect_language, is_written_in_chinese


@pytest.mark.parametrize(
    ("text", "language"),
    [("iPhone 怎么退货", "zh"), ("What does 你好 mean?", "en"), ("", "en"), ("AB-1234", "en"), ("退貨", "zh")],
)
def test_a_customers_language(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "导入数据\nmysql -h host -P port -u root -p database table select count from where limit",
        "如何退货",
        "TiDB 安装\ntiup cluster deploy tidb-test topology.yaml --user root",
    ],
)
def test_code_in_a_chinese_page_does_not_make_it_an_english_one(text: str) -> None:
    assert is_written_in_chinese(text)


@pytest.mark.parametrize("text", ["", "42", "How to return a kettle", " ".join(["word"] * 40) + " 你好"])
def test_an_english_passage_stays_one(text: str) -> None:
    assert not is_written_in_chinese(text)


def test_traditional_and_simplified_words_are_the_same_tokens() -> None:
    assert tokens("如何申請退貨？發票開錯了怎麼辦") == tokens("如何申请退货？发票开错了怎么办")
    assert tokens("網路連線") == tokens("网路连线")


def test_simplified_text_stays_and_lengths_stay() -> None:
    text = "请在三十天内退货，并保留发票。Please keep it."
    assert simplified(text) == text
    traditional = "請在三十天內退貨，並保留發票。"
    assert simplified(traditional) == "请在三十天内退货，并保留发票。"
    assert len(simplified(traditional)) == len(traditional)
