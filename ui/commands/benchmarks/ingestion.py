"""`frontdesk bench ingestion`: how fast documents come in, as a share of what the embedder can do at most."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from ui.commands.console import JsonOption, errors_as_sentences, print_json, print_text, progress_bar


def ingestion(
    documents: Annotated[int, typer.Option(min=10, help="Invented help pages to take in.")] = 300,
    as_json: JsonOption = False,
) -> None:
    """Passages a second: the embedder alone, and a whole ingest run."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import load_embedder, open_home, open_library
        from bot.settings import load_settings
        from knowledge.ingestion import ingest_paths
        from ui.commands.benchmarks.corpus import write_pages

        settings = load_settings()
        embedder = load_embedder(settings, progress=progress)
        with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
            pages = Path(folder) / "pages"
            write_pages(pages, documents)
            own = settings.model_copy(update={"home": Path(folder) / "home", "database_url": ""})
            library = open_library(own, home=open_home(own), embedder=embedder)
            report = ingest_paths(
                library, [pages], on_progress=lambda step: progress(step.stage, step.done / step.total)
            )
            texts = [
                passage.embedded_text
                for document in library.documents()
                for passage in library.catalog.passages_of(document.document_id)
            ]
            library.catalog.engine.dispose()
        began = time.perf_counter()
        embedder.embed_passages(texts)
        raw = len(texts) / (time.perf_counter() - began)
    ours = report.passages / report.seconds
    rows = [
        {"system": "embedder alone", "passages_per_second": round(raw, 1)},
        {"system": "frontdesk", "passages_per_second": round(ours, 1), "share": round(ours / raw, 3)},
    ]
    if as_json:
        print_json({"rows": rows, "documents": documents, "passages": report.passages})
        return
    for row in rows:
        print_text("  ".join(f"{name} {value}" for name, value in row.items()))
