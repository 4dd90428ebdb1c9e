"""The numbers of the desk as one page without a script. Pure HTML; knows nothing of stores and of requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.answers import Outcome
from bot.reporting.report import AskedIntent, Day, Report, Resolution, Spread
from ui.markup import Html, empty, header, joined, sign_out, staff_navigation, tag, void
from ui.words import numbers_wording as words
from ui.words import wording
from ui.words.names import channel_name, language_name, percent
from ui.words.wording import CHINESE, Text, say

_WIDTH, _HEIGHT = 640.0, 120.0
_QUIET = "fd-button fd-button--quiet"
_TRIED = (Outcome.ANSWERED, Outcome.ABSTAINED, Outcome.CLARIFIED)


@dataclass(frozen=True, slots=True)
class NumbersView:
    language: str
    company: str
    days: int
    report: Report
    titles: Mapping[str, str]  # of intents, by name
    kind: Resolution | None = None  # whose latest conversations are listed
    latest: Sequence[tuple[str, str]] = ()  # conversation id, first words


def numbers_document(view: NumbersView) -> str:
    """A whole HTML document."""
    language = view.language
    spoken = "zh-CN" if language == CHINESE else "en"
    head = joined(
        [
            void("meta", charset="utf-8"),
            void("meta", name="viewport", content="width=device-width, initial-scale=1"),
            void("meta", name="robots", content="noindex"),
            void("meta", name="color-scheme", content="light dark"),
            tag("title", f"{say(words.TITLE, language)} · {view.company}"),
            void("link", rel="icon", type="image/svg+xml", href="/static/favicon.svg"),
            void("link", rel="stylesheet", href="/static/base.css"),
            void("link", rel="stylesheet", href="/static/numbers.css"),
        ]
    )
    top = header(
        view.company,
        say(words.TITLE, language),
        _languages(view),
        sign_out(language),
        navigation=staff_navigation("/numbers", language),
    )
    body = tag(
        "body",
        tag("div", tag("div", top, _main(view), class_="fd-staff fd-numbers"), class_="fd-panel", lang=spoken),
    )
    return "<!doctype html>\n" + tag("html", tag("head", head), body, lang=spoken)


def _address(view: NumbersView, **changes: str) -> str:
    asked = {"days": str(view.days), "language": view.language, **changes}
    return "/numbers?" + "&".join(f"{key}={value}" for key, value in asked.items())


def _languages(view: NumbersView) -> Html:
    choices = (("en", "EN"), ("zh", "中文"))
    links = (
        tag("a", name, href=_address(view, language=code), aria_current="true" if code == view.language else None)
        for code, name in choices
    )
    return tag("nav", *links, class_="fd-switch")


def _main(view: NumbersView) -> Html:
    language, report = view.language, view.report
    periods = (
        tag("a", say(text, language), href=_address(view, days=str(days)), aria_current=_current(days == view.days))
        for days, text in words.PERIODS.items()
    )
    tools = tag(
        "div",
        tag("nav", *periods, class_="fd-switch", aria_label=say(words.PERIOD, language)),
        tag(
            "a", say(words.EXPORT, language), href=f"/numbers.csv?days={view.days}", class_="fd-button fd-button--quiet"
        ),
        class_="fd-numbers__tools",
    )
    if not report.conversations:
        return tag("main", tools, empty("talk", say(words.NONE, language), say(words.NONE_DETAIL, language)))
    return tag(
        "main",
        tools,
        _tiles(report, language),
        _became(view),
        _by_day(report.days, language),
        _intents(report.intents, view),
        tag(
            "div",
            _shares(words.LANGUAGES, report.languages, language, language_name),
            _shares(words.CHANNELS, report.channels, language, channel_name),
            class_="fd-numbers__pair",
        ),
    )


def _current(is_it: bool) -> str | None:
    return "true" if is_it else None


# --- tiles ----------------------------------------------------------------------------------------------------------


def _tiles(report: Report, language: str) -> Html:
    tried = sum(report.outcomes.get(kind, 0) for kind in _TRIED)
    answered = report.outcomes.get(Outcome.ANSWERED, 0)
    rated = report.rated_up + report.rated_down
    nothing = say(words.NOTHING, language)
    return tag(
        "div",
        _tile(words.CONVERSATIONS, f"{report.conversations:,}", "", language),
        _tile(
            words.ANSWERED_SHARE,
            percent(answered / tried) if tried else nothing,
            say(words.ANSWERED_DETAIL, language, count=f"{tried:,}"),
            language,
        ),
        _tile(
            words.RATED,
            percent(report.rated_up / rated) if rated else nothing,
            say(words.RATED_DETAIL, language, up=report.rated_up, down=report.rated_down),
            language,
        ),
        _timed(words.WAIT, words.WAIT_DETAIL, report.waited, language, waiting_time),
        _timed(words.FIRST_WORDS, words.TIME_DETAIL, report.first_words, language, _seconds),
        class_="fd-tiles",
    )


def _tile(name: Text, figure: str, detail: str, language: str) -> Html:
    small = tag("p", detail, class_="fd-tile__detail") if detail else None
    return tag(
        "section", tag("h2", say(name, language)), tag("p", figure, class_="fd-tile__figure"), small, class_="fd-tile"
    )


def _timed(name: Text, detail: Text, times: Spread, language: str, shown: Callable[[float, str], str]) -> Html:
    if not times.count:
        return _tile(name, say(words.NOTHING, language), "", language)
    longest = say(detail, language, longest=shown(times.p95, language), count=times.count)
    return _tile(name, shown(times.median, language), longest, language)


def _seconds(milliseconds: float, language: str) -> str:
    return f"{milliseconds / 1000:.1f} {'秒' if language == CHINESE else 's'}"


def waiting_time(seconds: float, language: str) -> str:
    """Seconds, minutes or hours, whichever one would say."""
    minutes, hours = seconds / 60, seconds / 3600
    chinese = language == CHINESE
    if seconds < 90:
        return f"{seconds:.0f} {'秒' if chinese else 's'}"
    if minutes < 90:
        return f"{minutes:.0f} {'分钟' if chinese else 'min'}"
    return f"{hours:.1f} {'小时' if chinese else 'h'}"


# --- what became of them --------------------------------------------------------------------------------------------


def _became(view: NumbersView) -> Html:
    language, report = view.language, view.report
    back = say(words.CAME_BACK, language, count=report.came_back)
    return tag(
        "section",
        tag("h2", say(words.BECAME, language)),
        tag("p", say(words.BECAME_DETAIL, language), class_="fd-numbers__hint"),
        _stacked(report, language),
        tag("ul", *(_kind(kind, count, view) for kind, count in report.resolutions.items()), class_="fd-kinds"),
        _latest(view, view.kind) if view.kind is not None else None,
        tag("p", back, class_="fd-numbers__hint") if report.came_back else None,
        class_="fd-card",
    )


def _stacked(report: Report, language: str) -> Html:
    parts, x = [], 0.0
    for kind, count in report.resolutions.items():
        width = _WIDTH * count / report.conversations
        if count:
            told = tag("title", f"{say(words.RESOLUTIONS[kind], language)}: {count}")
            parts.append(tag("rect", told, x=f"{x:.1f}", y="0", width=f"{width:.1f}", height="18", class_=f"is-{kind}"))
        x += width
    label = say(words.BECAME, language)
    box = f"0 0 {_WIDTH:.0f} 18"
    return tag("svg", *parts, viewBox=box, preserveAspectRatio="none", class_="fd-stack", role="img", aria_label=label)


def _kind(kind: Resolution, count: int, view: NumbersView) -> Html:
    language = view.language
    name = say(words.RESOLUTIONS[kind], language)
    told = (
        tag("a", name, href=_address(view, show=kind.value) + "#latest", title=say(words.OPEN_THEM, language))
        if count
        else name
    )
    return tag(
        "li",
        tag("span", class_=f"fd-dot is-{kind}"),
        tag("strong", f"{count:,}"),
        tag("span", told, " ", tag("small", say(words.MEANINGS[kind], language))),
    )


def _latest(view: NumbersView, kind: Resolution) -> Html:
    links = (
        tag(
            "li",
            tag(
                "a",
                first or say(wording.NOTHING_SAID, view.language),
                href=f"/console/?conversation={conversation_id}",
                dir="auto",
            ),
        )
        for conversation_id, first in view.latest
    )
    name = say(words.RECENT, view.language, kind=say(words.RESOLUTIONS[kind], view.language))
    return tag("div", tag("h3", name), tag("ol", *links), class_="fd-latest", id="latest")


# --- charts and tables ----------------------------------------------------------------------------------------------


def _by_day(days: Sequence[Day], language: str) -> Html:
    highest = max(1, *(day.conversations for day in days))
    step = _WIDTH / len(days)
    bars = [_bar(day, place * step, step, highest, language) for place, day in enumerate(days)]
    box, label = f"0 0 {_WIDTH:.0f} {_HEIGHT:.0f}", say(words.BY_DAY, language)
    return tag(
        "section",
        tag("h2", label),
        tag("p", say(words.BY_DAY_DETAIL, language), class_="fd-numbers__hint"),
        tag("svg", *bars, viewBox=box, preserveAspectRatio="none", class_="fd-days", role="img", aria_label=label),
        tag("p", tag("span", _day_name(days[0])), tag("span", _day_name(days[-1])), class_="fd-days__ends"),
        class_="fd-card",
    )


def _bar(day: Day, x: float, step: float, highest: int, language: str) -> Html:
    told = say(words.DAY_BAR, language, day=_day_name(day), count=day.conversations, lacking=day.not_answered)

    def rect(count: int, look: str) -> Html:
        height = _HEIGHT * count / highest
        place = {"x": f"{x + step * 0.12:.1f}", "y": f"{_HEIGHT - height:.1f}"}
        return tag("rect", width=f"{step * 0.76:.1f}", height=f"{height:.1f}", rx="1.5", class_=look, **place)

    return tag("g", tag("title", told), rect(day.conversations, "is-all"), rect(day.not_answered, "is-lacking"))


def _day_name(day: Day) -> str:
    return datetime.fromtimestamp(day.start, UTC).strftime("%Y-%m-%d")


def _intents(intents: Sequence[AskedIntent], view: NumbersView) -> Html | None:
    if not intents:
        return None
    language = view.language
    names = (words.INTENT, words.MESSAGES, words.NOT_ANSWERED)
    rows = (
        tag(
            "tr",
            tag("th", _intent_name(one.name, view), scope="row"),
            tag("td", f"{one.messages:,}"),
            tag("td", f"{one.not_answered:,}"),
        )
        for one in intents
    )
    heads = (tag("th", say(name, language), scope="col") for name in names)
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="fd-table")
    return tag("section", tag("h2", say(words.INTENTS, language)), table, class_="fd-card")


def _intent_name(name: str, view: NumbersView) -> str:
    return view.titles.get(name) or (say(words.UNNAMED, view.language) if name == "unknown" else name)


def _shares(title: Text, counts: Mapping[str, int], language: str, named: Callable[[str, str], str]) -> Html:
    total = sum(counts.values())
    rows = (
        tag("li", tag("span", named(key, language)), tag("span", f"{count:,} · {percent(count / total)}"))
        for key, count in counts.items()
    )
    return tag("section", tag("h2", say(title, language)), tag("ul", *rows, class_="fd-shares"), class_="fd-card")
