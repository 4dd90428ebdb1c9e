"""What trainings and conversations tell the people who teach, as HTML: what to check, and what was not understood.

Pure; knows nothing of Gradio or of stores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.intents import Intent
from bot.teaching.intent_desk import DeskView
from bot.teaching.unknown_messages import MessageGroup
from ui.intent_pages.intents_parts import named_title, sheet
from ui.markup import Html, button, drawing, empty, tag, void
from ui.words import intents_wording as words
from ui.words.names import in_language, percent
from ui.words.wording import Text, say

_NEW_FROM = "\n"  # joins the texts that a group hands to the editor


def check(desk: DeskView, language: str) -> Html:
    run, intents = desk.findings, desk.listed.intents
    if run is None:
        blank = empty("search", say(words.CHECK_NONE, language), say(words.CHECK_NONE_DETAIL, language))
        return tag("section", blank, class_="fd-card", data_key="check")
    found = run.findings
    return tag(
        "section",
        tag("p", say(words.CHECK_FROM, language, version=run.list_version), class_="fd-soft"),
        _part(
            words.CONFUSIONS,
            words.CONFUSIONS_NONE,
            [_confusion(each, intents, language) for each in found.get("confusions", ())],
            language,
        ),
        _part(
            words.DOUBTFUL,
            words.DOUBTFUL_NONE,
            [_doubtful(each, intents, language) for each in found.get("doubtful", ()) if _still(each, intents)],
            language,
        ),
        _part(
            words.WEAK_TITLE,
            words.WEAK_NONE,
            [_weak(each, intents, language) for each in found.get("weak", ())],
            language,
        ),
        class_="fd-card fd-findings",
        data_key="check",
    )


def _part(title: Text, nothing: Text, rows: Sequence[Html], language: str) -> Html:
    inside = tag("ul", *rows, class_="fd-finding-rows") if rows else tag("p", say(nothing, language), class_="fd-soft")
    return tag("section", tag("h3", say(title, language)), inside)


def _confusion(pair: Mapping[str, Any], intents: Sequence[Intent], language: str) -> Html:
    examples = [
        tag(
            "li",
            say(
                words.CONFUSED_EXAMPLE,
                language,
                text=each["text"],
                intent=named_title(intents, each["intent"], language),
                guess=named_title(intents, each["guess"], language),
            ),
            dir="auto",
        )
        for each in pair["examples"]
    ]
    return tag(
        "li",
        tag(
            "details",
            tag(
                "summary",
                _chip(pair["first"], intents, language),
                tag("span", "↔", aria_hidden="true"),
                _chip(pair["second"], intents, language),
                tag("span", say(words.CONFUSED_TIMES, language, count=pair["count"]), class_="fd-soft"),
                drawing("chevron"),
            ),
            tag("ul", *examples, class_="fd-finding__examples"),
        ),
        data_key=f"{pair['first']}-{pair['second']}",
    )


def _chip(name: str, intents: Sequence[Intent], language: str) -> Html:
    return tag("span", named_title(intents, name, language), class_="fd-intent-chip", dir="auto")


def _still(example: Mapping[str, Any], intents: Sequence[Intent]) -> bool:
    """Whether the example still stands where the training found it, and its better place still is one."""
    of = next((intent for intent in intents if intent.name == example["intent"]), None)
    there = of is not None and any(example["text"] in texts for texts in of.examples.values())
    return there and any(intent.name == example["guess"] for intent in intents)


def _doubtful(example: Mapping[str, Any], intents: Sequence[Intent], language: str) -> Html:
    title, guess = (named_title(intents, example[key], language) for key in ("intent", "guess"))
    standing = say(words.DOUBTFUL_ROW, language, intent=title, guess=guess, confidence=percent(example["confidence"]))

    def act(label: str, to: str, look: str) -> Html:
        return button(label, "move", look=look, data_id=example["intent"], data_text=example["text"], data_value=to)

    return tag(
        "li",
        tag(
            "div",
            tag("p", f"“{example['text']}”", class_="fd-finding__text", dir="auto"),
            tag("p", standing, class_="fd-soft"),
        ),
        tag(
            "div",
            act(say(words.MOVE_TO, language, intent=guess), example["guess"], "soft"),
            act(say(words.REMOVE_EXAMPLE, language), "", "quiet"),
            class_="fd-finding__acts",
        ),
        class_="fd-finding",
        data_key=f"{example['intent']}-{example['text']}",
    )


def _weak(weak: Mapping[str, Any], intents: Sequence[Intent], language: str) -> Html:
    facts = say(words.WEAK_ROW, language, recall=percent(weak["recall"]), examples=weak["examples"])
    known = any(intent.name == weak["intent"] for intent in intents)
    title = named_title(intents, weak["intent"], language)
    return tag(
        "li",
        _chip(weak["intent"], intents, language),
        tag("meter", min=0, max=1, value=f"{weak['recall']:.3f}", aria_label=facts),
        tag("span", facts, class_="fd-soft"),
        button(say(words.OPEN_INTENT, language, name=title), "open", look="quiet", data_id=weak["intent"])
        if known
        else None,
        class_="fd-finding fd-finding--weak",
        data_key=weak["intent"],
    )


# --- what was not understood ----------------------------------------------------------------------------------------


def unknown(groups: Sequence[MessageGroup], intents: Sequence[Intent], language: str) -> Html:
    if not groups:
        blank = empty("check", say(words.UNKNOWN_NONE, language), say(words.UNKNOWN_NONE_DETAIL, language))
        return tag("section", blank, class_="fd-card", data_key="unknown")
    return tag(
        "section",
        tag("p", say(words.UNKNOWN_DETAIL, language), class_="fd-soft"),
        tag("ul", *(_group(group, intents, language) for group in groups), class_="fd-finding-rows"),
        class_="fd-card fd-findings",
        data_key="unknown",
    )


def _group(group: MessageGroup, intents: Sequence[Intent], language: str) -> Html:
    count = words.UNKNOWN_ONE if group.messages == 1 else words.UNKNOWN_COUNT
    label = say(words.ADD_TO_LABEL, language)
    options = [tag("option", in_language(intent.title, language, intent.name), value=intent.name) for intent in intents]
    add = sheet(
        "add_group",
        tag("select", *options, name="to", class_="fd-field", aria_label=label, data_ours=True),
        void("input", type="hidden", name="texts", value=_NEW_FROM.join(group.texts)),
        tag("button", say(words.ADD_TO, language), type="submit", class_="fd-button fd-button--quiet"),
        key=f"add-{group.texts[0]}",
    )
    return tag(
        "li",
        tag(
            "div",
            tag("p", say(count, language, count=group.messages), class_="fd-soft"),
            tag("ul", *(tag("li", f"“{text}”", dir="auto") for text in group.texts), class_="fd-group__texts"),
        ),
        tag(
            "div",
            button(
                say(words.MAKE_INTENT, language),
                "new",
                look="soft",
                symbol="plus",
                data_texts=_NEW_FROM.join(group.texts),
            ),
            add,
            class_="fd-finding__acts",
        ),
        class_="fd-finding",
        data_key=f"group-{group.texts[0]}",
    )
