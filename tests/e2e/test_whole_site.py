"""The pages inside the whole site: the real manager, sign-in, and the headers and closed routes that guard Gradio."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.e2e.conftest import serving_app
from tests.fakes.frontdesk import PASSWORD, Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from ui.app import create_app

    desk = Desk(tmp_path_factory.mktemp("home"))
    with serving_app(create_app(desk.frontdesk(), desk.accounts)) as address:
        yield address


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    page.set_default_timeout(20_000)

    def noticed(message: ConsoleMessage) -> None:
        if message.type == "error" and "401" not in message.text:
            complaints.append(message.text)

    page.on("console", noticed)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_customer_is_answered_with_sources_and_the_browser_complains_of_nothing(
    site: str, page: Page, complaints: list[str]
) -> None:
    page.goto(site)
    page.get_by_label("Your message").fill("Can I return an unopened kit?")
    page.keyboard.press("Enter")
    expect(page.locator(".fd-log .fd-source")).not_to_have_count(0)
    page.locator(".fd-source summary").first.click()
    expect(page.locator(".fd-source mark").first).to_be_visible()
    page.get_by_role("button", name="Helpful", exact=True).click()
    expect(page.get_by_text("Thank you for telling us.")).to_be_visible()
    assert complaints == []


def test_staff_sign_in_see_the_conversation_upload_a_document_and_leave(
    site: str, page: Page, complaints: list[str]
) -> None:
    page.goto(f"{site}/knowledge/")
    sign_in(page, "ada")
    upload = {"name": "prices.md", "mimeType": "text/markdown", "buffer": b"# Prices\n\nThe Home plan is 22 euro."}
    expect(page.locator(".fd-drop")).to_be_visible()
    page.set_input_files("#fd-files", [upload])
    expect(page.locator(".fd-upload")).to_contain_text("prices.md")
    page.get_by_role("link", name="Conversations").click()
    expect(page.locator(".fd-list")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{site}/console/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert complaints == []
