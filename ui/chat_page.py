"""The chat page as HTML: what a view of it looks like. Pure; knows nothing of Gradio or of stores."""

from __future__ import annotations

from dataclasses import dataclass

from bot.messages import Handler
from ui.composer import Composer, message_form
from ui.markup import Html, avatar, banner, button, drawing, header, joined, language_switch, message, page, tag
from ui.presenter import Banner, Look, MessageView, text_parts
from ui.words import wording
from ui.words.wording import say


@dataclass(frozen=True, slots=True)
class ChatView:
    """Everything that a customer's page shows, but for the answer being written."""

    language: str
    company: str
    tagline: str
    longest: int  # characters a message may have
    conversation_id: str | None = None
    handler: Handler = Handler.BOT
    messages: tuple[MessageView, ...] = ()
    suggestions: tuple[str, ...] = ()
    notice: Banner | None = None  # who answers, where that is not the assistant
    problem: Banner | None = None
    busy: bool = False  # an answer is being written
    draft: str = ""  # what was typed and could not be sent


def transcript(view: ChatView) -> Html:
    """Header, banners and what has been said; or the greeting."""
    language = view.language
    new = button(say(wording.NEW_CONVERSATION, language), "new", look="quiet", symbol="plus")
    said = _conversation(view) if view.messages else _greeting(view)
    banners = joined(banner(each) for each in (view.notice, view.problem) if each is not None)
    return page(
        header(view.company, view.tagline, new if view.messages else None, language_switch(language)),
        tag("div", banners, class_="fd-banners") if banners else None,
        said,
        language=language,
        class_="fd-chat",
        follow=view.conversation_id or "none",
    )


def _conversation(view: ChatView) -> Html:
    return tag(
        "section",
        *(message(each, view.language) for each in view.messages),
        class_="fd-log",
        role="log",
        aria_live="polite",
        aria_relevant="additions",
        aria_label=say(wording.CONVERSATION, view.language),
        data_key=f"log-{view.conversation_id}",
    )


def _greeting(view: ChatView) -> Html:
    language = view.language
    questions = (
        tag(
            "button",
            tag("span", question),
            drawing("chevron"),
            type="button",
            class_="fd-suggestion",
            data_act="ask",
            data_event="send",
            data_text=question,
        )
        for question in view.suggestions
    )
    heading = tag("h2", say(wording.GREETING, language))
    detail = tag("p", say(wording.GREETING_DETAIL, language))
    suggestions = tag(
        "div", *questions, class_="fd-suggestions", role="group", aria_label=say(wording.SUGGESTIONS, language)
    )
    sign = tag("span", drawing("bell"), class_="fd-greeting__sign")
    return tag("section", sign, heading, detail, suggestions, class_="fd-greeting", data_key="greeting")


def live_answer(doing: str, written: str, language: str) -> Html:
    """The answer while it is being written."""
    dots = tag("span", tag("i"), tag("i"), tag("i"), class_="fd-dots", aria_hidden="true")
    text = joined(
        joined([tag("span", part.text), tag("span", str(part.marker), class_="fd-cite") if part.marker else Html("")])
        for part in text_parts(written)
    )
    inside = tag("p", text, class_="fd-text", dir="auto") if written else tag("p", dots, doing, class_="fd-doing")
    return tag(
        "article",
        avatar(Look.ANSWER),
        tag(
            "div",
            tag("div", tag("span", say(wording.ASSISTANT, language)), class_="fd-message__head"),
            tag("div", inside, class_="fd-bubble"),
            class_="fd-message__body",
        ),
        class_="fd-message fd-message--answer is-live",
        aria_busy="true",
        data_follow="live",
    )


def composer(view: ChatView) -> Html:
    """Where a message is written; a person is one button away, always."""
    language = view.language
    form = Composer(
        language,
        wording.MESSAGE_LABEL,
        wording.MESSAGE_PLACEHOLDER,
        event="send",
        longest=view.longest,
        busy=view.busy,
        disabled=view.handler is Handler.CLOSED,
        draft=view.draft,
    )
    person = button(say(wording.TALK_TO_PERSON, language), "person", look="soft", symbol="person")
    foot = tag(
        "div",
        person if view.handler is Handler.BOT else None,
        tag("p", say(wording.FOOTNOTE, language), class_="fd-footnote"),
        class_="fd-composer__foot",
    )
    return tag("div", message_form(form), foot, class_="fd-composer", lang="zh-CN" if language == "zh" else "en")
