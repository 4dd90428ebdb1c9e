"""The page for intents as HTML: what is live, the tabs, a message to try. Pure; knows nothing of Gradio or of stores.

The list is in intents_list.py, what came of trainings in intents_findings.py, releases in intents_releases.py.
"""

from __future__ import annotations

from ui.intent_pages.intents_findings import check, unknown
from ui.intent_pages.intents_list import editor, import_sheet, intent_list
from ui.intent_pages.intents_parts import IntentsView, named_title, percent_of, stage_name
from ui.intent_pages.intents_releases import at, release_panel
from ui.markup import (
    Html,
    banner,
    button,
    drawing,
    header,
    language_switch,
    moment,
    page,
    sign_out,
    staff_navigation,
    tag,
    void,
)
from ui.words import intents_wording as words
from ui.words.names import percent
from ui.words.wording import Text, say

TABS = ("list", "check", "unknown", "releases")
_TAB_NAMES: dict[str, Text] = {
    "list": words.TAB_LIST,
    "check": words.TAB_CHECK,
    "unknown": words.TAB_UNKNOWN,
    "releases": words.TAB_RELEASES,
}


def intents_page(view: IntentsView) -> Html:
    language = view.language
    return page(
        header(
            view.company,
            say(words.TITLE, language),
            language_switch(language),
            sign_out(language),
            navigation=staff_navigation("/intents", language),
        ),
        tag(
            "div",
            tag(
                "main",
                tag(
                    "div",
                    tag("h2", say(words.TITLE, language)),
                    tag("p", say(words.DETAIL, language)),
                    class_="fd-page-title",
                ),
                _status(view),
                banner(view.notice) if view.notice else None,
                _tabs(view),
                _body(view),
                class_="fd-intents__main",
            ),
            _trial(view),
            class_="fd-intents",
        ),
        language=language,
        class_="fd-staff",
    )


def _body(view: IntentsView) -> Html:
    match view.tab:
        case "check":
            return check(view.desk, view.language)
        case "unknown":
            return unknown(view.groups or (), view.desk.listed.intents, view.language)
        case "releases":
            return release_panel(view.desk, view.language, may_promote=view.may_promote, confirming=view.confirming)
    if view.importing:
        return import_sheet(view)
    return editor(view, view.opened) if view.opened is not None else intent_list(view)


# --- what is live ---------------------------------------------------------------------------------------------------


def _status(view: IntentsView) -> Html:
    running = view.desk.running
    if running is not None:
        return _progress(view)
    language, live = view.language, view.desk.in_use
    sentence = (
        tag(
            "p",
            tag("strong", say(words.LIVE, language, number=live.number), " ", moment(at(live.manifest.created))),
            tag("span", _standing(view)),
        )
        if live is not None
        else tag("p", tag("strong", say(words.LIVE_NONE, language)))
    )
    changed = view.desk.is_changed
    return tag(
        "section",
        drawing("clock" if changed else "check"),
        tag("div", sentence, _last_run(view), class_="fd-live__text"),
        _status_action(view),
        class_="fd-live" + (" is-changed" if changed else ""),
        data_key="live",
        role="status",
    )


def _standing(view: IntentsView) -> str:
    if not view.desk.is_changed:
        return say(words.LIVE_SAME, view.language)
    candidate = view.desk.candidate
    if candidate is not None:
        return say(words.LIVE_CANDIDATE, view.language, number=candidate.number)
    return say(words.LIVE_CHANGED, view.language)


def _status_action(view: IntentsView) -> Html:
    language = view.language
    if view.desk.candidate is not None:
        compare = button(say(words.COMPARE, language), "tab", look="primary", data_value="releases")
        return compare if view.tab != "releases" else button(say(words.TRAIN_AGAIN, language), "train", look="quiet")
    look = "primary" if view.desk.is_changed else "quiet"
    return button(say(words.TRAIN if view.desk.is_changed else words.TRAIN_AGAIN, language), "train", look=look)


def _last_run(view: IntentsView) -> Html | None:
    last = view.desk.runs[0] if view.desk.runs else None
    texts = {
        "cancelled": words.RUN_CANCELLED,
        "failed": words.RUN_FAILED,
        "interrupted": words.RUN_INTERRUPTED,
    }
    if last is None or last.state not in texts:
        return None
    return tag("p", say(texts[last.state], view.language, problem=last.problem), class_=f"fd-live__run is-{last.state}")


def _progress(view: IntentsView) -> Html:
    language, run = view.language, view.desk.running
    share = run.share if run is not None else 0.0
    stage = stage_name(run.stage if run is not None else "", language)
    stopping = run is not None and run.cancelled
    text = say(words.CANCELLING, language) if stopping else say(words.RUNNING, language, stage=stage)
    return tag(
        "section",
        drawing("clock"),
        tag(
            "div",
            tag("p", tag("strong", text), tag("span", percent(share), class_="fd-live__share")),
            tag("progress", max=100, value=round(100 * share), aria_label=text),
            class_="fd-live__text",
        ),
        None if stopping else button(say(words.CANCEL_TRAINING, language), "cancel_training", look="quiet"),
        class_="fd-live is-running",
        data_key="running",
        role="status",
    )


def _tabs(view: IntentsView) -> Html:
    def one(name: str) -> Html:
        return tag(
            "button",
            say(_TAB_NAMES[name], view.language),
            type="button",
            class_="fd-tab",
            data_act="tab",
            data_value=name,
            aria_current="page" if view.tab == name else None,
        )

    return tag("nav", *map(one, TABS), class_="fd-tabs", aria_label=say(words.TABS, view.language))


# --- a message to try -----------------------------------------------------------------------------------------------


def _trial(view: IntentsView) -> Html:
    language = view.language
    field_ = void(
        "input",
        type="search",
        name="message",
        class_="fd-field",
        value=view.tried,
        placeholder=say(words.TRY_PLACEHOLDER, language),
        aria_label=say(words.TRY_LABEL, language),
        maxlength=1000,
        autocomplete="off",
    )
    submit = tag("button", say(words.TRY_BUTTON, language), type="submit", class_="fd-button fd-button--primary")
    return tag(
        "aside",
        tag("h3", say(words.TRY_TITLE, language)),
        tag("p", say(words.TRY_DETAIL, language), class_="fd-soft"),
        tag("form", tag("div", drawing("talk"), field_, class_="fd-search"), submit, data_event="act", data_act="try"),
        tag("div", *_prediction(view), class_="fd-tried", aria_live="polite"),
        class_="fd-card fd-try",
        data_key="try",
        aria_label=say(words.TRY_TITLE, language),
    )


def _prediction(view: IntentsView) -> list[Html]:
    prediction, language = view.prediction, view.language
    if prediction is None:
        return []
    intents = view.desk.listed.intents
    known = prediction.name in {name for name, _ in prediction.alternatives}
    verdict = (
        say(words.TRY_BEST, language, intent=named_title(intents, prediction.name, language))
        if known
        else say(words.TRY_UNKNOWN, language, share=percent(prediction.out_of_scope))
    )
    bars = [
        tag(
            "li",
            tag("span", named_title(intents, name, language), dir="auto"),
            tag("span", percent(share), class_="fd-tried__share"),
            tag("meter", min=0, max=1, value=f"{share:.3f}", aria_label=percent_of(name, share)),
        )
        for name, share in prediction.alternatives
    ]
    frame = None if known else tag("p", say(words.TRY_FRAME, language), class_="fd-soft")
    found = [tag("p", tag("strong", verdict), class_="fd-tried__verdict"), frame, tag("ul", *bars)]
    return [each for each in found if each is not None]
