"""Corrections: an operator's better answer becomes a question-and-answer entry, live at the next question.

Knows the entries' desk and the transcript; nothing of pages.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers import Outcome, without_markers
from bot.curation.entry_desk import EntryDesk
from bot.follow_ups import standalone
from bot.messages import Author, Message
from bot.turn_state import looked_back
from knowledge.entries.entry_values import Entry, EntryDraft
from knowledge.errors import EntryChanged
from knowledge.languages import detect_language
from ui.correction_form import Correction, seen_of

_CORRECTABLE = (Outcome.ANSWERED, Outcome.ABSTAINED, Outcome.CLARIFIED)


def correctable(message: Message) -> bool:
    """Whether the assistant said something that an operator could say better."""
    return message.author is Author.BOT and message.answer is not None and message.answer.outcome in _CORRECTABLE


def correction_of(message_id: str, messages: Sequence[Message], entries: EntryDesk) -> Correction | None:
    """The form for an answer: with the entry that would answer its question now, where there is one."""
    answer = next((one for one in messages if one.message_id == message_id and correctable(one)), None)
    question = next((one for one in messages if answer is not None and one.message_id == answer.reply_to), None)
    if answer is None or question is None:
        return None
    before = looked_back(question, messages)
    asked = standalone(before.unclear if before.picked is not None else question.text, before.exchange)
    language = detect_language(asked)
    winner = entries.matcher.judge(asked, language).winner if asked.strip() else None
    if winner is None:
        return Correction(message_id, asked, _said(answer))
    entry = winner.entry
    said = entry.answers.get(language) or next(iter(entry.answers.values()), "")
    return Correction(message_id, asked, said, entry.entry_id, entry.version, entry.updated_by, entry.updated_at)


def _said(message: Message) -> str:
    is_answer = message.answer is not None and message.answer.outcome is Outcome.ANSWERED
    return without_markers(message.text) if is_answer else ""


def store_correction(question: str, answer: str, entries: EntryDesk, *, seen: str, editor: str) -> Entry:
    """Stores an answer in the entry that answers `question` now, else as a new one.

    `seen` is `Correction.seen` of when the operator began to write. Raises EntryRefused, and EntryChanged where
    somebody has written or changed that entry since.
    """
    question, answer = question.strip(), answer.strip()
    language = detect_language(question or answer)
    winner = entries.matcher.judge(question, language).winner if question and answer else None
    if winner is None:
        return entries.book.add(EntryDraft({language: (question,)}, {language: answer}), editor=editor)
    known = winner.entry
    if known.answers.get(language, "").strip() == answer:
        return known  # pressed twice
    if seen_of(known.entry_id, known.version) != seen:
        raise EntryChanged(known.entry_id, known.version, known.updated_by)
    wordings = {**known.wordings, language: tuple(dict.fromkeys((*known.wordings.get(language, ()), question)))}
    draft = EntryDraft(wordings, {**known.answers, language: answer}, known.link)
    return entries.book.edit(known.entry_id, draft, editor=editor, expected_version=known.version)
