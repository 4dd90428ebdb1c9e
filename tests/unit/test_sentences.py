"""Where sentences end, in English and Chinese."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["You can cancel at any time.", "Really?", "Yes!", "Thanks"],
        ["Dr. Smith paid €3.50 at 9 a.m. on No. 5, e.g. in cash, i.e. notes.", "Then he left."],
        ["The answer is no.", "You can go."],
        ["See https://example.com/a.b?x=1&y=2.", "It works."],
        ["Version 2.0.1 is out.", "Get it."],
        ["He lives in the U.S. Government quarter.", "It is big."],
        ["ACME Inc. Support answers.", "We like ACME Inc.", "It helps."],
        ["Open from Mon. to Fri. 9–5.", "Closed on 4 Jan. 2026."],
        ["1. Open the settings.", "2. Click it."],
        ["Wait... what?", "Hm…", "Fine."],
        ['He said "Stop."', "Then he left (quickly.)", "**Bold.**", "End."],
        ["It takes 5 days. [1]", "Free of charge.[2][3]", "Done [4]."],
        ["您可以退货。", "真的吗？", "太好了！", "请在七天内寄回；", "否则无法退款……", "好的"],
        ["他说：“我来了。”", "然后走了。", "（见第3.5节。）", "价格是3.5元。"],
        ["iPhone 15 怎么退货?", "请看网站 example.com。", "OK."],
        ["Yes.", "iPhones too."],
    ],
)
def test_sentences_end_where_a_reader_says_so(parts: list[str]) -> None:
    han = any("\u4e00" <= character <= "\u9fff" for character in "".join(parts))
    assert sentences(("" if han else " ").join(parts)) == parts


def test_line_ends_separate_items_and_records() -> None:
    text = "You need:\n- a card\n- an address\n\nPlan: Sprout; Price: €9\nPlan: Oak; Price: €19"
    assert sentences(text) == [line for line in text.split("\n") if line]


def test_nothing_has_no_sentences() -> None:
    assert split_sentences("") == split_sentences(" \n\t\n") == ()


@settings(max_examples=100)
@given(st.text(alphabet='aB1 .!?。！？；…\n"”’)）]*[]2,，:etc', max_size=80))
def test_every_visible_character_is_in_exactly_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    covered = [position for start, end in spans for position in range(start, end)]
    assert len(covered) == len(set(covered))
    assert {position for position, character in enumerate(text) if not character.isspace()} <= set(covered)
    assert list(spans) == sorted(spans)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)


@pytest.mark.parametrize("trap", [". ", "a. ", "A. ", "[1] ", ". [1]", "\"'", "\n", "。", "1. ", "a.b", "…", ".[1"])
def test_time_grows_with_length_only(trap: str) -> None:
    split_sentences(trap * (40_000 // len(trap)))
