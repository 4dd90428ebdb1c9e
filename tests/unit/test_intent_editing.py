"""Editing a list of intents: what is taken, what is refused in which words, and that a file keeps every letter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.company import SAMPLE_COMPANY
from bot.errors import IntentsInvalid
from bot.intent_store.intent_editing import (
    LONGEST_EXAMPLE,
    add_examples,
    as_toml,
    count_examples,
    delete_intent,
    digest_of,
    examples_of,
    from_toml,
    move_example,
    pasted_lines,
    put_intent,
    remove_example,
    tidied,
)
from bot.intents import Intent, LeadsTo, load_intents

REFUND = Intent("refund", LeadsTo.KNOWLEDGE, {"en": "Refunds"}, {"en": ("my refund", "money back"), "zh": ("退款",)})
HOURS = Intent("hours", LeadsTo.KNOWLEDGE, {"en": "Hours"}, {"en": ("are you open", "opening times")})
INTENTS = (REFUND, HOURS)


def test_an_intent_is_added_edited_renamed_and_deleted() -> None:
    parcel = Intent("parcel", LeadsTo.KNOWLEDGE, {"en": "Parcels"}, {"en": ("where is my parcel",)})
    three = put_intent(INTENTS, parcel)
    renamed = put_intent(three, replace(parcel, name="delivery"), before="parcel")
    assert [intent.name for intent in renamed] == ["refund", "hours", "delivery"]
    assert delete_intent(renamed, "delivery") == INTENTS


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(IntentsInvalid, match="an intent 'hours' already"):
        put_intent(INTENTS, replace(REFUND, name="hours"), before="refund")


@pytest.mark.parametrize("name", ["", " ", "unknown", "<b>x</b>", "a" * 65, 'a"b', "a\nb", "../x", "-"])
def test_what_cannot_be_a_name_is_refused_in_words(name: str) -> None:
    with pytest.raises(IntentsInvalid, match="cannot be a name"):
        put_intent(INTENTS, replace(REFUND, name=name, examples={"en": ("something new",)}))


@pytest.mark.parametrize("name", ["card arrival", "Refund_not_showing_up", "reverted_card_payment?", "退款", "a"])
def test_names_that_companies_use_are_taken(name: str) -> None:
    edited = put_intent(INTENTS, replace(REFUND, name=name), before="refund")
    assert edited[0].name == name


def test_an_intent_without_examples_and_small_talk_without_words_are_refused() -> None:
    with pytest.raises(IntentsInvalid, match="'refund': give at least one example"):
        put_intent(INTENTS, replace(REFUND, examples={"en": ("  ", "\n")}), before="refund")
    with pytest.raises(IntentsInvalid, match="'refund': small talk needs a reply"):
        put_intent(INTENTS, replace(REFUND, leads_to=LeadsTo.SMALL_TALK), before="refund")


def test_a_message_of_two_intents_is_refused_and_it_is_said_where() -> None:
    with pytest.raises(IntentsInvalid, match=r"'refund': 'Are  you OPEN'|'Are you OPEN' stands under 'hours'"):
        put_intent(INTENTS, replace(REFUND, examples={"en": ("Are  you OPEN", "refund")}), before="refund")


def test_an_example_of_a_hundred_thousand_characters_is_refused_and_not_repeated_in_full() -> None:
    with pytest.raises(IntentsInvalid, match=f"100,000 characters; at most {LONGEST_EXAMPLE:,}") as refused:
        put_intent(INTENTS, replace(REFUND, examples={"en": ("x" * 100_000,)}), before="refund")
    assert len(str(refused.value)) < 300


def test_ten_thousand_pasted_lines_are_sorted_by_language_and_counted() -> None:
    lines = [f"where is parcel number {number}" for number in range(9_000)] + [f"包裹{n}在哪里" for n in range(1_000)]
    changed, pasted = add_examples(
        INTENTS, "refund", [*lines, "my refund", "ARE YOU OPEN", "x" * 100_000, "", lines[0]]
    )
    assert (pasted.added, pasted.repeated, pasted.too_long) == (10_000, 2, 1)
    assert pasted.elsewhere == (("ARE YOU OPEN", "hours"),)
    assert len(changed[0].examples["zh"]) == 1_001


def test_more_examples_than_can_be_trained_are_refused() -> None:
    with pytest.raises(IntentsInvalid, match="20,005 examples are too many"):
        add_examples(INTENTS, "refund", [f"line {number}" for number in range(20_000)])


def test_lines_and_csv_can_be_pasted() -> None:
    assert pasted_lines("text\r\n one \n\n two, three\n") == ["one", "two, three"]
    assert pasted_lines('"one, two",refund\n"he said ""hi""",x') == ["one, two", 'he said "hi"']


def test_an_example_moves_to_another_intent_or_goes() -> None:
    moved = move_example(INTENTS, "refund", "money back", "hours")
    assert "money back" not in examples_of(moved[0])
    assert "money back" in moved[1].examples["en"]
    assert count_examples(remove_example(INTENTS, "refund", "退款")[0]) == 2
    with pytest.raises(IntentsInvalid, match="no longer an example of 'refund'"):
        move_example(INTENTS, "refund", "gone", "hours")


def test_the_last_but_one_intent_stays() -> None:
    with pytest.raises(IntentsInvalid, match="at least 2 intents"):
        delete_intent(INTENTS, "refund")


def test_the_sample_companys_list_comes_back_from_toml_as_it_was(tmp_path: Path) -> None:
    intents = load_intents(SAMPLE_COMPANY / "intents.toml")
    (tmp_path / "intents.toml").write_text(as_toml(intents), encoding="utf-8")
    assert load_intents(tmp_path / "intents.toml") == intents


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=8), st.text(max_size=30))
def test_any_words_come_back_from_toml(texts: list[str], title: str) -> None:
    edited = tidied(Intent("any", LeadsTo.KNOWLEDGE, {"en": title}, {"en": tuple(texts), "zh": ("甲",)}))
    other = Intent("other", LeadsTo.KNOWLEDGE, {"en": "Other"}, {"en": ("\u2603 never drawn \u2603",)})
    assert digest_of(from_toml(as_toml((edited, other)))) == digest_of((edited, other))


def test_a_file_that_is_no_list_is_refused_with_its_place() -> None:
    with pytest.raises(IntentsInvalid, match=r"'intents.toml' is not valid TOML.*line 1"):
        from_toml("what is this")
    with pytest.raises(IntentsInvalid, match="title is written for each language"):
        from_toml('[[intent]]\nname = "a"\ntitle = "A"\nexamples.en = ["x"]')
    with pytest.raises(IntentsInvalid, match="begins with a line"):
        from_toml("intent = 3")
