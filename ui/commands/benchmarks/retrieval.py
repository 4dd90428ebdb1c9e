"""`frontdesk bench retrieval`: what is found by ours, by its parts alone, and by stock pipelines."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.console import JsonOption, errors_as_sentences, print_json, print_text, progress_bar

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.training.retrieval_sets import RetrievalSet
    from knowledge.library import KnowledgeLibrary
    from knowledge.protocols import Embedder

_SHOWN = ("ndcg@10", "recall@1", "recall@5", "recall@10", "mrr", "ms_per_query")


def retrieval(
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder of the public data sets.")] = Path(
        "../shared/data"
    ),
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Only sets whose names begin so; may be given several times.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recall, nDCG, MRR and time of ours and the baselines, with the same embedder, with headings and without."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import load_embedder
        from bot.settings import load_settings
        from bot.training.bench_retrieval import as_table, bench_retrieval, missing_systems

        settings = load_settings()
        embedder = load_embedder(settings, progress=progress)
        opened = partial(_own_library, settings)
        rows = bench_retrieval(data, embedder, opened, only=sets or (), progress=progress)
        skipped = [{"system": name, "missing": module} for name, module in missing_systems().items()]
    if as_json:
        print_json({"rows": rows, "skipped": skipped})
        return
    for figure in _SHOWN:
        print_text(as_table(rows, figure) + "\n")
    for one in skipped:
        print_text(
            f"{one['system']} was left out: '{one['missing']}' is not installed; `pip install .[bench]` brings it"
        )


@contextmanager
def _own_library(settings: Settings, one: RetrievalSet, embedder: Embedder) -> Iterator[KnowledgeLibrary]:
    """A library of the set's documents alone, in a folder that goes afterwards."""
    from bot.bootstrap import open_home, open_library
    from bot.errors import EvaluationDataInvalid
    from knowledge.ingesting.ingestion import ingest_paths

    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
        own = settings.model_copy(update={"home": Path(folder) / "home", "database_url": ""})
        home = open_home(own)
        library = open_library(own, home=home, embedder=embedder)
        file = Path(folder) / "documents.jsonl.gz"
        with gzip.open(file, "wt", encoding="utf-8") as lines:
            for document in one.documents:
                row = {"id": document.document_id, "title": document.title, "text": document.text}
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
        report = ingest_paths(library, [file])
        if report.refused:
            raise EvaluationDataInvalid(f"'{one.name}' could not be taken in: {report.refused[0].reason}")
        try:
            yield library
        finally:
            home.engine.dispose()
