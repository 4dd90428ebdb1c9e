"""Measuring turns changes nothing about them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from bot.events import MessageAccepted, TextAdded, TurnEvent
from bot.manager import ConversationManager
from ui.metrics import MeasuredManager, Metrics


def test_the_measured_manager_can_do_all_that_the_manager_can() -> None:
    for name, method in inspect.getmembers(ConversationManager, inspect.isfunction):
        if not name.startswith("_"):
            measured = inspect.signature(getattr(MeasuredManager, name))
            assert list(measured.parameters) == list(inspect.signature(method).parameters), name


def test_a_turn_that_is_left_is_closed_and_counted_as_interrupted() -> None:
    closed = []

    def events() -> Iterator[TurnEvent]:
        try:
            yield MessageAccepted("c", "m", is_new=True)
            yield TextAdded("Hello")
        finally:
            closed.append(True)

    metrics = Metrics()
    watched = metrics.watched(events())
    next(watched)
    watched.close()  # type: ignore[attr-defined]  # a generator, as the manager's own is
    assert closed == [True]
    assert b'frontdesk_turns_total{outcome="interrupted"} 1.0' in metrics.text()
