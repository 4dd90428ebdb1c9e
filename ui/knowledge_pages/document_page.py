"""One document, open: its passages, and the text they were cut from beside them. Pure; knows nothing of Gradio."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.passages import Document, Passage
from ui.knowledge_pages.documents_panel import TYPES, confirmation
from ui.knowledge_pages.fields import pager
from ui.markup import Html, button, drawing, tag, void
from ui.words import knowledge_wording as words
from ui.words import wording
from ui.words.names import language_name
from ui.words.wording import say

ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16", "shift_jis", "windows-1252")
PASSAGES_A_PAGE = 40
_TEXT_AROUND = 6_000  # characters shown before and after the passage


@dataclass(frozen=True, slots=True)
class DocumentView:
    language: str
    document: Document
    passages: tuple[Passage, ...]  # all of them, in order
    text: str  # as it was read; passages' offsets point into it
    chosen: str = ""  # the id of the passage that is marked in the text
    page: int = 0
    original_url: str = ""  # "" where the original is not kept
    removing: bool = False


def document_page(view: DocumentView) -> Html:
    language, document = view.language, view.document
    chosen = next((each for each in view.passages if each.passage_id == view.chosen), None)
    return tag(
        "section",
        tag("div", button(say(words.BACK, language), "back", look="quiet", symbol="back"), class_="fd-open__back"),
        _head(view),
        _removing(view) if view.removing else None,
        tag("div", _passages(view), _text(view, chosen), class_="fd-open__columns"),
        class_="fd-open",
        data_key=f"open-{document.document_id}",
    )


def _removing(view: DocumentView) -> Html:
    title = view.document.title
    question = say(wording.REMOVE_QUESTION, view.language, title=title)
    return confirmation(question, title, view.document.document_id, view.language)


def _head(view: DocumentView) -> Html:
    language, document = view.language, view.document
    kind = TYPES.get(document.media_type, "")
    facts = [
        language_name(document.language, language),
        kind,
        say(words.DOCUMENT_FACTS, language, passages=document.passages, version=document.version),
        say(words.ENCODING, language, encoding=document.encoding.upper())
        if document.encoding
        else say(words.ENCODING_UNKNOWN, language),
    ]
    remove = button(
        say(words.REMOVE_DOCUMENT, language), "remove", look="danger", symbol="bin", data_id=document.document_id
    )
    download = None
    if view.original_url:
        inside = (drawing("page"), tag("span", say(words.ORIGINAL_FILE, language)))
        download = tag("a", *inside, href=view.original_url, download=True, class_="fd-button fd-button--quiet")
    return tag(
        "div",
        tag("h3", document.title, dir="auto"),
        tag("p", document.source, class_="fd-document__source", dir="auto"),
        tag("p", " · ".join(fact for fact in facts if fact), class_="fd-open__facts"),
        tag("div", download, _replace(view), remove, class_="fd-open__actions"),
        _read_again(view),
        class_="fd-open__head",
    )


def _replace(view: DocumentView) -> Html:
    """The file takes the document's source, whatever it is called: the server knows that by the document's id."""
    key = "fd-replace"
    return tag(
        "label",
        drawing("upload"),
        tag("span", say(words.REPLACE_DOCUMENT, view.language)),
        void("input", type="file", class_="fd-sr", id=key),
        class_="fd-button fd-button--quiet",
        for_=key,
        data_drop=True,
        data_replaces=view.document.document_id,
        data_key="replace",
    )


def _read_again(view: DocumentView) -> Html | None:
    language = view.language
    if not view.original_url or not view.document.encoding:
        return None
    now = view.document.encoding.lower().replace("_", "-")
    options = (tag("option", name.upper(), value=name) for name in ENCODINGS if name.replace("_", "-") != now)
    label = say(words.READ_AGAIN, language)
    return tag(
        "form",
        tag(
            "label",
            tag("span", label),
            tag("select", *options, name="encoding", class_="fd-field fd-choice"),
            class_="fd-again__label",
        ),
        tag("button", say(words.READ_AGAIN_NOW, language), type="submit", class_="fd-button fd-button--quiet"),
        data_event="act",
        data_act="read_again",
        data_id=view.document.document_id,
        class_="fd-again",
    )


def _passages(view: DocumentView) -> Html:
    language = view.language
    first = view.page * PASSAGES_A_PAGE
    shown = view.passages[first : first + PASSAGES_A_PAGE]
    pages = -(-len(view.passages) // PASSAGES_A_PAGE)
    items = (_passage(first + place + 1, each, view) for place, each in enumerate(shown))
    return tag(
        "div",
        tag("h4", say(words.PASSAGES, language)),
        tag("ol", *items),
        pager(view.page, pages, "passage_page", language),
        class_="fd-open__passages",
    )


def _passage(number: int, passage: Passage, view: DocumentView) -> Html:
    language = view.language
    place = passage.heading.replace(" > ", " › ") or passage.title
    if passage.page is not None:
        place = f"{place} · {say(wording.PAGE, language, page=passage.page)}"
    span = say(words.CHARACTERS, language, start=f"{passage.start + 1:,}", end=f"{passage.end:,}")
    chosen = passage.passage_id == view.chosen
    return tag(
        "li",
        tag(
            "button",
            tag("span", str(number), class_="fd-source__number"),
            tag(
                "span",
                tag("span", place, class_="fd-found__place", dir="auto"),
                tag("span", passage.text, class_="fd-open__excerpt", dir="auto"),
                tag("span", span, class_="fd-found__scores"),
                class_="fd-found__head",
            ),
            type="button",
            data_act="passage",
            data_id=passage.passage_id,
            aria_pressed="true" if chosen else "false",
        ),
        data_key=passage.passage_id,
    )


def _text(view: DocumentView, chosen: Passage | None) -> Html:
    language, text = view.language, view.text
    start, end = (chosen.start, chosen.end) if chosen is not None else (0, 0)
    first, last = max(0, start - _TEXT_AROUND), min(len(text), max(end, start) + _TEXT_AROUND)
    before = say(words.TEXT_CUT_BEFORE, language, count=f"{first:,}") if first else None
    after = say(words.TEXT_CUT_AFTER, language, count=f"{len(text) - last:,}") if last < len(text) else None
    marked = tag("mark", text[start:end], data_show=view.chosen) if chosen is not None else None
    return tag(
        "div",
        tag("h4", say(words.WHOLE_TEXT, language)),
        tag(
            "div",
            tag("p", before, class_="fd-hint") if before else None,
            tag("span", text[first:start]),
            marked,
            tag("span", text[end:last]),
            tag("p", after, class_="fd-hint") if after else None,
            class_="fd-open__body",
            dir="auto",
            tabindex="0",
            role="region",
            aria_label=say(words.WHOLE_TEXT, language),
        ),
        class_="fd-open__text",
    )
