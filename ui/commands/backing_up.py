"""`frontdesk backup` and `frontdesk restore`: the whole home in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.console import JsonOption, errors_as_sentences, note, print_json, print_text, progress_bar

if TYPE_CHECKING:
    from bot.backup.contents import BackupManifest


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it, such as desk-2026-11-22.tar.gz.")],
    as_json: JsonOption = False,
) -> None:
    """Write everything that cannot be made again to one file, while the server runs or not.

    Database, original files, waiting uploads, releases and the secret that signs sessions; neither the models nor the
    search index. The file holds conversations and password hashes: keep it where only you can read it.
    """
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.backup.making import make_backup
        from bot.bootstrap import open_home
        from bot.settings import load_settings
        from ui.audit_trail import Action, note_command

        settings = load_settings()
        made = make_backup(settings, file, on_step=progress)
        note_command(open_home(settings).engine, Action.BACKUP_MADE, file.name, bytes=made.bytes)
    left_out = ["models", "index", *([] if settings.company is None else [str(settings.company)])]
    if as_json:
        facts = _facts(made.manifest)
        told = {"ok": True, "file": str(made.path), "bytes": made.bytes, **facts, "left_out": left_out}
        print_json(told | {"seconds": round(made.seconds, 3)})
        return
    print_text(f"Written to {made.path}: {_counted(made.manifest)}, {made.bytes / 1e6:,.1f} MB.")
    if settings.company is not None:
        note(f"The company's folder '{settings.company}' lies outside the home and is not in it.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `frontdesk backup` has written.")],
    discard: Annotated[
        bool, typer.Option("--discard", help="Delete what is in the home now, instead of putting it aside.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the home what a backup holds, wholly or not at all. The server must not run meanwhile.

    Everything is checked first; a backup of an older release is brought up to date. What is in the home now is put into
    a folder of it, `replaced-…`, to be deleted when you are sure.
    """
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.backup.restoring import restore_backup
        from bot.settings import load_settings

        done = restore_backup(
            load_settings(), file, discard=discard, before_exchange=lambda url: _note_down(url, file), on_step=progress
        )
    if as_json:
        told = {"ok": True, **_facts(done.manifest), "migrated_from": done.migrated_from}
        replaced = None if done.replaced is None else str(done.replaced)
        print_json(told | {"replaced": replaced, "seconds": round(done.seconds, 3)})
        return
    print_text(f"Restored to {done.manifest.made_at}: {_counted(done.manifest)}.")
    if done.replaced is not None:
        print_text(f"What was there before lies in {done.replaced}; delete it when you are sure.")


def _note_down(url: str, file: Path) -> None:
    """In the restored database's own log, before anybody can open it."""
    from knowledge.database import open_database
    from ui.audit_trail import Action, note_command

    engine = open_database(url)
    try:
        note_command(engine, Action.BACKUP_RESTORED, file.name)
    finally:
        engine.dispose()


def _facts(manifest: BackupManifest) -> dict[str, object]:
    return {
        "made_at": manifest.made_at,
        "code_version": manifest.code_version,
        "schema": manifest.schema,
        "files": len(manifest.files),
        **manifest.counts,
    }


def _counted(manifest: BackupManifest) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in manifest.counts.items())
