"""The operator console: wires what operators do to the store and the manager. Knows nothing of how answers are made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import gradio as gr

from bot.bootstrap import Frontdesk
from bot.errors import ConversationNotFound
from bot.messages import Handler
from bot.signal_desk import Period
from knowledge.errors import EntryChanged, EntryNotFound, EntryRefused
from ui.audit_trail import Action, note_down
from ui.console_page import ConsoleView, OpenConversation, console
from ui.correction_form import Correction
from ui.corrections import correctable, correction_of, store_correction
from ui.panels import AT_ONCE, last_shown, panel, problem_banner, reported, text_of, visitor_of
from ui.presenter import Banner, entry_problem, staff_views
from ui.words import wording
from ui.words.names import in_language
from ui.words.wording import say

_BETWEEN_LOOKS = 2.5  # seconds
_PAGE = 30  # conversations that a list begins with, and grows by
_LONGEST_TRANSCRIPT = 300  # messages
_LONGEST_TITLE = 90  # characters
_NOTED = {
    "take_over": Action.CONVERSATION_TAKEN_OVER,
    "hand_back": Action.CONVERSATION_HANDED_BACK,
    "close": Action.CONVERSATION_CLOSED,
}
_FILTERS = ("", *(str(handler) for handler in Handler))  # "" shows all


@dataclass(frozen=True, slots=True)
class ConsoleState:
    """What an operator is looking at. The browser keeps it, so that a reload changes nothing."""

    language: str
    conversation_id: str = ""
    search: str = ""
    handler: str = ""
    limit: int = _PAGE
    period: Period = Period.DAY  # of the trend
    correcting: str = ""  # the answer that is being corrected
    seen: str = ""  # the entry that answered its question when the operator began to write
    notice: Banner | None = None  # shown once


class Shown(NamedTuple):
    console: Any
    memory: Any
    seen: Any


def build_console(frontdesk: Frontdesk) -> gr.Blocks:
    """The page at /console, for operators. Mount it with `theme.mount_arguments("console")` behind the sign-in."""
    page = ConsolePage(frontdesk)
    with gr.Blocks(title=f"{frontdesk.company.name} console", analytics_enabled=False, fill_width=True) as blocks:
        area = panel("console")
        memory = gr.BrowserState(None, storage_key="frontdesk-console", secret="frontdesk-console")
        seen = last_shown("console")
        shown = [area, memory, seen]
        blocks.load(page.load, memory, shown, **AT_ONCE)
        gr.Timer(_BETWEEN_LOOKS).tick(page.look, [memory, seen], shown, **AT_ONCE)
        area.act(page.act, memory, shown, **AT_ONCE)
    return blocks


class ConsolePage:
    """The events of the page. Every method reads the store; nothing is kept here."""

    def __init__(self, frontdesk: Frontdesk) -> None:
        self._desk = frontdesk
        self._limit = frontdesk.settings.web.max_message_characters

    # --- events ---

    def load(self, remembered: object, request: gr.Request) -> Shown:
        state, asked = _state_of(remembered, request), request.query_params.get("conversation", "")
        return self._shown(replace(state, conversation_id=asked, correcting="") if asked else state)

    def look(self, remembered: object, seen: object, request: gr.Request) -> Shown:
        """Looks for news; sends nothing where there are none."""
        shown = self._shown(_state_of(remembered, request))
        if shown.seen == seen:
            return Shown(gr.skip(), gr.skip(), gr.skip())
        return shown._replace(memory=gr.skip())  # what the operator has chosen meanwhile stays chosen

    def act(self, remembered: object, event: gr.EventData, request: gr.Request) -> Shown:
        state, data = _state_of(remembered, request), reported(event)
        try:
            return self._shown(self._done(text_of(data, "act"), state, data, getattr(request, "username", None) or ""))
        except Exception as error:  # noqa: BLE001 - whatever broke, the operator reads a sentence
            problem = problem_banner(error, state.language, limit=self._limit)
            return self._shown(state, problem, draft=text_of(data, "text") if text_of(data, "act") == "reply" else "")

    # --- what operators do ---

    def _done(self, act: str, state: ConsoleState, data: Mapping[str, Any], operator: str) -> ConsoleState:
        if act == "save_correction":
            return self._corrected(state, data, operator)
        if act == "correct":
            return self._correcting(state, text_of(data, "id"))
        if act in ("take_over", "hand_back", "close", "reply"):
            self._change(act, state.conversation_id, text_of(data, "text"))
            if act in _NOTED:
                note_down(self._desk.engine, operator or "operator", _NOTED[act], state.conversation_id)
            return state
        return _looked_elsewhere(act, state, data)

    def _change(self, act: str, conversation_id: str, text: str) -> None:
        match act:
            case "take_over":
                self._desk.manager.take_over(conversation_id)
            case "hand_back":
                self._desk.manager.hand_back(conversation_id)
            case "close":
                self._desk.manager.close(conversation_id)
            case "reply":
                self._desk.manager.operator_reply(conversation_id, text)

    def _correcting(self, state: ConsoleState, message_id: str) -> ConsoleState:
        state = replace(state, correcting=message_id)
        correction = self._correction(state)
        return replace(state, seen="" if correction is None else correction.seen)

    def _correction(self, state: ConsoleState) -> Correction | None:
        messages = self._desk.transcripts.messages(state.conversation_id)
        return correction_of(state.correcting, messages, self._desk.entries)

    def _corrected(self, state: ConsoleState, data: Mapping[str, Any], operator: str) -> ConsoleState:
        language, entries = state.language, self._desk.entries
        question, answer = text_of(data, "question"), text_of(data, "answer")
        if self._correction(state) is None:
            return replace(state, correcting="")  # nothing of this conversation is being corrected
        try:
            entry = store_correction(question, answer, entries, seen=state.seen, editor=operator or "operator")
            note_down(self._desk.engine, operator or "operator", Action.ENTRY_SAVED, entry.entry_id)
        except (EntryRefused, EntryChanged, EntryNotFound) as error:
            return replace(state, notice=Banner(entry_problem(error, language), tone="bad"))
        said, detail = say(wording.CORRECTED, language), say(wording.CORRECTED_DETAIL, language)
        return replace(state, correcting="", notice=Banner(said, detail, tone="good"))

    # --- what is shown ---

    def _shown(self, state: ConsoleState, problem: Banner | None = None, *, draft: str = "") -> Shown:
        html = console(self._view(state, problem or state.notice, draft))
        memory: dict[str, Any] = {"language": state.language, "open": state.conversation_id, "handler": state.handler}
        memory |= {"search": state.search, "limit": state.limit, "period": state.period.value}
        memory |= {"correcting": state.correcting, "seen": state.seen}
        return Shown(html, memory, hashlib.sha256(html.encode()).hexdigest())

    def _view(self, state: ConsoleState, problem: Banner | None, draft: str) -> ConsoleView:
        store = self._desk.transcripts
        handler = Handler(state.handler) if state.handler else None
        summaries = store.conversations(limit=state.limit + 1, containing=state.search, handler=handler)
        return ConsoleView(
            language=state.language,
            company=self._desk.company.name,
            longest=self._limit,
            summaries=tuple(summaries[: state.limit]),
            waiting=len(store.conversations(limit=100, handler=Handler.WAITING)),
            search=state.search,
            handler=state.handler,
            more=len(summaries) > state.limit,
            opened=self._opened(state),
            problem=problem,
            draft=draft,
            trend=None if self._desk.signals is None else self._desk.signals.trend(state.period),
            period=state.period,
        )

    def _opened(self, state: ConsoleState) -> OpenConversation | None:
        if not state.conversation_id:
            return None
        try:
            conversation = self._desk.transcripts.conversation(state.conversation_id)
        except ConversationNotFound:
            return None
        messages = self._desk.transcripts.messages(state.conversation_id)
        intents = self._desk.live_intents().intents.values()
        titles = {intent.name: in_language(intent.title, state.language, intent.name) for intent in intents}
        latest = messages[-_LONGEST_TRANSCRIPT:]
        return OpenConversation(
            conversation,
            messages[0].text[:_LONGEST_TITLE] if messages else "",
            staff_views(latest, state.language, titles),
            correctable=frozenset(one.message_id for one in latest if correctable(one)),
            correction=correction_of(state.correcting, messages, self._desk.entries) if state.correcting else None,
        )


def _looked_elsewhere(act: str, state: ConsoleState, data: Mapping[str, Any]) -> ConsoleState:
    value = text_of(data, "value")
    changes: dict[str, Any] = {}
    match act:
        case "open" | "back":
            changes = {"conversation_id": text_of(data, "id") if act == "open" else "", "correcting": ""}
        case "cancel_correction":
            changes = {"correcting": ""}
        case "search":
            changes = {"search": text_of(data, "text"), "limit": _PAGE}
        case "filter" if value in _FILTERS:
            changes = {"handler": value, "limit": _PAGE}
        case "trend" if value in tuple(Period):
            changes = {"period": Period(value)}
        case "more":
            changes = {"limit": state.limit + _PAGE}
        case "language" if value in (wording.ENGLISH, wording.CHINESE):
            changes = {"language": value}
    return replace(state, **changes)


def _state_of(remembered: object, request: gr.Request) -> ConsoleState:
    """What the browser remembers, as far as it makes sense."""
    memory = remembered if isinstance(remembered, dict) else {}
    handler, limit, period = text_of(memory, "handler"), memory.get("limit"), text_of(memory, "period")
    return ConsoleState(
        language=visitor_of(memory, request).language,
        conversation_id=text_of(memory, "open"),
        search=text_of(memory, "search"),
        handler=handler if handler in _FILTERS else "",
        limit=limit if isinstance(limit, int) and _PAGE <= limit <= 50 * _PAGE else _PAGE,
        period=Period(period) if period in tuple(Period) else Period.DAY,
        correcting=text_of(memory, "correcting"),
        seen=text_of(memory, "seen"),
    )
