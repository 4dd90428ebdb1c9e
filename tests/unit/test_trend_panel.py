"""The console's panel of upset messages, and what a clarifying question looks like to a customer."""

from __future__ import annotations

import pytest

from bot.answers import Answer, Choice, Outcome
from bot.messages import Author, Conversation, Handler, Message
from bot.signal_desk import Period
from bot.signals.trend import Bucket, trend_of
from bot.signals.values import Entity, EntityKind, Signals
from bot.traces import Release, Trace
from ui.markup import message
from ui.presenter import message_views
from ui.trend_panel import trend_panel
from ui.words.explanations import trace_sentences

CALM = trend_of([Bucket(0.0, 10, 1)], since=0.0, seconds=3600, count=24, latest=3)
STORM = trend_of([Bucket(0.0, 50, 1), Bucket(3600.0 * 23, 10, 9)], since=0.0, seconds=3600, count=24, latest=3)
SILENT = trend_of([], since=0.0, seconds=3600, count=24, latest=3)
CHOICES = (Choice("person", "Talk to a person"), Choice("hours", "Opening <hours>"))


def test_a_calm_day_is_a_line_and_a_chart_without_an_alert() -> None:
    html = trend_panel(CALM, Period.DAY, "en")
    assert "10\u00a0% of 10 messages sound upset." in html
    assert html.count("<rect") == 24
    assert 'role="alert"' not in html


@pytest.mark.parametrize(("language", "words"), [("en", "More upset messages than usual"), ("zh", "不满的消息增多")])
def test_a_rise_is_an_alert_in_the_readers_language(language: str, words: str) -> None:
    html = trend_panel(STORM, Period.MONTH, language)
    assert words in html
    assert "is-alert" in html


def test_silence_is_said_and_not_drawn() -> None:
    html = trend_panel(SILENT, Period.DAY, "zh")
    assert "没有消息" in html
    assert '<svg class="fd-trend__chart"' not in html


def the_views(*, answered: bool, handler: Handler = Handler.BOT) -> str:
    conversation = Conversation("c", handler, 1, "en", "chat", 0.0, 0.0)
    asked = Answer("This or that?", Outcome.CLARIFIED, "en", choices=CHOICES)
    messages = [
        Message("q", "c", Author.CUSTOMER, "staff", 1.0),
        Message("a", "c", Author.BOT, asked.text, 2.0, reply_to="q", answer=asked),
    ]
    if answered:
        messages.append(Message("r", "c", Author.CUSTOMER, "2", 3.0))
    views = message_views(messages, conversation, "en", company="Sillgrove", under_way=True)
    return "".join(message(view, "en") for view in views)


def test_a_clarifying_question_offers_its_choices_as_buttons() -> None:
    html = the_views(answered=False)
    assert html.count('data-act="ask"') == 2
    assert 'data-text="Opening &lt;hours&gt;"' in html


def test_choices_are_gone_once_something_was_said_or_a_person_answers() -> None:
    assert 'data-act="ask"' not in the_views(answered=True)
    assert 'data-act="ask"' not in the_views(answered=False, handler=Handler.WAITING)


def test_operators_read_what_a_message_names_without_what_is_personal() -> None:
    entities = (
        Entity(EntityKind.ORDER_NUMBER, 0, 11, "SO-12345678"),
        Entity(EntityKind.EMAIL, 20, 30, "[email]"),
    )
    trace = Trace("track", 0.9, "en", Release("g", "c", "v", 1, "p"), signals=Signals("en", 0.9, entities))
    sentences = trace_sentences(trace, (), "en", {})
    assert "Named in the message: order number SO-12345678, e-mail address." in sentences
    assert "The customer seems upset." in sentences
    assert trace.signals is not None
    assert trace.signals.slots == {"order_number": "SO-12345678", "email": "[email]"}
