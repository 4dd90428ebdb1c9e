"""Passages: bounded by headings, small enough, stable, and together the whole text."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import ChunkLimits, estimate_tokens, split_into_passages
from knowledge.languages import detect_language
from knowledge.passages import DocumentText, Heading, Passage
from knowledge.readers import read_markdown_text

SENTENCE = "You can send anything back within thirty days of delivery. "
SMALL = ChunkLimits(target_tokens=40, record_tokens=120)


def split(text: DocumentText, limits: ChunkLimits | None = None) -> tuple[Passage, ...]:
    return split_into_passages("doc", "doc.md", detect_language, text, limits=limits or ChunkLimits())


def markdown(text: str, title: str = "Guide", limits: ChunkLimits | None = None) -> tuple[Passage, ...]:
    return split(read_markdown_text(title, text), limits)


def test_each_section_is_a_passage_with_its_path() -> None:
    passages = markdown("# Guide\n\nIntro.\n\n## Prices\n\nCheap.\n\n### Old\n\nCheaper.\n\n## Returns\n\nFree.")
    assert [(passage.heading, passage.text) for passage in passages] == [
        ("", "Intro."),
        ("Prices", "Cheap."),
        ("Prices > Old", "Cheaper."),
        ("Returns", "Free."),
    ]
    assert passages[1].embedded_text == "Guide > Prices\nCheap."


def test_a_first_heading_that_differs_from_the_title_stays_in_the_path() -> None:
    (passage,) = markdown("# Invoices\n\nMonthly.", title="Billing")
    assert passage.heading == "Invoices"


def test_headings_without_text_yield_nothing() -> None:
    passages = markdown("# Guide\n\n## Empty\n\n## Full\n\nText.\n\n## Last")
    assert [passage.heading for passage in passages] == ["Full"]


def test_a_section_of_moderate_length_stays_whole() -> None:
    (passage,) = markdown(SENTENCE * 12)
    assert estimate_tokens(passage.text) <= 200


def test_a_long_section_is_split_between_sentences_and_says_one_again() -> None:
    numbered = "".join(f"Sentence number {number} says what it says. " for number in range(60))
    passages = markdown(numbered)
    assert len(passages) > 2
    assert all(passage.text.endswith("says.") for passage in passages)
    for before, after in pairwise(passages):
        repeated = before.text[before.text.rindex("Sentence") :]
        assert after.text.startswith(repeated)


def test_paragraph_ends_are_preferred() -> None:
    paragraph = (SENTENCE * 9).strip()
    passages = markdown(f"{paragraph}\n\nShort one.\n\n{paragraph}")
    assert passages[0].text == f"{paragraph}\n\nShort one."


def test_records_are_never_cut_and_never_repeated() -> None:
    rows = [
        f"Plan: Plan {number}; Price per month: €{number}; Support: by e-mail. On weekdays." for number in range(60)
    ]
    text = DocumentText("Prices", "\n".join(rows))
    passages = split(text)
    assert len(passages) > 3
    assert [line for passage in passages for line in passage.text.split("\n")] == rows


def test_a_record_far_too_long_is_cut_between_its_fields() -> None:
    record = "; ".join(f"Field {number}: value {number} of it" for number in range(60))
    passages = split(DocumentText("Prices", record), SMALL)
    assert all(passage.text.startswith("Field") for passage in passages)


def test_text_without_any_sentence_end_is_cut_at_words() -> None:
    passages = split(DocumentText("x", "word " * 2000))
    assert all(set(passage.text.split()) == {"word"} for passage in passages)


def test_text_without_any_space_is_cut_all_the_same() -> None:
    assert len(split(DocumentText("x", "x" * 50_000))) > 10
    assert len(split(DocumentText("x", "退货政策" * 5000))) > 10


def test_no_tiny_rest_is_left_over() -> None:
    passages = markdown(SENTENCE * 15 + "The end.")
    assert min(estimate_tokens(passage.text) for passage in passages) > 40


def test_the_page_is_the_one_on_which_a_passage_begins() -> None:
    text = DocumentText(
        "t", "One.\n\nA\n\nTwo.\n\nB\n\nThree.", (Heading(1, "A", 6), Heading(1, "B", 15)), (0, 9, 18, 18)
    )
    assert [(passage.text, passage.page) for passage in split(text)] == [("One.", 1), ("Two.", 2), ("Three.", 4)]
    assert {passage.page for passage in split(replace(text, page_starts=()))} == {None}


def test_each_passage_has_its_own_language_and_a_price_that_of_the_document() -> None:
    passages = markdown(
        "## 退货\n\n七天内可以退货，运费由我们承担。\n\n## Price\n\n9.50 €\n\n"
        "## English\n\nReturns are free for you.\n\n## 换货\n\n三十天内可以免费更换商品，请联系客服。"
    )
    assert [passage.language for passage in passages] == ["zh", "zh", "en", "zh"]


def test_repeated_text_gets_numbered_ids() -> None:
    first, second, third = markdown("## Note\n\nSame.\n\n## Note\n\nSame.\n\n## Note\n\nSame.")
    assert first.passage_id.startswith("doc:")
    assert len(first.passage_id) == len("doc:") + 10
    assert (second.passage_id, third.passage_id) == (f"{first.passage_id}-2", f"{first.passage_id}-3")


def test_a_change_in_one_section_leaves_the_ids_of_the_others() -> None:
    sections = [f"## Section {number}\n\n{SENTENCE * 25}{number}." for number in range(5)]
    before = {passage.passage_id for passage in markdown("\n\n".join(sections))}
    sections[2] = sections[2].replace("thirty", "sixty")
    after = markdown("\n\n".join(sections))
    changed = {passage.heading for passage in after if passage.passage_id not in before}
    assert changed == {"Section 2"}


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("退货政策", 2.8), ("Returns are free", 3.9), ("3.50 €", 3.1), ("a" * 24, 2.6)]
)
def test_tokens_are_estimated(text: str, tokens: float) -> None:
    assert estimate_tokens(text) == pytest.approx(tokens)


_PIECES = st.lists(
    st.sampled_from(
        [
            SENTENCE,
            "您可以在签收后七天内退货。运费由我们承担；",
            "\n\n",
            "\n",
            "- item\n",
            "\n\n## Heading A\n\n",
            "\n\n# B\n\n",
            "Plan: Sprout; Price: €9; Pods: 3\n",
            "x" * 300,
            "，词" * 80,
            "e.g. 3.5 ",
            "    code()\n",
            "!?。",
            " ",
        ]
    ),
    max_size=40,
)


@settings(max_examples=30, deadline=None)
@given(_PIECES)
def test_passages_together_are_the_whole_text(pieces: list[str]) -> None:
    text = read_markdown_text("Guide", "".join(pieces))
    passages = split(text, SMALL)
    covered: set[int] = set()
    for passage in passages:
        assert 0 <= passage.start < passage.end <= len(text.text)
        assert passage.text == text.text[passage.start : passage.end] == passage.text.strip()
        covered.update(range(passage.start, passage.end))
    for heading in text.headings:
        line = set(range(heading.start, heading.start + len(heading.text)))
        assert not covered & line
        covered |= line
    assert {position for position, character in enumerate(text.text) if not character.isspace()} <= covered
    assert len({passage.passage_id for passage in passages}) == len(passages)
    assert list(passages) == sorted(passages, key=lambda passage: passage.start)


@settings(max_examples=30, deadline=None)
@given(_PIECES, st.integers(min_value=10, max_value=120))
def test_no_passage_is_twice_as_long_as_wanted(pieces: list[str], target: int) -> None:
    limits = ChunkLimits(target_tokens=target)
    for passage in split(read_markdown_text("Guide", "".join(pieces)), limits):
        is_single_record = "\n" not in passage.text and "; " in passage.text
        assert is_single_record or estimate_tokens(passage.text) <= 2 * target
