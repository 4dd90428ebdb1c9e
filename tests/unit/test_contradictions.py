"""A wrong sentence reuses the document's words with another number, unit, polarity, limit, name or slot."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.contradictions import contradiction, new_words

RETURNS = "You can return an opened kit within 14 days of delivery if it is clean, dry and complete."
PODS = "Opened pods cannot be returned."
RECORD = "Region: Norway; Standard: 4–7 working days; Express: 3 working days"
RATED = "The Tower holds up to 85 lbs and has 24 pods and 2 lamps."
PUMP = "The kit needs a pump (not included)."
ZH_RETURNS = "收货后 14 天内可以退回已开封的种植机，但机器必须干净、干燥、完整。"
ZH_PODS = "已开封的种子胶囊不能退货。"
ZH_LOCK = "连续输错 5 次密码，账户会锁定 15 分钟。"
ZH_PAUSE = "套餐最多可以暂停 3 个月，之后自动恢复扣款。"

TRUE = [
    ("You can return an opened kit within 14 days.", RETURNS),
    ("Yes, you can return an opened kit within 14 days of delivery.", RETURNS),
    ("No, opened pods cannot be returned.", PODS),
    ("Opened pods can't be returned.", PODS),
    ("Express to Norway takes 3 working days.", RECORD),
    ("It holds up to 85 pounds.", RATED),
    ("The Tower has two lamps.", RATED),
    ("The kit needs a pump.", PUMP),
    ("A pump is not included.", PUMP),
    ("收货后 14 天内可以退回已开封的种植机。", ZH_RETURNS),
    ("不能，已开封的种子胶囊不能退货。", ZH_PODS),
    ("输错 5 次密码，账户会锁定 15 分钟。", ZH_LOCK),
    ("套餐最多可以暂停三个月。", ZH_PAUSE),
]
FALSE = [
    ("You can return an opened kit within 30 days.", RETURNS),
    ("You can return an opened kit within 14 weeks.", RETURNS),
    ("You cannot return an opened kit within 14 days.", RETURNS),
    ("No, you can return an opened kit within 14 days.", RETURNS),
    ("You can return an unopened kit within 14 days.", RETURNS),
    ("You can return an opened Shelf within 14 days.", RETURNS),
    ("Opened pods can be returned.", PODS),
    ("Yes, opened pods can be returned.", PODS),
    ("Express to Norway takes 4–7 working days.", RECORD),
    ("Express to Norway takes 3 days.", RECORD),
    ("It holds over 85 lbs.", RATED),
    ("It holds up to 85 ounces.", RATED),
    ("The Tower has 24 lamps.", RATED),
    ("A pump is included.", PUMP),
    ("The kit needs a battery.", PUMP),
    ("收货后 30 天内可以退回已开封的种植机。", ZH_RETURNS),
    ("收货后 14 周内可以退回已开封的种植机。", ZH_RETURNS),
    ("收货后 14 天内不可以退回已开封的种植机。", ZH_RETURNS),
    ("已开封的种子胶囊可以退货。", ZH_PODS),
    ("可以的，已开封的种子胶囊能退货。", ZH_PODS),
    ("输错 15 次密码，账户会锁定 5 分钟。", ZH_LOCK),
    ("连续输错 5 次密码，账户会锁定 15 小时。", ZH_LOCK),
    ("套餐至少可以暂停 3 个月。", ZH_PAUSE),
    ("套餐最多可以暂停 3 个月，之前自动恢复扣款。", ZH_PAUSE),
    ("Sillgrove 套餐最多可以暂停 3 个月。", ZH_PAUSE),
]


@pytest.mark.parametrize(("claim", "source"), TRUE)
def test_what_the_source_says_is_let_through(claim: str, source: str) -> None:
    assert contradiction(claim, source) is None


@pytest.mark.parametrize(("claim", "source"), FALSE)
def test_what_the_source_does_not_say_is_noticed(claim: str, source: str) -> None:
    assert contradiction(claim, source)


def test_the_reason_names_what_is_wrong() -> None:
    assert contradiction("You can return it within 30 days.", RETURNS) == "the number 30 does not stand in the source"


def test_inflected_words_are_not_new() -> None:
    assert new_words("Returning opened kits", "You can return an opened kit") == 0
    assert new_words("Return the strawberries", "You can return an opened kit") == 0.5
    assert new_words("", "anything") == 0


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120))
def test_a_text_without_yes_and_no_says_what_it_says(text: str) -> None:
    if contradiction(text, text):
        assert text.strip()[:1] in "yYnNsScC是可当能不支" or any(mark in text for mark in ":：")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120), st.text(max_size=120))
def test_any_two_texts_can_be_compared(claim: str, source: str) -> None:
    assert contradiction(claim, source) is None or contradiction(claim, source)


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["not ", "不", "no, ", "a: 1; ", "A ", "1 x ", "if "])
def test_long_texts_are_compared_quickly(piece: str) -> None:
    text = piece * (4000 // len(piece))
    contradiction(text, text)
