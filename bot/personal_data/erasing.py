"""Erases what is kept of a customer, everywhere that we know of, and says what was erased and what we cannot reach.

Rows go in one transaction. What a deleted row leaves in the file is overwritten afterwards (see bot/personal_data/
file_traces.py). Knows nothing of how a receipt is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, delete, func
from sqlmodel import Session, col, select

from bot.curation.gap_rows import DismissedQuestionRow, QuestionVectorRow
from bot.curation.unanswered import compared_text, digest_of
from bot.intent_store.intent_editing import digest_of as digest_of_list
from bot.intent_store.intent_editing import normal, tidied_text
from bot.intent_store.intent_lists import IntentListRow, as_intent
from bot.intent_store.intent_trainings import IntentTrainingRow
from bot.messages import Author
from bot.personal_data.export_rows import unknown_customer
from bot.serialization import storable_text
from bot.signal_log import SignalRow
from bot.signals.masking import mask_personal
from bot.transcript_rows import ConversationRow, FeedbackRow, MessageRow
from knowledge.database import reading, writing
from knowledge.entries.entry_rows import EntryWordingRow
from knowledge.entries.entry_values import SOURCE_PREFIX
from knowledge.passages import DocumentState
from knowledge.storing.catalog_rows import DocumentRow

_SHORTEST_OWN = 20  # characters: a shorter example that is the same need not be this customer's


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted, by table, and what is left to do."""

    counts: Mapping[str, int]
    texts: tuple[str, ...]  # the customer's words, in memory only: to look for them in the files
    examples: tuple[str, ...] = ()  # intents that lost an example; what was trained on them learnt from it


def erase_customer(engine: Engine, customer: str) -> Erased:
    """Deletes a customer's conversation, what was derived from it, and training examples in the customer's words.

    An example counts as taken from the customer where it says the same after the customer did, and no other customer
    has: nothing else is known of where it came from. Raises ConversationNotFound.
    """
    with writing(engine) as session:
        ids = conversation_of(session, customer)
        counts, texts, own = _delete_conversations(session, ids)
        examples, removed = _delete_examples(session, own)
        _forget_findings(session, own)
        session.commit()
    return Erased(counts | {"training_examples": removed}, texts, examples)


def erase_older(engine: Engine, before: float, *, at_once: int) -> Erased | None:
    """Deletes up to `at_once` conversations without a word since `before`, and what was derived from them.

    What the company's people wrote stays, whoever said the same: time alone makes nobody's answer or example the
    customer's. Age is asked in the transaction that deletes, so whoever writes again at this moment is kept. None
    where nothing is as old.
    """
    old = select(ConversationRow.conversation_id).where(col(ConversationRow.updated_at) < before).limit(at_once)
    with writing(engine) as session:
        ids = session.exec(old.with_for_update()).all()
        if not ids:
            return None
        counts, texts, _ = _delete_conversations(session, ids)
        session.commit()
    return Erased(counts, texts)


def conversation_of(session: Session, customer: str) -> Sequence[str]:
    """Locked until the transaction ends, where it writes. Raises ConversationNotFound."""
    theirs = select(ConversationRow.conversation_id).where(
        col(ConversationRow.conversation_id) == storable_text(customer)
    )
    ids = session.exec(theirs.with_for_update()).all()
    if not ids:
        raise unknown_customer(customer)
    return ids


def said_in(session: Session, ids: Collection[str]) -> dict[str, float]:
    """What customers said in these conversations → when for the first time, in seconds since 1970."""
    said = col(MessageRow.author) == Author.CUSTOMER.value, col(MessageRow.conversation_id).in_(ids)
    first = select(MessageRow.text, func.min(MessageRow.created_at)).where(*said).group_by(col(MessageRow.text))
    return dict(session.exec(first).all())


def said_nowhere_else(session: Session, said: Mapping[str, float], ids: Collection[str]) -> dict[str, float]:
    """Those of `said` that stand in no conversation but `ids`."""
    elsewhere = col(MessageRow.text).in_(list(said)), col(MessageRow.conversation_id).not_in(ids)
    others = set(session.exec(select(MessageRow.text).where(*elsewhere)))
    return {text: at for text, at in said.items() if text not in others}


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


def _delete_conversations(
    session: Session, ids: Collection[str]
) -> tuple[dict[str, int], tuple[str, ...], dict[str, float]]:
    """Counts by table, what the customers said, and what of it nobody else has, with its time."""
    texts = said_in(session, ids)
    own = said_nowhere_else(session, texts, ids)
    counts = _delete_rows(session, ids)
    return counts | _delete_vectors(session, own), tuple(texts), own


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


def _delete_vectors(session: Session, own: Collection[str]) -> dict[str, int]:
    digests = [digest_of(compared_text(text)) for text in own]
    vectors = delete(QuestionVectorRow).where(col(QuestionVectorRow.digest).in_(digests))
    dismissed = delete(DismissedQuestionRow).where(col(DismissedQuestionRow.digest).in_(digests))
    return {"question_vectors": _deleted(session, vectors), "dismissed_questions": _deleted(session, dismissed)}


def _delete_examples(session: Session, own: Mapping[str, float]) -> tuple[tuple[str, ...], int]:
    """Takes the customer's words out of the examples that people have added since, in every version of the list.

    What the company's own file says is not the customer's, however alike; nor are a few words that anybody may say.
    """
    said = said_at(own, as_example)
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


def _forget_findings(session: Session, own: Mapping[str, float]) -> None:
    """Takes out of what trainings found the examples that say what the customer said, and stand in no list (any more).

    What was counted stays: a number is nobody's words.
    """
    gone = set(said_at(own, as_example))
    if not gone:
        return
    gone -= {normal(text) for row in session.exec(select(IntentListRow)) for text in _examples(row)}
    for row in session.exec(select(IntentTrainingRow).where(col(IntentTrainingRow.findings).is_not(None))):
        kept = _without_texts(row.findings, gone)
        if kept != row.findings:
            row.findings = kept
            session.add(row)


def _without_texts(found: Any, gone: Collection[str]) -> Any:
    if isinstance(found, dict):
        return {name: _without_texts(value, gone) for name, value in found.items()}
    if isinstance(found, list):
        return [_without_texts(each, gone) for each in found if not _says(each, gone)]
    return found


def _says(found: Any, gone: Collection[str]) -> bool:
    return isinstance(found, dict) and normal(str(found.get("text", ""))) in gone


def as_example(text: str) -> tuple[str, ...]:
    """How a message may stand among training examples: in one line, as it was written or masked. Nothing if short."""
    forms = tidied_text(text), tidied_text(mask_personal(text))
    return tuple(form for form in forms if len(form) >= _SHORTEST_OWN)


def said_at(own: Mapping[str, float], forms: Callable[[str], tuple[str, ...]]) -> dict[str, float]:
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
