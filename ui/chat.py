"""The customer's chat page: wires what people do to the conversation manager. Knows nothing of how answers are made."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from bot.bootstrap import Frontdesk
from bot.errors import ConversationNotFound
from bot.events import TextAdded
from bot.messages import Author, Conversation, Handler
from ui.chat_page import ChatView, composer, live_answer, transcript
from ui.panels import AT_ONCE, CLOSED, last_shown, memory_of, panel, problem_banner, reported, text_of, visitor_of
from ui.presenter import Banner, handler_banner, message_views, stage
from ui.turns import Turn, TurnsUnderWay, Visitor
from ui.words import wording
from ui.words.names import in_language
from ui.words.wording import say

_BETWEEN_UPDATES = 0.1  # seconds: an answer is redrawn about ten times a second
_BETWEEN_LOOKS = 2.5  # seconds between looks for what an operator wrote
_LONGEST_TRANSCRIPT = 200  # messages shown; older ones stay in the store


class Shown(NamedTuple):
    """What an event changes on the page, in the order of the event's outputs."""

    transcript: Any
    live: Any
    composer: Any
    memory: Any
    seen: Any


def build_chat(frontdesk: Frontdesk) -> gr.Blocks:
    """The page at /chat. Mount it with `theme.mount_arguments("chat")`."""
    page = ChatPage(frontdesk)
    with gr.Blocks(title=frontdesk.company.name, analytics_enabled=False, fill_width=True) as blocks:
        panels = panel("transcript"), panel("live"), panel("composer")
        memory = gr.BrowserState(None, storage_key="frontdesk-chat", secret=_installation(frontdesk))
        seen = last_shown("chat")
        shown = [*panels, memory, seen]
        blocks.load(page.load, memory, shown, **AT_ONCE)
        gr.Timer(_BETWEEN_LOOKS).tick(page.look, [memory, seen], shown, **AT_ONCE)
        for area in panels:
            area.send(page.send, memory, shown, concurrency_limit=None, trigger_mode="multiple", **CLOSED)
            area.act(page.act, memory, shown, **AT_ONCE)
    blocks.max_threads = 2 * frontdesk.settings.web.max_simultaneous_turns + 16
    return blocks


def _installation(frontdesk: Frontdesk) -> str:
    """Fixed per installation, so that browsers remember their conversation when the server starts anew."""
    return hashlib.sha256(str(frontdesk.settings.home.resolve()).encode()).hexdigest()[:32]


class ChatPage:
    """The events of the page. Every method reads the store; nothing is kept here but the turns under way."""

    def __init__(self, frontdesk: Frontdesk) -> None:
        self._desk = frontdesk
        self._turns = TurnsUnderWay(limit=frontdesk.settings.web.max_simultaneous_turns)
        self._limit = frontdesk.settings.web.max_message_characters

    # --- events ---

    def load(self, remembered: object, request: gr.Request) -> Shown:
        return self._shown(visitor_of(remembered, request))

    def look(self, remembered: object, seen: object, request: gr.Request) -> Shown:
        """Looks for news, and mends a page whose last two pictures overtook each other on their way.

        An answer being written here shows itself.
        """
        visitor = visitor_of(remembered, request)
        if (
            visitor.conversation_id is None
            or self._turns.of(visitor.conversation_id)
            or self._state_of(visitor) == seen
        ):
            return _nothing()
        return self._shown(visitor)._replace(memory=gr.skip())

    def send(self, remembered: object, event: gr.EventData, request: gr.Request) -> Iterator[Shown]:
        visitor, data = visitor_of(remembered, request), reported(event)
        text = text_of(data, "text")
        turn = self._turns.begin(visitor)
        if turn is None:
            yield self._shown(visitor, Banner(say(wording.BUSY, visitor.language), tone="bad"), draft=text)
            return
        problem: Banner | None = None
        try:
            yield from self._answered(turn, text, text_of(data, "client") or None)
        except Exception as error:  # noqa: BLE001 - whatever broke, the customer reads a sentence
            problem = problem_banner(error, turn.visitor.language, limit=self._limit)
        finally:
            self._turns.end(turn)
        yield self._shown(turn.visitor, problem, draft=text if problem else "")

    def act(self, remembered: object, event: gr.EventData, request: gr.Request) -> Shown:
        visitor, data = visitor_of(remembered, request), reported(event)
        turn = self._turns.of(visitor.conversation_id)
        problem: Banner | None = None
        try:
            visitor = self._done(text_of(data, "act"), visitor, data)
        except Exception as error:  # noqa: BLE001 - whatever broke, the customer reads a sentence
            problem = problem_banner(error, visitor.language, limit=self._limit)
        if turn is not None:
            turn.visitor = visitor
        return self._shown(visitor, problem)

    # --- what people do ---

    def _done(self, act: str, visitor: Visitor, data: Mapping[str, Any]) -> Visitor:
        match act:
            case "new":
                self._stop(visitor)
                return visitor.in_conversation(None)
            case "language":
                chosen = text_of(data, "value")
                return visitor.speaking(chosen if chosen in (wording.ENGLISH, wording.CHINESE) else visitor.language)
            case "person":
                visitor = self._in_conversation(visitor)
                self._desk.manager.request_person(visitor.conversation_id or "")
            case "resume":
                self._resume(visitor)
            case "feedback":
                self._record_feedback(visitor, text_of(data, "id"), text_of(data, "verdict"))
            case "stop":
                self._stop(visitor)
        return visitor

    def _stop(self, visitor: Visitor) -> None:
        if turn := self._turns.of(visitor.conversation_id):
            turn.stop()

    def _resume(self, visitor: Visitor) -> None:
        """Back to the assistant, out of the queue only: what an operator has taken over is the operator's to return."""
        conversation = self._conversation(visitor)
        if conversation is not None and conversation.handler is Handler.WAITING:
            self._desk.transcripts.change_handler(
                conversation.conversation_id, Handler.BOT, expected_version=conversation.handler_version
            )

    def _record_feedback(self, visitor: Visitor, message_id: str, verdict: str) -> None:
        """Keeps a verdict on an answer of this very conversation; another's stays as it is."""
        message = self._desk.transcripts.message(message_id)
        if message.conversation_id != visitor.conversation_id or message.author is not Author.BOT:
            raise ConversationNotFound(f"Message '{message_id}' is not an answer of this conversation")
        if verdict in ("up", "down", ""):
            self._desk.transcripts.record_feedback(message_id, verdict)

    # --- answering ---

    def _answered(self, turn: Turn, text: str, client_message_id: str | None) -> Iterator[Shown]:
        """Yields what a turn changes on the page while it runs."""
        self._desk.manager.checked(text)
        self._turns.enter(turn, self._in_conversation(turn.visitor).conversation_id or "")
        conversation_id = turn.visitor.conversation_id or ""
        doing, written, last = "", "", 0.0
        events = self._desk.manager.turn(conversation_id, text, client_message_id, stop=turn.is_stopped)
        with closing(events):
            for event in events:
                now = time.monotonic()
                news = stage(event, turn.visitor.language)
                doing = news or doing
                if isinstance(event, TextAdded):
                    written += event.text
                if turn.visitor.conversation_id != conversation_id:
                    continue  # the customer began another conversation; this one ends unseen
                if last == 0.0:
                    yield self._shown(turn.visitor)
                if news or now - last >= _BETWEEN_UPDATES:
                    last = now
                    yield _nothing()._replace(live=self._live(turn, doing, written))

    def _live(self, turn: Turn, doing: str, written: str) -> str:
        language = turn.visitor.language
        return live_answer(say(wording.STOPPING, language) if turn.is_stopped() else doing, written, language)

    # --- what is shown ---

    def _shown(self, visitor: Visitor, problem: Banner | None = None, *, draft: str = "") -> Shown:
        state = self._state_of(visitor)  # before what is shown is read: at worst it is drawn once more
        conversation = self._conversation(visitor)
        if conversation is None:
            visitor = visitor.in_conversation(None)
        under_way = self._turns.of(visitor.conversation_id) is not None
        view = self._view(visitor, conversation, problem, under_way=under_way, draft=draft)
        return Shown(
            transcript(view),
            gr.skip() if under_way else "",
            composer(view),
            memory_of(visitor),
            state,
        )

    def _view(
        self,
        visitor: Visitor,
        conversation: Conversation | None,
        problem: Banner | None,
        *,
        under_way: bool,
        draft: str,
    ) -> ChatView:
        company, language = self._desk.company, visitor.language
        view = ChatView(
            language=language,
            company=company.name,
            tagline=in_language(company.tagline, language, ""),
            longest=self._limit,
            suggestions=in_language(company.suggested_questions, language, ()),
            problem=problem,
            busy=under_way,
            draft=draft,
        )
        if conversation is None:
            return view
        messages = self._desk.transcripts.messages(conversation.conversation_id)[-_LONGEST_TRANSCRIPT:]
        return replace(
            view,
            conversation_id=conversation.conversation_id,
            handler=conversation.handler,
            notice=handler_banner(conversation, language),
            messages=message_views(messages, conversation, language, company=company.name, under_way=under_way),
        )

    # --- the store ---

    def _in_conversation(self, visitor: Visitor) -> Visitor:
        """The visitor in a conversation that exists: the remembered one, or a new one."""
        if self._conversation(visitor) is not None:
            return visitor
        opened = self._desk.transcripts.open_conversation(channel="chat", language=visitor.language)
        return visitor.in_conversation(opened.conversation_id)

    def _conversation(self, visitor: Visitor) -> Conversation | None:
        if visitor.conversation_id is None:
            return None
        try:
            return self._desk.transcripts.conversation(visitor.conversation_id)
        except ConversationNotFound:
            return None

    def _state_of(self, visitor: Visitor) -> str:
        """Differs from the last one exactly when there is something new to show."""
        conversation = self._conversation(visitor)
        if conversation is None:
            return ""
        doing = "answering" if self._turns.of(conversation.conversation_id) else "idle"
        return f"{conversation.conversation_id} {conversation.updated_at} {conversation.handler_version} {doing}"


def _nothing() -> Shown:
    return Shown(gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip())
