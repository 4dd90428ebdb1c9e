"""The console script `frontdesk`. Knows the verbs; what each does is in ui/commands, loaded when it runs."""

from __future__ import annotations

import typer

from ui.commands import (
    accounts,
    asking,
    auditing,
    backing_up,
    bench,
    diagnosis,
    evaluation,
    indexing,
    knowledge,
    personal_data,
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
app.command("backup")(backing_up.backup)
app.command("restore")(backing_up.restore)
app.add_typer(auditing.audit, name="audit")
app.command("export")(personal_data.export)
app.command("erase")(personal_data.erase)
app.add_typer(accounts.users, name="users")
app.command("doctor")(diagnosis.doctor)


def main() -> None:
    """Entry point of the console script."""
    from knowledge.embedding.torch_runtime import wait_without_spinning

    wait_without_spinning()
    app()


if __name__ == "__main__":
    main()
