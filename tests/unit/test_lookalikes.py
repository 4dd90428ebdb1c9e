"""What tells questions apart that look alike."""

from __future__ import annotations

import pytest

from bot.answering.lookalikes import Difference, difference, plain


@pytest.mark.parametrize(
    ("question", "wording", "expected"),
    [
        ("Can I pause for 6 months?", "Can I pause for 3 months?", Difference.NUMBER),
        ("套餐可以暂停六个月吗？", "套餐可以暂停三个月吗？", Difference.NUMBER),
        ("Is error E12 covered?", "Is error E13 covered?", Difference.NUMBER),
        ("Does the warranty not cover water?", "Does the warranty cover water?", Difference.NEGATION),
        ("进水损坏不在保修范围内吗？", "进水损坏在保修范围内吗？", Difference.NEGATION),
        ("How long does shipping to Spain take?", "What does it cost to ship to Spain?", Difference.KIND),
        ("寄到新加坡要多久？", "寄到新加坡的运费是多少？", Difference.KIND),
        ("How long does delivery to Norway take?", "Do you deliver to Norway?", Difference.KIND),
        ("Can I return an unopened kit?", "Can I return an opened kit?", Difference.WORD),
        ("未拆封的种植机可以退货吗？", "拆封的种植机可以退货吗？", Difference.NEGATION),
        ("Are you open on Monday?", "Are you open on Sunday?", Difference.WORD),
        ("怎么暂停套餐？", "怎么取消套餐？", Difference.WORD),
    ],
)
def test_another_question_in_the_same_frame_is_told_apart(question: str, wording: str, expected: Difference) -> None:
    assert difference(question, wording) is expected
    assert difference(wording, question) is expected


@pytest.mark.parametrize(
    ("question", "wording"),
    [
        ("hi, ARE you open on sunday please??", "Are you open on Sunday?"),
        ("请问你们周日上班吗", "你们周日上班吗？"),
        ("is it possible to send back a kit that has been opened already", "Can I return an opened kit?"),
        ("how many days until the refund shows on my account", "How long does a refund take?"),
        ("what is the reason my pump is so loud", "Why does the pump make noise?"),
        ("多少天能收到退款", "退款需要多久？"),
        ("礼拜天上班吗", "周日上班吗？"),
        ("我想把套餐停3个月，可以吗", "套餐可以暂停三个月吗？"),
    ],
)
def test_another_way_of_asking_the_same_is_not_told_apart(question: str, wording: str) -> None:
    assert difference(question, wording) is None


def test_politeness_case_and_punctuation_are_not_part_of_a_question() -> None:
    assert plain("Hello, could you tell me: ARE YOU OPEN?") == plain("are you open")
    assert plain("请问，营业吗？") == plain("营业吗")


def test_nothing_breaks_on_texts_without_words() -> None:
    for text in ("", "???", "🙂", "12", "\n"):
        assert difference(text, text) is None
        difference(text, "Are you open?")
