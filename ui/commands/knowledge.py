"""`frontdesk ingest`, `documents` and `search`: the knowledge base from the command line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.console import ExitCode, JsonOption, errors_as_sentences, note, print_json, print_text, progress_bar

if TYPE_CHECKING:
    from knowledge.passages import IngestReport
    from knowledge.storing.catalog_values import RemovalReceipt

documents = typer.Typer(help="The documents of the knowledge base.", no_args_is_help=True)


def ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Files, folders, .zip, or .jsonl/.jsonl.gz with id, title and text on each line."),
    ],
    encoding: Annotated[
        str, typer.Option(help="How the text files are written, such as gb18030 or big5; found out where not given.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Take documents in, or bring them up to date.

    The same bytes change nothing; new bytes of the same source replace it. What is gone from a folder, zip or
    JSON-lines file that was ingested before is removed with it.
    """
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_library
        from bot.settings import load_settings
        from knowledge.ingesting.ingestion import ingest_paths
        from knowledge.readers import known_encoding
        from ui.audit_trail import Action, note_command

        settings = load_settings()
        chosen = known_encoding(encoding) if encoding else ""
        library = open_library(settings, progress=progress)
        report = ingest_paths(
            library,
            paths,
            encoding=chosen,
            limits=settings.reading_limits(),
            on_progress=lambda step: progress(step.stage, step.done / max(1, step.total)),
        )
        library.save()
        if report.added or report.updated or report.removed:
            counts = {"added": report.added, "updated": report.updated, "removed": report.removed}
            note_command(library.catalog.engine, Action.DOCUMENTS_ADDED, paths[0].name, **counts)
    _tell_ingested(report, as_json=as_json)
    taken = report.added + report.updated + report.unchanged
    if report.refused:
        raise typer.Exit(ExitCode.PARTLY_DONE if taken else ExitCode.FAILED)


def _tell_ingested(report: IngestReport, *, as_json: bool) -> None:
    for refusal in report.refused:
        note(f"Refused: {refusal.source}: {refusal.reason}")
    if as_json:
        print_json(
            {
                "added": report.added,
                "updated": report.updated,
                "unchanged": report.unchanged,
                "removed": report.removed,
                "refused": [{"source": refusal.source, "reason": refusal.reason} for refusal in report.refused],
                "passages": report.passages,
                "generation": report.generation,
                "seconds": round(report.seconds, 3),
            }
        )
        return
    print_text(
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, {report.removed} removed, "
        f"{len(report.refused)} refused in {report.seconds:.1f} s. {report.passages} passages can be found."
    )


@documents.command("list")
def list_them(as_json: JsonOption = False) -> None:
    """List the documents that can be found."""
    with errors_as_sentences(as_json=as_json):
        from bot.bootstrap import open_home
        from bot.settings import load_settings
        from knowledge.entries.entry_values import COLLECTION
        from knowledge.storing.document_queries import DocumentFilter, list_documents

        rows = list_documents(open_home(load_settings()).catalog.engine, DocumentFilter(without_collection=COLLECTION))
    if as_json:
        keys = ("title", "source", "state", "passages", "version", "encoding")
        print_json({"documents": [{"id": row.document_id, **{key: getattr(row, key) for key in keys}} for row in rows]})
        return
    for row in rows:
        print_text(f"{row.document_id}\t{row.title}\t{row.passages} passages\tversion {row.version}\t{row.source}")


@documents.command("remove")
def remove(
    document_id: Annotated[str, typer.Argument(metavar="ID", help="The document's id, as `documents list` shows it.")],
    as_json: JsonOption = False,
) -> None:
    """Remove a document; ends with a search that proves its text unreachable."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_library
        from bot.settings import load_settings
        from knowledge.entries.entry_book import check_no_entry
        from knowledge.storing.document_queries import DocumentFilter
        from ui.audit_trail import Action, note_command

        library = open_library(load_settings(), progress=progress)
        check_no_entry(library.page(DocumentFilter(document_id=document_id), limit=1).documents)
        receipt = library.remove_document(document_id)
        library.save()
        note_command(library.catalog.engine, Action.DOCUMENT_REMOVED, document_id, passages=receipt.passages)
    if as_json:
        print_json(
            {
                "ok": receipt.unreachable,
                "id": receipt.document_id,
                "title": receipt.title,
                "passages": receipt.passages,
                "generation": receipt.generation,
                "unreachable": receipt.unreachable,
                "probes": receipt.probes,
                "originals": receipt.originals,
                "copies": receipt.copies,
                "same_text_in": list(receipt.same_text_in),
            }
        )
    else:
        _tell_removed(receipt)
    if not receipt.unreachable:
        raise typer.Exit(ExitCode.FAILED)


def _tell_removed(receipt: RemovalReceipt) -> None:
    print_text(f"Removed '{receipt.title}' ({receipt.document_id}), generation {receipt.generation}:")
    print_text(f"  {receipt.passages} passages, their text and their vectors overwritten")
    print_text(f"  {receipt.originals} original files deleted, {receipt.copies} copies erased from snapshots")
    tried = f"{receipt.probes} of its sentences were searched for"
    print_text(f"  {tried}; " + ("none is found any more" if receipt.unreachable else "A SEARCH STILL FINDS ITS TEXT"))
    for other in receipt.same_text_in:
        print_text(f"  The document '{other}' says the same in the same words, and still does")


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="Most passages to show.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Search the knowledge base as a customer's question would."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_library
        from bot.errors import MessageRefused
        from bot.settings import load_settings

        if not query.strip():
            raise MessageRefused("query_empty", "The query is empty; say what to look for")
        library = open_library(load_settings(), progress=progress)
        began = time.monotonic()
        found = library.search(query, limit=limit)
        milliseconds = 1000 * (time.monotonic() - began)
    if as_json:
        keys = ("passage_id", "document_id", "title", "source", "heading", "text")
        passages = [
            {
                **{key: getattr(one.passage, key) for key in keys},
                "score": round(one.score, 4),
                "repeated_in": [repetition.document_id for repetition in one.repetitions],
            }
            for one in found
        ]
        print_json({"passages": passages, "ms": round(milliseconds, 1)})
        return
    for one in found:
        place = " › ".join(part for part in (one.passage.title, one.passage.heading) if part)
        print_text(f"{one.score:.2f}  {place}\n      {' '.join(one.passage.text.split())[:200]}")
    if not found:
        print_text("Nothing was found.")
