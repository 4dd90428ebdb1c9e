"""Names, numbers and places as people read them, in their language. Pure; knows nothing of pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from bot.answers import Citation, Outcome
from bot.messages import Handler, HandoffReason
from ui.words import signal_wording, widget_wording, wording
from ui.words.wording import Text, say

T = TypeVar("T")

_HANDLERS: Mapping[Handler, Text] = {
    Handler.BOT: wording.HANDLED_BY_BOT,
    Handler.WAITING: wording.HANDLED_WAITING,
    Handler.OPERATOR: wording.HANDLED_BY_OPERATOR,
    Handler.CLOSED: wording.HANDLED_CLOSED,
}
_OUTCOMES: Mapping[str, Text] = {
    Outcome.ANSWERED: wording.OUTCOME_ANSWERED,
    Outcome.ABSTAINED: wording.OUTCOME_ABSTAINED,
    Outcome.CLARIFIED: wording.OUTCOME_CLARIFIED,
    Outcome.HANDED_OVER: wording.OUTCOME_HANDED_OVER,
    Outcome.SMALL_TALK: wording.OUTCOME_SMALL_TALK,
}
_REASONS: Mapping[HandoffReason, Text] = {
    HandoffReason.ASKED: wording.REASON_ASKED,
    HandoffReason.BUTTON: wording.REASON_BUTTON,
    HandoffReason.OPERATOR_CHOICE: wording.REASON_OPERATOR,
    HandoffReason.FRUSTRATION: signal_wording.REASON_FRUSTRATION,
}
_CHANNELS: Mapping[str, Text] = {
    "chat": wording.CHANNEL_CHAT,
    "api": wording.CHANNEL_API,
    "widget": widget_wording.CHANNEL_WIDGET,
    "openai": wording.CHANNEL_OPENAI,
    "cli": wording.CHANNEL_CLI,
}


def handler_name(handler: Handler, language: str) -> str:
    return say(_HANDLERS[handler], language)


def outcome_name(outcome: str, language: str) -> str:
    return say(_OUTCOMES[outcome], language) if outcome in _OUTCOMES else outcome


def reason_name(reason: HandoffReason, language: str) -> str:
    return say(_REASONS[reason], language)


def channel_name(channel: str, language: str) -> str:
    return say(_CHANNELS[channel], language) if channel in _CHANNELS else channel


def language_name(language_of_document: str, language: str) -> str:
    names = {wording.ENGLISH: wording.LANGUAGE_EN, wording.CHINESE: wording.LANGUAGE_ZH}
    name = names.get(language_of_document)
    return say(name, language) if name is not None else language_of_document


def in_language(texts: Mapping[str, T], language: str, otherwise: T) -> T:
    """What the company wrote in `language`, else in English, else `otherwise`."""
    return texts.get(language, texts.get(wording.ENGLISH, otherwise))


def percent(probability: float) -> str:
    """0.943 → "94 %". A non-breaking space keeps number and sign together."""
    return f"{round(100 * probability)}\u00a0%"


def seconds(milliseconds: float, language: str) -> str:
    value = f"{milliseconds / 1000:.1f}" if milliseconds >= 100 else f"{milliseconds / 1000:.2f}"
    return say(wording.SECONDS, language, seconds=value)


def megabytes(size: int) -> str:
    """52428800 → "50 MB"."""
    return f"{size / 1024**2:.0f} MB" if size >= 1024**2 else f"{size / 1024:.0f} kB"


def language_of_browser(accept_language: str) -> str:
    """The page's language by an Accept-Language header: Chinese where it is preferred to English, else English."""
    wishes: list[tuple[float, int, str]] = []
    for position, entry in enumerate(accept_language.split(",")):
        name, _, parameters = entry.strip().partition(";")
        spoken = name.strip().lower().split("-")[0]
        if spoken in (wording.ENGLISH, wording.CHINESE):
            wishes.append((-_quality(parameters), position, spoken))
    return min(wishes)[2] if wishes else wording.ENGLISH


def _quality(parameters: str) -> float:
    match = re.search(r"q=([01](?:\.\d{0,3})?)", parameters)
    return float(match.group(1)) if match else 1.0


def place(citation: Citation, language: str) -> str:
    """Where a citation stands: title › heading, page."""
    return place_of(citation.title, citation.heading, citation.page, language)


def place_of(title: str, heading: str, page: int | None, language: str) -> str:
    """`heading` is a path joined by " > "; the title is not said twice."""
    steps = [step.strip() for step in heading.split(" > ") if step.strip()]
    if steps and steps[0] == title:
        steps = steps[1:]
    path = " › ".join([title, *steps])
    if page is None:
        return path
    return f"{path}{'，' if language == wording.CHINESE else ', '}{say(wording.PAGE, language, page=page)}"
