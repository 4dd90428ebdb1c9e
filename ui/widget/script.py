"""widget.js as one file: our scripts in order, with words, drawings and styles as values in front. Knows no routes.

There is no build step. Words come from `ui/words`, drawings from `ui/icons.py`, colours and the look of messages from
`ui/static/base.css`: so the bubble looks and speaks as the chat page does, and cannot fall behind it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ui.icons import shapes
from ui.words import signal_wording, widget_wording, wording
from ui.words.wording import CHINESE, ENGLISH, Text

_HERE = Path(__file__).parent
_BASE = _HERE.parent / "static" / "base.css"
# In the order in which they use one another; together they are one function, so that no name of ours meets the page's.
_SCRIPTS = (
    "drawing.js",
    "desk.js",
    "memory.js",
    "said.js",
    "rhythm.js",
    "conversation.js",
    "messages.js",
    "window.js",
    "element.js",
)
_DRAWINGS = (
    *("again", "alert", "bell", "chevron", "check", "clock", "close", "download", "person", "plus"),
    *("question", "send", "talk", "thumb-down", "thumb-up"),
)
_WORDS = {
    "again": wording.ASK_AGAIN,
    "assistant": wording.ASSISTANT,
    "busy": wording.BUSY,
    "charactersLeft": wording.CHARACTERS_LEFT,
    "choices": signal_wording.CHOICES,
    "closeChat": widget_wording.CLOSE_CHAT,
    "closed": wording.IS_CLOSED,
    "conversation": wording.CONVERSATION,
    "download": widget_wording.DOWNLOAD,
    "failed": wording.FAILED,
    "fileName": widget_wording.FILE_NAME,
    "fileTitle": widget_wording.FILE_TITLE,
    "footnote": wording.FOOTNOTE,
    "gone": wording.CONVERSATION_GONE,
    "greeting": wording.GREETING,
    "greetingDetail": wording.GREETING_DETAIL,
    "helpful": wording.HELPFUL,
    "inQueue": wording.IN_QUEUE,
    "inQueueDetail": wording.IN_QUEUE_DETAIL,
    "interrupted": wording.INTERRUPTED,
    "lost": widget_wording.LOST,
    "lostDetail": widget_wording.LOST_DETAIL,
    "messageLabel": wording.MESSAGE_LABEL,
    "messagePlaceholder": wording.MESSAGE_PLACEHOLDER,
    "newConversation": wording.NEW_CONVERSATION,
    "newMessages": widget_wording.NEW_MESSAGES,
    "notHelpful": wording.NOT_HELPFUL,
    "notSent": widget_wording.NOT_SENT,
    "openChat": widget_wording.OPEN_CHAT,
    "opensElsewhere": widget_wording.OPENS_ELSEWHERE,
    "page": wording.PAGE,
    "reading": wording.READING,
    "searching": wording.SEARCHING,
    "send": wording.SEND,
    "sendAgain": widget_wording.SEND_AGAIN,
    "sendReason": widget_wording.SEND_REASON,
    "sending": widget_wording.SENDING,
    "sourceMarker": wording.SOURCE_MARKER,
    "sources": wording.SOURCES,
    "suggestions": wording.SUGGESTIONS,
    "talkToPerson": wording.TALK_TO_PERSON,
    "team": wording.TEAM,
    "thanks": wording.THANKS,
    "unexpected": wording.UNEXPECTED,
    "whatWasWrong": widget_wording.WHAT_WAS_WRONG,
    "withPerson": wording.WITH_PERSON,
    "writing": wording.WRITING,
    "wrongPlaceholder": widget_wording.WRONG_PLACEHOLDER,
    "you": wording.YOU,
}


@dataclass(frozen=True, slots=True)
class Script:
    text: bytes
    zipped: bytes
    fingerprint: str  # of `text`, for browsers that ask whether their copy is still good


@cache
def widget_script() -> Script:
    values = {"WORDS": _words(), "DRAWINGS": {name: shapes(name) for name in _DRAWINGS}, "STYLES": _styles()}
    lines = ['(() => {\n"use strict";']
    lines += [f"const {name} = {_literal(value)};" for name, value in values.items()]
    lines += [(_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    text = "\n".join([*lines, "})();\n"]).encode()
    return Script(text, gzip.compress(text, mtime=0), hashlib.sha256(text).hexdigest()[:32])


def _words() -> dict[str, dict[str, str]]:
    def spoken(language: str) -> dict[str, str]:
        return {name: _in(text, language) for name, text in _WORDS.items()}

    return {ENGLISH: spoken(ENGLISH), CHINESE: spoken(CHINESE)}


def _in(text: Text, language: str) -> str:
    return text.zh if language == CHINESE else text.en


def _styles() -> str:
    """The pages' style sheet with its colours on the bubble instead of on the whole document, and the bubble's own."""
    base = _BASE.read_text(encoding="utf-8")
    dark = ":root.dark,\n:root .dark {"
    if dark not in base or ":root {" not in base:
        raise ValueError(f"'{_BASE}' no longer names its colours as the bubble expects: ':root {{' and ':root.dark'")
    base = base.replace(dark, '.fd-panel[data-theme="dark"] {').replace(":root {", ".fd-panel {")
    return base + (_HERE / "widget.css").read_text(encoding="utf-8")


def _literal(value: Any) -> str:
    """JSON that may stand in a script: it has no line separators, which older browsers take for the end of a line."""
    return json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
