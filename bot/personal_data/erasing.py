"""Erases what is kept of a customer, everywhere that we know of, and says what was erased and what we cannot reach.

Rows go in one transaction. What a deleted row leaves in the file is overwritten afterwards (see bot/personal_data/
file_traces.py). Knows nothing of how a receipt is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, delete, func
from sqlmodel import Session, col, select

from bot.curation.gap_rows import DismissedQuestionRow, QuestionVectorRow
from bot.curation.unanswered import compared_text, digest_of
from bot.intent_store.intent_editing import digest_of as digest_of_list
from bot.intent_store.intent_editing import normal, tidied_text
from bot.intent_store.intent_lists import IntentListRow, as_intent
from bot.messages import Author
from bot.personal_data.export_rows import unknown_customer
from bot.serialization import storable_text
from bot.signal_log import SignalRow
from bot.signals.masking import mask_personal
from bot.transcript_rows import ConversationRow, FeedbackRow, MessageRow
from knowledge.database import reading, writing
from knowledge.entries.entry_rows import EntryRow, EntryWordingRow
from knowledge.entries.entry_values import SOURCE_PREFIX
from knowledge.passages import DocumentState
from knowledge.storing.catalog_rows import DocumentRow

_SHORTEST_OWN = 20  # characters: a shorter example that is the same need not be this customer's


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted, by table, and what is left to do.

    What an editor wrote counts as taken from the customer where it says the same after the customer did, and no other
    customer has: nothing else is known of where it came from.
    """

    counts: Mapping[str, int]
    texts: tuple[str, ...]  # the customer's words, in memory only: to look for them in the files
    examples: tuple[str, ...] = ()  # intents that lost an example; what was trained on them learnt from it
    entries: tuple[str, ...] = ()  # entries that took up the customer's words among their wordings
    conversations: tuple[str, ...] = field(default=())


def erase_customer(engine: Engine, customer: str) -> Erased:
    """Deletes a customer's conversation and what was derived from it. Raises ConversationNotFound."""
    return erase_conversations(engine, [storable_text(customer)], asked_for=customer)


def erase_conversations(engine: Engine, conversation_ids: Sequence[str], *, asked_for: str = "") -> Erased:
    """The same for any number, in one transaction. An id that there is none of is passed over, unless asked for."""
    with writing(engine) as session:
        theirs = col(ConversationRow.conversation_id).in_(conversation_ids)
        ids = tuple(session.exec(select(ConversationRow.conversation_id).where(theirs)))
        if asked_for and not ids:
            raise unknown_customer(asked_for)
        said = col(MessageRow.author) == Author.CUSTOMER.value, col(MessageRow.conversation_id).in_(ids)
        texts = dict(
            session.exec(
                select(MessageRow.text, func.min(MessageRow.created_at)).where(*said).group_by(col(MessageRow.text))
            ).all()
        )
        counts = _delete_rows(session, ids)
        own = {text: at for text, at in texts.items() if text not in _said_by_others(session, texts)}
        counts |= _delete_vectors(session, own)
        examples, removed = _delete_examples(session, own)
        entries = _entries_with(session, own)
        session.commit()
    return Erased(counts | {"training_examples": removed}, tuple(texts), examples, entries, ids)


def nowhere_else(engine: Engine, beginnings: Collection[str]) -> set[str]:
    """Those of `beginnings` that no other conversation, document, entry or example rightly holds."""
    with reading(engine) as session:
        listed = " ".join(text for row in session.exec(select(IntentListRow)) for text in _examples(row))
        return {text for text in beginnings if text not in listed and not _is_held(session, text)}


def forget_titles(engine: Engine, texts: Collection[str]) -> None:
    """A removed entry keeps the row of its document, whose title was a wording."""
    own = {normal(text) for text in texts}
    removed = col(DocumentRow.source).startswith(SOURCE_PREFIX), col(DocumentRow.state) != DocumentState.READY
    with writing(engine) as session:
        for row in session.exec(select(DocumentRow).where(*removed)):
            if normal(row.title) in own:
                row.title = ""
        session.commit()


def _is_held(session: Session, text: str) -> bool:
    columns = (MessageRow.text, DocumentRow.text, EntryWordingRow.text)
    held = (select(column).where(col(column).contains(text, autoescape=True)).limit(1) for column in columns)
    return any(session.exec(query).first() is not None for query in held)


def _delete_rows(session: Session, ids: Collection[str]) -> dict[str, int]:
    messages = select(MessageRow.message_id).where(col(MessageRow.conversation_id).in_(ids))
    traces = select(func.count()).select_from(MessageRow)
    traced = session.exec(traces.where(col(MessageRow.conversation_id).in_(ids), col(MessageRow.trace).is_not(None)))
    counts = {"traces": traced.one()}
    # One after the other and not by cascade: so each is counted, and a database without foreign keys erases as well.
    counts["feedback"] = _deleted(session, delete(FeedbackRow).where(col(FeedbackRow.message_id).in_(messages)))
    counts["signals"] = _deleted(session, delete(SignalRow).where(col(SignalRow.message_id).in_(messages)))
    counts["messages"] = _deleted(session, delete(MessageRow).where(col(MessageRow.conversation_id).in_(ids)))
    gone = delete(ConversationRow).where(col(ConversationRow.conversation_id).in_(ids))
    return {"conversations": _deleted(session, gone), **counts}


def _said_by_others(session: Session, texts: Collection[str]) -> set[str]:
    """Called when the customer's own messages are deleted already."""
    return set(session.exec(select(MessageRow.text).where(col(MessageRow.text).in_(list(texts)))))


def _delete_vectors(session: Session, own: Collection[str]) -> dict[str, int]:
    digests = [digest_of(compared_text(text)) for text in own]
    vectors = delete(QuestionVectorRow).where(col(QuestionVectorRow.digest).in_(digests))
    dismissed = delete(DismissedQuestionRow).where(col(DismissedQuestionRow.digest).in_(digests))
    return {"question_vectors": _deleted(session, vectors), "dismissed_questions": _deleted(session, dismissed)}


def _delete_examples(session: Session, own: Mapping[str, float]) -> tuple[tuple[str, ...], int]:
    """Takes the customer's words out of the examples that people have added since, in every version of the list.

    What the company's own file says is not the customer's, however alike; nor are a few words that anybody may say.
    """
    said = _said_at(own, lambda text: (tidied_text(text), tidied_text(mask_personal(text))))
    said = {text: at for text, at in said.items() if len(text) >= _SHORTEST_OWN}
    rows = session.exec(select(IntentListRow).order_by(col(IntentListRow.version))).all() if said else []
    earlier = {normal(text): row.created_at for row in reversed(rows) for text in _examples(row)}  # when it first stood
    theirs = {text for text, at in said.items() if earlier.get(text, 0.0) > at}
    theirs -= {normal(text) for row in rows if not row.author for text in _examples(row)}
    intents = set()
    for row in rows:
        changed = [_without(entry, theirs) for entry in row.intents]
        if changed == row.intents:
            continue
        intents |= {before["name"] for before, after in zip(row.intents, changed, strict=True) if before != after}
        row.intents = changed
        row.digest = digest_of_list(tuple(as_intent(entry) for entry in changed))
        session.add(row)
    return tuple(sorted(intents)), len(theirs)


def _entries_with(session: Session, own: Mapping[str, float]) -> tuple[str, ...]:
    """Entries that were written, or edited, after the customer had asked in the same words."""
    said = _said_at(own, lambda text: (text,))
    rows = select(EntryRow.entry_id, EntryRow.updated_at, EntryWordingRow.text).join(
        EntryWordingRow, col(EntryWordingRow.entry_id) == col(EntryRow.entry_id)
    )
    found = session.exec(rows).all() if said else []
    return tuple(sorted({entry for entry, at, text in found if at > said.get(normal(text), float("inf"))}))


def _said_at(own: Mapping[str, float], forms: Callable[[str], tuple[str, ...]]) -> dict[str, float]:
    """Every form of what was said, without case and spacing → when it was first said."""
    said: dict[str, float] = {}
    for text, at in own.items():
        for form in forms(text):
            said[normal(form)] = min(at, said.get(normal(form), at))
    return said


def _examples(row: IntentListRow) -> list[str]:
    return [text for entry in row.intents for text in _texts(entry)]


def _texts(entry: Mapping[str, Any]) -> list[str]:
    return [text for texts in entry["examples"].values() for text in texts]


def _without(entry: Mapping[str, Any], found: Collection[str]) -> dict[str, Any]:
    kept = {
        language: [text for text in texts if normal(text) not in found] for language, texts in entry["examples"].items()
    }
    return {**entry, "examples": kept}


def _deleted(session: Session, statement: Any) -> int:
    return int(session.exec(statement).rowcount)
