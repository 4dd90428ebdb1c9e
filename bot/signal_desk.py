"""The signals of messages as they come in, and their trend: reader and log put together. Knows no web page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.guarding.head import open_guard
from bot.policy import FRUSTRATED
from bot.signals.frustration import load_frustration_head
from bot.signals.reader import SignalReader
from bot.signals.trend import Trend, trend_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.messages import Message
    from bot.protocols import SignalLog
    from bot.signals.values import Signals
    from knowledge.protocols import Embedder

_HOUR = 3600.0


class Period(StrEnum):
    DAY = "day"  # by the hour
    MONTH = "month"  # by the day


_SHAPES = {Period.DAY: (_HOUR, 24, 3), Period.MONTH: (24 * _HOUR, 30, 3)}  # seconds, buckets, of them "lately"


class SignalDesk:
    def __init__(self, reader: SignalReader, log: SignalLog) -> None:
        self._reader = reader
        self._log = log

    def read(self, message: Message, language: str, answered: bool = True) -> Signals:
        """The signals of a stored message; kept for the trend, personal data masked. See SignalReader.read."""
        signals = self._reader.read(message.text, language, answered=answered)
        self._log.record(message, signals)
        return signals

    def trend(self, period: Period, *, now: float | None = None) -> Trend:
        """Frustrated messages of the last day by the hour, or of the last 30 days by the day (UTC)."""
        seconds, count, latest = _SHAPES[period]
        end = ((time.time() if now is None else now) // seconds + 1) * seconds
        since = end - count * seconds
        found = self._log.buckets(since=since, seconds=seconds, frustrated=FRUSTRATED)
        return trend_of(found, since=since, seconds=seconds, count=count, latest=latest)


def open_signal_desk(engine: Engine, embedder: Embedder, products: Sequence[str]) -> SignalDesk:
    """With another embedder than the one they were trained on, frustration is not guessed and nobody is refused."""
    from bot.signal_log import SqlSignalLog

    head = load_frustration_head(embedder.fingerprint)
    return SignalDesk(SignalReader(embedder, head, products, open_guard(embedder)), SqlSignalLog(engine))
