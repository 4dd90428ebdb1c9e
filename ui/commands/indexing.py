"""`frontdesk index …`: whether the search index and the database agree, and how to make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ui.commands.console import ExitCode, JsonOption, errors_as_sentences, print_json, print_text, progress_bar

if TYPE_CHECKING:
    from knowledge.passages import IndexHealth

index = typer.Typer(help="The search index, which is derived from the database.", no_args_is_help=True)


@index.command("verify")
def verify(as_json: JsonOption = False) -> None:
    """Check that index and database hold the same passages and that no file is damaged."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_library
        from bot.settings import load_settings

        _tell(open_library(load_settings(), progress=progress).verify(), as_json=as_json)


@index.command("rebuild")
def rebuild(as_json: JsonOption = False) -> None:
    """Make the index anew from the database."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_library
        from bot.settings import load_settings

        _tell(open_library(load_settings(), progress=progress).rebuild(), as_json=as_json)


def _tell(health: IndexHealth, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "ok": health.ok,
                "generation": health.generation,
                "passages": health.passages,
                "problems": list(health.problems),
            }
        )
    else:
        print_text(
            f"{'In order' if health.ok else 'Not in order'}: {health.passages} passages, generation {health.generation}"
        )
        for problem in health.problems:
            print_text(f"  {problem}")
    if not health.ok:
        raise typer.Exit(ExitCode.FAILED)
