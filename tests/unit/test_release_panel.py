"""What the page shows of releases: the report is linked where a release carries one."""

from __future__ import annotations

from bot.intent_store.intent_lists import ListVersion
from bot.releases import Manifest
from bot.teaching.intent_desk import DeskView, ReleaseSeen
from ui.intent_pages.intents_releases import release_panel


def _release(name: str, *files: str) -> ReleaseSeen:
    created = "2026-11-22T10:00:00+00:00"
    manifest = Manifest("intents", name, created, "", "", "", {}, "1", "", dict.fromkeys(files, ""))
    return ReleaseSeen(manifest, 1, in_use=False, list_version=1)


def test_a_report_is_linked_where_there_is_one_in_the_words_of_the_page() -> None:
    view = DeskView(
        ListVersion(1, 0.0, "", "", "", ()),
        (_release("with", "head.json", "report.html"), _release("without", "head.json")),
        (),
        can_go_back=False,
    )
    for language, word in (("en", "Report"), ("zh", "评估报告")):
        shown = release_panel(view, language, may_promote=False, confirming="")
        assert f'href="/api/v1/releases/intents/with/report" target="_blank" rel="noopener">{word}</a>' in shown
        assert "intents/without/report" not in shown
