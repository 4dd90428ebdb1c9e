"""The editors' page in a browser: documents, entries, unanswered questions, trials."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from knowledge.entries.entry_values import EntryDraft
from tests.e2e.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = "<img src=x onerror=window.hacked=1> **bold** <script>window.hacked=1</script>"


@pytest.fixture(autouse=True)
def _no_entries(desk: Any) -> None:
    book = desk.entries.book
    for entry in book.entries(limit=None).entries:
        book.remove(entry.entry_id, editor="nobody")


def tab(page: Page, name: str) -> None:
    page.locator(".fd-tabs").get_by_role("button", name=name).click()


def write(page: Page, question: str, answer: str) -> None:
    tab(page, "Answers")
    page.get_by_role("button", name="Write an entry").click()
    page.locator("[name=questions_en]").fill(question)
    page.locator("[name=answer_en]").fill(answer)
    page.get_by_role("button", name="Save").click()


def test_an_entry_is_written_wins_a_trial_and_is_removed(desk: Any, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/knowledge/")
    write(page, "Do you engrave names?\nCan a name be engraved?", "Yes, for 5 €.\n\nUp to *ten* letters.")
    expect(page.locator(".fd-banner")).to_contain_text("Saved.")
    expect(page.locator(".fd-entry")).to_contain_text("Yes, for 5 €.")
    expect(page.locator(".fd-entry")).to_contain_text("1 more wording")
    page.get_by_role("searchbox", name="A question").fill("do you engrave names")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator(".fd-reads .fd-text")).to_have_text("Yes, for 5 €.\n\nUp to *ten* letters.1")
    expect(page.locator(".fd-reads")).to_contain_text("Answered by your entry, word for word.")
    expect(page.locator(".fd-trial")).to_contain_text("Entry “Do you engrave names?” wins")
    assert desk.transcripts.conversations() == []
    page.get_by_role("button", name="Remove Do you engrave names?").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator(".fd-banner")).to_contain_text("neither given as an answer nor found")
    assert desk.entries.book.entries().total == 0


def test_what_is_wrong_is_said_and_what_was_typed_stays(desk: Any, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/knowledge/")
    write(page, "A question?", "x" * 100_000)
    expect(page.locator(".fd-banner")).to_contain_text("The answer is too long")
    assert len(page.locator("[name=answer_en]").input_value()) == 100_000
    page.locator("[name=answer_en]").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".fd-banner")).to_contain_text("Write the answer")
    assert page.locator("[name=questions_en]").input_value() == "A question?"
    assert desk.entries.book.entries().total == 0


def test_an_editor_who_was_second_is_told_who_was_first(desk: Any, address: str, open_page: OpenPage) -> None:
    draft = EntryDraft({"en": ("Do you ski?",)}, {"en": "No."})
    entry = desk.entries.book.add(draft, editor="edda")
    page = open_page(f"{address}/knowledge/")
    tab(page, "Answers")
    page.get_by_role("button", name="Edit Do you ski?").click()
    page.locator("[name=answer_en]").fill("Sometimes.")
    desk.entries.book.edit(entry.entry_id, draft, editor="olga", expected_version=1)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".fd-banner")).to_contain_text("olga has saved another version meanwhile")
    assert page.locator("[name=answer_en]").input_value() == "Sometimes."
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".fd-banner")).to_contain_text("olga has saved another version meanwhile")
    assert desk.entries.book.entry(entry.entry_id).answers == {"en": "No."}


def test_hostile_texts_of_an_entry_stay_text(desk: Any, address: str, open_page: OpenPage) -> None:
    desk.entries.book.add(EntryDraft({"en": (f"What is {HOSTILE}",)}, {"en": HOSTILE}), editor=HOSTILE)
    page = open_page(f"{address}/knowledge/", phone=True, dark=True)
    tab(page, "Answers")
    expect(page.locator(".fd-entry__answer")).to_have_text(HOSTILE)
    page.get_by_role("searchbox", name="A question").fill(f"What is {HOSTILE}")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator(".fd-reads .fd-text")).to_contain_text(HOSTILE)
    assert page.locator(".fd-panel img").count() == 0
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_document_is_opened_beside_its_text_and_removed_from_there(
    desk: Any, address: str, open_page: OpenPage
) -> None:
    desk.library.add("manual.md", "Manual", "Press the button. Wait a minute.")
    page = open_page(f"{address}/knowledge/")
    page.get_by_role("button", name="Manual", exact=True).click()
    expect(page.locator(".fd-open__body mark")).to_have_text("Press the button. Wait a minute.")
    expect(page.get_by_role("link", name="Download the original file")).to_have_attribute(
        "href", "/api/v1/documents/manual.md/original"
    )
    page.get_by_role("button", name="Remove this document").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator(".fd-banner")).to_contain_text("“Manual” is removed.")
    expect(page.locator(".fd-table")).not_to_contain_text("manual.md")


def test_the_list_is_filtered_and_goes_page_by_page(desk: Any, address: str, open_page: OpenPage) -> None:
    for number in range(60):
        desk.library.add(f"bulk-{number:02}.md", f"Bulk {number:02}", "Some text.")
    page = open_page(f"{address}/knowledge/")
    page.get_by_label("Filter by title or file name").fill("bulk")
    expect(page.locator(".fd-documents__head")).to_contain_text("Documents: 60")
    expect(page.locator(".fd-table tbody tr")).to_have_count(50)
    page.get_by_role("button", name="Next page").click()
    expect(page.locator(".fd-table tbody tr")).to_have_count(10)
    page.get_by_role("combobox", name="Language").select_option("zh")
    expect(page.locator(".fd-none")).to_contain_text("No document matches")
    for number in range(60):
        desk.library.remove_document(f"bulk-{number:02}.md")


def test_a_tried_question_shows_what_is_found_and_how_sure_that_is(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/knowledge/")
    page.get_by_role("searchbox", name="A question").fill("How long does a refund take?")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator(".fd-reads")).to_contain_text("within 5 working days")
    expect(page.locator(".fd-trial")).to_contain_text("60 % are needed")
    first = page.locator(".fd-found").first
    for words in ("Meaning", "Words", "Together"):
        expect(first).to_contain_text(words)


def test_an_unreadably_long_question_to_try_is_refused_in_words(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/knowledge/", locale="zh-CN")
    field = page.get_by_role("searchbox", name="问题", exact=True)
    field.evaluate("field => { field.removeAttribute('maxlength'); field.value = '长'.repeat(5000); }")
    page.get_by_role("button", name="试问").click()
    expect(page.locator(".fd-trial .fd-banner")).to_contain_text("内容过长")


def test_the_page_speaks_chinese_on_a_phone(desk: Any, address: str, open_page: OpenPage) -> None:
    desk.entries.book.add(EntryDraft({"zh": ("你们周日上班吗？",)}, {"zh": "只回复邮件。"}), editor="edda")
    page = open_page(f"{address}/knowledge/", locale="zh-CN", phone=True)
    tab(page, "问答")
    expect(page.locator(".fd-entry")).to_contain_text("只回复邮件。")
    page.get_by_role("button", name="编辑 你们周日上班吗？").click()
    expect(page.get_by_label("中文答案")).to_have_value("只回复邮件。")
    tab(page, "未答问题")
    expect(page.locator(".fd-documents")).to_contain_text("没有未答问题")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
