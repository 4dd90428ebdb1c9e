"""Gradio's part in our pages: a panel shows our HTML and reports what people do in it. Knows no page in particular.

Panels are `gr.HTML` with one script of ours (static/panel.js). They stand in for `gr.Chatbot` and its kin because those
resend and redraw a whole transcript per token, close what a reader has opened, lose the focus after sending, and can
neither be announced to screen readers message by message nor show a source inside its passage.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

from bot.errors import BotError
from knowledge.errors import KnowledgeError
from ui.presenter import Banner, error_text
from ui.turns import Visitor
from ui.words.names import language_of_browser
from ui.words.wording import CHINESE, ENGLISH

_log = logging.getLogger(__name__)
_STATIC = Path(__file__).parent / "static"

# For every event: nothing is published as an API, and no spinner of Gradio's covers the page.
CLOSED: Mapping[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# For events that answer at once: they skip the queue, so that no answer under way holds them up.
AT_ONCE: Mapping[str, Any] = {**CLOSED, "queue": False, "trigger_mode": "multiple"}


@cache
def static_text(name: str) -> str:
    """The text of one of our static files."""
    return (_STATIC / name).read_text(encoding="utf-8")


def panel(name: str) -> gr.HTML:
    """An area of a page. Its value is HTML of ours; it reports `act` (at once) and `send` (one at a time)."""
    return gr.HTML(
        value="",
        html_template='<div class="fd-panel"></div>',  # without ${value}: the script draws, Gradio never replaces
        js_on_load=static_text("panel.js"),
        apply_default_css=False,
        padding=False,
        elem_id=f"fd-{name}",
    )


def last_shown(page: str) -> gr.BrowserState:
    """Which picture a page shows now, for `look` to compare. It is kept in the browser, beside what it speaks of.

    Two events that answer at the same time may arrive in either order; a note on the server would then tell of the
    picture made last, which need not be the one that is seen.
    """
    return gr.BrowserState("", storage_key=f"frontdesk-{page}-shown", secret=f"frontdesk-{page}")


def problem_banner(error: Exception, language: str, *, limit: int = 0) -> Banner:
    """The sentence people read about `error`. What none of our packages foresaw goes to the log with its traceback."""
    if not isinstance(error, (BotError, KnowledgeError)):
        _log.error("An event of a page failed", exc_info=error)
    return Banner(error_text(error, language, limit=limit), tone="bad")


def reported(event: gr.EventData) -> Mapping[str, Any]:
    """What a panel's script reported. It comes from the browser: nothing in it may be trusted."""
    data = event._data  # Gradio has no public name for the whole of it
    return data if isinstance(data, dict) else {}


def text_of(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def visitor_of(remembered: object, request: gr.Request | None) -> Visitor:
    """Who looks at this page, by what the browser remembers and which language it prefers."""
    memory = remembered if isinstance(remembered, dict) else {}
    conversation, language = memory.get("conversation"), memory.get("language")
    if language not in (ENGLISH, CHINESE):
        headers = request.headers if request is not None else {}
        language = language_of_browser(headers.get("accept-language", ""))
    return Visitor(conversation if isinstance(conversation, str) and conversation else None, language)


def memory_of(visitor: Visitor) -> dict[str, str | None]:
    return {"conversation": visitor.conversation_id, "language": visitor.language}
