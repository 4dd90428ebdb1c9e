"""Corrections: an operator's better answer becomes a question-and-answer entry, live at the next question.

Knows the entries' desk and the transcript; nothing of pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.answers import Outcome, without_markers
from bot.curation.entry_desk import EntryDesk
from bot.messages import Author, Message
from knowledge.entries.entry_values import Entry, EntryDraft
from knowledge.languages import detect_language
from ui.correction_form import Correction
from ui.panels import text_of

_CORRECTABLE = (Outcome.ANSWERED, Outcome.ABSTAINED, Outcome.CLARIFIED)


def correctable(message: Message) -> bool:
    """Whether the assistant said something that an operator could say better."""
    return message.author is Author.BOT and message.answer is not None and message.answer.outcome in _CORRECTABLE


def correction_of(message_id: str, messages: Sequence[Message], entries: EntryDesk) -> Correction | None:
    """The form for an answer: with the entry that would answer its question now, where there is one."""
    place = next((n for n, one in enumerate(messages) if one.message_id == message_id and correctable(one)), None)
    if place is None:
        return None
    question = next((one.text for one in reversed(messages[:place]) if one.author is Author.CUSTOMER), "")
    language = detect_language(question)
    winner = entries.matcher.judge(question, language).winner if question.strip() else None
    if winner is None:
        return Correction(message_id, question, _said(messages[place]))
    entry = winner.entry
    answer = entry.answers.get(language) or next(iter(entry.answers.values()), "")
    return Correction(message_id, question, answer, entry.entry_id, entry.version, entry.updated_by, entry.updated_at)


def _said(message: Message) -> str:
    is_answer = message.answer is not None and message.answer.outcome is Outcome.ANSWERED
    return without_markers(message.text) if is_answer else ""


def store_correction(data: Mapping[str, Any], entries: EntryDesk, editor: str) -> Entry:
    """Stores what was typed, as a new entry or in the one that answered. Raises EntryRefused, EntryChanged,
    EntryNotFound."""
    question, answer = text_of(data, "question").strip(), text_of(data, "answer").strip()
    language = detect_language(question or answer)
    entry_id, version = text_of(data, "entry"), text_of(data, "version")
    if not entry_id:
        return entries.book.add(EntryDraft({language: (question,)}, {language: answer}), editor=editor)
    known = entries.book.entry(entry_id)
    wordings = {**known.wordings, language: tuple(dict.fromkeys((*known.wordings.get(language, ()), question)))}
    draft = EntryDraft(wordings, {**known.answers, language: answer}, known.link)
    expected = int(version) if version.isdecimal() else 0
    return entries.book.edit(entry_id, draft, editor=editor, expected_version=expected)
