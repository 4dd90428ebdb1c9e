"""Releases of intents as HTML: old against new, promote, history. Pure; knows nothing of Gradio or of stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.teaching.intent_desk import DeskView, ReleaseSeen
from bot.training.release_report import REPORT
from ui.intent_pages.intents_parts import named_title
from ui.markup import Html, button, drawing, moment, tag
from ui.words import intents_wording as words
from ui.words.names import percent
from ui.words.wording import Text, say

_SHOWN = 20


def release_panel(desk: DeskView, language: str, *, may_promote: bool, confirming: str) -> Html:
    return tag(
        "div",
        _comparison(desk, language, may_promote=may_promote, confirming=confirming),
        _history(desk, language, may_promote=may_promote),
        class_="fd-releases",
        data_key="releases",
    )


def at(created: str) -> float:
    """ISO 8601 → seconds since 1970."""
    return datetime.fromisoformat(created).timestamp()


# --- old against new ------------------------------------------------------------------------------------------------


def _comparison(desk: DeskView, language: str, *, may_promote: bool, confirming: str) -> Html | None:
    run = desk.findings
    release = desk.release(run.release) if run is not None else None
    if run is None or release is None:
        return None
    told: Mapping[str, Any] | None = run.findings.get("comparison")
    heading = words.COMPARISON if told and told["before"] else words.COMPARISON_ALONE
    return tag(
        "section",
        tag("h3", say(heading, language, number=release.number)),
        *(_figures(told, desk, language) if told else [tag("p", say(words.COMPARISON_NONE, language))]),
        _promotion(release, told, language, may_promote=may_promote, confirming=confirming),
        class_="fd-card",
        data_key=f"comparison-{release.name}",
    )


def _figures(told: Mapping[str, Any], desk: DeskView, language: str) -> list[Html]:
    detail = words.COMPARISON_SEEN if told["seen"] else words.COMPARISON_DETAIL
    rows = [
        _measure(words.MEASURE_ACCURACY, told, "accuracy", language),
        _measure(words.MEASURE_F1, told, "macro_f1", language),
        _measure(words.MEASURE_ECE, told, "ece", language),
    ]
    columns = (words.COLUMN_MEASURE, words.COLUMN_LIVE, words.COLUMN_NEW, words.COLUMN_DIFFERENCE)
    head = tag("tr", *(tag("th", say(column, language), scope="col") for column in columns))
    parts = [
        tag("p", say(detail, language, messages=told["messages"]), class_="fd-soft"),
        tag("table", tag("thead", head), tag("tbody", *rows), class_="fd-table"),
    ]
    if told["difference"] and not told["seen"]:
        parts.append(_verdict(told["difference"], language))
    if told["changes"]:
        changes = (_change(each, desk, language) for each in told["changes"])
        parts += [tag("h4", say(words.CHANGES, language)), tag("ul", *changes, class_="fd-changes")]
    return parts


def _measure(name: Text, told: Mapping[str, Any], key: str, language: str) -> Html:
    before, after = told["before"], told["after"]
    difference: list[str | None] = ["–"]
    if before:
        difference = [tag("strong", _points(after[key] - before[key], key))]
        if key == "accuracy" and told["difference"]:
            low, high = (_points(told["difference"][end], key) for end in ("low", "high"))
            difference.append(tag("span", say(words.INTERVAL, language, low=low, high=high), class_="fd-range"))
    return tag(
        "tr",
        tag("th", say(name, language), scope="row"),
        tag("td", *_figure(before, key, language), data_label=say(words.COLUMN_LIVE, language)),
        tag("td", *_figure(after, key, language), data_label=say(words.COLUMN_NEW, language)),
        tag("td", *difference, data_label=say(words.COLUMN_DIFFERENCE, language)),
    )


def _figure(figures: Mapping[str, float] | None, key: str, language: str) -> list[str | None]:
    if figures is None:
        return ["–"]
    if key != "accuracy":
        return [f"{figures[key]:.3f}"]
    low, high = percent(figures["low"]), percent(figures["high"])
    interval = tag("span", say(words.INTERVAL, language, low=low, high=high), class_="fd-range")
    return [f"{100 * figures[key]:.1f}\u00a0%", interval]


def _points(difference: float, key: str) -> str:
    sign = "−" if difference < 0 else "+"
    return f"{sign}{abs(100 * difference):.1f}" if key == "accuracy" else f"{sign}{abs(difference):.3f}"


def _verdict(difference: Mapping[str, float], language: str) -> Html:
    if difference["low"] > 0:
        return _said("good", "check", words.VERDICT_BETTER, language)
    if difference["high"] < 0:
        return _said("bad", "alert", words.VERDICT_WORSE, language)
    return _said("same", "check", words.VERDICT_SAME, language)


def _said(tone: str, symbol: str, text: Text, language: str) -> Html:
    return tag("p", drawing(symbol), say(text, language), class_=f"fd-verdict is-{tone}")


def _change(change: Mapping[str, Any], desk: DeskView, language: str) -> Html:
    tone = "better" if change["after"] > change["before"] else "worse"
    facts = say(words.CHANGE_ROW, language, before=change["before"], after=change["after"], messages=change["messages"])
    title = named_title(desk.listed.intents, change["intent"], language)
    return tag(
        "li",
        tag("span", title, class_="fd-intent-chip", dir="auto"),
        tag("span", facts, class_=f"fd-change is-{tone}"),
        data_key=change["intent"],
    )


def _promotion(
    release: ReleaseSeen, told: Mapping[str, Any] | None, language: str, *, may_promote: bool, confirming: str
) -> Html | None:
    if release.in_use:
        live = say(words.PROMOTED, language, number=release.number)
        return tag("p", drawing("check"), live, class_="fd-verdict is-good")
    if not may_promote:
        return tag("p", say(words.NEEDS_ENGINEER, language), class_="fd-soft")
    if confirming == release.name and told and told["before"]:
        after, before = (percent(told[key]["accuracy"]) for key in ("after", "before"))
        question = say(words.PROMOTE_QUESTION, language, number=release.number, after=after, before=before)
        yes = button(
            say(words.PROMOTE_ANYWAY, language),
            "promote_anyway",
            look="danger",
            data_id=release.name,
            data_focus=f"promote-{release.name}",
        )
        no = button(say(words.CANCEL, language), "keep", look="quiet")
        return tag("div", tag("p", question), no, yes, class_="fd-confirm", role="alertdialog")
    label = say(words.PROMOTE_NUMBER, language, number=release.number)
    return tag("p", button(label, "promote", look="primary", data_id=release.name), class_="fd-sheet__foot")


# --- history --------------------------------------------------------------------------------------------------------


def _history(desk: DeskView, language: str, *, may_promote: bool) -> Html:
    back = button(say(words.ROLL_BACK, language), "roll_back", look="quiet", symbol="again")
    return tag(
        "section",
        tag(
            "div",
            tag("h3", say(words.HISTORY, language)),
            back if may_promote and desk.can_go_back else None,
            class_="fd-card__head",
        ),
        tag(
            "ul",
            *(_release(each, desk, language, may_promote=may_promote) for each in desk.releases[:_SHOWN]),
            class_="fd-finding-rows",
        ),
        class_="fd-card",
        data_key="history",
    )


def _release(release: ReleaseSeen, desk: DeskView, language: str, *, may_promote: bool) -> Html:
    manifest = release.manifest
    facts = say(
        words.RELEASE_FACTS,
        language,
        intents=manifest.metrics.get("intents", "?"),
        examples=manifest.metrics.get("examples", "?"),
    )
    live = tag("span", say(words.RELEASE_LIVE, language), class_="fd-badge fd-badge--bot") if release.in_use else None
    promote = button(say(words.PROMOTE, language), "promote", look="quiet", data_id=release.name)
    newest = desk.findings is not None and desk.findings.release == release.name
    return tag(
        "li",
        tag(
            "div",
            tag(
                "p",
                tag("strong", say(words.RELEASE_NUMBER, language, number=release.number)),
                live,
                moment(at(manifest.created)),
                class_="fd-release__head",
            ),
            tag("p", f"{facts} · {_measured(release, language)}", class_="fd-soft"),
            tag("p", manifest.release, class_="fd-release__name"),
            _report_link(release, language),
        ),
        promote if may_promote and not release.in_use and not newest else None,
        class_="fd-finding",
        data_key=release.name,
    )


def _report_link(release: ReleaseSeen, language: str) -> Html | None:
    if REPORT not in release.manifest.files:
        return None
    address = f"/api/v1/releases/{release.manifest.release}/report"
    link = tag("a", say(words.RELEASE_REPORT, language), href=address, target="_blank", rel="noopener")
    return tag("p", link)


def _measured(release: ReleaseSeen, language: str) -> str:
    metrics = release.manifest.metrics
    aside, crossed = metrics.get("validation_accuracy"), metrics.get("cross_validated_accuracy")
    if isinstance(aside, int | float):
        return say(words.RELEASE_ACCURACY, language, accuracy=percent(aside))
    if isinstance(crossed, int | float):
        return say(words.RELEASE_CROSS, language, accuracy=percent(crossed))
    return "–"
