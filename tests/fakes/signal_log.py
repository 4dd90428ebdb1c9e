"""A SignalLog in memory. Passes the same contract suite as SqlSignalLog."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from bot.messages import Message
from bot.signals.trend import Bucket
from bot.signals.values import Signals


class MemorySignalLog:
    def __init__(self) -> None:
        self.recorded: dict[str, tuple[float, Signals]] = {}

    def record(self, message: Message, signals: Signals) -> None:
        self.recorded[message.message_id] = (message.created_at, signals)

    def buckets(self, *, since: float, seconds: float, frustrated: float) -> Sequence[Bucket]:
        found: dict[int, list[float]] = defaultdict(list)
        for at, signals in self.recorded.values():
            if at >= since and signals.frustration is not None:
                found[math.floor((at - since) / seconds)].append(signals.frustration)
        return [
            Bucket(since + number * seconds, len(values), sum(value >= frustrated for value in values))
            for number, values in sorted(found.items())
        ]
