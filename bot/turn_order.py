"""Turns of one conversation go one after another, in order of arrival. Knows nothing of what a turn does."""

from __future__ import annotations

import threading
from collections import deque


class TurnOrder:
    """A line per conversation. A place in it is a plain value, so nothing is locked while a turn pauses at a yield."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lines: dict[str, deque[Place]] = {}

    def enter(self, conversation_id: str) -> Place:
        place = Place(self, conversation_id)
        with self._changed:
            self._lines.setdefault(conversation_id, deque()).append(place)
        return place

    def _wait(self, place: Place) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._lines[place.conversation_id][0] is place)

    def _leave(self, place: Place) -> None:
        with self._changed:
            line = self._lines[place.conversation_id]
            line.remove(place)
            if not line:
                del self._lines[place.conversation_id]
            self._changed.notify_all()


class Place:
    """One turn's place in the line of its conversation."""

    def __init__(self, order: TurnOrder, conversation_id: str) -> None:
        self._order = order
        self.conversation_id = conversation_id

    def wait(self) -> None:
        """Returns when every turn that came before has left."""
        self._order._wait(self)

    def leave(self) -> None:
        self._order._leave(self)
