"""The operator console as HTML: the conversations and the open one. Pure; knows nothing of Gradio or of stores."""

from __future__ import annotations

from dataclasses import dataclass

from bot.answers import Outcome
from bot.messages import Conversation, ConversationSummary, Handler
from bot.signal_desk import Period
from bot.signals.trend import Trend
from ui.composer import Composer, message_form
from ui.correction_form import Correction, correct_button, correction_form
from ui.markup import (
    Html,
    banner,
    button,
    drawing,
    empty,
    header,
    language_switch,
    message,
    moment,
    page,
    sign_out,
    staff_navigation,
    tag,
    void,
)
from ui.presenter import Banner, MessageView
from ui.trend_panel import trend_panel
from ui.words import wording
from ui.words.names import channel_name, handler_name, language_name, outcome_name, reason_name
from ui.words.wording import Text, say

_FILTERS: tuple[tuple[str, Text], ...] = (
    ("", wording.ALL),
    (Handler.WAITING, wording.HANDLED_WAITING),
    (Handler.OPERATOR, wording.HANDLED_BY_OPERATOR),
    (Handler.BOT, wording.HANDLED_BY_BOT),
    (Handler.CLOSED, wording.HANDLED_CLOSED),
)


@dataclass(frozen=True, slots=True)
class OpenConversation:
    conversation: Conversation
    title: str
    messages: tuple[MessageView, ...]
    correctable: frozenset[str] = frozenset()  # keys of answers that can be corrected
    correction: Correction | None = None  # what is being written


@dataclass(frozen=True, slots=True)
class ConsoleView:
    language: str
    company: str
    longest: int  # characters a reply may have
    summaries: tuple[ConversationSummary, ...]
    waiting: int  # how many conversations wait for a person
    search: str = ""
    handler: str = ""  # the filter: a Handler's value, or "" for all
    more: bool = False  # there are older conversations
    opened: OpenConversation | None = None
    problem: Banner | None = None
    draft: str = ""
    trend: Trend | None = None  # of upset messages; None where they are not looked for
    period: Period = Period.DAY


def console(view: ConsoleView) -> Html:
    language = view.language
    return page(
        header(
            view.company,
            say(wording.CONSOLE_TITLE, language),
            language_switch(language),
            sign_out(language),
            navigation=staff_navigation("/console", language),
        ),
        tag(
            "div",
            _list(view),
            _detail(view),
            class_="fd-console" + (" has-open" if view.opened else ""),
        ),
        language=language,
        class_="fd-staff fd-staff--console",
        follow=view.opened.conversation.conversation_id if view.opened else None,
    )


# --- the list -------------------------------------------------------------------------------------------------------


def _list(view: ConsoleView) -> Html:
    language = view.language
    rows = tag("ul", *(_row(summary, view) for summary in view.summaries), class_="fd-rows")
    more = button(say(wording.MORE, language), "more", look="quiet") if view.more else None
    return tag(
        "aside",
        _search(view),
        tag("div", rows if view.summaries else _no_rows(view), more, class_="fd-list__scroll"),
        class_="fd-list",
        aria_label=say(wording.CONSOLE_TITLE, language),
    )


def _search(view: ConsoleView) -> Html:
    language = view.language
    label = say(wording.SEARCH_CONVERSATIONS, language)
    field = void(
        "input",
        type="search",
        class_="fd-field",
        value=view.search,
        placeholder=label,
        aria_label=label,
        data_live="search",
        autocomplete="off",
    )
    chips = (_chip(value, say(text, language), view) for value, text in _FILTERS)
    return tag(
        "div",
        tag("div", drawing("search"), field, class_="fd-search"),
        tag("div", *chips, class_="fd-chips", role="group", aria_label=say(wording.FILTER_HANDLER, language)),
        trend_panel(view.trend, view.period, language) if view.trend is not None else None,
        class_="fd-list__head",
    )


def _chip(value: str, name: str, view: ConsoleView) -> Html:
    count = view.waiting if value == Handler.WAITING else 0
    return tag(
        "button",
        name,
        tag("span", str(count), class_="fd-count") if count else None,
        type="button",
        class_="fd-chip",
        data_act="filter",
        data_value=value,
        aria_pressed="true" if view.handler == value else "false",
    )


def _no_rows(view: ConsoleView) -> Html:
    if view.search or view.handler:
        title, detail = wording.NO_MATCHES, wording.NO_MATCHES_DETAIL
    else:
        title, detail = wording.NO_CONVERSATIONS, wording.NO_CONVERSATIONS_DETAIL
    return empty("talk", say(title, view.language), say(detail, view.language))


def _row(summary: ConversationSummary, view: ConsoleView) -> Html:
    language, conversation = view.language, summary.conversation
    selected = view.opened is not None and view.opened.conversation.conversation_id == conversation.conversation_id
    count = wording.ONE_MESSAGE if summary.messages == 1 else wording.MESSAGES_COUNT
    title = tag("span", summary.first_text or say(wording.NOTHING_SAID, language), class_="fd-row__title", dir="auto")
    facts = tag(
        "span",
        handler_badge(conversation.handler, language),
        _outcome_badge(summary.last_outcome, language),
        _unhappy(language) if summary.has_negative_feedback else None,
        tag("span", say(count, language, count=summary.messages), class_="fd-row__count"),
        class_="fd-row__facts",
    )
    return tag(
        "li",
        tag(
            "button",
            tag("span", title, moment(conversation.updated_at), class_="fd-row__head"),
            facts,
            type="button",
            class_="fd-row",
            data_act="open",
            data_id=conversation.conversation_id,
            aria_current="true" if selected else None,
        ),
        data_key=conversation.conversation_id,
    )


def handler_badge(handler: Handler, language: str) -> Html:
    return tag("span", handler_name(handler, language), class_=f"fd-badge fd-badge--{handler}")


def _outcome_badge(outcome: str | None, language: str) -> Html | None:
    if not outcome:
        return None
    tone = "warn" if outcome == Outcome.ABSTAINED else "plain"
    return tag("span", outcome_name(outcome, language), class_=f"fd-badge fd-badge--{tone}")


def _unhappy(language: str) -> Html:
    text = say(wording.HAS_NEGATIVE, language)
    return tag("span", drawing("thumb-down"), tag("span", text, class_="fd-sr"), class_="fd-flag", title=text)


# --- the open conversation ------------------------------------------------------------------------------------------


def _detail(view: ConsoleView) -> Html:
    language, opened = view.language, view.opened
    if opened is None:
        blank = empty(
            "talk", say(wording.CHOOSE_CONVERSATION, language), say(wording.CHOOSE_CONVERSATION_DETAIL, language)
        )
        problem = banner(view.problem) if view.problem else None
        return tag("section", problem, blank, class_="fd-detail is-blank")
    messages = (message(each, language, staff=True, below=_below(each, opened, language)) for each in opened.messages)
    return tag(
        "section",
        _detail_head(opened, language),
        tag(
            "div",
            *messages,
            class_="fd-log",
            role="log",
            aria_live="polite",
            aria_label=say(wording.CONVERSATION, language),
            data_scroller=True,
            tabindex="0",
        ),
        tag("div", banner(view.problem) if view.problem else None, _reply(view, opened), class_="fd-detail__foot"),
        class_="fd-detail",
        data_key=opened.conversation.conversation_id,
    )


def _below(view: MessageView, opened: OpenConversation, language: str) -> Html | None:
    if opened.correction is not None and opened.correction.message_id == view.key:
        return correction_form(opened.correction, language)
    if view.key not in opened.correctable:
        return None
    return tag("div", correct_button(view.key, language), class_="fd-actions")


def _detail_head(opened: OpenConversation, language: str) -> Html:
    conversation = opened.conversation
    facts = [channel_name(conversation.channel, language), language_name(conversation.language, language)]
    if conversation.handoff_reason is not None and conversation.handler is not Handler.BOT:
        facts.append(reason_name(conversation.handoff_reason, language))
    return tag(
        "header",
        button(say(wording.BACK_TO_LIST, language), "back", look="quiet", symbol="back", short=True),
        tag(
            "div",
            tag("h2", opened.title or say(wording.NOTHING_SAID, language), dir="auto"),
            tag(
                "p",
                handler_badge(conversation.handler, language),
                tag("span", " · ".join(facts)),
                tag("code", conversation.conversation_id, title=say(wording.CUSTOMER_ID, language)),
            ),
            class_="fd-detail__titles",
        ),
        tag("div", *_controls(conversation.handler, language), class_="fd-detail__controls"),
        class_="fd-detail__head",
    )


def _controls(handler: Handler, language: str) -> list[Html]:
    take_over = button(say(wording.TAKE_OVER, language), "take_over", look="primary")
    hand_back = button(say(wording.HAND_BACK, language), "hand_back", look="quiet")
    close = button(say(wording.CLOSE, language), "close", look="quiet")
    return {
        Handler.BOT: [take_over, close],
        Handler.WAITING: [take_over, hand_back, close],
        Handler.OPERATOR: [hand_back, close],
        Handler.CLOSED: [],
    }[handler]


def _reply(view: ConsoleView, opened: OpenConversation) -> Html:
    language, conversation = view.language, opened.conversation
    hint = {
        Handler.BOT: wording.TAKE_OVER_HINT,
        Handler.WAITING: wording.WAITING_HINT,
        Handler.OPERATOR: wording.REPLY_HINT,
        Handler.CLOSED: wording.CLOSED_HINT,
    }[conversation.handler]
    form = Composer(
        language,
        wording.REPLY_LABEL,
        wording.REPLY_PLACEHOLDER,
        event="act",
        act="reply",
        longest=view.longest,
        draft=view.draft,
        key=conversation.conversation_id,
    )
    writes = conversation.handler is Handler.OPERATOR
    return tag(
        "div",
        message_form(form) if writes else None,
        tag("p", say(hint, language), class_="fd-hint"),
        class_="fd-reply",
    )
