"""How many messages sound upset, as a small chart with an alert. Pure HTML; knows nothing of Gradio or of stores."""

from __future__ import annotations

from bot.signal_desk import Period
from bot.signals.trend import Bucket, Trend
from ui.markup import Html, drawing, tag
from ui.words import signal_wording
from ui.words.names import percent
from ui.words.wording import Text, say

_WIDTH, _HEIGHT, _FOOT = 320.0, 76.0, 3.0
_LEAST_SHARE = 0.2  # that fills the chart: a single upset message in a quiet hour does not look like a storm
_PERIODS: tuple[tuple[Period, Text], ...] = (
    (Period.DAY, signal_wording.TREND_DAY),
    (Period.MONTH, signal_wording.TREND_MONTH),
)


def trend_panel(trend: Trend, period: Period, language: str) -> Html:
    """Closed it is one line; the line itself tells of an alert."""
    return tag(
        "details",
        tag("summary", tag("span", say(signal_wording.TREND_TITLE, language)), _badge(trend), drawing("chevron")),
        tag(
            "div",
            _alert(trend, language),
            tag("p", _said(trend, language), class_="fd-trend__said"),
            _chart(trend, language) if trend.messages else None,
            tag(
                "div",
                *(_choice(each, name, period, language) for each, name in _PERIODS),
                class_="fd-switch",
                role="group",
                aria_label=say(signal_wording.TREND_PERIOD, language),
            ),
            class_="fd-trend__inside",
        ),
        class_="fd-trend" + (" is-alert" if trend.is_alert else ""),
        data_key="trend",
    )


def _badge(trend: Trend) -> Html | None:
    if not trend.messages:
        return None
    tone = "alert" if trend.is_alert else "plain"
    return tag("span", percent(_share(trend)), class_=f"fd-badge fd-badge--{tone}")


def _alert(trend: Trend, language: str) -> Html | None:
    if not trend.is_alert:
        return None
    recent, usual = percent(trend.recent), percent(trend.usual)
    words = say(signal_wording.TREND_ALERT, language, recent=recent, usual=usual)
    return tag("p", drawing("alert"), tag("span", words), class_="fd-trend__alert", role="alert")


def _said(trend: Trend, language: str) -> str:
    if not trend.messages:
        return say(signal_wording.TREND_NONE, language)
    return say(signal_wording.TREND_QUIET, language, share=percent(_share(trend)), count=trend.messages)


def _share(trend: Trend) -> float:
    return sum(bucket.frustrated for bucket in trend.buckets) / max(1, trend.messages)


def _choice(period: Period, name: Text, current: Period, language: str) -> Html:
    pressed = "true" if period is current else "false"
    return tag("button", say(name, language), type="button", data_act="trend", data_value=period, aria_pressed=pressed)


def _chart(trend: Trend, language: str) -> Html:
    highest = max(_LEAST_SHARE, *(bucket.share for bucket in trend.buckets))
    step = _WIDTH / len(trend.buckets)
    bars = [_bar(bucket, place * step, step, highest, language) for place, bucket in enumerate(trend.buckets)]
    return tag(
        "svg",
        *bars,
        class_="fd-trend__chart",
        viewBox=f"0 0 {_WIDTH:.0f} {_HEIGHT:.0f}",
        preserveAspectRatio="none",
        role="img",
        aria_label=say(signal_wording.TREND_CHART, language),
    )


def _bar(bucket: Bucket, x: float, step: float, highest: float, language: str) -> Html:
    """A foot for every stretch in which somebody wrote, so that silence and calm look different."""
    height = (_FOOT if bucket.messages else 0.0) + (_HEIGHT - _FOOT) * bucket.share / highest
    told = say(signal_wording.TREND_BAR, language, upset=bucket.frustrated, count=bucket.messages)
    return tag(
        "rect",
        tag("title", told),
        class_="is-upset" if bucket.frustrated else "",
        x=f"{x + step * 0.12:.1f}",
        y=f"{_HEIGHT - height:.1f}",
        width=f"{step * 0.76:.1f}",
        height=f"{height:.1f}",
        rx="1.5",
    )
