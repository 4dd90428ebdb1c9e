"""Unanswered questions, grouped by meaning, as HTML. Pure; knows nothing of Gradio or of stores."""

from __future__ import annotations

from dataclasses import dataclass

from bot.curation.unanswered import Gap, Gaps
from ui.knowledge_pages.fields import pager
from ui.markup import Html, button, empty, moment, tag
from ui.words import knowledge_wording as words
from ui.words.names import language_name
from ui.words.wording import say

GAPS_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class GapsView:
    language: str
    gaps: Gaps
    page: int = 0  # counted from 0


def gaps_page(view: GapsView) -> Html:
    language, gaps = view.language, view.gaps
    notes = [
        say(words.GAPS_WAITING, language, count=gaps.waiting) if gaps.waiting else "",
        say(words.GAPS_COVERED, language, count=gaps.covered) if gaps.covered else "",
    ]
    note = tag("p", " ".join(part for part in notes if part), class_="fd-hint", role="status") if any(notes) else None
    if not gaps.groups:
        blank = empty("check", say(words.NO_GAPS, language), say(words.NO_GAPS_DETAIL, language))
        return tag("section", blank, note, class_="fd-documents is-blank", data_key="gaps")
    count = say(words.GAPS_COUNT, language, groups=f"{len(gaps.groups):,}", questions=f"{gaps.questions:,}")
    heading = tag("div", tag("h3", say(words.TAB_GAPS, language)), tag("p", count, role="status"))
    first = view.page * GAPS_A_PAGE
    items = (_gap(each, language) for each in gaps.groups[first : first + GAPS_A_PAGE])
    return tag(
        "section",
        tag("div", heading, class_="fd-documents__head"),
        tag("p", say(words.GAPS_DETAIL, language), class_="fd-hint"),
        note,
        tag("ol", *items, class_="fd-entries"),
        pager(view.page, -(-len(gaps.groups) // GAPS_A_PAGE), "gap_page", language),
        class_="fd-documents",
        data_key="gaps",
    )


def _gap(gap: Gap, language: str) -> Html:
    asked = words.ASKED_ONCE if gap.count == 1 else words.ASKED_TIMES
    facts = [
        say(asked, language, count=gap.count),
        say(words.BY_CUSTOMERS, language, count=gap.customers) if gap.customers > 1 else "",
        say(words.UNHELPFUL, language, count=gap.unhelpful) if gap.unhelpful else "",
        language_name(gap.language, language),
        say(words.LAST_ASKED, language),
    ]
    write = button(say(words.WRITE_ENTRY, language), "write_for", look="soft", symbol="pen", data_id=gap.gap_id)
    dismiss = button(
        say(words.DISMISS_NAMED, language, question=gap.question),
        "dismiss_gap",
        look="thumb",
        symbol="close",
        short=True,
        data_id=gap.gap_id,
    )
    return tag(
        "li",
        tag("span", str(gap.count), class_="fd-gap__count", aria_hidden="true"),
        tag(
            "div",
            tag("p", tag("strong", gap.question, dir="auto"), class_="fd-entry__question"),
            tag("p", " · ".join(part for part in facts if part), " ", moment(gap.last_asked), class_="fd-entry__facts"),
            _examples(gap, language),
            tag("div", write, class_="fd-gap__write"),
            class_="fd-entry__texts",
        ),
        tag("div", dismiss, class_="fd-entry__buttons"),
        class_="fd-entry fd-gap",
        data_key=gap.gap_id,
    )


def _examples(gap: Gap, language: str) -> Html | None:
    if not gap.examples:
        return None
    items = (tag("li", text, dir="auto") for text in gap.examples)
    label = tag("p", say(words.ALSO_ASKED, language), class_="fd-gap__label")
    return tag("div", label, tag("ul", *items), class_="fd-gap__examples")
