"""Takes the pictures for the README from a running server.

    python -m tests.e2e.screenshots http://127.0.0.1:7860 docs/screenshots --name admin --password …

Asks the sample company's questions, so a server that was started without `--empty` is expected. With `--widget` only
the bubble is taken, on the sample shop: the server must allow http://127.0.0.1:8000, where the tour serves the shop.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import CHROMIUM_ARGUMENTS
from tests.e2e.editor_screenshots import EditorsTour
from tests.e2e.shop import serving_shop

ENGLISH = "How long does a refund take?"
CHINESE = "学生有什么优惠？"
UNANSWERABLE = "Do you sell elephants?"
SUGGESTED = "How long does delivery to the United Kingdom take?"
CORRECTION = "No. We sell kits, pods and lamps for growing plants indoors, and nothing that walks."
SHOP_PORT = 8000
STRANGE = ("qwerty asdf", "Who won the chess championship?", "Who won the world cup?", "你们卖大象吗？")
PETS = (
    *("is the kit safe for cats", "is it safe for my cat", "my dog ate a leaf", "are your pods safe for pets"),
    *("can my toddler touch the light", "is the plant food poisonous for children", "cat chewed the basil"),
)
PETS_CHINESE = (
    "猫咬了叶子有危险吗",
    "对宠物安全吗",
    "孩子碰到灯会受伤吗",
    "营养液有毒吗",
    "狗吃了种子怎么办",
    "对小孩安全吗",
)
UNANSWERED = (
    "Do you sell outdoor greenhouses?",
    "do you have a greenhouse for outdoors",
    "Do you sell outdoor greenhouses",
    "Who is the CEO of Sillgrove?",
    "你们公司是哪一年成立的？",
    "你们公司哪年成立的",
)


def main() -> None:
    wanted = _arguments()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        executable = wanted.chromium or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        tour = Tour(browser, wanted.address.rstrip("/"), wanted.folder, wanted.name, wanted.password)
        if wanted.empty:
            tour.empty()
        elif wanted.widget:
            with serving_shop(SHOP_PORT) as shop:
                shop.desk = wanted.address.rstrip("/")
                tour.widget(shop.origin)
        else:
            tour.chat()
            tour.phone()
            tour.unanswered()
            tour.staff()
            tour.intents()
        browser.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="of the running server")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--name", default="admin", help="whom to sign in as")
    parser.add_argument("--password", default="", help="empty: the pages of the staff are left out")
    parser.add_argument("--empty", action="store_true", help="the server has no documents: takes that picture alone")
    parser.add_argument("--widget", action="store_true", help="takes the bubble on the sample shop alone")
    parser.add_argument("--chromium", help="the browser's program; by default the one on the path")
    return parser.parse_args()


class Tour:
    def __init__(self, browser: Browser, address: str, folder: Path, name: str, password: str) -> None:
        self._browser = browser
        self._address = address
        self._folder = folder
        self._name = name
        self._password = password

    def chat(self) -> None:
        with self.page("/chat/") as page:
            self.keep(page, "chat-greeting")
            _send(page, ENGLISH)
            self.keep(page, "chat-writing")
            _await_answer(page)
            page.locator("a.fd-cite").first.click()
            self.keep(page, "chat-answer")
        with self.page("/chat/", dark=True) as page:
            _ask(page, ENGLISH)
            _ask(page, UNANSWERABLE)
            self.keep(page, "chat-abstains-dark")
            page.locator(".fd-composer").get_by_role("button", name="Talk to a person").click()
            page.wait_for_selector(".fd-banner")
            self.keep(page, "chat-queue-dark")

    def phone(self) -> None:
        with self.page("/chat/", locale="zh-CN", phone=True) as page:
            self.keep(page, "phone-greeting-zh")
            _ask(page, CHINESE)
            page.locator("a.fd-cite").first.click()
            self.keep(page, "phone-answer-zh")

    def unanswered(self) -> None:
        """Questions for the editors: each in a conversation of its own, as customers ask them."""
        for question in UNANSWERED:
            with self.page("/chat/") as page:
                _ask(page, question)

    def staff(self) -> None:
        if not self._password:
            return
        with self.page("/console/") as page:
            page.wait_for_selector(".fd-row")
            page.locator(".fd-row", has_text=ENGLISH).first.click()
            page.locator(".fd-trace summary").first.click()
            self.keep(page, "console")
            page.get_by_role("button", name="Correct this answer").last.click()
            page.locator(".fd-correction [name=answer]").fill(CORRECTION)
            page.locator(".fd-correction").scroll_into_view_if_needed()
            self.keep(page, "console-correction")
        for language in ("en", "zh"):
            EditorsTour(self.page, self.keep, language).all()
        with self.page("/knowledge/", locale="zh-CN", phone=True) as page:
            page.locator(".fd-tabs").get_by_role("button", name="未答问题").click()
            page.wait_for_selector(".fd-gap")
            self.keep(page, "phone-knowledge-zh")
        with self.page("/console/", dark=True, phone=True) as page:
            page.wait_for_selector(".fd-row")
            self.keep(page, "phone-console-dark")
        with self.page("/numbers") as page:
            self.keep(page, "numbers")
        with self.page("/numbers", locale="zh-CN", dark=True, phone=True) as page:
            self.keep(page, "phone-numbers-zh-dark")

    def empty(self) -> None:
        """Of a server that was started with `--empty`."""
        with self.page("/knowledge/") as page:
            page.wait_for_selector(".is-blank")
            self.keep(page, "knowledge-empty")

    def widget(self, shop: str) -> None:
        """The bubble on somebody else's site; with a password also a person's reply."""
        with self._site(shop) as page:
            self.keep(page, "widget-launcher")
            page.locator(".fd-launcher").click()
            self.keep(page, "widget-greeting")
            page.get_by_role("button", name=SUGGESTED).click()
            page.wait_for_selector(".is-live")
            self.keep(page, "widget-writing")
            page.wait_for_selector(".fd-thumbs")
            page.locator("button.fd-cite").first.click()
            page.locator(".fd-scroll").evaluate("each => each.scrollTo(0, 0)")
            self.keep(page, "widget-answer")
            page.get_by_role("button", name="Not helpful").last.click()
            self.keep(page, "widget-reason")
        with self._site(shop, dark=True) as page:
            page.locator(".fd-launcher").click()
            _tell(page, UNANSWERABLE)
            page.locator(".fd-message--abstained .fd-button--soft").click()
            page.wait_for_selector(".fd-banner")
            self.keep(page, "widget-queue-dark")
            if self._password:
                self._reply(UNANSWERABLE, "Hello, this is Olga. No elephants, but our Tower is nearly as tall as one.")
                page.wait_for_selector(".fd-message--operator")
                self.keep(page, "widget-person-dark")
                page.locator(".fd-launcher").click()
                self._reply(UNANSWERABLE, "Shall I send you its measurements?")
                page.wait_for_selector(".fd-badge:visible")
                self.keep(page, "widget-unread-dark")
        with self._site(shop) as page:
            page.locator(".fd-launcher").click()
            page.route("**/api/**", lambda route: route.abort())
            page.locator("#fd-field").fill(ENGLISH)
            page.keyboard.press("Enter")
            page.wait_for_selector(".fd-state.is-bad")
            self.keep(page, "widget-lost")
        self._widget_on_phones(shop)

    def _widget_on_phones(self, shop: str) -> None:
        with self._site(f"{shop}/zh.html", phone=True) as page:
            self.keep(page, "widget-phone-launcher-zh")
            page.locator(".fd-launcher").click()
            self.keep(page, "widget-phone-greeting-zh")
        with self._site(f"{shop}/zh.html", dark=True, phone=True) as page:
            page.locator(".fd-launcher").click()
            _tell(page, CHINESE)
            page.locator("button.fd-cite").first.click()
            self.keep(page, "widget-phone-answer-zh-dark")

    def _reply(self, question: str, text: str) -> None:
        """As an operator does, on the console."""
        with self.page("/console/") as page:
            page.wait_for_selector(".fd-row")
            page.locator(".fd-row", has_text=question).first.click()
            take_over, field = page.get_by_role("button", name="Take over"), page.get_by_label("Reply to the customer")
            take_over.or_(field).first.wait_for()
            if take_over.count():
                take_over.click()
            field.fill(text)
            page.keyboard.press("Enter")
            page.wait_for_selector(f".fd-message--operator:has-text('{text[:20]}')")

    @contextmanager
    def _site(self, address: str, *, dark: bool = False, phone: bool = False) -> Iterator[Page]:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
        context = self._browser.new_context(viewport=size, locale="en-GB", color_scheme="dark" if dark else "light")
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(address)
        page.wait_for_selector(".fd-launcher")
        yield page
        context.close()

    def intents(self) -> None:
        """Teaches an intent, promotes what came of it, and takes it back: the list is left as it was found."""
        if not self._password:
            return
        for question in STRANGE:
            with self.page("/chat/") as page:
                _ask(page, question)
        with self.page("/intents/") as page:
            page.wait_for_selector(".fd-live:not(.is-running)")
            self.keep(page, "intents")
            page.get_by_role("searchbox", name="A message").fill(ENGLISH)
            page.keyboard.press("Enter")
            page.wait_for_selector(".fd-tried__verdict")
            page.get_by_role("button", name="New intent").click()
            page.get_by_label("Title, English").fill("Pets and children")
            page.get_by_label("Title, Chinese").fill("宠物与儿童安全")
            page.locator("input[name=name]").fill("pet_safety")
            page.get_by_label("Examples, English").fill("\n".join(PETS))
            page.get_by_label("Examples, Chinese").fill("\n".join(PETS_CHINESE))
            self.keep(page, "intents-editing")
            page.get_by_role("button", name="Save").click()
            page.wait_for_selector(".fd-banner--good")
            page.get_by_role("button", name="Train", exact=True).click()
            page.wait_for_function("document.querySelector('.fd-live progress')?.value >= 30", timeout=600_000)
            self.keep(page, "intents-training")
            page.locator(".fd-live").get_by_role("button", name="Compare").click(timeout=600_000)
            page.wait_for_selector(".fd-table")
            self.keep(page, "intents-comparison")
            page.get_by_role("button", name="To check").click()
            page.locator(".fd-findings summary").first.click()
            self.keep(page, "intents-confusions")
            page.get_by_role("button", name="Not understood").click()
            page.wait_for_selector(".fd-group__texts")
            self.keep(page, "intents-unknown")
            page.get_by_role("button", name="Releases").click()
            page.get_by_role("button", name="Promote release").click()
            page.wait_for_selector(".fd-banner--good")
            self.keep(page, "intents-promoted")
        with self.page("/intents/", locale="zh-CN", dark=True) as page:
            page.get_by_role("button", name="版本", exact=True).click()
            page.wait_for_selector(".fd-table")
            self.keep(page, "intents-zh-dark")
        with self.page("/intents/", phone=True) as page:
            self.keep(page, "phone-intents")
            page.get_by_role("button", name="Releases").click()
            page.get_by_role("button", name="Roll back").click()
            page.wait_for_selector(".fd-banner--good")
            page.get_by_role("button", name="Intents", exact=True).click()
            page.locator(".fd-intent", has_text="pet_safety").click()
            page.get_by_role("button", name="Delete").click()
            page.get_by_role("button", name="Delete it").click()
            page.wait_for_selector(".fd-banner--good")

    @contextmanager
    def page(self, path: str, *, locale: str = "en-GB", dark: bool = False, phone: bool = False) -> Iterator[Page]:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
        context = self._browser.new_context(viewport=size, locale=locale, color_scheme="dark" if dark else "light")
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{self._address}{path}")
        if page.locator("input[type=password]").count():
            page.locator("input[name=name]").fill(self._name)
            page.locator("input[type=password]").fill(self._password)
            page.locator("button[type=submit]").click()
        page.wait_for_selector(".fd-header")
        yield page
        context.close()

    def keep(self, page: Page, name: str) -> None:
        page.wait_for_timeout(400)  # for what fades in and scrolls
        page.screenshot(path=self._folder / f"{name}.png")


def _tell(page: Page, text: str) -> None:
    """Says something in the bubble, and waits for its answer."""
    page.locator("#fd-field").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_selector(".fd-log .fd-message--answer .fd-thumbs, .fd-log .fd-message--abstained .fd-thumbs")


def _ask(page: Page, question: str) -> None:
    _send(page, question)
    _await_answer(page)


def _send(page: Page, question: str) -> None:
    page.locator(".fd-composer textarea").fill(question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".fd-form[data-busy=true]")


def _await_answer(page: Page) -> None:
    page.wait_for_selector(".fd-form[data-busy=false]")


if __name__ == "__main__":
    main()
