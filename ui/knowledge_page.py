"""The page for documents as HTML: uploads and the list. Pure; knows nothing of Gradio or of stores."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.passages import Document
from ui import wording
from ui.markup import (
    Html,
    banner,
    button,
    drawing,
    empty,
    header,
    joined,
    language_switch,
    moment,
    page,
    sign_out,
    staff_navigation,
    tag,
    void,
)
from ui.names import language_name, megabytes
from ui.presenter import Banner
from ui.upload_progress import UploadView
from ui.wording import say


@dataclass(frozen=True, slots=True)
class KnowledgeView:
    language: str
    company: str
    largest: int  # bytes a file may have
    documents: tuple[Document, ...]  # those that are shown
    all_documents: int
    all_passages: int
    matching: int  # documents that the filter lets through
    filter: str = ""
    removing: str = ""  # the document whose removal is to be confirmed
    uploads: tuple[UploadView, ...] = ()
    notice: Banner | None = None


def knowledge(view: KnowledgeView) -> Html:
    language = view.language
    title = tag("h2", say(wording.KNOWLEDGE_TITLE, language))
    detail = tag("p", say(wording.KNOWLEDGE_DETAIL, language))
    return page(
        tag("div", title, detail, class_="fd-page-title"),
        banner(view.notice) if view.notice else None,
        _drop_zone(view),
        _uploads(view),
        _documents(view),
        language=language,
        class_="fd-knowledge",
    )


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
    choose = tag(
        "label",
        say(wording.CHOOSE_FILES, language),
        void("input", type="file", multiple=True, class_="fd-sr", id="fd-files"),
        class_="fd-button fd-button--primary",
        for_="fd-files",
    )
    return tag(
        "div",
        tag("span", drawing("upload"), class_="fd-drop__sign"),
        tag(
            "div",
            tag("p", tag("strong", say(wording.DROP_FILES, language))),
            tag("p", say(wording.FORMATS, language, size=megabytes(view.largest)), class_="fd-drop__formats"),
            tag(
                "p",
                class_="fd-drop__sending",
                role="status",
                data_sending=say(wording.UPLOAD_SENDING, language),
                data_ours=True,
            ),
            class_="fd-drop__texts",
        ),
        choose,
        class_="fd-drop",
        data_drop=True,
        data_largest=view.largest,
        data_key="drop",
    )


def _uploads(view: KnowledgeView) -> Html | None:
    if not view.uploads:
        return None
    language = view.language
    rows = (_upload(each, language) for each in view.uploads)
    heading = tag("h3", say(wording.UPLOADS, language))
    return tag("section", heading, tag("ul", *rows), class_="fd-uploads", data_key="uploads")


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


# --- documents ------------------------------------------------------------------------------------------------------


def _documents(view: KnowledgeView) -> Html:
    language = view.language
    count = say(wording.DOCUMENTS_COUNT, language, documents=view.all_documents, passages=view.all_passages)
    if not view.all_documents:
        blank = empty("page", say(wording.NO_DOCUMENTS, language), say(wording.NO_DOCUMENTS_DETAIL, language))
        return tag("section", blank, class_="fd-documents is-blank", data_key="documents")
    label = say(wording.FILTER_DOCUMENTS, language)
    field = void(
        "input",
        type="search",
        class_="fd-field",
        value=view.filter,
        placeholder=label,
        aria_label=label,
        data_live="filter",
        autocomplete="off",
    )
    heading = tag("div", tag("h3", say(wording.DOCUMENTS, language)), tag("p", count))
    return tag(
        "section",
        tag("div", heading, tag("div", drawing("search"), field, class_="fd-search"), class_="fd-documents__head"),
        _table(view),
        class_="fd-documents",
        data_key="documents",
    )


def _table(view: KnowledgeView) -> Html:
    language = view.language
    if not view.documents:
        return tag("p", say(wording.NO_DOCUMENT_MATCHES, language, text=view.filter), class_="fd-none")
    columns = (
        wording.COLUMN_TITLE,
        wording.COLUMN_LANGUAGE,
        wording.COLUMN_PASSAGES,
        wording.COLUMN_VERSION,
        wording.COLUMN_UPDATED,
    )
    heads = [tag("th", say(column, language), scope="col") for column in columns]
    last = tag("th", tag("span", say(wording.COLUMN_ACTIONS, language), class_="fd-sr"), scope="col")
    rows = (
        _confirmation(each, view) if each.document_id == view.removing else _row(each, view) for each in view.documents
    )
    table = tag("table", tag("thead", tag("tr", *heads, last)), tag("tbody", *rows), class_="fd-table")
    hidden = view.matching - len(view.documents)
    more = (
        button(say(wording.SHOW_DOCUMENTS, language, count=view.matching), "all", look="quiet") if hidden > 0 else None
    )
    return joined([table, tag("p", more, class_="fd-more")] if more else [table])


def _row(document: Document, view: KnowledgeView) -> Html:
    language = view.language

    def cell(column: wording.Text, value: Html | str) -> Html:
        return tag("td", value, data_label=say(column, language))

    remove = button(
        say(wording.REMOVE_NAMED, language, title=document.title),
        "remove",
        look="thumb",
        symbol="bin",
        short=True,
        data_id=document.document_id,
    )
    return tag(
        "tr",
        tag(
            "th",
            tag("span", document.title, class_="fd-document__title", dir="auto"),
            tag("span", document.source, class_="fd-document__source", dir="auto"),
            scope="row",
        ),
        cell(wording.COLUMN_LANGUAGE, language_name(document.language, language)),
        cell(wording.COLUMN_PASSAGES, str(document.passages)),
        cell(wording.COLUMN_VERSION, str(document.version)),
        cell(wording.COLUMN_UPDATED, moment(document.updated_at)),
        tag("td", remove, class_="fd-table__action"),
        data_key=document.document_id,
    )


def _confirmation(document: Document, view: KnowledgeView) -> Html:
    language = view.language
    question = tag("p", say(wording.REMOVE_QUESTION, language, title=document.title))
    yes = button(
        say(wording.REMOVE_YES, language),
        "remove_now",
        look="danger",
        data_id=document.document_id,
        data_focus=document.document_id,
    )
    no = button(say(wording.KEEP, language), "keep", look="quiet")
    inside = tag("div", question, no, yes, class_="fd-confirm", role="alertdialog", aria_label=document.title)
    return tag("tr", tag("td", inside, colspan=6), class_="is-confirming", data_key=f"confirm-{document.document_id}")
