"""What the intents page shows at one moment, and pieces of HTML that its parts share. Pure; knows nothing of Gradio."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from bot.intents import Intent, IntentPrediction
from bot.teaching.intent_desk import DeskView
from bot.teaching.unknown_messages import MessageGroup
from ui.markup import Html, tag, void
from ui.presenter import Banner
from ui.words import intents_wording as words
from ui.words.names import in_language, percent
from ui.words.wording import Text, say

_STAGES: dict[str, Text] = {
    "": words.STAGE_STARTING,
    "learning": words.STAGE_LEARNING,
    "measuring": words.STAGE_MEASURING,
    "comparing": words.STAGE_COMPARING,
    "writing": words.STAGE_WRITING,
}


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """The intent in the editor. `before` is "" for a new one; `version` is the list that it was opened from."""

    intent: Intent
    before: str
    version: int


@dataclass(frozen=True, slots=True)
class IntentsView:
    language: str
    company: str
    desk: DeskView
    may_promote: bool
    tab: str = "list"
    search: str = ""
    opened: OpenIntent | None = None
    importing: bool = False
    deleting: bool = False
    confirming: str = ""  # the release that measures worse and waits for a word
    tried: str = ""
    prediction: IntentPrediction | None = None
    groups: tuple[MessageGroup, ...] | None = None  # None while nobody looks at them
    notice: Banner | None = None
    weak: Collection[str] = field(default_factory=frozenset)


def stage_name(stage: str, language: str) -> str:
    return say(_STAGES.get(stage, words.STAGE_STARTING), language)


def named_title(intents: Sequence[Intent], name: str, language: str) -> str:
    """What people call an intent; its name where the list does not know it (any more)."""
    found = next((intent for intent in intents if intent.name == name), None)
    return name if found is None else in_language(found.title, language, name)


def percent_of(name: str, share: float) -> str:
    return f"{name}: {percent(share)}"


def sheet(act: str, *children: Html | None, key: str) -> Html:
    """A form of several fields: sent by its button, and kept as it was typed when the page is drawn anew."""
    return tag("form", *children, class_="fd-sheet", data_event="act", data_act=act, data_free=True, data_key=key)


def text_field(name: str, label: Text, value: str, language: str, *, hint: Text | None = None) -> Html:
    below = tag("span", say(hint, language), class_="fd-hint") if hint is not None else None
    box = void("input", type="text", name=name, value=value, class_="fd-field", autocomplete="off", dir="auto")
    return tag("label", tag("span", say(label, language), below), box, class_="fd-label")


def text_area(
    name: str, label: Text, value: str, language: str, *, rows: int = 12, identity: str | None = None
) -> Html:
    # A line end right behind the opening tag is not part of the text: without it a first empty line would be lost.
    area = tag(
        "textarea",
        f"\n{value}",
        name=name,
        rows=rows,
        class_="fd-field fd-lines",
        id=identity,
        dir="auto",
        data_free=True,
    )
    return tag("label", tag("span", say(label, language)), area, class_="fd-label")
