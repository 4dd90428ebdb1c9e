"""What says the same is shown once, and what differs is not hidden."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.indexing.repetitions import fold_repetitions
from knowledge.passages import ScoredPassage
from tests.fakes.retriever import a_passage

RETURNS = (
    "You can send any kettle back within thirty days of delivery. Put it into its box with all its parts, write the "
    "order number on the label, and hand the parcel in at any post office. We pay the money back within a week."
)


def found(*texts: str, heading: str = "Returns") -> list[ScoredPassage]:
    return [
        ScoredPassage(replace(a_passage(text, number=number), heading=heading), score=1 - number / 10, dense=0.85)
        for number, text in enumerate(texts)
    ]


def kept_of(results: list[ScoredPassage]) -> list[int]:
    return [results.index(replace(one, repetitions=())) for one in fold_repetitions(results)]


def test_a_copy_in_another_document_joins_the_better_one_and_is_named() -> None:
    results = found(RETURNS, "We ship by courier.", RETURNS.replace(" Put", "\n\nPut"))
    first, second = fold_repetitions(results)
    assert [one.document_id for one in first.repetitions] == [results[2].passage.document_id]
    assert second.repetitions == ()


def test_a_short_answer_is_another_one_under_another_title_or_question() -> None:
    here, there = found("Yes, free of charge.", "Yes, free of charge.", heading="Is there a pool?")
    assert len(fold_repetitions([here, there])) == 1
    for passage in (replace(there.passage, title="Bridge Inn"), replace(there.passage, heading="Is there a sauna?")):
        assert len(fold_repetitions([here, replace(there, passage=passage)])) == 2


def test_two_versions_of_a_section_are_one() -> None:
    assert kept_of(found(RETURNS, RETURNS.replace("hand the parcel in", "drop the parcel"))) == [0]


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("thirty days", "30 days"),
        ("thirty days", "forty days"),
        ("within a week", "within a month"),
        ("You can send", "You cannot send"),
        ("We pay", "We do not pay"),
    ],
)
def test_another_number_or_a_negation_is_another_statement(said: str, instead: str) -> None:
    assert kept_of(found(RETURNS, RETURNS.replace(said, instead))) == [0, 1]


PLANS = (
    "Every plan comes with a kettle, a stand and a warranty, and can be ended at any time on the page of your account. "
    "The small plan costs 12 euros a month and the large plan costs 21 euros a month, tax included, wherever you live. "
    "We charge the card that you gave us on the first day, and send an invoice by email on the same morning."
)


@pytest.mark.parametrize(
    ("here", "there"),
    [("12", "21"), ("small plan", "large plan")],
)
def test_two_statements_that_have_changed_places_are_other_statements(here: str, there: str) -> None:
    swapped = PLANS.replace(here, "\0").replace(there, here).replace("\0", there)
    assert sorted(swapped.split()) == sorted(PLANS.split())
    assert kept_of(found(PLANS, swapped)) == [0, 1]


def test_a_chinese_negation_is_another_statement() -> None:
    text = (
        "收到商品后七天内可以申请退货，请保留原包装和所有配件，并在包裹上写明订单号，"
        "我们会在一周内把货款退还到您的账户，运费由我们承担。如有疑问，欢迎随时联系客服，我们乐意帮忙。"
    )
    assert kept_of(found(text, text.replace("可以", "不可以"))) == [0, 1]
    assert kept_of(found(text, text.replace("乐意", "愿意"))) == [0]


def test_versions_under_different_headings_are_both_kept() -> None:
    results = [*found(RETURNS, heading="Home plan"), *found(RETURNS.replace("hand", "give"), heading="Plus plan")]
    assert len(fold_repetitions(results)) == 2


def test_a_similar_text_that_answers_something_else_is_kept() -> None:
    results = found(RETURNS, RETURNS.replace("drop", "hand").replace("any kettle", "a kettle"))
    apart = [results[0], replace(results[1], dense=0.7)]
    assert len(fold_repetitions(results)) == 1
    assert len(fold_repetitions(apart)) == 2


@settings(max_examples=50)
@given(texts=st.lists(st.sampled_from([RETURNS, "We ship by courier.", "Call us.", "Call  us."]), max_size=12))
def test_nothing_is_lost_and_the_order_stays(texts: list[str]) -> None:
    results = found(*texts)
    folded = fold_repetitions(results)
    told = [passage for one in folded for passage in (one.passage, *one.repetitions)]
    assert sorted(one.passage_id for one in told) == sorted(one.passage.passage_id for one in results)
    assert [one.score for one in folded] == sorted((one.score for one in folded), reverse=True)
    assert len({" ".join(one.passage.text.split()) for one in folded}) == len(folded)
