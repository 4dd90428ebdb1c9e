"""Erasing from end to end: the rows, the entries' wordings, the files; and the receipt of it. Shows nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from bot.home_folder import REPLACED
from bot.intent_store.intent_editing import normal
from bot.personal_data.erasing import Erased, forget_titles, nowhere_else
from bot.personal_data.file_traces import beginnings_of, files_of, overwrite_freed, traces_of
from knowledge.entries.entry_book import EntryBook
from knowledge.entries.entry_values import EntryDraft
from knowledge.errors import EntryChanged, EntryNotFound, EntryRefused

EDITOR = "erasure"


@dataclass(frozen=True, slots=True)
class Receipt:
    counts: Mapping[str, int]  # rows deleted, by what they were
    wordings: int  # of entries, that were taken out
    entries: int  # that had no other wording, and were removed
    entries_left: tuple[str, ...]  # that somebody was editing
    retrain: tuple[str, ...]  # intents whose examples were deleted: releases trained before have learnt from them
    file_rewritten: bool  # False on a database server, which has means of its own
    log_emptied: bool
    traces_found: int  # of the customer's words, in the database's files
    not_reached: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return self.log_emptied and not self.traces_found and not self.entries_left


def finish_erasing(engine: Engine, erased: Erased, home: Path, open_book: Callable[[], EntryBook]) -> Receipt:
    """What is to be done when the rows are gone. Closes all connections of `engine`, which can be used again.

    Raises CatalogUnavailable where the disk is too full to write the database anew.
    """
    wordings, removed, left = _take_out_wordings(erased, open_book) if erased.entries else (0, 0, ())
    forget_titles(engine, erased.texts)
    wanted = nowhere_else(engine, beginnings_of(erased.texts))
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    engine.dispose()
    emptied = overwrite_freed(Path(file)) if file else True
    found = traces_of(wanted, files_of(Path(file))) if file else 0
    reach = not_reached(home, is_server=file is None)
    return Receipt(erased.counts, wordings, removed, left, erased.examples, file is not None, emptied, found, reach)


def not_reached(home: Path, *, is_server: bool) -> tuple[str, ...]:
    """What may hold the customer's words and is not in our hands, in words."""
    aside = [f"the folder '{path}', which a restore has put aside" for path in sorted(home.glob(f"{REPLACED}*"))]
    server = ["dead rows in the files of the database server, until its VACUUM"] if is_server else []
    return (
        "backups made before now",
        "files written by `frontdesk export` before now, of which no list is kept",
        "what a running server remembers until its next start: vectors, and words of messages that it could not place",
        *aside,
        *server,
    )


def _take_out_wordings(erased: Erased, open_book: Callable[[], EntryBook]) -> tuple[int, int, tuple[str, ...]]:
    """How many wordings were taken out, how many entries removed, and which were left."""
    book, own = open_book(), {normal(text) for text in erased.texts}
    taken, removed, left = 0, 0, []
    for entry_id in erased.entries:
        try:
            entry = book.entry(entry_id)
            kept = {
                code: tuple(each for each in some if normal(each) not in own) for code, some in entry.wordings.items()
            }
            if any(kept.values()):
                draft = EntryDraft(kept, entry.answers, entry.link)
                book.edit(entry_id, draft, editor=EDITOR, expected_version=entry.version)
            else:
                book.remove(entry_id, editor=EDITOR, expected_version=entry.version)
                removed += 1
            taken += sum(map(len, entry.wordings.values())) - sum(map(len, kept.values()))
        except (EntryRefused, EntryChanged):
            left.append(entry_id)
        except EntryNotFound:
            continue  # an editor was first
    return taken, removed, tuple(left)
