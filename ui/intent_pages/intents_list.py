"""The list of intents as HTML, and one of them open. Pure; knows nothing of Gradio or of stores."""

from __future__ import annotations

from bot.intent_store.intent_editing import count_examples, examples_of
from bot.intents import Intent, LeadsTo
from ui.intent_pages.intents_parts import IntentsView, OpenIntent, named_title, sheet, text_area, text_field
from ui.markup import Html, button, drawing, tag, void
from ui.words import intents_wording as words
from ui.words.names import in_language
from ui.words.wording import Text, say

LEADS: dict[LeadsTo, Text] = {
    LeadsTo.KNOWLEDGE: words.LEADS_KNOWLEDGE,
    LeadsTo.SMALL_TALK: words.LEADS_SMALL_TALK,
    LeadsTo.PERSON: words.LEADS_PERSON,
}
_SAMPLE = 4  # examples of an intent that its row shows


def intent_list(view: IntentsView) -> Html:
    language, intents = view.language, view.desk.listed.intents
    shown = [intent for intent in intents if _matches(intent, view.search)]
    total = sum(count_examples(intent) for intent in intents)
    rows = (_row(intent, view) for intent in shown)
    nothing = tag("p", say(words.NO_MATCH, language, text=view.search), class_="fd-none")
    return tag(
        "section",
        _list_head(view),
        tag("p", say(words.COUNTS, language, intents=len(intents), examples=f"{total:,}"), class_="fd-soft"),
        tag("ul", *rows, class_="fd-intent-rows") if shown else nothing,
        class_="fd-card",
        data_key="list",
    )


def _list_head(view: IntentsView) -> Html:
    language = view.language
    label = say(words.SEARCH, language)
    search = void(
        "input",
        type="search",
        class_="fd-field",
        value=view.search,
        placeholder=label,
        aria_label=label,
        data_live="search",
        autocomplete="off",
    )
    export = tag(
        "a",
        say(words.EXPORT, language),
        href="/api/v1/intents/export",
        download="intents.toml",
        class_="fd-button fd-button--plain",
    )
    return tag(
        "div",
        tag("div", drawing("search"), search, class_="fd-search"),
        export,
        button(say(words.IMPORT, language), "import", look="plain"),
        button(say(words.NEW_INTENT, language), "new", look="quiet", symbol="plus"),
        class_="fd-card__head",
    )


def _matches(intent: Intent, search: str) -> bool:
    wanted = search.casefold().strip()
    if not wanted:
        return True
    return any(wanted in text.casefold() for text in (intent.name, *intent.title.values(), *examples_of(intent)))


def _row(intent: Intent, view: IntentsView) -> Html:
    language = view.language
    title = in_language(intent.title, language, intent.name)
    examples = intent.examples.get(language) or examples_of(intent)
    counts = [
        tag("span", say(text, language, count=len(intent.examples.get(code, ()))), class_="fd-soft")
        for code, text in (("en", words.EXAMPLES_EN), ("zh", words.EXAMPLES_ZH))
    ]
    weak = (
        tag("span", say(words.WEAK, language), class_="fd-badge fd-badge--warn") if intent.name in view.weak else None
    )
    return tag(
        "li",
        tag(
            "button",
            tag(
                "span",
                tag("span", title, class_="fd-intent__title", dir="auto"),
                tag("span", intent.name, class_="fd-intent__name", dir="auto") if intent.name != title else None,
                weak,
                class_="fd-intent__head",
            ),
            tag("span", " · ".join(examples[:_SAMPLE]), class_="fd-intent__sample", dir="auto"),
            tag(
                "span",
                tag("span", say(LEADS[intent.leads_to], language), class_=f"fd-lead is-{intent.leads_to}"),
                *counts,
                class_="fd-intent__facts",
            ),
            type="button",
            class_="fd-intent",
            data_act="open",
            data_id=intent.name,
        ),
        data_key=intent.name,
    )


# --- one intent -----------------------------------------------------------------------------------------------------


def editor(view: IntentsView, opened: OpenIntent) -> Html:
    language, intent = view.language, opened.intent
    heading = (
        say(words.EDITING, language, name=named_title(view.desk.listed.intents, opened.before, language))
        if opened.before
        else say(words.CREATING, language)
    )
    form = sheet(
        "save",
        tag("div", *_names(intent, language), class_="fd-sheet__grid"),
        tag("div", *_replies(intent, language), class_="fd-sheet__grid"),
        tag(
            "div",
            text_area("examples_en", words.FIELD_EXAMPLES_EN, "\n".join(intent.examples.get("en", ())), language),
            text_area("examples_zh", words.FIELD_EXAMPLES_ZH, "\n".join(intent.examples.get("zh", ())), language),
            class_="fd-sheet__grid",
        ),
        tag(
            "div",
            tag("button", say(words.SAVE, language), type="submit", class_="fd-button fd-button--primary"),
            button(say(words.CANCEL, language), "back", look="quiet"),
            button(say(words.DELETE, language), "delete", look="danger", symbol="bin") if opened.before else None,
            class_="fd-sheet__foot",
        ),
        key=f"edit-{opened.before}-{opened.version}",
    )
    return tag(
        "section",
        tag(
            "div",
            button(say(words.BACK, language), "back", look="thumb", symbol="back", short=True),
            tag("h3", heading, dir="auto"),
            class_="fd-card__head fd-card__head--left",
        ),
        _confirm_delete(view, opened) if view.deleting else None,
        form,
        _paste(opened, language) if opened.before else None,
        class_="fd-card",
        data_key=f"editor-{opened.before}-{opened.version}",
    )


def _names(intent: Intent, language: str) -> list[Html]:
    options = [
        tag("option", say(text, language), value=str(leads), selected=intent.leads_to is leads)
        for leads, text in LEADS.items()
    ]
    choice = tag("select", *options, name="leads_to", class_="fd-field", data_ours=True)
    return [
        text_field("title_en", words.FIELD_TITLE_EN, intent.title.get("en", ""), language),
        text_field("title_zh", words.FIELD_TITLE_ZH, intent.title.get("zh", ""), language),
        text_field("name", words.FIELD_NAME, intent.name, language, hint=words.FIELD_NAME_HINT),
        tag("label", tag("span", say(words.FIELD_LEADS, language)), choice, class_="fd-label"),
    ]


def _replies(intent: Intent, language: str) -> list[Html]:
    hint = words.FIELD_REPLY_HINT
    return [
        text_field("reply_en", words.FIELD_REPLY_EN, intent.reply.get("en", ""), language, hint=hint),
        text_field("reply_zh", words.FIELD_REPLY_ZH, intent.reply.get("zh", ""), language, hint=hint),
    ]


def _confirm_delete(view: IntentsView, opened: OpenIntent) -> Html:
    language, name = view.language, opened.before
    title = named_title(view.desk.listed.intents, name, language)
    question = say(words.DELETE_QUESTION, language, name=title, count=count_examples(opened.intent))
    yes = button(say(words.DELETE_YES, language), "delete_now", look="danger", data_focus=f"delete-{name}")
    no = button(say(words.KEEP, language), "keep", look="quiet")
    return tag("div", tag("p", question), no, yes, class_="fd-confirm", role="alertdialog", aria_label=title)


def _paste(opened: OpenIntent, language: str) -> Html:
    return tag(
        "details",
        tag("summary", say(words.PASTE, language), drawing("chevron")),
        sheet(
            "paste",
            tag("p", say(words.PASTE_DETAIL, language), class_="fd-soft"),
            text_area("pasted", words.PASTE_LABEL, "", language, rows=6, identity="fd-pasted"),
            _from_file("fd-pasted", ".txt,.csv,text/plain,text/csv", language),
            key=f"paste-{opened.before}-{opened.version}",
        ),
        class_="fd-more-ways",
        data_key="paste",
    )


def _from_file(target: str, kinds: str, language: str, add: Text = words.PASTE_ADD) -> Html:
    """A file that the browser reads into a text area, and the button that sends the form."""
    return tag(
        "div",
        tag("button", say(add, language), type="submit", class_="fd-button fd-button--primary"),
        tag(
            "label",
            say(words.PASTE_FILE, language),
            void("input", type="file", class_="fd-sr", accept=kinds, data_into=target),
            class_="fd-button fd-button--quiet",
        ),
        class_="fd-sheet__foot",
    )


def import_sheet(view: IntentsView) -> Html:
    language = view.language
    return tag(
        "section",
        tag(
            "div",
            button(say(words.BACK, language), "back", look="thumb", symbol="back", short=True),
            tag("h3", say(words.IMPORT, language)),
            class_="fd-card__head fd-card__head--left",
        ),
        tag("p", say(words.IMPORT_DETAIL, language), class_="fd-soft"),
        sheet(
            "import_now",
            text_area("toml", words.IMPORT_LABEL, "", language, rows=14, identity="fd-toml"),
            _from_file("fd-toml", ".toml,text/plain", language, words.IMPORT_REPLACE),
            key="import",
        ),
        class_="fd-card",
        data_key="import",
    )
