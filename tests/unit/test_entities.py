"""What a message names, found by rules."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.signals.checksums import is_card_number, is_chinese_id, is_iban
from bot.signals.entities import find_entities
from bot.signals.masking import mask_personal

PRODUCTS = ("Tower", "Home plan", "Home 套餐")


def named(text: str) -> list[tuple[str, str]]:
    return [(entity.kind.value, entity.value) for entity in find_entities(text, PRODUCTS)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "my card 4111 1111 1111 1111 was charged $1,299.50 on 3 May 2024",
            [("card", "4111 1111 1111 1111"), ("amount", "$1,299.50"), ("date", "3 May 2024")],
        ),
        ("I bought two Towers, order #48213", [("product", "Towers"), ("order_number", "48213")]),
        ("SO-12345678 where is it", [("order_number", "SO-12345678")]),
        ("call +44 20 7946 0958 ext. 12 or 555-0142", [("phone", "+44 20 7946 0958 ext. 12"), ("phone", "555-0142")]),
        ("pay to GB29 NWBK 6016 1331 9268 19 please", [("iban", "GB29 NWBK 6016 1331 9268 19")]),
        ("I was at 10.0.0.7 yesterday", [("ip_address", "10.0.0.7"), ("date", "yesterday")]),
        (
            "我的订单号是SO-12345678，电话13812345678，昨天付了299元",
            [("order_number", "SO-12345678"), ("phone", "13812345678"), ("date", "昨天"), ("amount", "299元")],
        ),
        (
            "邮箱是li.ming@example.com，身份证11010519491231002X",
            [("email", "li.ming@example.com"), ("national_id", "11010519491231002X")],
        ),
        ("3月5日下午打010-62345678", [("date", "3月5日"), ("phone", "010-62345678")]),
        ("Home 套餐退我一百二十块钱", [("product", "Home 套餐"), ("amount", "一百二十块钱")]),
        ("How long is the warranty?", []),
        ("between 2019-2020 I had 12 pods", []),
    ],
)
def test_a_message_names_what_a_desk_needs(text: str, expected: list[tuple[str, str]]) -> None:
    assert named(text) == expected


def test_check_digits_tell_numbers_that_only_look_personal() -> None:
    assert is_card_number("4111111111111111")
    assert not is_card_number("4111111111111112")
    assert is_iban("DE89370400440532013000")
    assert not is_iban("DE89370400440532013001")
    assert is_chinese_id("11010519491231002X")
    assert not is_chinese_id("110105194912310021")


def test_personal_data_is_masked_and_the_rest_of_the_text_stays() -> None:
    text = "I am li@example.com, +44 20 7946 0958, card 4111-1111-1111-1111, order SO-12345678"
    assert mask_personal(text) == "I am [email], [phone], card [card], order SO-12345678"


@given(st.text(alphabet="0123456789 .-/()+@aA元号#$:年月", max_size=60))
def test_entities_are_stretches_of_the_text_in_order_and_apart(text: str) -> None:
    found = find_entities(text, PRODUCTS)
    assert all(entity.value == text[entity.start : entity.end] and entity.value for entity in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize("filling", ["1", "1 ", "a.", "1-", "GB12 ", "a@", "(0", "元", "1.1.", "order "])
def test_the_longest_message_is_read_in_a_moment(filling: str) -> None:
    began = time.process_time()
    find_entities((filling * 4000)[:4000], PRODUCTS)
    assert time.process_time() - began < 1.0
