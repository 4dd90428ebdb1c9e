"""The list of documents as HTML, with its filters. Pure; knows nothing of Gradio or of stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from knowledge.passages import Document
from ui.knowledge_pages.fields import choice, pager, search_field
from ui.markup import Html, button, empty, joined, moment, tag
from ui.words import knowledge_wording as words
from ui.words import wording
from ui.words.names import language_name
from ui.words.wording import Text, say

SORTS: Mapping[str, Text] = MappingProxyType(
    {
        "latest": words.SORT_LATEST,
        "title": words.SORT_TITLE,
        "source": words.SORT_SOURCE,
        "passages": words.SORT_PASSAGES,
    }
)
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "application/pdf": "PDF",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
        "text/csv": "CSV",
        "text/html": "HTML",
        "text/markdown": "Markdown",
        "text/plain": "Text",
        "message/rfc822": "E-mail",
    }
)
READY, REMOVED = "ready", "removed"


@dataclass(frozen=True, slots=True)
class DocumentsView:
    language: str
    documents: tuple[Document, ...]  # of this page
    matching: int  # that the filter lets through
    total: int
    page: int  # counted from 0
    pages: int
    words: str = ""
    of_language: str = ""
    of_type: str = ""
    state: str = READY
    sort: str = "latest"
    removing: str = ""  # the document whose removal is to be confirmed


def documents_panel(view: DocumentsView) -> Html:
    language = view.language
    if not view.total and view.state == READY and not (view.words or view.of_language or view.of_type):
        blank = empty("page", say(wording.NO_DOCUMENTS, language), say(wording.NO_DOCUMENTS_DETAIL, language))
        return tag("section", blank, class_="fd-documents is-blank", data_key="documents")
    heading = tag(
        "div",
        tag("h3", say(wording.DOCUMENTS, language)),
        tag("p", say(words.MATCHING, language, count=f"{view.matching:,}"), role="status"),
    )
    return tag(
        "section",
        tag("div", heading, _filters(view), class_="fd-documents__head"),
        _table(view),
        pager(view.page, view.pages, "page", language),
        tag("p", say(words.REPLACE_HINT, language), class_="fd-hint"),
        class_="fd-documents",
        data_key="documents",
    )


def _filters(view: DocumentsView) -> Html:
    language = view.language
    languages = [("", say(words.ALL_LANGUAGES, language))]
    languages += [(code, language_name(code, language)) for code in (wording.ENGLISH, wording.CHINESE)]
    types = [("", say(words.ALL_TYPES, language)), *TYPES.items()]
    states = [(READY, say(words.IN_USE, language)), (REMOVED, say(words.REMOVED_ONES, language))]
    sorts = [(value, say(text, language)) for value, text in SORTS.items()]
    return tag(
        "div",
        search_field(say(words.FILTER_WORDS, language), "filter", view.words),
        choice(say(words.LABEL_LANGUAGE, language), "of_language", languages, view.of_language),
        choice(say(words.LABEL_TYPE, language), "of_type", types, view.of_type),
        choice(say(words.LABEL_STATE, language), "state", states, view.state),
        choice(say(words.LABEL_SORT, language), "sort", sorts, view.sort),
        class_="fd-filters",
    )


def _table(view: DocumentsView) -> Html:
    language = view.language
    if not view.documents:
        none = words.NONE_REMOVED if view.state == REMOVED and not view.words else words.NONE_MATCH
        return tag("p", say(none, language), class_="fd-none")
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
        _confirmation(each, language) if each.document_id == view.removing else _row(each, view)
        for each in view.documents
    )
    return joined([tag("table", tag("thead", tag("tr", *heads, last)), tag("tbody", *rows), class_="fd-table")])


def _row(document: Document, view: DocumentsView) -> Html:
    language = view.language
    is_there = view.state == READY

    def cell(column: wording.Text, value: Html | str) -> Html:
        return tag("td", value, data_label=say(column, language))

    title: Html | str = document.title
    if is_there:
        title = tag(
            "button",
            document.title,
            type="button",
            class_="fd-link",
            data_act="open",
            data_id=document.document_id,
            title=say(words.OPEN_NAMED, language, title=document.title),
        )
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
            tag("span", title, class_="fd-document__title", dir="auto"),
            tag("span", document.source, class_="fd-document__source", dir="auto"),
            scope="row",
        ),
        cell(wording.COLUMN_LANGUAGE, language_name(document.language, language)),
        cell(wording.COLUMN_PASSAGES, str(document.passages)),
        cell(wording.COLUMN_VERSION, str(document.version)),
        cell(wording.COLUMN_UPDATED, moment(document.updated_at)),
        tag("td", remove if is_there else None, class_="fd-table__action"),
        data_key=document.document_id,
    )


def _confirmation(document: Document, language: str) -> Html:
    inside = confirmation(
        say(wording.REMOVE_QUESTION, language, title=document.title), document.title, document.document_id, language
    )
    return tag("tr", tag("td", inside, colspan=6), class_="is-confirming", data_key=f"confirm-{document.document_id}")


def confirmation(question: str, title: str, key: str, language: str, *, act: str = "remove_now") -> Html:
    yes = button(say(wording.REMOVE_YES, language), act, look="danger", data_id=key, data_focus=key)
    no = button(say(wording.KEEP, language), "keep", look="quiet")
    return tag("div", tag("p", question), no, yes, class_="fd-confirm", role="alertdialog", aria_label=title)
