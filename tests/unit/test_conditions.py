"""Which sentences hold only under a condition that nobody asked about."""

from __future__ import annotations

import pytest

from bot.verifiers.conditions import holds_under_an_unasked_condition


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How much is the Home plan?", "With the student discount, the Home plan costs €17.60 a month."),
        ("How much is the Home plan?", "As a second plan, Home costs €18.70 a month."),
        ("How much is Home?", "The student discount also applies to yearly plans, so a yearly Home plan costs €176."),
        ("Home 套餐多少钱？", "年付套餐同样适用，Home 套餐年付学生价为 €176。"),
        ("What do I get back?", "For example, a yearly plan cancelled after 4 boxes gives €132."),
        ("Home 套餐多少钱？", "享受学生优惠后，Home 套餐每月 €17.60。"),
        ("Home 套餐多少钱？", "作为第二个套餐时，Home 每月 €18.70。"),
    ],
)
def test_another_customers_case_is_not_what_was_asked(question: str, sentence: str) -> None:
    assert holds_under_an_unasked_condition(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How much is the Home plan?", "The Home plan costs €22 a month for 9 pods."),
        ("What does Home cost with the student discount?", "With the student discount, Home costs €17.60 a month."),
        ("What if my parcel is lost?", "If your parcel is lost, we send another."),
        ("学生优惠后 Home 多少钱？", "享受学生优惠后，Home 套餐每月 €17.60。"),
        ("Home 套餐多少钱？", "Home 套餐每月 €22，含 9 颗种子胶囊。"),
    ],
)
def test_what_was_asked_about_is_no_condition(question: str, sentence: str) -> None:
    assert not holds_under_an_unasked_condition(question, sentence)
