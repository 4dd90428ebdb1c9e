"""The HTML that our pages are made of. Escapes every text it is given; knows nothing of Gradio or of stores.

Only `Html` is inserted as it is: a plain string never becomes markup, so nothing that a customer, a document or a
file name says can be more than text.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from ui.icons import icon
from ui.presenter import Banner, Look, MessageView, SourceView, TextPart
from ui.words import signal_wording, wording
from ui.words.wording import CHINESE, Text, say


class Html(str):
    """Markup of ours, as opposed to text."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | float | bool | None) -> Html:
    """An element. Plain strings are escaped. `True` writes a bare attribute, `False` and `None` none at all.

    Attribute names are written with `_` for `-`, and with a `_` at the end where Python has the word for itself.
    """
    inner = "".join(child if isinstance(child, Html) else html.escape(child) for child in children if child)
    opening = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{opening}></{name}>" if not inner else f"<{name}{opening}>{inner}</{name}>")


def void(name: str, /, **attributes: str | float | bool | None) -> Html:
    """An element that has no end tag, such as `input`."""
    return Html(f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>")


def joined(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'


# --- pieces of every page -------------------------------------------------------------------------------------------


def drawing(name: str) -> Html:
    return Html(icon(name))


def button(
    label: str, act: str, *, look: str = "plain", symbol: str = "", short: bool = False, **data: str | bool | None
) -> Html:
    """A button that tells the server `act`. `short`: only the symbol is seen; the label is read aloud."""
    name = tag("span", label, class_="fd-sr" if short else "fd-button__label")
    return tag(
        "button",
        drawing(symbol) if symbol else None,
        name,
        type="button",
        class_=f"fd-button fd-button--{look}" + (" fd-button--symbol" if short else ""),
        title=label if short else None,
        data_act=act,
        **data,
    )


def page(*children: str | None, language: str, class_: str, follow: str | None = None, turn: int | None = None) -> Html:
    """The outermost element of a panel that sets the document's language. Of two `turn`s the higher is drawn last."""
    spoken = "zh-CN" if language == CHINESE else "en"
    return tag("div", *children, class_=class_, lang=spoken, data_lang=spoken, data_follow=follow, data_turn=turn)


def header(name: str, tagline: str, *actions: Html | None, navigation: Html | None = None) -> Html:
    return tag(
        "header",
        tag(
            "div",
            tag("span", drawing("bell"), class_="fd-logo"),
            tag(
                "div",
                tag("h1", name, class_="fd-header__name"),
                tag("p", tagline, class_="fd-header__tagline") if tagline else None,
                class_="fd-header__titles",
            ),
            navigation,
            tag("div", *actions, class_="fd-header__actions"),
            class_="fd-header__inner",
        ),
        class_="fd-header",
    )


def staff_navigation(current: str, language: str) -> Html:
    """Links between the pages for staff. `current` is the path of this one."""
    places = (
        ("/console", wording.CONSOLE_TAB),
        ("/knowledge", wording.KNOWLEDGE_TAB),
        ("/intents", wording.INTENTS_TAB),
        ("/numbers", wording.NUMBERS_TAB),
        ("/chat", wording.CHAT_TAB),
    )
    links = (
        tag("a", say(text, language), href=f"{path}/", aria_current="page" if path == current else None)
        for path, text in places
    )
    return tag("nav", *links, class_="fd-navigation", aria_label=say(wording.STAFF_NAVIGATION, language))


def sign_out(language: str) -> Html:
    """Leaves the pages for staff. A form of its own: the browser sends it, not the panel."""
    label = say(wording.SIGN_OUT, language)
    inside = (drawing("leave"), tag("span", label, class_="fd-button__label"))
    leave = tag("button", *inside, type="submit", class_="fd-button fd-button--plain", title=label)
    return tag("form", leave, method="post", action="/sign-out", class_="fd-leave")


def language_switch(language: str) -> Html:
    def choice(code: str, name: str, spoken: str) -> Html:
        pressed = "true" if language == code else "false"
        return tag(
            "button", name, type="button", lang=spoken, data_act="language", data_value=code, aria_pressed=pressed
        )

    return tag(
        "div",
        choice("en", "EN", "en"),
        choice("zh", "中文", "zh-CN"),
        class_="fd-switch",
        role="group",
        aria_label=say(wording.LANGUAGE_SWITCH, language),
    )


def banner(shown: Banner) -> Html:
    symbol = shown.symbol or {"good": "check", "bad": "alert"}.get(shown.tone, "clock")
    return tag(
        "div",
        drawing(symbol),
        tag("p", tag("strong", shown.text), tag("span", shown.detail) if shown.detail else None),
        button(shown.action_label, shown.action, look="quiet") if shown.action else None,
        class_=f"fd-banner fd-banner--{shown.tone}",
        role="alert" if shown.tone == "bad" else "status",
    )


def moment(at: float) -> Html:
    """A time of day; the browser writes it in the reader's own time zone."""
    return tag("time", data_at=f"{at:.0f}", data_ours=True)


def empty(symbol: str, title: str, detail: str) -> Html:
    return tag("div", drawing(symbol), tag("h2", title), tag("p", detail), class_="fd-empty")


# --- messages -------------------------------------------------------------------------------------------------------

_SYMBOLS = {Look.ABSTAINED: "question", Look.HANDED_OVER: "person", Look.OPERATOR: "person", Look.CUSTOMER: "person"}


def message(view: MessageView, language: str, *, staff: bool = False, below: Html | None = None) -> Html:
    """One message; `below` stands under it."""
    if view.look is Look.NOTICE:
        return tag("p", "".join(part.text for part in view.parts), class_="fd-notice", data_key=view.key)
    return tag(
        "article",
        avatar(view.look),
        tag(
            "div",
            tag("div", tag("span", view.author), moment(view.at), class_="fd-message__head"),
            tag(
                "div",
                tag("p", *answer_parts(view.parts, language), class_="fd-text", dir="auto") if view.parts else None,
                tag("p", drawing("alert"), view.note, class_="fd-note") if view.note else None,
                class_="fd-bubble",
            ),
            sources(view.sources, language),
            _choices(view, language),
            _actions(view, language, staff=staff),
            _trace(view.trace, language) if staff else None,
            below,
            class_="fd-message__body",
        ),
        class_=f"fd-message fd-message--{view.look}",
        data_key=view.key,
        data_message=view.key,
    )


def avatar(look: Look) -> Html:
    return tag("span", drawing(_SYMBOLS.get(look, "bell")), class_="fd-avatar", aria_hidden="true")


def answer_parts(parts: Iterable[TextPart], language: str) -> Iterable[Html]:
    """An answer's text with its [n] as links to the sources beside it."""
    for part in parts:
        if part.text:
            yield tag("span", part.text)
        if part.marker is not None:
            yield tag(
                "a",
                str(part.marker),
                href=f"#source-{part.marker}",
                class_="fd-cite",
                data_cite=str(part.marker),
                aria_label=say(wording.SOURCE_MARKER, language, number=part.marker),
            )


def sources(shown: Iterable[SourceView], language: str) -> Html | None:
    entries = [_source(source) for source in shown]
    if not entries:
        return None
    heading = tag("h3", say(wording.SOURCES, language), class_="fd-sources__title")
    return tag("section", heading, *entries, class_="fd-sources", aria_label=say(wording.SOURCES, language))


def _source(source: SourceView) -> Html:
    return tag(
        "details",
        tag(
            "summary",
            tag("span", str(source.marker), class_="fd-source__number"),
            tag("span", source.place, class_="fd-source__place"),
            drawing("chevron"),
        ),
        tag(
            "blockquote",
            tag("span", source.before.lstrip()) if source.before.strip() else None,
            tag("mark", source.quote),
            tag("span", source.after.rstrip()) if source.after.strip() else None,
            dir="auto",
        ),
        _source_link(source.source),
        class_="fd-source",
        data_marker=str(source.marker),
        data_key=f"source-{source.marker}",
    )


def _source_link(source: str) -> Html | None:
    """Of a source that is a page of its own; editors write such links, and only web addresses are taken."""
    if not source.startswith(("https://", "http://")):
        return None
    link = tag("a", source, href=source, target="_blank", rel="noopener noreferrer nofollow")
    return tag("p", link, class_="fd-source__link")


def _choices(view: MessageView, language: str) -> Html | None:
    """What a clarifying question offers, a button each; a typed reply is understood as well."""
    if not view.choices:
        return None
    chips = (
        button(title, "ask", look="soft", data_event="send", data_text=title, data_key=f"choice-{place}")
        for place, title in enumerate(view.choices)
    )
    return tag("div", *chips, class_="fd-actions", role="group", aria_label=say(signal_wording.CHOICES, language))


def _actions(view: MessageView, language: str, *, staff: bool) -> Html | None:
    if staff:
        return _rating(view, language)
    parts = [
        button(say(wording.TALK_TO_PERSON, language), "person", look="soft", symbol="person")
        if view.offers_person
        else None,
        _retry(view, language),
        _thumbs(view, language) if view.ratable else None,
    ]
    return tag("div", *parts, class_="fd-actions") if any(parts) else None


def _retry(view: MessageView, language: str) -> Html | None:
    if view.retry is None:
        return None
    return button(
        say(wording.ASK_AGAIN, language),
        "again",
        look="soft",
        symbol="again",
        data_event="send",
        data_text=view.retry.text,
        data_client=view.retry.client_message_id,
    )


def _thumbs(view: MessageView, language: str) -> Html:
    def thumb(verdict: str, label: Text) -> Html:
        pressed = view.feedback == verdict
        return button(
            say(label, language),
            "feedback",
            look="thumb",
            symbol=f"thumb-{verdict}",
            short=True,
            data_id=view.key,
            data_verdict="" if pressed else verdict,
            aria_pressed="true" if pressed else "false",
        )

    thanks = tag("span", say(wording.THANKS, language), class_="fd-thanks", role="status") if view.feedback else None
    return tag("div", thumb("up", wording.HELPFUL), thumb("down", wording.NOT_HELPFUL), thanks, class_="fd-thumbs")


def _rating(view: MessageView, language: str) -> Html | None:
    if view.feedback not in ("up", "down"):
        return None
    text = wording.RATED_UP if view.feedback == "up" else wording.RATED_DOWN
    return tag("p", drawing(f"thumb-{view.feedback}"), say(text, language), class_=f"fd-rating is-{view.feedback}")


def _trace(sentences: tuple[str, ...], language: str) -> Html | None:
    if not sentences:
        return None
    lines = (tag("li", sentence) for sentence in sentences)
    summary = tag("summary", say(wording.WHY, language), drawing("chevron"))
    return tag("details", summary, tag("ul", *lines), class_="fd-trace", data_key="trace")
