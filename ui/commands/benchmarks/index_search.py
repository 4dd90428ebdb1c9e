"""`frontdesk bench index`: a large knowledge base: how fast and how exactly it is searched, started and changed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.commands.console import JsonOption, errors_as_sentences, print_json, print_text, progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray


def index(
    passages: Annotated[str, typer.Option(help="How many, as a list: 10000,100000,1000000.")] = "10000,100000",
    questions: Annotated[int, typer.Option(min=10, help="Searches to time.")] = 300,
    as_json: JsonOption = False,
) -> None:
    """Search (without embedding), recall, start, memory and changes, beside exact search of the same vectors.

    Texts are invented with the statistics of real ones, a fifth of them Chinese. Vectors are those of real passages,
    mixed and moved. Each system is measured in a process of its own, on one thread.
    """
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        anchors = _anchors(progress)
        rows = []
        for count in [int(part) for part in passages.split(",")]:
            with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
                rows += _measured(Path(folder), count, questions, anchors, progress)
    if as_json:
        print_json({"rows": rows})
        return
    for row in rows:
        print_text("  ".join(f"{name} {value}" for name, value in row.items()))


def _anchors(progress: Callable[[str, float], None]) -> NDArray[np.float32]:
    """Vectors of the sample company's paragraphs."""
    from bot.bootstrap import load_embedder
    from bot.company import SAMPLE_COMPANY
    from bot.settings import load_settings

    pages = sorted((SAMPLE_COMPANY / "documents").rglob("*.md"))
    texts = [part for page in pages for part in page.read_text(encoding="utf-8").split("\n\n") if len(part) > 40]
    return load_embedder(load_settings(), progress=progress).embed_passages(texts)


def _measured(
    folder: Path, count: int, questions: int, anchors: NDArray[np.float32], progress: Callable[[str, float], None]
) -> list[dict[str, Any]]:
    from multiprocessing import get_context

    from ui.commands.benchmarks.index_measuring import SYSTEMS, build, fill, measure

    fill(folder, count, questions, anchors, lambda done: progress(f"writing {count} passages", done))
    built = {system: build(folder, system) for system in SYSTEMS}
    rows = []
    for system in SYSTEMS:
        with get_context("spawn").Pool(1) as alone:
            found = alone.apply(measure, (folder, system))
        rows.append({"system": system, "passages": count, **found, "build_seconds": round(built[system], 1)})
    return rows
