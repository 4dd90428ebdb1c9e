"""The page for editors as HTML: parts to choose from, uploads, and what was chosen. Pure; knows nothing of Gradio."""

from __future__ import annotations

from dataclasses import dataclass

from ui.knowledge_pages.document_page import DocumentView, document_page
from ui.knowledge_pages.documents_panel import DocumentsView, documents_panel
from ui.knowledge_pages.entries_page import EntriesView, entries_page
from ui.knowledge_pages.fields import tabs
from ui.knowledge_pages.gaps_page import GapsView, gaps_page
from ui.knowledge_pages.upload_progress import BatchView, UploadView
from ui.markup import (
    Html,
    banner,
    button,
    drawing,
    header,
    language_switch,
    page,
    sign_out,
    staff_navigation,
    tag,
    void,
)
from ui.presenter import Banner
from ui.words import knowledge_wording as words
from ui.words import wording
from ui.words.names import megabytes
from ui.words.wording import say

DOCUMENTS, ENTRIES, GAPS = "documents", "entries", "gaps"

Body = DocumentsView | DocumentView | EntriesView | GapsView


@dataclass(frozen=True, slots=True)
class KnowledgeView:
    language: str
    tab: str
    body: Body
    largest: int  # bytes a file may have
    documents: int
    entries: int
    gaps: int | None = None  # groups; None where they have not been counted yet
    batches: tuple[BatchView, ...] = ()
    notice: Banner | None = None
    turn: int = 0  # how often the editor has done something: what was asked for before is not drawn after


def knowledge(view: KnowledgeView) -> Html:
    language = view.language
    title = tag("h2", say(wording.KNOWLEDGE_TITLE, language))
    detail = tag("p", say(words.PAGE_DETAIL, language))
    shown = (
        (DOCUMENTS, say(words.TAB_DOCUMENTS, language), f"{view.documents:,}"),
        (ENTRIES, say(words.TAB_ENTRIES, language), f"{view.entries:,}"),
        (GAPS, say(words.TAB_GAPS, language), "" if view.gaps is None else f"{view.gaps:,}"),
    )
    return page(
        tag("div", title, detail, class_="fd-page-title"),
        tabs(shown, view.tab, say(words.TABS, language)),
        tag("div", banner(view.notice), data_key="notice") if view.notice else None,
        _drop_zone(view) if isinstance(view.body, DocumentsView) else None,
        _uploads(view) if isinstance(view.body, DocumentsView) else None,
        _body(view.body),
        language=language,
        class_="fd-knowledge",
        turn=view.turn,
    )


def _body(body: Body) -> Html:
    match body:
        case DocumentsView():
            return documents_panel(body)
        case DocumentView():
            return document_page(body)
        case EntriesView():
            return entries_page(body)
        case GapsView():
            return gaps_page(body)


def top(company: str, language: str) -> Html:
    return page(
        header(
            company,
            say(wording.KNOWLEDGE_TITLE, language),
            language_switch(language),
            sign_out(language),
            navigation=staff_navigation("/knowledge", language),
        ),
        language=language,
        class_="fd-staff",
    )


# --- uploads --------------------------------------------------------------------------------------------------------


def _drop_zone(view: KnowledgeView) -> Html:
    language = view.language

    def choose(label: wording.Text, key: str, look: str, *, folder: bool) -> Html:
        field = void("input", type="file", multiple=True, webkitdirectory=folder, class_="fd-sr", id=key)
        return tag("label", say(label, language), field, class_=f"fd-button fd-button--{look}", for_=key)

    sending = say(wording.UPLOAD_SENDING, language)
    return tag(
        "div",
        tag("span", drawing("upload"), class_="fd-drop__sign"),
        tag(
            "div",
            tag("p", tag("strong", say(words.DROP_HERE, language))),
            tag("p", say(words.FORMATS, language, size=megabytes(view.largest)), class_="fd-drop__formats"),
            tag("p", class_="fd-drop__sending", role="status", data_sending=sending, data_ours=True),
            class_="fd-drop__texts",
        ),
        tag(
            "div",
            choose(wording.CHOOSE_FILES, "fd-files", "primary", folder=False),
            choose(words.CHOOSE_FOLDER, "fd-folder", "quiet", folder=True),
            class_="fd-drop__choose",
        ),
        class_="fd-drop",
        data_drop=True,
        data_largest=view.largest,
        data_key="drop",
    )


def _uploads(view: KnowledgeView) -> Html | None:
    if not view.batches:
        return None
    language = view.language
    heading = tag("h3", say(wording.UPLOADS, language))
    rows = [row for batch in view.batches for row in _batch(batch, language)]
    return tag("section", heading, tag("ul", *rows), class_="fd-uploads", data_key="uploads")


def _batch(batch: BatchView, language: str) -> list[Html]:
    rows = [_upload(each, language) for each in batch.uploads]
    if not batch.text:
        return rows
    bar = None
    if batch.percent is not None:
        bar = tag("progress", max=100, value=batch.percent, aria_label=batch.text)
    cancel = button(say(words.CANCEL_BATCH, language), "cancel_batch", look="quiet", data_id=batch.batch_id)
    line = tag(
        "li",
        tag("div", tag("p", tag("strong", batch.text), role="status"), bar, class_="fd-upload__body"),
        cancel if batch.can_cancel else None,
        class_="fd-upload fd-upload--batch",
        data_key=f"batch-{batch.batch_id}",
    )
    more = tag("li", batch.more, class_="fd-hint", data_key=f"more-{batch.batch_id}") if batch.more else None
    return [line, *rows, *([more] if more else [])]


def _upload(shown: UploadView, language: str) -> Html:
    bar = None
    if shown.percent is not None:
        label = f"{shown.name}: {shown.text}"
        bar = tag("progress", max=100, value=shown.percent, aria_label=label)
    cancel = button(
        say(wording.JOB_CANCEL, language, name=shown.name), "cancel", symbol="close", short=True, data_id=shown.job_id
    )
    share = tag("span", f"{shown.percent}\u00a0%", class_="fd-upload__percent") if shown.percent else None
    symbol = {"good": "check", "bad": "alert", "busy": "clock"}.get(shown.tone, "page")
    details = (tag("li", line) for line in shown.details)
    return tag(
        "li",
        tag("span", drawing(symbol), class_="fd-upload__sign"),
        tag(
            "div",
            tag("p", tag("strong", shown.name, dir="auto"), share, class_="fd-upload__name"),
            bar,
            tag("p", shown.text, class_="fd-upload__text", role="status"),
            tag("ul", *details, class_="fd-upload__details") if shown.details else None,
            class_="fd-upload__body",
        ),
        cancel if shown.can_cancel else None,
        class_=f"fd-upload is-{shown.tone}",
        data_key=shown.job_id,
    )
