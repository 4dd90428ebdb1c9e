"""The entries of the audit log and the hashes that chain them. Pure; stores nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

GENESIS = "0" * 64  # what the first entry follows


class Action(StrEnum):
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    ACCOUNT_ADDED = "account_added"
    DOCUMENTS_ADDED = "documents_added"
    DOCUMENT_REMOVED = "document_removed"
    ENTRY_SAVED = "entry_saved"
    ENTRY_REMOVED = "entry_removed"
    INDEX_ROLLED_BACK = "index_rolled_back"
    RELEASE_PROMOTED = "release_promoted"
    RELEASE_ROLLED_BACK = "release_rolled_back"
    CONVERSATION_TAKEN_OVER = "conversation_taken_over"
    CONVERSATION_HANDED_BACK = "conversation_handed_back"
    CONVERSATION_CLOSED = "conversation_closed"
    DATA_EXPORTED = "data_exported"
    DATA_ERASED = "data_erased"
    DATA_EXPIRED = "data_expired"
    BACKUP_MADE = "backup_made"
    BACKUP_RESTORED = "backup_restored"
    SERVER_STARTED = "server_started"  # with the settings that matter


@dataclass(frozen=True, slots=True)
class AuditEntry:
    number: int  # from 1, without a gap
    at: float  # seconds since 1970, UTC
    actor: str  # an account's name; COMMAND_LINE or the server itself
    action: str
    target: str  # an id or a name; never what a customer has said
    details: Mapping[str, str | int]
    previous: str  # hash of the entry before
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    entries: int  # that were found sound, from the first on
    head: str  # hash of the last of them
    problem: str = ""  # what is wrong with the first that is not

    @property
    def ok(self) -> bool:
        return not self.problem


def sealed(
    number: int, at: float, actor: str, action: str, target: str, details: Mapping[str, str | int], previous: str
) -> AuditEntry:
    """The entry with its hash, which covers the whole of it and the hash before.

    A linked list of hashes as in Haber and Stornetta, "How to time-stamp a digital document" (1991), section 5.1.
    """
    said = json.dumps([number, at, actor, action, target, dict(sorted(details.items())), previous], ensure_ascii=True)
    hashed = hashlib.sha256(said.encode("ascii")).hexdigest()
    return AuditEntry(number, at, actor, action, target, details, previous, hashed)


def verified(entries: Iterable[AuditEntry], *, head: str = "") -> Verification:
    """Whether `entries`, in the order of their numbers, are one chain without gap.

    With `head`, the hash of an earlier verification, also whether the entry that it belongs to is still there: the
    chain itself cannot tell that its end was cut off.
    """
    count, last, seen = 0, GENESIS, not head or head == GENESIS
    for entry in entries:
        problem = _problem(entry, count + 1, last)
        if problem:
            return Verification(count, last, problem)
        count, last, seen = count + 1, entry.hash, seen or entry.hash == head
    missing = "" if seen else f"the entry with the hash {head} is no longer there: the end of the log was cut off"
    return Verification(count, last, missing)


def _problem(entry: AuditEntry, expected: int, previous: str) -> str:
    if entry.number > expected:
        gone = f"entry {expected}" if entry.number == expected + 1 else f"entries {expected} to {entry.number - 1}"
        return f"{gone} removed: after {expected - 1} comes {entry.number}"
    if entry.number < expected:
        return f"entry {entry.number} stands twice or out of order"
    if entry.previous != previous:
        return f"entry {entry.number} does not follow the one before it: it was moved, or the one before was replaced"
    fields = (entry.number, entry.at, entry.actor, entry.action, entry.target, entry.details, entry.previous)
    if sealed(*fields).hash != entry.hash:
        return f"entry {entry.number} was changed"
    return ""
