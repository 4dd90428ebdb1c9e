"""The form in which a message is written, for customers and for operators. Pure HTML; knows nothing of Gradio."""

from __future__ import annotations

from dataclasses import dataclass

from ui.markup import Html, drawing, tag
from ui.words import wording
from ui.words.wording import Text, say


@dataclass(frozen=True, slots=True)
class Composer:
    language: str
    label: Text
    placeholder: Text
    event: str  # "send" or "act": what the panel reports
    longest: int  # characters
    act: str = ""
    busy: bool = False  # an answer is being written: it can be stopped, and nothing sent
    disabled: bool = False
    draft: str = ""  # what was typed and could not be sent
    key: str = "composer"


def message_form(composer: Composer) -> Html:
    language = composer.language
    field_id = f"fd-field-{composer.key}"
    field = tag(
        "textarea",
        id=field_id,
        name="text",
        rows=1,
        maxlength=composer.longest,
        placeholder=say(composer.placeholder, language),
        enterkeyhint="send",
        autocomplete="off",
        disabled=composer.disabled,
        dir="auto",
    )
    return tag(
        "form",
        tag("label", say(composer.label, language), for_=field_id, class_="fd-sr"),
        field,
        tag("span", class_="fd-counter", data_counter=say(wording.CHARACTERS_LEFT, language), data_ours=True),
        _stop(language) if composer.busy else _send(language),
        class_="fd-form",
        data_event=composer.event,
        data_act=composer.act or None,
        data_busy="true" if composer.busy else "false",
        data_draft=composer.draft or None,
        data_key=composer.key,
    )


def _send(language: str) -> Html:
    label = say(wording.SEND, language)
    inside = (drawing("send"), tag("span", label, class_="fd-sr"))
    return tag("button", *inside, type="submit", class_="fd-send", title=label, disabled=True, data_key="send")


def _stop(language: str) -> Html:
    label = say(wording.STOP, language)
    inside = (drawing("stop"), tag("span", label, class_="fd-sr"))
    return tag("button", *inside, type="button", class_="fd-send", title=label, data_act="stop", data_key="stop")
