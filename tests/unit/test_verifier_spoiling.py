"""Sentences that say something else are made by rule, in English and Chinese."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.training.verifier_spoiling import KINDS, names_in, spoilt

NAMES = ("Acme Hotel", "Oslo", "红楼梦")


def made(sentence: str) -> dict[str, str]:
    return {one.kind: one.text for one in spoilt(sentence, NAMES, random.Random(1))}


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Pets are allowed here.", ("Pets are not allowed here.", "Pets are forbidden here.")),
        ("The kit does not include batteries.", ("The kit does include batteries.",)),
        ("You can't return it.", ("You can return it.",)),
        ("TiDB 目前不支持外键约束。", ("TiDB 目前支持外键约束。",)),
        ("无法修改订单。", ("可以修改订单。",)),
        ("館內沒有停車場。", ("館內有停車場。",)),
    ],
)
def test_a_no_is_put_in_or_taken_out(sentence: str, said: tuple[str, ...]) -> None:
    assert made(sentence)["polarity"] in said


def test_a_number_becomes_another_of_the_same_form() -> None:
    wrong = made("You have 14 days.")["number"]
    assert wrong != "You have 14 days."
    assert wrong.startswith("You have ")
    assert wrong.removeprefix("You have ").removesuffix(" days.").isdigit()


def test_a_year_is_a_date_and_no_number() -> None:
    wrong = made("1998年，他在北京工作。")
    assert "number" not in wrong
    assert wrong["date"].endswith("年，他在北京工作。")
    assert not wrong["date"].startswith("1998")


def test_a_unit_becomes_another_of_its_family() -> None:
    assert (
        made("Send it within 14 days of delivery.")["unit"].split()[4]
        in "seconds minutes hours weeks months years".split()
    )
    assert made("请在 30 天内退回。")["unit"] != "请在 30 天内退回。"


def test_a_name_becomes_one_of_those_given() -> None:
    assert made("We ship to Bergen every day.")["name"] in {
        "We ship to Oslo every day.",
        "We ship to Acme Hotel every day.",
    }
    assert names_in("We ship to Bergen every day.") == ["Bergen"]
    assert made("他写了《西游记》。")["name"] == "他写了《红楼梦》。"


def test_a_condition_is_left_out() -> None:
    assert made("If it is unopened, you can return the kit.")["condition"] == "You can return the kit."
    assert made("如果包裹未拆封，您可以申请退货。")["condition"] == "您可以申请退货。"


def test_a_sentence_without_anything_to_spoil_is_left_alone() -> None:
    assert made("Thank you.") == {}


@given(st.text(max_size=200))
def test_of_any_text_each_kind_is_made_at_most_once_and_differs(text: str) -> None:
    found = list(spoilt(text, NAMES, random.Random(0)))
    kinds = [one.kind for one in found]
    assert sorted(kinds, key=KINDS.index) == kinds
    assert len(set(kinds)) == len(kinds)
    assert all(one.text != text for one in found)
