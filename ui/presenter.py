"""Conversations, events and errors → what people read, in their language. Pure; knows nothing of HTML or of Gradio."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.answers import Citation, Outcome
from bot.errors import ConversationClosed, ConversationNotFound, MessageRefused
from bot.events import IntentRecognized, MessageAccepted, PassagesFound, TurnEvent
from bot.messages import Author, Conversation, Handler, Message, MessageState
from knowledge.errors import (
    CatalogUnavailable,
    DocumentIsEntry,
    DocumentNotFound,
    DocumentRefused,
    EncodingUnknown,
    EntryChanged,
    EntryNotFound,
    EntryRefused,
    IndexNotSaved,
    IndexUnreadable,
    ModelUnavailable,
    ReaderUnavailable,
    StorageUnavailable,
)
from ui.words import knowledge_wording, wording
from ui.words.explanations import trace_sentences
from ui.words.names import place
from ui.words.refusals import reason_in
from ui.words.wording import Text, say

_RATED = (Outcome.ANSWERED, Outcome.ABSTAINED, Outcome.CLARIFIED)
_MARKER = re.compile(r"\s?\[(\d{1,3})\]")


class Look(StrEnum):
    """How a message looks."""

    CUSTOMER = "customer"
    ANSWER = "answer"
    ABSTAINED = "abstained"
    HANDED_OVER = "handed-over"
    OPERATOR = "operator"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class TextPart:
    """A stretch of text, and the marker of the source that follows it."""

    text: str
    marker: int | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """A citation as people open it: `before + quote + after` is the passage."""

    marker: int
    place: str
    source: str
    before: str
    quote: str
    after: str


@dataclass(frozen=True, slots=True)
class Retry:
    """A button that asks again. With `client_message_id` the stored message is answered; without, it is sent anew."""

    text: str
    client_message_id: str | None


@dataclass(frozen=True, slots=True)
class MessageView:
    key: str
    look: Look
    author: str
    parts: tuple[TextPart, ...]
    at: float  # seconds since 1970, UTC
    sources: tuple[SourceView, ...] = ()
    note: str = ""
    feedback: str | None = None
    ratable: bool = False
    offers_person: bool = False
    retry: Retry | None = None
    choices: tuple[str, ...] = ()  # what may be picked with one touch
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Banner:
    """What stands above the conversation. `tone` is "info", "good" or "bad"; `action` what its button does."""

    text: str
    detail: str = ""
    tone: str = "info"
    action: str = ""
    action_label: str = ""
    symbol: str = ""  # the name of a drawing; "" for the tone's own


# --- messages -------------------------------------------------------------------------------------------------------


def message_views(
    messages: Sequence[Message], conversation: Conversation, language: str, *, company: str, under_way: bool
) -> tuple[MessageView, ...]:
    """A customer's transcript. `under_way`: the last question is being answered right now, so it is not missing."""
    views = [_customer_view(message, conversation, language, company) for message in messages]
    if not views:
        return ()
    last, asked_last = messages[-1], _last_question(messages)
    if last.author is Author.CUSTOMER and conversation.handler is Handler.BOT and not under_way:
        views.append(_missing_answer(last, language))
    elif last.author is Author.BOT and last.state is not MessageState.COMPLETE and asked_last is not None:
        views[-1] = _with_retry(views[-1], last, asked_last)
    elif last.answer is not None and conversation.handler is Handler.BOT:
        views[-1] = replace(views[-1], choices=tuple(choice.title for choice in last.answer.choices))
    return tuple(views)


def staff_views(messages: Sequence[Message], language: str, intents: Mapping[str, str]) -> tuple[MessageView, ...]:
    """A transcript as operators read it: every answer with what made it. `intents`: their titles, by name."""
    return tuple(_staff_view(message, language, intents) for message in messages)


def _customer_view(message: Message, conversation: Conversation, language: str, company: str) -> MessageView:
    look = _look(message)
    rated = message.answer is not None and message.answer.outcome in _RATED
    return MessageView(
        key=message.message_id,
        look=look,
        author=_author(message, language, company),
        parts=text_parts(message.text, _markers(message)),
        at=message.created_at,
        sources=tuple(source_view(citation, language) for citation in _citations(message)),
        note=_note(message, language),
        feedback=message.feedback,
        ratable=rated and bool(message.text),
        offers_person=look is Look.ABSTAINED and conversation.handler is Handler.BOT,
    )


def _staff_view(message: Message, language: str, intents: Mapping[str, str]) -> MessageView:
    who = {Author.CUSTOMER: wording.CUSTOMER, Author.OPERATOR: wording.OPERATOR}.get(message.author, wording.ASSISTANT)
    return MessageView(
        key=message.message_id,
        look=_look(message),
        author=say(who, language),
        parts=text_parts(message.text, _markers(message)),
        at=message.created_at,
        sources=tuple(source_view(citation, language) for citation in _citations(message)),
        note=_note(message, language),
        feedback=message.feedback,
        trace=trace_sentences(message.trace, _citations(message), language, intents) if message.trace else (),
    )


def _look(message: Message) -> Look:
    if message.author is Author.CUSTOMER:
        return Look.CUSTOMER
    if message.author is Author.OPERATOR:
        return Look.OPERATOR
    if message.author is Author.SYSTEM:
        return Look.NOTICE
    if message.state is not MessageState.COMPLETE or message.answer is None:
        return Look.ANSWER
    return {Outcome.ABSTAINED: Look.ABSTAINED, Outcome.HANDED_OVER: Look.HANDED_OVER}.get(
        message.answer.outcome, Look.ANSWER
    )


def _author(message: Message, language: str, company: str) -> str:
    if message.author is Author.CUSTOMER:
        return say(wording.YOU, language)
    if message.author is Author.OPERATOR:
        return say(wording.TEAM, language, company=company)
    return say(wording.ASSISTANT, language)


def _citations(message: Message) -> tuple[Citation, ...]:
    return message.answer.citations if message.answer is not None else ()


def _markers(message: Message) -> frozenset[int]:
    return frozenset(citation.marker for citation in _citations(message))


def _note(message: Message, language: str) -> str:
    if message.state is MessageState.INTERRUPTED:
        return say(wording.STOPPED if message.text else wording.INTERRUPTED, language)
    return say(wording.FAILED, language) if message.state is MessageState.FAILED else ""


def _last_question(messages: Sequence[Message]) -> Message | None:
    return next((message for message in reversed(messages) if message.author is Author.CUSTOMER), None)


def _missing_answer(question: Message, language: str) -> MessageView:
    """Stands where a crash left a question without an answer."""
    return MessageView(
        key=f"missing-{question.message_id}",
        look=Look.ANSWER,
        author=say(wording.ASSISTANT, language),
        parts=(),
        at=question.created_at,
        note=say(wording.INTERRUPTED, language),
        retry=Retry(question.text, question.client_message_id),
    )


def _with_retry(view: MessageView, answer: Message, question: Message) -> MessageView:
    """A failed answer is replaced under its old id; an interrupted one stays, and the question is asked anew."""
    same = question.client_message_id if answer.state is MessageState.FAILED else None
    return MessageView(
        key=view.key,
        look=view.look,
        author=view.author,
        parts=view.parts,
        at=view.at,
        sources=view.sources,
        note=view.note,
        retry=Retry(question.text, same),
    )


# --- texts and sources ----------------------------------------------------------------------------------------------


def text_parts(text: str, known: frozenset[int] | None = None) -> tuple[TextPart, ...]:
    """Splits a text at its [n] markers. A marker that cites nothing (`known` given) stays plain text."""
    parts: list[TextPart] = []
    begin = 0
    for match in _MARKER.finditer(text):
        number = int(match.group(1))
        if known is not None and number not in known:
            continue
        parts.append(TextPart(text[begin : match.start()], number))
        begin = match.end()
    if begin < len(text):
        parts.append(TextPart(text[begin:]))
    return tuple(parts)


def source_view(citation: Citation, language: str) -> SourceView:
    """A citation with its quote located inside its passage."""
    passage, quote = citation.passage_text, citation.quote
    start = passage.find(quote) if quote else -1
    before, after = (passage[:start], passage[start + len(quote) :]) if start >= 0 else ("", "")
    return SourceView(citation.marker, place(citation, language), citation.source, before, quote or passage, after)


# --- a turn while it runs -------------------------------------------------------------------------------------------


def stage(event: TurnEvent, language: str) -> str | None:
    """What the assistant is doing now, after `event`; None where that did not change."""
    if isinstance(event, MessageAccepted):
        return say(wording.READING, language)
    if isinstance(event, IntentRecognized):
        return say(wording.SEARCHING, language)
    if isinstance(event, PassagesFound):
        return say(wording.WRITING, language)
    return None


def handler_banner(conversation: Conversation, language: str) -> Banner | None:
    """Who answers, where that is not the assistant; as the customer reads it."""
    if conversation.handler is Handler.WAITING:
        return Banner(
            say(wording.IN_QUEUE, language),
            say(wording.IN_QUEUE_DETAIL, language),
            action="resume",
            action_label=say(wording.CONTINUE_WITH_ASSISTANT, language),
        )
    if conversation.handler is Handler.OPERATOR:
        return Banner(say(wording.WITH_PERSON, language), tone="good", symbol="person")
    if conversation.handler is Handler.CLOSED:
        label = say(wording.NEW_CONVERSATION, language)
        return Banner(say(wording.IS_CLOSED, language), action="new", action_label=label)
    return None


# --- errors ---------------------------------------------------------------------------------------------------------

_PLAIN: tuple[tuple[type[Exception], Text], ...] = (
    (ConversationNotFound, wording.CONVERSATION_GONE),
    (ConversationClosed, wording.CONVERSATION_CLOSED),
    (DocumentNotFound, wording.DOCUMENT_GONE),
    (DocumentIsEntry, knowledge_wording.DOCUMENT_IS_ENTRY),
    (IndexNotSaved, knowledge_wording.INDEX_NOT_SAVED),
    (IndexUnreadable, wording.SEARCH_UNAVAILABLE),
    (CatalogUnavailable, wording.CATALOG_UNAVAILABLE),
    (ModelUnavailable, wording.MODEL_UNAVAILABLE),
)


def error_text(error: Exception, language: str, *, limit: int = 0) -> str:
    """One friendly sentence about `error`. `limit` is the longest message, in characters."""
    if isinstance(error, MessageRefused):
        too_long = error.code == "message_too_long"
        return say(wording.MESSAGE_TOO_LONG if too_long else wording.MESSAGE_EMPTY, language, limit=limit)
    if isinstance(error, DocumentRefused):
        return say(wording.DOCUMENT_REFUSED, language, source=error.source, reason=reason_in(error.reason, language))
    if isinstance(error, EncodingUnknown | StorageUnavailable | ReaderUnavailable):
        return reason_in(str(error), language)
    for kind, text in _PLAIN:
        if isinstance(error, kind):
            return say(text, language)
    return say(wording.UNEXPECTED, language)


def entry_problem(error: EntryRefused | EntryChanged | EntryNotFound, language: str) -> str:
    """One friendly sentence about an entry that cannot be stored."""
    if isinstance(error, EntryRefused):
        return say(knowledge_wording.ENTRY_REFUSALS[error.code], language)
    if isinstance(error, EntryChanged):
        return say(knowledge_wording.ENTRY_CHANGED, language, editor=error.editor)
    return say(knowledge_wording.ENTRY_GONE, language)
