"""From conversations to numbers. Pure; knows no database and no page.

Whether a customer was helped is never one number: what a customer confirmed, what is only assumed because nobody
complained, and what was given up are counted apart, and who came back is counted beside.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from bot.answers import Outcome
from bot.messages import Handler
from bot.reporting.facts import AnswerFacts, ConversationFacts

DAY = 86_400.0
STILL_GOING_ON = 3_600.0  # seconds after which a conversation that nobody closed counts as over
CAME_BACK = DAY  # seconds of silence after which a customer who writes again has come back
_MOST_INTENTS = 12


class Resolution(StrEnum):
    """What became of a conversation, as far as can be known."""

    CONFIRMED = "confirmed"  # the customer said that the answer helped
    ASSUMED = "assumed"  # it was answered, and nobody complained
    PERSON = "person"  # a person wrote in it
    WAITING = "waiting"  # a person was asked for and has not written yet
    ABANDONED = "abandoned"  # the assistant did not know or was not right, and the customer left
    OPEN = "open"  # still going on


@dataclass(frozen=True, slots=True)
class Day:
    start: float  # seconds since 1970, midnight UTC
    conversations: int
    not_answered: int  # in which the assistant once did not know


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some measurements, in their unit. `count` 0: there are none, and the others are 0."""

    count: int
    median: float
    p95: float


@dataclass(frozen=True, slots=True)
class AskedIntent:
    name: str
    messages: int
    not_answered: int


@dataclass(frozen=True, slots=True)
class Report:
    days: tuple[Day, ...]  # without gaps, the oldest first
    conversations: int
    resolutions: Mapping[Resolution, int]
    came_back: int
    outcomes: Mapping[str, int]  # of the assistant's messages
    rated_up: int
    rated_down: int
    waited: Spread  # seconds from the hand-over to a person's first words
    first_words: Spread  # milliseconds
    answered_in: Spread  # milliseconds
    intents: tuple[AskedIntent, ...]  # most frequent first
    languages: Mapping[str, int]
    channels: Mapping[str, int]


def resolution(facts: ConversationFacts, now: float) -> Resolution:
    if facts.person:
        return Resolution.PERSON
    if facts.handler is Handler.WAITING:
        return Resolution.WAITING
    if facts.handler is not Handler.CLOSED and now - facts.last_at < STILL_GOING_ON:
        return Resolution.OPEN
    verdict = next((one.verdict for one in reversed(facts.answers) if one.verdict), None)
    if verdict is not None:
        return Resolution.CONFIRMED if verdict == "up" else Resolution.ABANDONED
    last = next((one.outcome for one in reversed(facts.answers) if one.outcome != Outcome.SMALL_TALK), None)
    return Resolution.ASSUMED if last == Outcome.ANSWERED else Resolution.ABANDONED


def report(found: Iterable[ConversationFacts], *, since: float, now: float) -> Report:
    """Of the conversations opened from `since`, a midnight, until `now`, in which something was wanted."""
    asked = [facts for facts in found if facts.is_counted]
    answers = [answer for facts in asked for answer in facts.answers]
    resolutions = Counter(resolution(facts, now) for facts in asked)
    return Report(
        days=_days(asked, since, now),
        conversations=len(asked),
        resolutions={kind: resolutions[kind] for kind in Resolution},
        came_back=sum(_came_back(facts.asked) for facts in asked),
        outcomes=dict(Counter(answer.outcome or "failed" for answer in answers).most_common()),
        rated_up=sum(answer.verdict == "up" for answer in answers),
        rated_down=sum(answer.verdict == "down" for answer in answers),
        waited=spread(wait for facts in asked if (wait := waited(facts)) is not None),
        first_words=spread(answer.first_token_ms for answer in answers if answer.first_token_ms),
        answered_in=spread(answer.total_ms for answer in answers if answer.total_ms),
        intents=_intents(answers),
        languages=dict(Counter(facts.language for facts in asked).most_common()),
        channels=dict(Counter(facts.channel for facts in asked).most_common()),
    )


def waited(facts: ConversationFacts) -> float | None:
    """Seconds from the hand-over that was asked for in words until a person wrote; None where one of them is missing.

    When somebody pressed the button for a person is not stored.
    """
    handed = next((one.at for one in facts.answers if one.outcome == Outcome.HANDED_OVER), None)
    if handed is None:
        return None
    return next((at - handed for at in facts.person if at >= handed), None)


def spread(values: Iterable[float]) -> Spread:
    """Median and 95th percentile, by nearest rank."""
    rising = sorted(values)
    if not rising:
        return Spread(0, 0.0, 0.0)
    return Spread(len(rising), _at_rank(rising, 0.5), _at_rank(rising, 0.95))


def _at_rank(rising: Sequence[float], share: float) -> float:
    return rising[max(0, math.ceil(share * len(rising)) - 1)]


def _came_back(asked: Sequence[float]) -> bool:
    return any(later - before >= CAME_BACK for before, later in pairwise(asked))


def _days(found: Sequence[ConversationFacts], since: float, now: float) -> tuple[Day, ...]:
    opened: Counter[int] = Counter()
    lacking: Counter[int] = Counter()
    for facts in found:
        day = int((facts.opened_at - since) // DAY)
        opened[day] += 1
        lacking[day] += any(one.outcome == Outcome.ABSTAINED for one in facts.answers)
    count = max(1, math.ceil((now - since) / DAY))
    return tuple(Day(since + day * DAY, opened[day], lacking[day]) for day in range(count))


def _intents(answers: Sequence[AnswerFacts]) -> tuple[AskedIntent, ...]:
    asked = Counter(one.intent for one in answers if one.intent)
    lacking = Counter(one.intent for one in answers if one.outcome == Outcome.ABSTAINED)
    return tuple(AskedIntent(name, count, lacking[name]) for name, count in asked.most_common(_MOST_INTENTS))
