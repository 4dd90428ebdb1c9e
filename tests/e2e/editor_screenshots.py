"""The pictures of the editor's page, each state in one language; see `screenshots`, which drives it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from playwright.sync_api import FilePayload, Page

from ui.words import knowledge_wording as words
from ui.words import wording
from ui.words.wording import Text, say

ENTRY = {
    "questions_en": "Are you open on Sunday?\nIs anybody there at the weekend?",
    "answer_en": "On Sundays we answer e-mails from 10:00 to 16:00. The phone line opens again on Monday at 9:00.",
    "questions_zh": "你们周日上班吗？\n周末有人值班吗？",
    "answer_zh": "周日 10:00 至 16:00 我们回复邮件，电话客服周一 9:00 恢复。",
}
_FILTERED = {"en": "warranty", "zh": "退款"}
_TRIED = {"en": "are you open on Sundays", "zh": "你们周日上班吗"}


class EditorsTour:
    """`open_page` signs in where it must; `keep` takes a picture under a name."""

    def __init__(
        self,
        open_page: Callable[..., AbstractContextManager[Page]],
        keep: Callable[[Page, str], None],
        language: str,
    ) -> None:
        self._open = open_page
        self._language = language
        self._keep = keep

    def all(self) -> None:
        locale = "en-GB" if self._language == "en" else "zh-CN"
        with self._open("/knowledge/", locale=locale) as page:
            page.wait_for_selector(".fd-table")
            self._take(page, "")
            self._upload(page)
            self._removal(page)
            self._document(page)
            self._entry(page)
        with self._open("/knowledge/", locale=locale, dark=True) as page:
            self._tab(page, words.TAB_ENTRIES)
            page.wait_for_selector(".fd-entry")
            self._try(page)
            self._take(page, "-dark")

    def _take(self, page: Page, state: str) -> None:
        self._keep(page, f"knowledge{state}{'' if self._language == 'en' else '-zh'}")

    def _upload(self, page: Page) -> None:
        """Under way and over. Leaves the files there."""
        page.set_input_files("#fd-files", _files(self._language))
        page.wait_for_selector(".fd-upload progress")
        self._take(page, "-upload")
        page.wait_for_function("document.querySelectorAll('.fd-upload progress').length === 0")
        page.wait_for_selector(".fd-upload.is-bad")
        self._take(page, "-results")

    def _document(self, page: Page) -> None:
        page.get_by_label(self._say(words.FILTER_WORDS)).fill(_FILTERED[self._language])
        page.wait_for_function("document.querySelectorAll('.fd-table tbody tr').length < 4")
        page.locator(".fd-link").first.click()
        page.locator(".fd-open ol button").nth(1).click()
        page.wait_for_timeout(600)
        page.locator(".fd-open__columns").scroll_into_view_if_needed()
        self._take(page, "-document")

    def _removal(self, page: Page) -> None:
        """The question before, and the receipt afterwards, of a file that the upload has left."""
        page.get_by_label(self._say(words.FILTER_WORDS)).fill("timetable")
        page.wait_for_function("document.querySelectorAll('.fd-table tbody tr').length < 3")
        page.locator(".fd-table [data-act=remove]").first.click()
        self._take(page, "-removing")
        page.get_by_role("button", name=self._say(wording.REMOVE_YES)).click()
        page.locator(".fd-banner").first.scroll_into_view_if_needed()
        self._take(page, "-removed")

    def _entry(self, page: Page) -> None:
        """Unanswered questions, an entry, a trial. Leaves the entry there."""
        self._tab(page, words.TAB_GAPS)
        page.wait_for_selector(".fd-gap")
        self._take(page, "-unanswered")
        self._tab(page, words.TAB_ENTRIES)
        page.locator("[data-key=entries]").get_by_role("button", name=self._say(words.WRITE_ENTRY)).click()
        for name, text in ENTRY.items():
            page.locator(f"[name={name}]").fill(text)
        self._take(page, "-entry")
        page.get_by_role("button", name=self._say(words.SAVE), exact=True).click()
        page.wait_for_selector(".fd-entry")
        self._try(page)
        self._take(page, "-try")

    def _try(self, page: Page) -> None:
        page.get_by_role("searchbox", name=self._say(wording.TRY_LABEL), exact=True).fill(_TRIED[self._language])
        page.get_by_role("button", name=self._say(words.TRY_BUTTON), exact=True).click()
        page.wait_for_selector(".fd-reads")

    def _tab(self, page: Page, name: Text) -> None:
        page.locator(".fd-tabs").get_by_role("button", name=self._say(name)).click()

    def _say(self, text: Text) -> str:
        return say(text, self._language)


def _files(language: str) -> list[FilePayload]:
    timetable = "\n\n".join(f"## Stop {n}\n\nTram {n} calls here every {n} minutes." for n in range(1, 400))
    return [
        {"name": f"timetable-{language}.md", "mimeType": "text/markdown", "buffer": f"# Tram\n\n{timetable}".encode()},
        {"name": "公告.txt", "mimeType": "text/plain", "buffer": "春节期间正常发货。".encode("gb18030")},
        {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 broken"},
    ]
