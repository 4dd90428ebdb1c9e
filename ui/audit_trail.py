"""Notes down in the audit log what the staff does on pages, over the API and on the command line.

What cannot be noted down is said in the log of the server and done all the same: a full disk must not keep an operator
from a customer.
"""

from __future__ import annotations

import getpass
import logging
import os
from typing import TYPE_CHECKING

from bot.audit.audit_log import COMMAND_LINE, SERVER, AuditLog
from bot.audit.chain import Action
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.settings import Settings
    from ui.accounts import Accounts

__all__ = ["Action", "note_command", "note_down", "note_refused", "note_start"]

NOBODY = "no account of ours"

_log = logging.getLogger(__name__)


def note_down(engine: Engine, actor: str, action: Action, target: str = "", **details: str | int) -> None:
    """`actor` is an account's name. Never pass on what a customer has said."""
    try:
        AuditLog(engine).record(actor, action, target, **details)
    except KnowledgeError as error:
        _log.error("'%s' of '%s' is missing in the audit log: %s", action, actor, error)


def note_command(engine: Engine, action: Action, target: str = "", **details: str | int) -> None:
    """What somebody with a shell on the machine has done, under the system's name of the user."""
    note_down(engine, COMMAND_LINE, action, target, user=_user(), **details)


def note_refused(engine: Engine, accounts: Accounts, name: str, address: str) -> None:
    """A sign-in that failed. A name that is nobody's is not kept: it may be a password in the wrong field."""
    known = next((each.name for each in accounts.accounts() if each.name == name.strip().casefold()), "")
    note_down(engine, known or NOBODY, Action.SIGN_IN_FAILED, address=address)


def note_start(settings: Settings, engine: Engine, first_admin: tuple[str, str] | None) -> None:
    """That the server has started, with those settings which decide who may come in and what is kept."""
    web, retention = settings.web, settings.retention
    told: dict[str, str | int] = {
        "generate": str(settings.answers.generate),
        "allowed_origins": ",".join(web.allowed_origins),
        "cors_origins": ",".join(web.cors_origins),
        "frame_ancestors": ",".join(web.frame_ancestors),
        "secure_cookies": str(web.secure_cookies),
        "allow_download": str(settings.models.allow_download),
        "conversations_days": retention.conversations_days,
        "traces_days": retention.traces_days,
        "signals_days": retention.signals_days,
    }
    note_down(engine, SERVER, Action.SERVER_STARTED, "", **told)
    if first_admin is not None:
        note_down(engine, SERVER, Action.ACCOUNT_ADDED, first_admin[0], role="admin")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return str(os.getuid())
