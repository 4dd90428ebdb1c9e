"""`frontdesk bench intents`: our classifier and what one would take off the shelf, on public sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.commands.console import JsonOption, errors_as_sentences, note, print_json, print_text, progress_bar


def intents(
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder of the public data sets.")] = Path(
        "../shared/data"
    ),
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Only sets whose names begin so; may be given several times.")
    ] = None,
    systems: Annotated[
        list[str] | None,
        typer.Option(
            "--system", help="Only these systems, 'ours, full' and 'ours, lora' among them; may be given several times."
        ),
    ] = None,
    shots: Annotated[
        list[int] | None, typer.Option(min=0, help="Examples an intent, 0 for all; may be given several times.")
    ] = None,
    most: Annotated[int | None, typer.Option("--most", min=1, help="Ask at most so many messages of each set.")] = None,
    seed: Annotated[int, typer.Option(help="Which examples are taken.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Accuracy, out-of-scope detection, calibration, minutes of training and ms a message on one thread."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import load_embedder
        from bot.settings import load_settings
        from bot.training.bench_intents import COMPARED, SYSTEMS, BenchOptions, as_table, bench_intents

        unknown = sorted(set(systems or ()) - set(SYSTEMS))
        if unknown:
            raise typer.BadParameter(f"there is no system '{unknown[0]}'; there are: {', '.join(SYSTEMS)}")
        settings = load_settings()
        embedder = load_embedder(settings, progress=progress)
        counts = [count or None for count in shots] if shots else None
        options = BenchOptions(tuple(sets or ()), tuple(systems or COMPARED), counts, most, seed)
        rows = []
        for row in bench_intents(data, embedder, Path(embedder.describe().path), options, progress=progress):
            note(as_table([row]).splitlines()[-1])
            rows.append(row)
    if as_json:
        print_json({"rows": rows})
        return
    print_text(as_table(rows))
