"""What is quoted, and how it reads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.quoting import asks_how, quotations, quoted_text
from bot.protocols import EvidenceSentence

STEPS = "To start a return:\n1. Open your account.\n2. Choose the order.\n3. Print the label.\nThen wait."


def sentences(text: str, scores: dict[str, float], passage: int = 0) -> list[EvidenceSentence]:
    """The lines of `text`, best first; a line scores what the first fitting key says, else 0.1."""
    found, start = [], 0
    for line in text.split("\n"):
        score = next((value for key, value in scores.items() if key in line), 0.1)
        found.append(EvidenceSentence(passage, start, start + len(line), line, score))
        start += len(line) + 1
    return sorted(found, key=lambda one: -one.score)


def read(found: list[EvidenceSentence], most: int = 2) -> list[str]:
    return [quoted_text(group) for group in quotations("What is it?", found, most)]


def test_nothing_is_quoted_from_nothing() -> None:
    assert quotations("What is it?", [], 2) == ()


def test_a_sentence_that_comes_near_the_best_is_quoted_too_in_reading_order() -> None:
    found = sentences("It costs €5.\nIt is free above €50.\nWe ship daily.", {"above": 0.9, "costs": 0.85})
    assert read(found) == ["It costs €5. It is free above €50."]
    assert read(found, most=1) == ["It is free above €50."]


def test_a_sentence_far_behind_the_best_is_left_out() -> None:
    assert read(sentences("It costs €5.\nWe ship daily.", {"costs": 0.9})) == ["It costs €5."]


def test_the_best_sentences_passage_comes_first() -> None:
    found = sentences("Best.", {"Best": 0.9}, passage=3) + sentences("Near.", {"Near": 0.89}, passage=1)
    assert read(found) == ["Best.", "Near."]


def test_a_line_that_heads_a_list_brings_the_list_along() -> None:
    found = sentences("You need:\n- a kit\n- water\nThat is all.", {"You need": 0.9})
    assert read(found) == ["You need:\n- a kit\n- water"]


def test_a_step_brings_all_steps_along() -> None:
    expected = "To start a return:\n1. Open your account.\n2. Choose the order.\n3. Print the label."
    assert read(sentences(STEPS, {"Choose": 0.9})) == [expected]


def test_a_step_of_a_long_list_is_quoted_alone_and_without_its_number() -> None:
    long = "\n".join(f"{number}. Step {number}." for number in range(1, 15))
    assert read(sentences(long, {"Step 7": 0.9})) == ["Step 7."]


def test_a_lone_list_item_loses_its_mark_and_two_keep_theirs() -> None:
    found = sentences("- Red means empty\n- Green means full", {"Red": 0.9})
    assert read(found) == ["Red means empty"]
    found = sentences("- Red means empty\n- Green means full", {"Red": 0.9, "Green": 0.9})
    assert read(found) == ["- Red means empty\n- Green means full"]


def test_table_records_and_numbers_are_quoted_as_they_stand() -> None:
    assert read(sentences("Plan: Home; Price: €22", {"Home": 0.9})) == ["Plan: Home; Price: €22"]
    assert read(sentences("2.4 GHz is supported.", {"GHz": 0.9})) == ["2.4 GHz is supported."]


def test_chinese_sentences_are_joined_without_a_space() -> None:
    assert read(sentences("退款需要五天。\n银行另需七天。", {"五天": 0.9, "七天": 0.88})) == [
        "退款需要五天。银行另需七天。"
    ]


LINES = st.sampled_from(["A sentence.", "- item", "1. step", "2. step", "Heads a list:", "一句话。", "-", "1."])


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(LINES, st.floats(0, 1), st.integers(0, 2)), max_size=12), st.integers(1, 4))
def test_every_quotation_begins_with_the_best_and_repeats_nothing(
    lines: list[tuple[str, float, int]], most: int
) -> None:
    found = [EvidenceSentence(p, n * 20, n * 20 + len(t), t, score) for n, (t, score, p) in enumerate(lines)]
    found.sort(key=lambda one: -one.score)
    groups = quotations("What is it?", found, most)
    quoted = [one for group in groups for one in group]
    assert len(quoted) == len(set(quoted))
    if found:
        assert found[0] in groups[0]
        assert all(quoted_text(group) for group in groups)


@pytest.mark.parametrize(
    "question",
    ["How do I pause my plan?", "What should I do if it leaks?", "怎么暂停套餐？", "密码忘了怎么办", "如何注销账户"],
)
def test_a_question_of_how_is_answered_by_the_whole_first_passage(question: str) -> None:
    steps = ("Open Account > Plan.", "Choose Pause.", "Pick one, two or three months.")
    found = [EvidenceSentence(0, 100 * n, 100 * n + len(text), text, 0.9 - n / 4) for n, text in enumerate(steps)]
    found.append(EvidenceSentence(1, 0, 28, "A yearly plan can be paused.", 0.95))
    found.sort(key=lambda sentence: -sentence.score)
    assert [[one.text for one in group] for group in quotations(question, found, 2)] == [list(steps)]


@pytest.mark.parametrize("question", ["How long is it?", "How much does it cost?", "多久能到？", "这个产品怎么样？"])
def test_a_question_for_a_fact_is_not_a_question_of_how(question: str) -> None:
    assert not asks_how(question)
