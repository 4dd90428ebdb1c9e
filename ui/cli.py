"""The console script `frontdesk`. Knows the verbs; what each does is in ui/commands, loaded when it runs."""

from __future__ import annotations

import typer

from ui.commands import (
    accounts,
    asking,
    bench,
    diagnosis,
    evaluation,
    indexing,
    knowledge,
    releasing,
    serving,
    training,
)

app = typer.Typer(
    name="frontdesk",
    help="A self-hosted customer-service chatbot: it answers from your documents, cites them, and fetches a person.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("serve")(serving.serve)
app.command("ingest")(knowledge.ingest)
app.add_typer(knowledge.documents, name="documents")
app.command("search")(knowledge.search)
app.command("ask")(asking.ask)
app.add_typer(training.train, name="train")
app.add_typer(releasing.releases, name="releases")
app.add_typer(evaluation.evaluate, name="evaluate")
app.add_typer(bench.bench, name="bench")
app.add_typer(indexing.index, name="index")
app.add_typer(accounts.users, name="users")
app.command("doctor")(diagnosis.doctor)


def main() -> None:
    """Entry point of the console script."""
    from knowledge.embedding.torch_runtime import wait_without_spinning

    wait_without_spinning()
    app()


if __name__ == "__main__":
    main()
