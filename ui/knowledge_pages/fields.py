"""Fields of forms and lists: choices, searches, pages. HTML only; knows nothing of Gradio or of stores."""

from __future__ import annotations

from collections.abc import Sequence

from ui.markup import Html, button, drawing, tag, void
from ui.words import knowledge_wording as words
from ui.words.wording import say


def choice(label: str, act: str, options: Sequence[tuple[str, str]], chosen: str) -> Html:
    """A list to choose from that tells the server at once. `options`: (value, what people read)."""
    shown = (tag("option", text, value=value, selected=value == chosen) for value, text in options)
    return tag(
        "label",
        tag("span", label, class_="fd-sr"),
        tag("select", *shown, class_="fd-field fd-choice", data_live=act, data_chosen=chosen),
        class_="fd-choice__label",
        title=label,
    )


def search_field(label: str, act: str, value: str) -> Html:
    """A field that tells the server while one writes."""
    field = void(
        "input",
        type="search",
        class_="fd-field",
        value=value,
        placeholder=label,
        aria_label=label,
        maxlength=200,
        data_live=act,
        autocomplete="off",
    )
    return tag("div", drawing("search"), field, class_="fd-search")


def pager(page: int, pages: int, act: str, language: str) -> Html | None:
    """`page` is counted from 0. Nothing where there is one page only."""
    if pages <= 1:
        return None
    text = say(words.PAGE_OF, language, page=page + 1, pages=pages)
    back = button(say(words.PREVIOUS, language), act, look="quiet", symbol="back", short=True, data_value=str(page - 1))
    on = button(say(words.NEXT, language), act, look="quiet", symbol="forward", short=True, data_value=str(page + 1))
    return tag(
        "nav",
        back if page > 0 else None,
        tag("span", text),
        on if page + 1 < pages else None,
        class_="fd-pager",
        aria_label=text,
    )


def tabs(shown: Sequence[tuple[str, str, str]], chosen: str, label: str) -> Html:
    """`shown`: (value, what people read, a number beside it or "")."""
    buttons = (
        tag(
            "button",
            tag("span", text),
            tag("span", number, class_="fd-tab__number") if number else None,
            type="button",
            data_act="tab",
            data_value=value,
            aria_pressed="true" if value == chosen else "false",
        )
        for value, text, number in shown
    )
    return tag("div", *buttons, class_="fd-tabs", role="group", aria_label=label)


def text_area(name: str, label: str, hint: str, value: str, *, rows: int, language: str, most: int) -> Html:
    """A labelled text of several lines. `most` characters are taken; the server says so where it matters."""
    return tag(
        "label",
        tag("span", label, class_="fd-input__label"),
        tag("span", hint, class_="fd-input__hint"),
        tag(
            "textarea",
            value,
            name=name,
            class_="fd-field",
            rows=rows,
            lang=language,
            dir="auto",
            maxlength=most,
            data_free=True,
        ),
        class_="fd-input",
    )
