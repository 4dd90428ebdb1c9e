"""The numbers of a desk: what became of conversations is counted apart, and nothing is counted twice."""

from __future__ import annotations

import pytest

from bot.messages import Handler
from bot.reporting.facts import AnswerFacts, ConversationFacts
from bot.reporting.report import DAY, Resolution, report, resolution, spread, waited

NOW = 40 * DAY


def a_conversation(
    *outcomes: str | None,
    handler: Handler = Handler.BOT,
    verdict: str | None = None,
    person: tuple[float, ...] = (),
    ago: float = 2 * DAY,
) -> ConversationFacts:
    """A question and an answer for every outcome, a minute apart; `verdict` is of the last answer."""
    begun = NOW - ago
    facts = ConversationFacts("c", begun, "en", "widget", handler)
    for place, outcome in enumerate(outcomes):
        facts.asked.append(begun + 60 * place)
        is_last = place == len(outcomes) - 1
        answer = AnswerFacts(begun + 60 * place + 5, outcome, "refunds", verdict if is_last else None, 200.0, 900.0)
        facts.answers.append(answer)
    facts.person.extend(begun + at for at in person)
    return facts


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (a_conversation("answered", verdict="up"), Resolution.CONFIRMED),
        (a_conversation("answered"), Resolution.ASSUMED),
        (a_conversation("answered", "small_talk"), Resolution.ASSUMED),
        (a_conversation("abstained", "small_talk"), Resolution.ABANDONED),
        (a_conversation("answered", verdict="down"), Resolution.ABANDONED),
        (a_conversation("abstained"), Resolution.ABANDONED),
        (a_conversation("answered", "clarified"), Resolution.ABANDONED),
        (a_conversation(None), Resolution.ABANDONED),
        (a_conversation("handed_over", handler=Handler.WAITING), Resolution.WAITING),
        (a_conversation("handed_over", handler=Handler.CLOSED, person=(90.0,)), Resolution.PERSON),
        (a_conversation("abstained", ago=600.0), Resolution.OPEN),
        (a_conversation("answered", ago=600.0, handler=Handler.CLOSED), Resolution.ASSUMED),
    ],
)
def test_every_conversation_has_one_resolution(facts: ConversationFacts, kind: Resolution) -> None:
    assert resolution(facts, NOW) is kind


def test_waiting_is_from_the_hand_over_to_a_persons_first_words() -> None:
    assert waited(a_conversation("answered", "handed_over", person=(185.0, 300.0))) == 120.0
    assert waited(a_conversation("handed_over")) is None
    assert waited(a_conversation("answered", person=(30.0,))) is None


def test_a_report_adds_up() -> None:
    back = a_conversation("answered", "answered")
    back.asked[1] = back.asked[0] + 1.5 * DAY
    silent = ConversationFacts("nobody asked", NOW - DAY, "en", "chat", Handler.BOT)
    greeting = a_conversation("small_talk")
    found = [
        a_conversation("answered", verdict="up"),
        a_conversation("abstained", ago=2 * DAY),
        a_conversation("handed_over", person=(65.0,), handler=Handler.OPERATOR, ago=3 * DAY),
        back,
        silent,
        greeting,
    ]
    counted = report(found, since=NOW - 3 * DAY, now=NOW)
    assert counted.conversations == sum(counted.resolutions.values()) == sum(d.conversations for d in counted.days) == 4
    assert (counted.came_back, counted.rated_up, counted.rated_down) == (1, 1, 0)
    assert counted.outcomes == {"answered": 3, "abstained": 1, "handed_over": 1}
    assert [(day.conversations, day.not_answered) for day in counted.days] == [(1, 0), (3, 1), (0, 0)]
    assert (counted.waited.count, counted.waited.median) == (1, 60.0)
    assert [(one.name, one.messages, one.not_answered) for one in counted.intents] == [("refunds", 5, 1)]
    assert counted.channels == {"widget": 4}


def test_whoever_pressed_the_button_before_writing_is_counted() -> None:
    pressed = ConversationFacts("c", NOW - DAY, "en", "widget", Handler.WAITING)
    assert report([pressed], since=NOW - 3 * DAY, now=NOW).resolutions[Resolution.WAITING] == 1


def test_a_report_of_nothing_is_empty_and_has_all_its_days() -> None:
    counted = report([], since=NOW - 7 * DAY, now=NOW)
    assert (counted.conversations, len(counted.days), counted.first_words.count) == (0, 7, 0)
    assert set(counted.resolutions.values()) == {0}


def test_spread_is_by_nearest_rank() -> None:
    assert (spread(range(1, 101)).median, spread(range(1, 101)).p95) == (50, 95)
    assert spread([7.0]).p95 == 7.0
