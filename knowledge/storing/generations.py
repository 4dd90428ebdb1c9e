"""How a change of what can be found is numbered, and how what is removed is buried. Knows nothing of documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import update
from sqlmodel import Session, col

from knowledge.storing.catalog_rows import CatalogStateRow, PassageRow

ONLY_STATE = 1  # the id of the only row of catalog_state
_ITEMS_PER_STATEMENT = 500  # below every database's limit of parameters

T = TypeVar("T")


def parts_of(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many as fit into the parameters of one statement."""
    for first in range(0, len(items), _ITEMS_PER_STATEMENT):
        yield items[first : first + _ITEMS_PER_STATEMENT]


def next_generation(session: Session) -> int:
    # with_for_update: on PostgreSQL generations are given in the order of the commits. SQLite has one writer anyway.
    row = session.get(CatalogStateRow, ONLY_STATE, with_for_update=True) or CatalogStateRow(id=ONLY_STATE)
    row.generation += 1
    session.add(row)
    session.flush()
    return row.generation


def bury(session: Session, numbers: Sequence[int], generation: int) -> None:
    """Makes tombstones: the text is overwritten now, the row stays until every index has heard of it."""
    for part in parts_of(numbers):
        session.exec(
            update(PassageRow)
            .where(col(PassageRow.number).in_(part))
            .values(removed_generation=generation, heading="", text="", embedding=None, embedder="")
        )
