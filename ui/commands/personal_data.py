"""`frontdesk export` and `frontdesk erase`: what is kept of a customer, and the end of it."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import time
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from ui.commands.console import ExitCode, JsonOption, errors_as_sentences, note, print_json, print_text, progress_bar

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.bootstrap import Home
    from bot.personal_data.receipts import Receipt
    from knowledge.entries.entry_book import EntryBook


class Format(StrEnum):
    json = "json"
    csv = "csv"


def export(
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="The customer: a conversation's id. Without it, all of them.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it; without it, standard output.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="json: all there is; csv: a line per message, for a spreadsheet.")
    ] = Format.json,
    as_json: JsonOption = False,
) -> None:
    """Write down what is kept of one customer, or of all: messages, answers, traces, feedback, signals.

    With `--output`, standard output tells what was written; the file can be read by you alone.
    """
    with errors_as_sentences(as_json=as_json):
        from bot.bootstrap import open_home
        from bot.settings import load_settings
        from ui.audit_trail import Action, note_command

        home = open_home(load_settings())
        engine = home.engine
        form = Format.json if as_json and output is None else form
        if output is None:
            counts = _print(engine, customer, form, home.settings.home)
        else:
            counts = _write_file(engine, customer, form, output)
        note_command(engine, Action.DATA_EXPORTED, customer or "", **counts)
    if output is None:
        return
    if as_json:
        print_json({"ok": True, "customer": customer, "file": str(output.absolute()), "format": form.value, **counts})
    else:
        print_text(f"Written to {output}: {counts['conversations']} conversations, {counts['messages']} messages.")


def _print(engine: Engine, customer: str | None, form: Format, folder: Path) -> dict[str, int]:
    """All of it, or nothing: whoever reads standard output is not left with half an object when the database fails."""
    from knowledge.storing.originals import storage_unavailable

    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="", dir=folder) as spool:  # without a name
        try:
            counts = _write(engine, customer, form, spool)
            spool.seek(0)
        except OSError as error:
            raise storage_unavailable(folder, error) from error
        shutil.copyfileobj(spool, sys.stdout)
    return counts


def _write_file(engine: Engine, customer: str | None, form: Format, output: Path) -> dict[str, int]:
    from knowledge.durable_files import writing_durably
    from knowledge.storing.originals import storage_unavailable

    try:
        with writing_durably(output) as file:
            os.fchmod(file.fileno(), 0o600)
            text = io.TextIOWrapper(file, encoding="utf-8-sig" if form is Format.csv else "utf-8", newline="")
            counts = _write(engine, customer, form, text)
            text.flush()
            text.detach()
    except OSError as error:
        raise storage_unavailable(output.absolute().parent, error) from error
    return counts


def _write(engine: Engine, customer: str | None, form: Format, file: IO[str]) -> dict[str, int]:
    from bot.personal_data.export_rows import exported, write_csv, write_json

    conversations = exported(engine, customer)
    if form is Format.csv:
        return write_csv(conversations, file)
    return write_json(conversations, file, customer=customer)


def erase(
    customer: Annotated[str, typer.Option(metavar="ID", help="The customer: a conversation's id.")] = "",
    expired: Annotated[
        bool, typer.Option("--expired", help="Erase what the settings FRONTDESK_RETENTION__… no longer keep.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase a customer: messages, answers, traces, feedback, signals, and what was made of them. Ends with a receipt.

    The database is written anew, so that nothing of it is left in the file, and searched for what was erased. Customers
    may go on asking meanwhile; in a large database their messages wait some seconds.
    """
    with errors_as_sentences(as_json=as_json):
        from bot.bootstrap import open_home
        from bot.errors import MessageRefused
        from bot.personal_data.entry_wordings import Wordings, take_out_wordings
        from bot.personal_data.erasing import erase_customer
        from bot.personal_data.receipts import finish_erasing
        from bot.personal_data.retention import expire
        from bot.settings import load_settings
        from ui.audit_trail import Action, note_command

        if bool(customer.strip()) is expired:
            raise MessageRefused("customer_missing", "Name a customer with --customer ID, or say --expired; not both")
        home = open_home(load_settings())
        wordings = Wordings()
        if expired:
            erased = expire(home.engine, home.settings.retention, now=time.time())
        else:  # the rows go last: until then a failure leaves a customer whom the next call finds
            wordings = take_out_wordings(home.engine, customer.strip(), lambda: _open_book(home))
            erased = erase_customer(home.engine, customer.strip())
        action = Action.DATA_EXPIRED if expired else Action.DATA_ERASED
        note_command(home.engine, action, customer.strip(), **erased.counts)
        receipt = finish_erasing(home.engine, erased, home.settings.home, wordings)
    _tell(receipt, customer.strip(), as_json=as_json)


def _open_book(home: Home) -> EntryBook:
    """Only where an entry is to be changed: it takes the embedder."""
    from bot.bootstrap import open_embedder, open_library
    from knowledge.entries.entry_book import EntryBook

    with progress_bar() as progress:
        embedder = open_embedder(home.settings, progress=progress)
        return EntryBook(home.engine, embedder, open_library(home.settings, home=home, embedder=embedder))


def _tell(receipt: Receipt, customer: str, *, as_json: bool) -> None:
    if as_json:
        told = {
            "ok": receipt.is_complete,
            "customer": customer or None,
            "erased": {**receipt.counts, "entry_wordings": receipt.wordings},
            "entries_left": list(receipt.entries_left),
            "retrain": list(receipt.retrain),
            "file_rewritten": receipt.file_rewritten,
            "log_emptied": receipt.log_emptied,
            "traces_found": receipt.traces_found,
            "not_reached": list(receipt.not_reached),
        }
        print_json(told)
    else:
        _tell_people(receipt)
    if not receipt.is_complete:
        raise typer.Exit(ExitCode.PARTLY_DONE)


def _tell_people(receipt: Receipt) -> None:
    counted = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in receipt.counts.items() if count)
    print_text(f"Erased: {counted or 'nothing'}.")
    if receipt.wordings:
        print_text(f"Of entries: {receipt.wordings} questions in the customer's words.")
    if receipt.file_rewritten:
        left = f"{receipt.traces_found} of the erased texts were still found" if receipt.traces_found else "none found"
        print_text(f"The database was written anew and searched for what was erased: {left}.")
    if not receipt.log_emptied:
        note(
            "Another process was reading all the time, so the log could not be emptied: run this again with --expired."
        )
    for entry_id in receipt.entries_left:
        note(f"The entry '{entry_id}' may hold the customer's words: look at its questions at /knowledge.")
    if receipt.retrain:
        note(f"Train intents again, and delete the releases before: examples of {', '.join(receipt.retrain)} are gone.")
    print_text("Not reached: " + "; ".join(receipt.not_reached) + ".")
