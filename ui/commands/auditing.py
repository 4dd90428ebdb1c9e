"""`frontdesk audit …`: what the staff has done, and whether the log of it is as it was written."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from ui.commands.console import ExitCode, JsonOption, errors_as_sentences, print_json, print_text

audit = typer.Typer(help="The log of what the staff has done.", no_args_is_help=True)


@audit.command("verify")
def verify(
    head: Annotated[
        str,
        typer.Option(metavar="HASH", help="The `head` of an earlier verification, to see that nothing was cut off."),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check that no entry was changed, removed or moved, and name the first that was.

    Each entry carries the hash of the one before. Keep the `head` that this prints somewhere else: with `--head` the
    next verification also sees whether the end was cut off, or the whole log written anew.
    """
    with errors_as_sentences(as_json=as_json):
        from bot.audit.audit_log import AuditLog
        from bot.bootstrap import open_home
        from bot.settings import load_settings

        found = AuditLog(open_home(load_settings()).engine).verify(head=head.strip().lower())
    if as_json:
        told = {"ok": found.ok, "entries": found.entries, "head": found.head, "problem": found.problem or None}
        print_json(told | {"first_bad": None if found.ok else found.entries + 1})
    elif found.ok:
        print_text(f"In order: {found.entries} entries, the last with the hash {found.head}")
    else:
        print_text(f"Not in order: {found.problem}. The {found.entries} entries before are sound.")
    if not found.ok:
        raise typer.Exit(ExitCode.FAILED)


@audit.command("list")
def list_entries(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, the newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show who did what, the newest first."""
    with errors_as_sentences(as_json=as_json):
        from bot.audit.audit_log import AuditLog
        from bot.bootstrap import open_home
        from bot.settings import load_settings

        entries = AuditLog(open_home(load_settings()).engine).entries(limit=limit)
    if as_json:
        keys = ("number", "at", "actor", "action", "target", "details", "hash")
        print_json({"entries": [{key: getattr(each, key) for key in keys} for each in entries]})
        return
    for each in entries:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(each.at))
        details = " ".join(f"{name}={value}" for name, value in each.details.items())
        print_text(f"{each.number}\t{when}\t{each.actor}\t{each.action}\t{each.target}\t{details}".rstrip())
    if not entries:
        print_text("Nothing was noted down yet.")
