"""Which passage stands in which row of a part of an index, and which of them still count. Pure and immutable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ABSENT = -1


@dataclass(frozen=True, slots=True, eq=False)
class NumberedRows:
    """Rows of one part of an index. A removed passage's row stays, dead, until the part is written anew.

    Sorted arrays instead of dictionaries: 17 bytes a passage instead of 150, and thousands are looked up at once.
    """

    numbers: NDArray[np.int64]  # by row
    order: NDArray[np.int64]  # the rows by rising number
    alive: NDArray[np.bool_]  # by row
    living: int

    @classmethod
    def of(cls, numbers: Iterable[int] | NDArray[np.int64]) -> NumberedRows:
        """All alive. Numbers must differ."""
        array = np.ascontiguousarray(
            numbers if isinstance(numbers, np.ndarray) else np.array(list(numbers), dtype=np.int64), dtype=np.int64
        )
        return cls(array, np.argsort(array, kind="stable"), np.ones(len(array), dtype=np.bool_), len(array))

    def __len__(self) -> int:
        """How many rows there are, the dead included."""
        return len(self.numbers)

    @property
    def dead(self) -> int:
        return len(self.numbers) - self.living

    def rows_of(self, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
        """The living row of each number, ABSENT where there is none."""
        if not len(self.numbers):
            return np.full(len(wanted), ABSENT, dtype=np.int64)
        at = np.minimum(self.numbers.searchsorted(wanted, sorter=self.order), len(self.numbers) - 1)
        rows = self.order[at]
        found: NDArray[np.int64] = np.where((self.numbers[rows] == wanted) & self.alive[rows], rows, ABSENT)
        return found

    def without(self, rows: NDArray[np.int64]) -> NumberedRows:
        """The same with some living rows dead."""
        alive = self.alive.copy()
        alive[rows] = False
        return NumberedRows(self.numbers, self.order, alive, self.living - len(rows))

    def living_rows(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.alive) if self.dead else np.arange(len(self.numbers), dtype=np.int64)

    def living_numbers(self) -> NDArray[np.int64]:
        return self.numbers[self.alive] if self.dead else self.numbers


def as_numbers(numbers: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(numbers, dtype=np.int64) if len(numbers) else np.zeros(0, dtype=np.int64)  # not of floats
