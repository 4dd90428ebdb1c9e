"""`frontdesk bench ingestion`: how fast documents come in, at what memory, and what customers feel of it meanwhile."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from ui.commands.console import JsonOption, errors_as_sentences, print_json, print_text, progress_bar


def ingestion(
    documents: Annotated[int, typer.Option(min=20, help="Invented help pages whose taking in is timed.")] = 300,
    many: Annotated[int, typer.Option(min=100, help="Small documents uploaded while customers search.")] = 10000,
    seconds: Annotated[float, typer.Option(min=1, help="How long customers search, alone and meanwhile.")] = 30.0,
    as_json: JsonOption = False,
) -> None:
    """Passages a second of the embedder, of ours and of LangChain's stock path; memory; search beside an upload."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import load_embedder
        from bot.settings import load_settings
        from ui.commands.benchmarks.ingestion_baselines import langchain_rows, missing_baselines
        from ui.commands.benchmarks.ingestion_rates import ingest_rates
        from ui.commands.benchmarks.upload_beside_search import upload_beside_search

        settings = load_settings()
        embedder = load_embedder(settings, progress=progress)
        with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
            rows = ingest_rates(settings, embedder, Path(folder) / "rates", documents, progress)
            rows += langchain_rows(embedder, documents, progress)
            beside = upload_beside_search(
                settings, embedder, Path(folder) / "beside", many=many, seconds=seconds, progress=progress
            )
        ours = next(row for row in rows if row["system"] == "frontdesk ingest")
        for row in rows:
            row["ours_is_faster"] = round(ours["documents_per_second"] / row["documents_per_second"], 2)
        skipped = [{"system": name, "missing": module} for name, module in missing_baselines().items()]
    figures = {"rows": rows, **beside, "documents": documents, "skipped": skipped}
    if as_json:
        print_json(figures)
    else:
        _tell(figures)


def _tell(figures: dict[str, Any]) -> None:
    for row in figures["rows"]:
        share = f"{row['share']:.0%} of the embedder" if row["share"] is not None else ""
        speeds = f"{row['passages_per_second']:8.1f} passages/s {row['documents_per_second']:8.1f} documents/s"
        print_text(f"{row['system']:44}{speeds}  {share}")
    for one in figures["memory"]:
        print_text(f"{'peak memory at ' + str(one['documents']) + ' documents':44}{one['peak_mb']:8.0f} MB")
    for name in ("alone", "meanwhile"):
        found = figures["search_ms"][name]
        print_text(f"{'search, ' + name:44}p50 {found['p50']:.1f} ms  p95 {found['p95']:.1f} ms")
    print_text(f"{'p95 moves by':44}{figures['search_ms']['p95_change']:+.1%}")
    for one in figures["skipped"]:
        print_text(f"{one['system']} was left out: no '{one['missing']}' here; `pip install .[bench]` brings it")
