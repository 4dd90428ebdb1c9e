"""The page for documents in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.conftest import OpenPage
from ui.knowledge_pages.knowledge_acts import arrived

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
    for words in ("Step 1 of 4: reading", "0 of 40", "12 of 40", "31 of 40", "Step 4 of 4: saving"):
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


def test_a_folder_comes_in_as_one_batch_and_what_is_left_of_it_can_be_cancelled(
    desk: Any, address: str, open_page: OpenPage, tmp_path: Path
) -> None:
    for number in range(12):
        (tmp_path / "manuals").mkdir(exist_ok=True)
        (tmp_path / "manuals" / f"part-{number}.md").write_text("text")
    (tmp_path / "manuals" / ".hidden").write_text("not for customers")
    page = open_page(f"{address}/knowledge/")
    page.set_input_files("#fd-folder", tmp_path / "manuals")
    batch = page.locator(".fd-upload--batch").first
    expect(batch).to_contain_text("of 12 files are done")
    expect(page.locator(".fd-upload", has_text="manuals › part-1").first).to_be_visible()
    expect(page.locator(".fd-uploads")).to_contain_text("and 4 more")
    page.get_by_role("button", name="Cancel all that are left").click()
    expect(batch).to_contain_text("All 12 files are done")


def test_a_hostile_file_name_stays_text(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/knowledge/", phone=True, dark=True)
    upload(page, "<img src=x onerror=window.hacked=1>.pdf")
    assert page.locator(".fd-panel img").count() == 0
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "", "/nowhere"])
def test_a_browser_cannot_name_a_file_that_it_did_not_upload(path: str) -> None:
    assert arrived(path) is None
