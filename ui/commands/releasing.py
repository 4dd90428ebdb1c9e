"""`frontdesk releases …`: what training made, and what of it is in use."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from ui.commands.console import JsonOption, errors_as_sentences, print_json, print_text

releases = typer.Typer(help="What training made, and what of it is in use.", no_args_is_help=True)


class Kind(StrEnum):
    intents = "intents"
    verifier = "verifier"
    generator = "generator"


@releases.command("list")
def list_releases(
    kind: Annotated[Kind | None, typer.Option(help="Only releases of this kind.")] = None, as_json: JsonOption = False
) -> None:
    """All releases, the newest of each kind first, and which are in use."""
    with errors_as_sentences(as_json=as_json):
        from bot.settings import load_settings
        from bot.training.promotion import KINDS, all_releases, name_in_use

        root = load_settings().releases_folder
        found = all_releases(root, [kind.value] if kind else KINDS)
        rows: list[dict[str, Any]] = [
            {
                "id": each.release,
                "kind": each.kind,
                "created": each.created,
                "current": each.name == name_in_use(root, each.kind),
                "metrics": dict(each.metrics),
                "data_sha256": each.data_sha256,
                "base": each.base,
                "recipe": each.recipe,
                "code_version": each.code_version,
            }
            for each in found
        ]
    if as_json:
        print_json({"releases": rows})
        return
    for row in rows:
        accuracy = row["metrics"].get("validation_accuracy", row["metrics"].get("cross_validated_accuracy"))
        measured = f"  accuracy {accuracy}" if accuracy is not None else ""
        print_text(f"{'* ' if row['current'] else '  '}{row['id']}  {row['created']}{measured}")
    if not rows:
        print_text("There is no release yet; the first start makes one")


@releases.command("promote")
def promote(
    release: Annotated[str, typer.Argument(help="As `releases list` names it.", metavar="ID")],
    force: Annotated[bool, typer.Option("--force", help="Promote it although it measures worse.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a release to use; a running server uses it from the next message on, a generator from its next start on."""
    with errors_as_sentences(as_json=as_json):
        from bot.bootstrap import open_home
        from bot.generators.releases_in_use import KIND, unused_release
        from bot.settings import load_settings
        from bot.training import promotion
        from ui.audit_trail import Action, note_command

        home = open_home(load_settings())
        done = promotion.promote(home.settings.releases_folder, release, force=force)
        note_command(home.engine, Action.RELEASE_PROMOTED, f"{done.kind}/{done.release}", before=done.before)
        unused = unused_release(home.settings) if done.kind == KIND else ""
    _tell(done, unused, as_json=as_json)


@releases.command("rollback")
def rollback(
    kind: Annotated[Kind, typer.Option(help="What to take back.")] = Kind.intents, as_json: JsonOption = False
) -> None:
    """Put the release before the one in use back to use."""
    with errors_as_sentences(as_json=as_json):
        from bot.bootstrap import open_home
        from bot.generators.releases_in_use import KIND, unused_release
        from bot.settings import load_settings
        from bot.training import promotion
        from ui.audit_trail import Action, note_command

        home = open_home(load_settings())
        done = promotion.roll_back(home.settings.releases_folder, kind.value)
        note_command(home.engine, Action.RELEASE_ROLLED_BACK, f"{done.kind}/{done.release}", before=done.before)
        unused = unused_release(home.settings) if done.kind == KIND else ""
    _tell(done, unused, as_json=as_json)


def _tell(done: Any, unused: str, *, as_json: bool) -> None:
    """`unused`: why the release is not what starts use, or ""."""
    compared = done.compared
    if as_json:
        told = None
        if compared is not None:
            told = {
                "messages": compared.messages,
                "before": compared.before,
                "after": compared.after,
                "difference": [compared.low, compared.high],
            }
        figures = {"kind": done.kind, "release": done.release, "before": done.before, "compared": told}
        print_json({**figures, "not_compared": done.not_compared, "warning": unused})
        return
    print_text(
        f"{'Chosen' if unused else 'In use'}: {done.kind}/{done.release}"
        + (f" (before: {done.before})" if done.before else "")
    )
    if compared is not None:
        print_text(
            f"  {compared.before:.1%} → {compared.after:.1%} of {compared.messages} messages set aside, "
            f"difference {compared.low:+.1%} to {compared.high:+.1%}"
        )
    if done.not_compared:
        print_text(f"  not compared: {done.not_compared}")
    if unused:
        print_text(f"  not in use: {unused}")
