"""Numbers, with what they count or measure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.quantities import quantities, units_named


def read(text: str) -> list[tuple[str, str]]:
    return [(quantity.value, quantity.unit) for quantity in quantities(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("within 30 days", [("30", "day")]),
        ("it costs €1,500.00", [("1500", "euro")]),
        ("about eight-inch-long", [("8", "inch")]),
        ('7 1/2" tall', [("7.5", "inch")]),
        ("33.00 x 13 x 35.7 cm", [("33", "cm"), ("13", "cm"), ("35.7", "cm")]),
        ("3–5 working days", [("3", "working day"), ("5", "working day")]),
        ("20 % off", [("20", "percent")]),
        ("5 to 7 more working days", [("5", ""), ("7", "")]),
        ("连续输错 5 次密码，锁定 15 分钟", [("5", "time"), ("15", "minute")]),
        ("三周内退款", [("3", "week")]),
        ("十二个月保修", [("12", "month")]),
        ("5 个工作日", [("5", "working day")]),
        ("¥99", [("99", "yuan")]),
        ("一些地方一样", []),
        ("no numbers", []),
    ],
)
def test_a_number_is_read_with_its_unit(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected


def test_what_is_counted_are_the_words_behind() -> None:
    (dominoes,) = quantities("91 dominoes included")
    assert dominoes.counted == ("domin", "inclu")


def test_limits_are_told_apart() -> None:
    assert [quantity.bound for quantity in quantities("up to 5 kg, at least 3, 7, 不超过 8 个, 至少 2 个")] == [
        "most",
        "least",
        "",
        "most",
        "least",
    ]


def test_a_closing_quotation_mark_is_no_inch() -> None:
    assert read('they call it "size 7" here') == [("7", "")]


def test_units_are_found_away_from_their_numbers() -> None:
    assert units_named("value: 3, unit: pounds") == {"pound weight"}


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert all(quantity.value for quantity in quantities(text))


@pytest.mark.parametrize("piece", ["1 ", "1,", "1 to ", "三", "1/2 ", "one two "])
def test_long_runs_of_numbers_are_read_quickly(piece: str) -> None:
    quantities(piece * (20_000 // len(piece)))
