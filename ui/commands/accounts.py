"""`frontdesk users …`: who may sign in to the pages of the staff."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ui.commands.console import JsonOption, errors_as_sentences, note, print_json, print_text

users = typer.Typer(help="People who may sign in.", no_args_is_help=True)


class RoleName(StrEnum):
    operator = "operator"
    editor = "editor"
    engineer = "engineer"
    admin = "admin"


@users.callback()
def _users() -> None:
    """People who may sign in."""


@users.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Sign-in name.")],
    role: Annotated[
        RoleName,
        typer.Option(help="operator: console; editor: knowledge, intents; engineer: intents, releases; admin: all."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Add a person; a random password is made and printed once."""
    with errors_as_sentences(as_json=as_json):
        from bot.bootstrap import open_home
        from bot.settings import load_settings
        from ui.accounts import Accounts, Role
        from ui.audit_trail import Action, note_command

        engine = open_home(load_settings()).engine
        password = Accounts(engine).add(name, Role(role.value))
        note_command(engine, Action.ACCOUNT_ADDED, name, role=role.value)
        if as_json:
            print_json({"ok": True, "name": name, "role": role.value, "password": password})
            return
        note(f"Added {name} as {role.value}. The password is shown this once:")
        print_text(password)
