"""The page for documents in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.conftest import OpenPage
from ui.uploads import _arrived

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def a_file(name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": b"some bytes"}


def upload(page: Page, *names: str) -> None:
    page.set_input_files("#fd-files", [a_file(name) for name in names])
    for name in names:
        expect(page.locator(".fd-upload", has_text=name)).to_be_visible()


def test_an_upload_shows_its_progress_and_its_result(desk: Any, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/knowledge/")
    upload(page, "price-list.pdf", "locked-plan.pdf")
    good, bad = page.locator(".fd-upload", has_text="price-list"), page.locator(".fd-upload", has_text="locked-plan")
    expect(good).to_contain_text("Waiting for its turn")
    seen = []
    for words in ("Step 1 of 3: reading", "0 of 40", "12 of 40", "31 of 40", "Step 3 of 3: saving"):
        desk.jobs.step()
        expect(good).to_contain_text(words)
        seen.append(float(good.locator("progress").get_attribute("value") or 0))
    assert seen == sorted(seen)
    desk.jobs.step()
    expect(good).to_contain_text("Added. The assistant answers from it now.")
    expect(bad).to_contain_text("Not taken in: it is password-protected; upload an unlocked copy")
    expect(page.locator(".fd-table")).to_contain_text("price-list.pdf")


def test_an_upload_can_be_cancelled(desk: Any, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/knowledge/")
    upload(page, "by-mistake.pdf")
    page.get_by_role("button", name="Cancel by-mistake.pdf").click()
    expect(page.locator(".fd-upload", has_text="by-mistake")).to_contain_text("Cancelled")


def test_a_document_is_removed_after_a_confirmation_and_with_a_receipt(
    desk: Any, address: str, open_page: OpenPage
) -> None:
    desk.library.add("old-terms.md", "Old terms", "Nothing of this holds any more.")
    page = open_page(f"{address}/knowledge/")
    page.get_by_role("button", name="Remove Old terms").click()
    expect(page.get_by_role("button", name="Remove it")).to_be_focused()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Remove Old terms").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator(".fd-banner")).to_contain_text("“Old terms” is removed.")
    expect(page.locator(".fd-table")).not_to_contain_text("Old terms")


def test_removing_what_is_gone_already_is_explained(desk: Any, address: str, open_page: OpenPage) -> None:
    desk.library.add("gone.md", "Gone", "Nothing.")
    page = open_page(f"{address}/knowledge/")
    page.get_by_role("button", name="Remove Gone").click()
    expect(page.get_by_role("button", name="Remove it")).to_be_visible()
    desk.library.remove_document("gone.md")
    page.evaluate("document.querySelector('.fd-button--danger')?.click()")
    expect(page.locator(".fd-table")).not_to_contain_text("gone.md")


def test_a_tried_question_shows_passages_and_how_well_they_fit(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/knowledge/")
    page.get_by_role("searchbox", name="A question").fill("How long does a refund take?")
    page.get_by_role("button", name="Search").click()
    first = page.locator(".fd-found").first
    expect(first).to_contain_text("Refunds")
    expect(first).to_contain_text("meaning")
    page.get_by_label("Filter documents").fill("warranty")
    expect(page.locator(".fd-table tbody tr")).to_have_count(1)
    expect(first).to_be_visible()


def test_a_hostile_file_name_stays_text(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/knowledge/", phone=True, dark=True)
    upload(page, "<img src=x onerror=window.hacked=1>.pdf")
    assert page.locator(".fd-panel img").count() == 0
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "", "/nowhere"])
def test_a_browser_cannot_name_a_file_that_it_did_not_upload(path: str) -> None:
    assert _arrived(path) is None
