"""The turns under way on our chat pages: how many, whose, and whether they were stopped. Knows nothing of answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a browser remembers. The conversation itself is always read from the store, by its id."""

    conversation_id: str | None
    language: str

    def in_conversation(self, conversation_id: str | None) -> Visitor:
        return replace(self, conversation_id=conversation_id)

    def speaking(self, language: str) -> Visitor:
        return replace(self, language=language)


@dataclass(slots=True, eq=False)
class Turn:
    """One answer being written. `visitor` follows what the customer changes meanwhile, such as the language."""

    visitor: Visitor
    _stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        self._stopped.set()

    def is_stopped(self) -> bool:
        return self._stopped.is_set()


class TurnsUnderWay:
    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._turns: dict[Turn, str] = {}  # turn → its conversation

    def begin(self, visitor: Visitor) -> Turn | None:
        """None where as many turns as we can serve are under way. Every turn begun is to be ended."""
        turn = Turn(visitor)
        with self._lock:
            if len(self._turns) >= self._limit:
                return None
            self._turns[turn] = visitor.conversation_id or ""
        return turn

    def enter(self, turn: Turn, conversation_id: str) -> None:
        """The turn belongs to this conversation from now on."""
        with self._lock:
            self._turns[turn] = conversation_id
        turn.visitor = turn.visitor.in_conversation(conversation_id)

    def end(self, turn: Turn) -> None:
        with self._lock:
            self._turns.pop(turn, None)

    def of(self, conversation_id: str | None) -> Turn | None:
        """The turn under way in this conversation, the latest where there are several."""
        if not conversation_id:
            return None
        with self._lock:
            found = [turn for turn, conversation in self._turns.items() if conversation == conversation_id]
        return found[-1] if found else None
