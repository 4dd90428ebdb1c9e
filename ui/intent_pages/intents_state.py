"""What somebody is looking at on the intents page, as the browser remembers it. Knows nothing of what it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from ui.intent_pages.intents_page import TABS
from ui.panels import text_of, visitor_of
from ui.words import wording

_LONGEST_TRIED = 1000  # characters


@dataclass(frozen=True, slots=True)
class IntentsState:
    """What somebody is looking at. The browser keeps it, so that a reload changes nothing."""

    language: str
    turn: int = 0  # grows with everything somebody does
    tab: str = "list"
    search: str = ""
    opened: str | None = None  # an intent's name; "" for a new one
    version: int = 0  # the list that it was opened from
    draft: str = ""  # examples that a new intent begins with
    importing: bool = False
    deleting: bool = False
    confirming: str = ""
    tried: str = ""
    notice: str = ""
    notice_detail: str = ""
    notice_tone: str = "good"


def turned(act: str, state: IntentsState, value: str, data: Mapping[str, Any]) -> IntentsState:
    changes: dict[str, Any] = {}
    match act:
        case "tab" if value in TABS:
            changes = {"tab": value, "opened": None, "importing": False}
        case "search":
            changes = {"search": text_of(data, "text")}
        case "try":
            changes = {"tried": text_of(data, "message")[:_LONGEST_TRIED]}
        case "language" if value in (wording.ENGLISH, wording.CHINESE):
            changes = {"language": value}
    return replace(state, **changes)


def turn_of(seen: str) -> int:
    """Of what is drawn; -1 before anything is."""
    turn = seen.partition(":")[0]
    return int(turn) if turn.isdecimal() else -1


def state_of(remembered: object, request: gr.Request) -> IntentsState:
    """What the browser remembers, as far as it makes sense."""
    memory = remembered if isinstance(remembered, dict) else {}
    tab, tone, opened, version, turn = (memory.get(n) for n in ("tab", "notice_tone", "opened", "version", "turn"))
    return IntentsState(
        language=visitor_of(memory, request).language,
        turn=turn if isinstance(turn, int) and turn >= 0 else 0,
        tab=tab if isinstance(tab, str) and tab in TABS else "list",
        search=text_of(memory, "search"),
        opened=opened if isinstance(opened, str) else None,
        version=version if isinstance(version, int) else 0,
        draft=text_of(memory, "draft"),
        importing=memory.get("importing") is True,
        deleting=memory.get("deleting") is True,
        confirming=text_of(memory, "confirming"),
        tried=text_of(memory, "tried"),
        notice=text_of(memory, "notice"),
        notice_detail=text_of(memory, "notice_detail"),
        notice_tone=tone if isinstance(tone, str) and tone in ("good", "bad", "info") else "info",
    )
