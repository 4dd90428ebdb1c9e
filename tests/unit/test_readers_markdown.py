"""Markdown becomes what a reader of the rendered page sees."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.passages import DocumentText
from knowledge.readers import read_document, read_markdown_text


def markdown(text: str, name: str = "some-file.md") -> DocumentText:
    return read_document(name, text.encode())


def test_front_matter_gives_the_title_and_is_no_text() -> None:
    document = markdown('---\ntitle: "Plans & prices"\nsidebar: 3\n---\n\nWe have two plans.')
    assert document.title == "Plans & prices"
    assert document.text == "We have two plans."


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ("---\ntitle: >-\n    Get\n    started\nx: 1\n---\n", "Get started"),
        ("---\ntitle: 'It''s easy'\n---\n", "It's easy"),
        ('+++\ntitle = "Prices"\n+++\n', "Prices"),
        ("---\nlayout: x\n---\n# Heading\n", "Heading"),
        ("# Only *heading*\n", "Only heading"),
        ("", "Some file"),
    ],
)
def test_the_title_is_the_front_matters_then_the_first_headings_then_the_files(front: str, title: str) -> None:
    assert markdown(front + "\nBody.").title == title


def test_a_rule_on_top_is_not_front_matter() -> None:
    assert "All of this stays" in markdown("---\n\nAll of this stays.\n\n---\n\nAnd this.").text


def test_headings_stand_where_they_say() -> None:
    document = markdown("# Guide\n\nIntro\n\n## Prices ## {#prices}\n\nText\n\nSetext\n------\n\nMore")
    assert [(heading.level, heading.text) for heading in document.headings] == [
        (1, "Guide"),
        (2, "Prices"),
        (2, "Setext"),
    ]
    for heading in document.headings:
        assert document.text[heading.start :].startswith(heading.text + "\n")


def test_a_table_row_becomes_a_record() -> None:
    table = "| Plan | Price per month | Pods |\n|---|:-:|--:|\n| Sprout | €9 | 3 |\n| **Oak** | | `4 \\| 5` |\n"
    assert markdown(table).text == "Plan: Sprout; Price per month: €9; Pods: 3\nPlan: Oak; Pods: 4 | 5"


def test_links_images_and_emphasis_leave_their_words() -> None:
    text = "See [the **policy**](https://a.example/b), <https://c.example> and ![logo](x.png) *now*."
    assert markdown(text).text == "See the policy, https://c.example and now."


def test_a_picture_described_in_a_sentence_is_described() -> None:
    assert "The red button is at the top" in markdown("![The red button is at the top](a.png)").text


def test_lists_keep_their_markers_and_nesting() -> None:
    assert markdown("* a\n  * b\n* c\n\n1. one\n2. two\n").text == "- a\n  - b\n- c\n\n1. one\n2. two"


def test_code_is_kept_as_it_is() -> None:
    assert markdown("Run:\n\n```sh\nif x:\n    y <tag> {% raw %}\n```\n").text == "Run:\n\nif x:\n    y <tag> {% raw %}"


def test_admonitions_become_plain_text() -> None:
    text = markdown(":::tip Good to know\nRefunds are **fast**.\n:::\n\n> [!NOTE]\n> Mind the gap.\n").text
    assert text == "Good to know\n\nRefunds are fast.\n\nMind the gap."


def test_what_only_a_site_generator_understands_goes() -> None:
    source = (
        "import Box from '@site/src/Box';\n\nBefore.\n\n<Box\n  headline=\"Buy now\"\n  style={{color: 'red'}}\n/>\n\n"
        "{% include alert.html\n  type='x' %}\n\n{{< copyable >}}\n\n{: .list}\nAfter `{% code %}`.{:class=\"x\"}\n"
        "<img alt=\"Import\" src={useBaseUrl('a.png')} />\n"
    )
    assert markdown(source).text == "Before.\n\nAfter {% code %}."


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- SECRET -->",
        "<!--\nSECRET\n\nSECRET\n-->",
        '<div style="display: none">\n\nSECRET\n\n</div>',
        "<span hidden>SECRET</span>",
        "<script>\nSECRET\n</script>",
        "<head>\n  <style>\n\n  SECRET { }\n  </style>\n</head>",
        "a <script>SECRET</script> b",
        '<p style="font-size:0">SECRET</p>',
        "[//]: # (SECRET)",
    ],
)
def test_text_that_nobody_sees_is_not_read(hidden: str) -> None:
    text = markdown(f"Before.\n\n{hidden}\n\nAfter.").text
    assert "SECRET" not in text
    assert text.startswith("Before.")
    assert text.endswith("After.")


@pytest.mark.parametrize("tag", ["<script>", "<head>", "<title>", "<textarea>", "<style>", "<pid>", "</head>"])
def test_a_tag_that_is_talked_about_does_not_swallow_the_rest(tag: str) -> None:
    assert markdown(f"Put it before the {tag} tag.\n\n## Next\n\nMore.").text == (
        f"Put it before the {tag} tag.\n\nNext\n\nMore."
    )


@pytest.mark.parametrize("opening", ["<iframe src='x'>", "<nav>", "<svg>", "<head>", "<div>"])
def test_a_block_of_html_that_is_never_closed_does_not_swallow_the_rest(opening: str) -> None:
    assert "More." in markdown(f"{opening}\n\n## Next\n\nMore.").text


def test_html_inside_is_read_like_a_page() -> None:
    source = "<ul>\n  <li>One</li>\n\n    <li>Two</li>\n</ul>\n\n<details><summary>How?</summary>Like so.</details>"
    assert markdown(source).text == "- One\n- Two\n\nHow?\n\nLike so."


def test_lines_broken_for_width_are_joined_and_short_lines_kept() -> None:
    wrapped = "A long line that an editor broke somewhere after\nsixty columns. Yes.\n\nMonday 9–5\nTuesday 9–4\n"
    assert markdown(wrapped).text == (
        "A long line that an editor broke somewhere after sixty columns. Yes.\n\nMonday 9–5\nTuesday 9–4"
    )


def test_chinese_lines_are_joined_without_a_space() -> None:
    source = "您可以在签收后七天之内申请退货，我们会在收到商品之后的\n五个工作日之内退款给您。"
    assert "\n" not in markdown(source).text
    assert "之后的五个" in markdown(source).text


def test_a_text_that_comes_with_a_title_keeps_it() -> None:
    document = read_markdown_text("Billing", "# Invoices\n\nMonthly.")
    assert document.title == "Billing"
    assert document.headings[0].text == "Invoices"


def test_endless_markup_takes_no_endless_time() -> None:
    for trap in ("![a](", "*a **b _c ", "[a", "> ", "a <!-- ", "`` ` ", "<script> ", "{% ", "={ ", "- a\n"):
        markdown("x " + trap * (12_000 // len(trap)))


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="ab#*_-`[]()<>!|:{}%~=\"'\n &;./\\1中。", max_size=200))
def test_any_text_can_be_read_and_its_headings_stand_where_they_say(source: str) -> None:
    document = read_markdown_text("t", source)
    for heading in document.headings:
        assert document.text[heading.start : heading.start + len(heading.text)] == heading.text
