"""The page where people teach intents, inside the whole site: two editors, an administrator, and hostile input."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import serving_app
from tests.fakes.frontdesk import PASSWORD, Desk

OpenAs = Callable[..., Page]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("home"))
    assert made.intent_desk.parts  # trains its first release before a browser waits for it
    yield made
    made.close()


@pytest.fixture(scope="module")
def site(desk: Desk) -> Iterator[str]:
    from ui.app import create_app

    with serving_app(create_app(desk.frontdesk(), desk.accounts)) as address:
        yield address


@pytest.fixture
def open_as(browser: Browser, site: str) -> Iterator[OpenAs]:
    contexts = []

    def opened(name: str, *, locale: str = "en-US", dark: bool = False, phone: bool = False) -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
        context = browser.new_context(viewport=size, locale=locale, color_scheme="dark" if dark else "light")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{site}/intents/")
        page.locator("input[name=name]").fill(name)
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("button[type=submit]").click()
        page.wait_for_selector(".fd-live")
        return page

    yield opened
    for context in contexts:
        context.close()


def open_intent(page: Page, title: str) -> None:
    page.locator(".fd-intent", has_text=title).first.click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()


def test_an_intent_is_taught_trained_compared_promoted_and_rolled_back(desk: Desk, open_as: OpenAs) -> None:
    page = open_as("ada")
    expect(page.locator(".fd-live")).to_contain_text("Live: release 1")
    expect(page.locator(".fd-live")).to_contain_text("It knows everything in this list.")
    page.get_by_role("button", name="New intent").click()
    page.get_by_label("Title, English").fill("Parcels <b>&")
    page.get_by_label("Name").fill("parcel")
    examples = (
        "where is my parcel",
        "track the parcel",
        "parcel lost",
        "parcel late",
        "parcel wrong",
        "parcel damaged",
    )
    page.get_by_label("Examples, English").fill("\n".join(examples))
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".fd-banner")).to_contain_text("“Parcels <b>&” is saved.")
    expect(page.locator(".fd-live")).to_contain_text("The list has changed since")
    trainer = desk.intent_desk.parts.trainer
    trainer.may_train.clear()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".fd-live progress")).to_have_attribute("value", "35")
    trainer.may_train.set()
    expect(page.locator(".fd-live")).to_contain_text(
        "Release 2 knows the changes and waits to be promoted.", timeout=90_000
    )
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".fd-table")).to_contain_text("Right intent")
    page.get_by_role("button", name="Promote release 2").click()
    expect(page.locator(".fd-banner")).to_contain_text("Release 2 is live.")
    page.get_by_role("searchbox", name="A message").fill("parcel lost")
    page.keyboard.press("Enter")
    expect(page.locator(".fd-tried li").first).to_contain_text("Parcels <b>&")
    page.get_by_role("button", name="Roll back").click()
    expect(page.locator(".fd-banner")).to_contain_text("Release 1 is live again.")
    page.get_by_role("button", name="To check").click()
    expect(page.locator(".fd-findings")).to_contain_text("Weak intents")


def test_an_editor_teaches_and_trains_and_does_not_promote(desk: Desk, open_as: OpenAs) -> None:
    page = open_as("edda")
    page.get_by_role("button", name="Releases").click()
    expect(page.locator(".fd-releases")).to_contain_text("All releases")
    expect(page.get_by_role("button", name="Roll back")).to_have_count(0)
    expect(page.get_by_role("button", name="Promote")).to_have_count(0)


def test_two_people_at_one_intent_lose_nothing(open_as: OpenAs) -> None:
    ada = open_as("ada")
    edda = open_as("edda")
    for page in (ada, edda):
        open_intent(page, "Refunds")
    ada.get_by_label("Title, English").fill("Money back")
    ada.get_by_role("button", name="Save").click()
    expect(ada.locator(".fd-banner")).to_contain_text("is saved")
    edda.get_by_label("Title, English").fill("Refunds and returns")
    edda.get_by_role("button", name="Save").click()
    expect(edda.locator(".fd-banner")).to_contain_text("Somebody else was faster")
    expect(edda.locator(".fd-banner")).to_contain_text("ada has changed the list meanwhile")
    expect(edda.get_by_label("Title, English")).to_have_value("Refunds and returns")


def test_ten_thousand_lines_and_a_message_of_another_intent_are_sorted_out(open_as: OpenAs) -> None:
    page = open_as("edda")
    open_intent(page, "Passwords")
    page.get_by_text("Add many at once").click()
    lines = [f"password trouble number {number}" for number in range(10_000)]
    # Typed by the browser ten thousand lines take half a minute; pasted, a moment.
    page.get_by_label("Examples to add").evaluate("(area, text) => area.value = text", "\n".join([*lines, "hello"]))
    page.get_by_role("button", name="Add these").click()
    expect(page.locator(".fd-banner")).to_contain_text("10,000 added to “Passwords”.", timeout=60_000)
    expect(page.locator(".fd-banner")).to_contain_text("“hello” under “Greeting”")


def test_what_cannot_be_saved_is_said_and_stays_in_the_form(open_as: OpenAs) -> None:
    page = open_as("edda")
    page.get_by_role("button", name="New intent").click()
    page.get_by_label("Name").fill("<img src=x onerror=window.hacked=1>")
    page.get_by_label("Examples, English").fill("x" * 100_000)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".fd-banner")).to_contain_text("cannot be a name")
    page.get_by_label("Name").fill("long")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".fd-banner")).to_contain_text("100,000 characters; at most 1,000 are taken")
    page.get_by_label("Examples, English").fill("hello")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".fd-banner")).to_contain_text("'hello' stands under 'greeting'")
    assert page.evaluate("window.hacked") is None


def test_the_page_fits_a_phone_in_chinese_and_in_the_dark(open_as: OpenAs) -> None:
    page = open_as("ada", locale="zh-CN", dark=True, phone=True)
    expect(page.locator(".fd-live")).to_contain_text("当前上线")
    for tab in ("待检查", "未识别消息", "版本", "意图列表"):
        page.get_by_role("button", name=tab).click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab
