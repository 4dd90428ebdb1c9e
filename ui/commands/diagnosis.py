"""`frontdesk doctor`: what is installed, from where, on what, under which licence; what is wrong and how to mend it."""

from __future__ import annotations

import typer

from ui.commands.console import ExitCode, JsonOption, errors_as_sentences, print_json, print_text


def doctor(as_json: JsonOption = False) -> None:
    """Look at settings, home, database, index, models and disk, and say what is wrong and how to mend it."""
    with errors_as_sentences(as_json=as_json):
        from bot.diagnosis import examine
        from bot.settings import load_settings

        findings = examine(load_settings())
    ok = all(finding.ok for finding in findings)
    if as_json:
        rows = [{"name": f.name, "ok": f.ok, "found": f.found, "mend": f.mend} for f in findings]
        print_json({"ok": ok, "findings": rows})
    else:
        for finding in findings:
            print_text(f"{'✓' if finding.ok else '✗'} {finding.name}: {finding.found}")
            if finding.mend:
                print_text(f"    → {finding.mend}")
    if not ok:
        raise typer.Exit(ExitCode.FAILED)
