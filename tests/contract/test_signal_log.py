"""What every SignalLog promises, checked on the fake and on the real one; and the trend that is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.messages import Author, Message
from bot.migrations import upgrade_database
from bot.protocols import SignalLog, TranscriptStore
from bot.signal_log import SqlSignalLog
from bot.signals.trend import Bucket, trend_of
from bot.signals.values import Signals
from bot.transcripts import SqlTranscripts
from knowledge.database import open_database
from tests.fakes.signal_log import MemorySignalLog
from tests.fakes.transcripts import MemoryTranscripts


@pytest.fixture(params=["memory", "sqlite"])
def parts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SignalLog, TranscriptStore]]:
    if request.param == "memory":
        yield MemorySignalLog(), MemoryTranscripts()
        return
    engine = open_database(f"sqlite:///{tmp_path / 'frontdesk.db'}")
    upgrade_database(engine)
    yield SqlSignalLog(engine), SqlTranscripts(engine)
    engine.dispose()


def a_message(store: TranscriptStore) -> Message:
    conversation = store.open_conversation(channel="test")
    return store.append(conversation.conversation_id, Author.CUSTOMER, "hello").message


def test_messages_are_counted_by_stretches_of_time(parts: tuple[SignalLog, TranscriptStore]) -> None:
    log, store = parts
    for score in (0.9, 0.2, None):
        log.record(a_message(store), Signals("en", score))
    (bucket,) = log.buckets(since=a_message(store).created_at - 1800, seconds=3600, frustrated=0.8)
    assert (bucket.messages, bucket.frustrated) == (2, 1)


def test_the_last_word_about_a_message_counts(parts: tuple[SignalLog, TranscriptStore]) -> None:
    log, store = parts
    message = a_message(store)
    log.record(message, Signals("en", 0.9))
    log.record(message, Signals("en", 0.1))
    (bucket,) = log.buckets(since=message.created_at - 10, seconds=3600, frustrated=0.8)
    assert (bucket.messages, bucket.frustrated) == (1, 0)


def test_what_came_before_is_not_counted(parts: tuple[SignalLog, TranscriptStore]) -> None:
    log, store = parts
    message = a_message(store)
    log.record(message, Signals("en", 0.9))
    assert not log.buckets(since=message.created_at + 1, seconds=3600, frustrated=0.8)


def test_a_trend_has_no_gaps_and_alerts_where_the_share_has_risen() -> None:
    calm = [Bucket(3600.0 * hour, 20, 1) for hour in range(20)]
    quiet = trend_of(calm, since=0.0, seconds=3600, count=24, latest=3)
    assert [bucket.start for bucket in quiet.buckets] == [3600.0 * hour for hour in range(24)]
    assert not quiet.is_alert
    stormy = trend_of([*calm, Bucket(3600.0 * 22, 20, 8)], since=0.0, seconds=3600, count=24, latest=3)
    assert stormy.is_alert
    assert stormy.recent == pytest.approx(0.4)


def test_a_few_upset_messages_are_no_alert() -> None:
    found = [Bucket(0.0, 100, 0), Bucket(3600.0 * 23, 4, 4)]
    assert not trend_of(found, since=0.0, seconds=3600, count=24, latest=3).is_alert
