"""Takes the pictures for the README from a running server.

    python -m tests.e2e.screenshots http://127.0.0.1:7860 docs/images --name admin --password …

Asks the sample company's questions, so a server that was started without `--empty` is expected.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import CHROMIUM_ARGUMENTS

ENGLISH = "How long does a refund take?"
CHINESE = "学生有什么优惠？"
UNANSWERABLE = "Do you sell elephants?"


def main() -> None:
    wanted = _arguments()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        executable = wanted.chromium or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        tour = Tour(browser, wanted.address.rstrip("/"), wanted.folder, wanted.name, wanted.password)
        tour.chat()
        tour.phone()
        tour.staff()
        browser.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="of the running server")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--name", default="admin", help="whom to sign in as")
    parser.add_argument("--password", default="", help="empty: the pages of the staff are left out")
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
        with self._page("/chat/") as page:
            self._keep(page, "chat-greeting")
            _send(page, ENGLISH)
            self._keep(page, "chat-writing")
            _await_answer(page)
            page.locator("a.fd-cite").first.click()
            self._keep(page, "chat-answer")
        with self._page("/chat/", dark=True) as page:
            _ask(page, ENGLISH)
            _ask(page, UNANSWERABLE)
            self._keep(page, "chat-abstains-dark")
            page.locator(".fd-composer").get_by_role("button", name="Talk to a person").click()
            page.wait_for_selector(".fd-banner")
            self._keep(page, "chat-queue-dark")

    def phone(self) -> None:
        with self._page("/chat/", locale="zh-CN", phone=True) as page:
            self._keep(page, "phone-greeting-zh")
            _ask(page, CHINESE)
            page.locator("a.fd-cite").first.click()
            self._keep(page, "phone-answer-zh")

    def staff(self) -> None:
        if not self._password:
            return
        with self._page("/console/") as page:
            page.wait_for_selector(".fd-row")
            page.locator(".fd-row", has_text=ENGLISH).first.click()
            page.locator(".fd-trace summary").first.click()
            self._keep(page, "console")
            page.goto(f"{self._address}/knowledge/")
            page.wait_for_selector(".fd-documents")
            page.get_by_role("searchbox", name="A question").fill(ENGLISH)
            page.get_by_role("button", name="Search").click()
            page.wait_for_selector(".fd-found")
            self._keep(page, "knowledge")
            timetable = "\n\n".join(f"## Stop {n}\n\nTram {n} calls here every {n} minutes." for n in range(1, 400))
            files = [
                {"name": "timetable.md", "mimeType": "text/markdown", "buffer": f"# Timetable\n\n{timetable}".encode()},
                {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 broken"},
            ]
            page.locator("input[type=file]").first.set_input_files(files)
            page.wait_for_selector(".fd-upload")
            page.wait_for_timeout(2_000)  # so that the bar has moved
            self._keep(page, "knowledge-upload")
        with self._page("/console/", dark=True, phone=True) as page:
            page.wait_for_selector(".fd-row")
            self._keep(page, "phone-console-dark")

    @contextmanager
    def _page(self, path: str, *, locale: str = "en-GB", dark: bool = False, phone: bool = False) -> Iterator[Page]:
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

    def _keep(self, page: Page, name: str) -> None:
        page.wait_for_timeout(400)  # for what fades in and scrolls
        page.screenshot(path=self._folder / f"{name}.png")


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
