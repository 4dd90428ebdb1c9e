"""Everything that is stored of conversations, as plain values: for the customer who asks, and for archives.

A customer is known by a conversation's id and by nothing else: nobody signs in to ask a question, and nothing links two
conversations of one person.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.errors import ConversationNotFound
from bot.serialization import storable_text
from bot.signal_log import SignalRow
from bot.transcript_rows import ConversationRow, FeedbackRow, MessageRow
from knowledge.database import reading

FORMAT = 1
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # OWASP, "CSV Injection", and in full width
_COLUMNS = ("conversation_id", "message_id", "at", "author", "state", "outcome", "feedback", "text")


def exported(engine: Engine, customer: str | None) -> Iterator[dict[str, Any]]:
    """One value per conversation, the oldest first; of one customer, or of all. Raises ConversationNotFound.

    Read a conversation at a time: each as it is at one moment, and any number of them in little memory.
    """
    with reading(engine) as session:
        numbers = _numbers(session, customer)
    return _each(engine, numbers)


def _each(engine: Engine, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    for number in numbers:
        with reading(engine) as session:
            row = session.get(ConversationRow, number)
            if row is not None:  # else it was erased meanwhile
                yield _conversation(session, row)


def write_json(conversations: Iterator[dict[str, Any]], file: IO[str], *, customer: str | None) -> dict[str, int]:
    """Writes one JSON object, piece by piece. Returns how many conversations and messages it holds."""
    head = {"ok": True, "format": FORMAT, "customer": customer, "made_at": _when(datetime.now(UTC).timestamp())}
    file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "conversations": [')
    counts = {"conversations": 0, "messages": 0}
    for conversation in conversations:
        file.write((", " if counts["conversations"] else "") + json.dumps(conversation, ensure_ascii=False))
        counts["conversations"] += 1
        counts["messages"] += len(conversation["messages"])
    file.write("]}\n")
    return counts


def write_csv(conversations: Iterator[dict[str, Any]], file: IO[str]) -> dict[str, int]:
    """A line per message. A cell that a spreadsheet would run as a formula begins with an apostrophe."""
    table = csv.writer(file, lineterminator="\r\n")
    table.writerow(_COLUMNS)
    counts = {"conversations": 0, "messages": 0}
    for conversation in conversations:
        counts["conversations"] += 1
        for message in conversation["messages"]:
            counts["messages"] += 1
            cells = {**message, "conversation_id": conversation["conversation_id"]}
            cells |= {"outcome": (message["answer"] or {}).get("outcome", ""), "feedback": _verdict(message)}
            table.writerow([safe_cell(str(cells[column])) for column in _COLUMNS])
    return counts


def safe_cell(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _numbers(session: Session, customer: str | None) -> list[int]:
    wanted = select(ConversationRow.number).order_by(col(ConversationRow.number))
    if customer is not None:
        wanted = wanted.where(col(ConversationRow.conversation_id) == storable_text(customer))
    numbers = [number for number in session.exec(wanted) if number is not None]
    if customer is not None and not numbers:
        raise unknown_customer(customer)
    return numbers


def unknown_customer(customer: str) -> ConversationNotFound:
    return ConversationNotFound(
        f"Nothing is kept of a customer '{storable_text(customer)}'; a customer is the id of a conversation, which the "
        "console shows and the browser keeps"
    )


def _conversation(session: Session, row: ConversationRow) -> dict[str, Any]:
    theirs = (
        select(MessageRow, FeedbackRow, SignalRow)
        .join(FeedbackRow, col(FeedbackRow.message_id) == col(MessageRow.message_id), isouter=True)
        .join(SignalRow, col(SignalRow.message_id) == col(MessageRow.message_id), isouter=True)
        .where(col(MessageRow.conversation_id) == row.conversation_id)
        .order_by(col(MessageRow.number))
    )
    return {
        "conversation_id": row.conversation_id,
        "channel": row.channel,
        "language": row.language,
        "handler": row.handler,
        "handoff_reason": row.handoff_reason,
        "opened_at": _when(row.created_at),
        "updated_at": _when(row.updated_at),
        "messages": [_message(*found) for found in session.exec(theirs)],
    }


def _message(row: MessageRow, feedback: FeedbackRow | None, signals: SignalRow | None) -> dict[str, Any]:
    said = None if feedback is None else {"verdict": feedback.verdict, "reason": feedback.reason}
    read = None
    if signals is not None:
        values: Mapping[str, Any] = signals.model_dump(include={"language", "frustration", "entities"})
        read = dict(values)
    return {
        "message_id": row.message_id,
        "client_message_id": row.client_message_id,
        "reply_to": row.reply_to,
        "at": _when(row.created_at),
        "author": row.author,
        "state": row.state,
        "text": row.text,
        "answer": row.answer,
        "trace": row.trace,
        "feedback": said,
        "signals": read,
    }


def _verdict(message: Mapping[str, Any]) -> str:
    return "" if message["feedback"] is None else str(message["feedback"]["verdict"])


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
