"""`frontdesk bench …`: ours and the baselines in one run. What each measures is in ui/commands/benchmarks."""

from __future__ import annotations

import typer

from ui.commands.benchmarks import index_search, ingestion, intents, retrieval, serving

bench = typer.Typer(help="Measure this machine: ours and the baselines in one run.", no_args_is_help=True)

bench.command("ingestion")(ingestion.ingestion)
bench.command("retrieval")(retrieval.retrieval)
bench.command("intents")(intents.intents)
bench.command("index")(index_search.index)
bench.command("serving")(serving.serving)
