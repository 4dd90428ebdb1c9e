"""`frontdesk index …`: whether the search index and the database agree, how to make them, and the way back."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.console import ExitCode, JsonOption, errors_as_sentences, print_json, print_text, progress_bar

if TYPE_CHECKING:
    from knowledge.passages import IndexHealth
    from knowledge.storing.snapshots import RollbackReport, Snapshot, Snapshots

index = typer.Typer(help="The search index, which is derived from the database, and snapshots.", no_args_is_help=True)


@index.command("verify")
def verify(as_json: JsonOption = False) -> None:
    """Check that index and database hold the same passages and that no file and no snapshot is damaged."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_library
        from bot.settings import load_settings

        _tell(open_library(load_settings(), progress=progress).verify(), as_json=as_json)


@index.command("rebuild")
def rebuild(as_json: JsonOption = False) -> None:
    """Make the index anew from the database. Large ones are checked against exact search while they are made."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_library
        from bot.settings import load_settings

        _tell(open_library(load_settings(), progress=progress).rebuild(), as_json=as_json)


@index.command("snapshot")
def snapshot(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it; by default the date and time.")] = "",
    show: Annotated[bool, typer.Option("--list", help="List the snapshots there are.")] = False,
    drop: Annotated[str, typer.Option("--delete", metavar="NAME", help="Delete a snapshot.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Keep the documents as they are now under a name, to roll back to.

    The copies lie in the database, each with its checksum. `documents remove` erases a document from them, too.
    """
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_home
        from bot.settings import load_settings
        from knowledge.storing.snapshots import Snapshots

        snapshots = Snapshots(open_home(load_settings()).catalog.engine)
        if show or drop:
            _delete_and_list(snapshots, drop, as_json=as_json)
            return
        name = name or time.strftime("%Y-%m-%d-%H%M%S")
        made = snapshots.make(name, on_copied=lambda done, total: progress("copying documents", done / max(1, total)))
    if as_json:
        print_json({"ok": True, **_as_json(made)})
    else:
        print_text(f"Kept as '{made.name}': {made.documents} documents, {made.passages} passages.")


def _delete_and_list(snapshots: Snapshots, drop: str, *, as_json: bool) -> None:
    if drop:
        snapshots.delete(drop)
    left = snapshots.all()
    if as_json:
        print_json({"ok": True, "snapshots": [_as_json(each) for each in left]})
        return
    for each in left:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.created_at))
        print_text(f"{each.name}\t{when}\t{each.documents} documents\t{each.passages} passages")
    if not left:
        print_text("There are no snapshots.")


def _as_json(snapshot: Snapshot) -> dict[str, object]:
    return asdict(snapshot)


@index.command("rollback")
def rollback(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The snapshot; by default the newest one made.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Make the documents what they were in a snapshot, all of them or none.

    What has come since is taken out, what was changed or vanished since is brought back. The state before is kept as
    the snapshot `before-rollback`, so that `index rollback before-rollback` undoes this. What `documents remove` has
    removed since does not come back: its text is erased from the snapshots, and it is named at the end.
    """
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_library
        from bot.settings import load_settings
        from ui.audit_trail import Action, note_command

        library = open_library(load_settings(), progress=progress)
        report = library.rollback(
            name or library.snapshots.newest(),
            on_copied=lambda done, total: progress("copying documents", done / max(1, total)),
        )
        note_command(library.catalog.engine, Action.INDEX_ROLLED_BACK, report.name)
    if as_json:
        print_json(
            {
                "ok": True,
                **asdict(report),
                "not_restored": [{"id": one.document_id, "title": one.title} for one in report.not_restored],
            }
        )
    else:
        _tell_rollback(report)


def _tell_rollback(report: RollbackReport) -> None:
    print_text(
        f"Back at '{report.name}': {report.restored} documents brought back, {report.removed} taken out, "
        f"{report.unchanged} unchanged. `frontdesk index rollback {report.undo}` undoes this."
    )
    for one in report.not_restored:
        print_text(f"  Not brought back, because it was removed for good: '{one.title}' ({one.document_id})")


def _tell(health: IndexHealth, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "ok": health.ok,
                "generation": health.generation,
                "passages": health.passages,
                "problems": list(health.problems),
                "indexes": {language: asdict(shape) for language, shape in health.shapes.items()},
            }
        )
    else:
        print_text(
            f"{'In order' if health.ok else 'Not in order'}: {health.passages} passages, generation {health.generation}"
        )
        for language, shape in health.shapes.items():
            how = "each compared" if shape.kind == "flat" else f"{shape.probes} of {shape.lists} lists looked into"
            print_text(f"  {language}: {shape.vectors} vectors, {how}, recall at 10 {shape.recall_at_10:.3f}")
        for problem in health.problems:
            print_text(f"  {problem}")
    if not health.ok:
        raise typer.Exit(ExitCode.FAILED)
