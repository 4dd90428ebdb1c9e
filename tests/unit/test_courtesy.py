"""What is only polite is taken out before a message is classified; what it is about stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.classifiers.courtesy import without_courtesy
from bot.classifiers.courtesy_clauses import CHUNKS_ZH
from bot.classifiers.ngrams import pieces_of


@pytest.mark.parametrize(
    ("message", "about"),
    [
        ("Hello, could you please tell me where my order is? Thank you so much!", "tell me where my order is?"),
        ("Good day, would you kindly help me with this: my card was declined. Thank you.", "my card was declined."),
        ("Hi there, I hope you are well. I want a refund. Thanks in advance", "I want a refund."),
        (
            "Excuse me, sorry to bother you, but do you ship to Norway? Kind regards, Anna Smith",
            "do you ship to Norway?",
        ),
        ("Would you be so kind as to cancel my plan? I'd be most grateful.", "cancel my plan?"),
        ("May I ask why I was charged twice, if it's not too much trouble?", "why I was charged twice"),
        ("Dear support team, I was wondering if you could help me. The app crashes", "The app crashes"),
        ("您好，麻烦请问一下，怎么退货，谢谢！", "怎么退货"),
        ("你好，不好意思打扰一下，订单什么时候发货？非常感谢您的帮助！", "订单什么时候发货？"),
        ("亲，在吗？想咨询一下，有折扣吗，麻烦您了，辛苦了", "有折扣吗"),
        ("請問怎麼退貨，謝謝", "怎麼退貨"),
    ],
)
def test_what_a_polite_message_is_about_is_left(message: str, about: str) -> None:
    assert without_courtesy(message) == about


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "Good morning!",
        "Hi, how are you?",
        "Thank you so much for your help",
        "perfect, thank you",
        "got it, thanks",
        "Could you help me?",
        "that would be great",
        "在吗",
        "你好，请问",
        "谢谢",
        "好的谢谢",
        "明白了，谢谢",
        "麻烦你了",
        "",
        "?!",
    ],
)
def test_greetings_and_thanks_that_say_nothing_else_stay_whole(message: str) -> None:
    assert without_courtesy(message) == message


@pytest.mark.parametrize(
    "message",
    [
        "where is my order",
        "I want to thank you for the shop, but my bag is torn",
        "will you be able to deliver tomorrow?",
        "can you help me cancel my order",
        "my hello kitty mug is broken",
        "I lost my card! Help!",
        "请假怎么申请",
        "你们的请求失败了",
    ],
)
def test_plain_messages_stay_as_they_are(message: str) -> None:
    assert without_courtesy(message) == message


@given(st.text(max_size=80))
def test_nothing_is_added_and_something_always_stays(text: str) -> None:
    left = without_courtesy(text)
    assert set(left) <= set(text) | {" ", "'"}
    assert bool(left.strip()) == bool(text.strip())
    assert without_courtesy(left) == left or len(left) < len(text)
    assert not list(pieces_of(text)) or list(pieces_of(left))


def _words_of(pattern: str) -> list[str]:
    """One word for each alternative: of a class its first character, nothing that may be left out is left out."""
    words = (re.sub(r"\[(.)[^\]]*\]", r"\1", word) for word in pattern.replace(r"[\s~～]", "~").split("|"))
    return [re.sub(r"\(.*?\)|\{.*?\}|\?", "", word) for word in words]


CHUNKS = _words_of(CHUNKS_ZH)
FRAMES = (
    "hello there ;if possible ;best regards, Anna ;would you mind ;i'd be so very ;dear sir or ;please ;thank you and ;"
    "regards a....... ;my name is -;sorry to bother you you ;辛苦帮忙了;谢谢了;谢谢你;麻烦您;您好，;祝您好;"
    "请问一下，;, ;，;-"
).split(";")


def test_every_row_of_polite_chinese_words_is_one() -> None:
    assert len(CHUNKS) > 100
    for chunk in (each for each in CHUNKS if not each.isascii()):
        assert without_courtesy(f"怎么退货，谢谢{chunk * 7}") == "怎么退货"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("times", [40, 1000])
def test_no_row_of_polite_words_takes_long(times: int) -> None:
    """Some of these took longer than the age of the world; all together they take a second or two."""
    for words in (*CHUNKS, *FRAMES):
        row = (words * times)[:4000]
        for message in (f"{row}货", f"怎么退货 {row}@"):
            assert without_courtesy(message)


def test_at_either_end_only_so_many_frames_are_taken_out() -> None:
    kept = without_courtesy("hello there " * 300 + "where is my order")
    assert kept.startswith("hello there ")
    assert kept.endswith("where is my order")
    assert len(kept) < 300 * len("hello there ")
