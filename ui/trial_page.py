"""A question to try, as HTML: which passages would be found for it. Pure; knows nothing of Gradio or of stores."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.passages import ScoredPassage
from ui import wording
from ui.markup import Html, banner, drawing, tag, void
from ui.names import percent, place_of
from ui.presenter import Banner
from ui.wording import say


@dataclass(frozen=True, slots=True)
class TrialView:
    """A question, and what was found for it. `found` is None before anything was asked."""

    language: str
    question: str = ""
    found: tuple[ScoredPassage, ...] | None = None
    problem: Banner | None = None


def trial(view: TrialView) -> Html:
    language = view.language
    field = void(
        "input",
        type="search",
        name="question",
        class_="fd-field",
        value=view.question,
        placeholder=say(wording.TRY_PLACEHOLDER, language),
        aria_label=say(wording.TRY_LABEL, language),
        maxlength=400,
        autocomplete="off",
        enterkeyhint="search",
    )
    submit = tag("button", say(wording.TRY_BUTTON, language), type="submit", class_="fd-button fd-button--primary")
    form = tag(
        "form", tag("div", drawing("search"), field, class_="fd-search"), submit, data_event="act", data_act="try"
    )
    return tag(
        "aside",
        tag("h3", say(wording.TRY_TITLE, language)),
        tag("p", say(wording.TRY_DETAIL, language), class_="fd-trial__detail"),
        form,
        banner(view.problem) if view.problem else None,
        tag("div", *_found(view), class_="fd-found-list", aria_live="polite"),
        class_="fd-trial",
        aria_label=say(wording.TRY_TITLE, language),
    )


def _found(view: TrialView) -> list[Html]:
    if view.found is None:
        return []
    if not view.found:
        return [tag("p", say(wording.TRY_NONE, view.language), class_="fd-none")]
    return [_passage(number, found, view.language) for number, found in enumerate(view.found, start=1)]


def _passage(number: int, found: ScoredPassage, language: str) -> Html:
    passage = found.passage
    where = place_of(passage.title, passage.heading, passage.page, language)
    scores = say(wording.TRY_SCORES, language, dense=percent(found.dense), lexical=percent(found.lexical))
    return tag(
        "details",
        tag(
            "summary",
            tag("span", str(number), class_="fd-source__number"),
            tag(
                "span",
                tag("span", where, class_="fd-found__place", dir="auto"),
                tag("span", scores, class_="fd-found__scores"),
                tag("meter", min=0, max=1, value=f"{min(1.0, max(0.0, found.dense)):.3f}", aria_label=scores),
                class_="fd-found__head",
            ),
            drawing("chevron"),
        ),
        tag("blockquote", passage.text, dir="auto"),
        class_="fd-source fd-found",
        open=number == 1,
        data_key=passage.passage_id,
    )
