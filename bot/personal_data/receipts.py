"""What comes after the rows are erased: the files, a search through them, and the receipt of it all. Shows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from bot.home_folder import REPLACED
from bot.personal_data.entry_wordings import Wordings
from bot.personal_data.erasing import Erased, as_example, forget_titles, nowhere_else
from bot.personal_data.file_traces import beginnings_of, files_of, overwrite_freed, traces_of


@dataclass(frozen=True, slots=True)
class Receipt:
    counts: Mapping[str, int]  # rows deleted, by what they were
    wordings: int  # of entries, that were taken out
    entries_left: tuple[str, ...]  # that may hold the customer's words still, and an editor has to look at
    retrain: tuple[str, ...]  # intents whose examples were deleted: releases trained before have learnt from them
    file_rewritten: bool  # False on a database server, which has means of its own
    log_emptied: bool
    traces_found: int  # of the customer's words, in the database's files
    not_reached: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return self.log_emptied and not self.traces_found and not self.entries_left


def finish_erasing(engine: Engine, erased: Erased, home: Path, wordings: Wordings) -> Receipt:
    """What is to be done when the rows are gone. Closes all connections of `engine`, which can be used again.

    Needs nothing but the database: what could be missing, such as a model, was needed before the first row went.

    Raises CatalogUnavailable where the disk is too full to write the database anew.
    """
    forget_titles(engine, erased.texts)
    forms = (form for text in erased.texts for form in (text, *as_example(text)))
    wanted = nowhere_else(engine, beginnings_of(forms))
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    engine.dispose()
    emptied = overwrite_freed(Path(file)) if file else True
    found = traces_of(wanted, files_of(Path(file))) if file else 0
    reach = not_reached(home, is_server=file is None)
    taken, left = wordings.taken, wordings.left
    return Receipt(erased.counts, taken, left, erased.examples, file is not None, emptied, found, reach)


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
