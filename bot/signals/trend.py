"""How the share of frustrated messages develops, and when it is worth an alert. Pure; knows no database or clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_FEWEST = 5  # frustrated messages in the latest period: one angry customer is no trend
_SURENESS = 2.33  # standard errors: one false alert in a hundred quiet periods


@dataclass(frozen=True, slots=True)
class Bucket:
    """The messages of one stretch of time. Only stretches in which somebody wrote are reported."""

    start: float  # seconds since 1970, UTC
    messages: int
    frustrated: int

    @property
    def share(self) -> float:
        return self.frustrated / self.messages if self.messages else 0.0


@dataclass(frozen=True, slots=True)
class Trend:
    buckets: tuple[Bucket, ...]  # without gaps, oldest first
    seconds: float  # of one bucket
    recent: float  # share of frustrated messages in the latest buckets
    usual: float  # and in those before
    is_alert: bool

    @property
    def messages(self) -> int:
        return sum(bucket.messages for bucket in self.buckets)


def trend_of(found: Sequence[Bucket], *, since: float, seconds: float, count: int, latest: int) -> Trend:
    """`count` buckets from `since` on, the last `latest` of them compared with the others.

    Alert: at least five frustrated messages lately, and their share above the usual one by more than 2.33 standard
    errors of the difference (two-proportion z-test, pooled, one-sided at 1 %).
    """
    filled = {round((bucket.start - since) / seconds): bucket for bucket in found}
    buckets = tuple(filled.get(number, Bucket(since + number * seconds, 0, 0)) for number in range(count))
    before, lately = _sum(buckets[:-latest]), _sum(buckets[-latest:])
    return Trend(buckets, seconds, lately.share, before.share, _has_risen(before, lately))


def _sum(buckets: Sequence[Bucket]) -> Bucket:
    return Bucket(0.0, sum(each.messages for each in buckets), sum(each.frustrated for each in buckets))


def _has_risen(before: Bucket, lately: Bucket) -> bool:
    if lately.frustrated < _FEWEST or before.messages == 0:
        return False
    pooled = (before.frustrated + lately.frustrated) / (before.messages + lately.messages)
    error = math.sqrt(pooled * (1 - pooled) * (1 / before.messages + 1 / lately.messages))
    return lately.share - before.share > _SURENESS * error
