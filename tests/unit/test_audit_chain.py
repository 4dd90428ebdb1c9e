"""The chain of the audit log: whatever is done to its entries, verifying names the first that is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.chain import GENESIS, Action, AuditEntry, sealed, verified


def a_chain(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(1, length + 1):
        previous = entries[-1].hash if entries else GENESIS
        entries.append(
            sealed(number, 1_700_000_000.25 * number, "ann", Action.DOCUMENT_REMOVED, f"d-{number}", {"n": 1}, previous)
        )
    return entries


def test_a_log_as_it_was_written_is_in_order() -> None:
    chain = a_chain(5)
    found = verified(chain)
    assert (found.ok, found.entries, found.head) == (True, 5, chain[-1].hash)
    assert verified([]).ok


@given(place=st.integers(0, 9), field=st.sampled_from(["at", "actor", "action", "target", "details", "hash"]))
def test_a_changed_entry_is_named(place: int, field: str) -> None:
    chain = a_chain(10)
    other: Any = {"at": 1.5, "details": {"n": 2}}.get(field, "x")
    chain[place] = replace(chain[place], **{field: other})
    found = verified(chain)
    assert not found.ok
    assert found.entries == place
    assert f"entry {place + 1} was changed" in found.problem


@given(place=st.integers(0, 8))
def test_an_entry_that_was_removed_from_the_middle_is_named(place: int) -> None:
    chain = a_chain(10)
    del chain[place]
    assert verified(chain).problem.startswith(f"entry {place + 1} removed")
    closed_up = [replace(entry, number=number) for number, entry in enumerate(chain, start=1)]
    assert verified(closed_up).entries == place


@given(first=st.integers(0, 8))
def test_entries_in_another_order_are_noticed(first: int) -> None:
    chain = a_chain(10)
    chain[first], chain[first + 1] = chain[first + 1], chain[first]
    assert verified(chain).entries == first
    renumbered = [replace(entry, number=number) for number, entry in enumerate(chain, start=1)]
    assert verified(renumbered).entries == first


@given(place=st.integers(0, 9))
def test_an_entry_that_was_forged_with_a_fitting_hash_breaks_the_next(place: int) -> None:
    chain = a_chain(11)
    old = chain[place]
    chain[place] = sealed(old.number, old.at, "mallory", old.action, old.target, old.details, old.previous)
    found = verified(chain)
    assert found.entries == place + 1
    assert f"entry {place + 2} does not follow" in found.problem


@pytest.mark.parametrize("kept", [0, 3, 9])
def test_a_log_whose_end_was_cut_off_is_told_by_an_earlier_head(kept: int) -> None:
    chain = a_chain(10)
    head = verified(chain).head
    assert verified(chain[:kept]).ok  # the chain alone cannot tell
    assert "cut off" in verified(chain[:kept], head=head).problem
    assert verified(a_chain(12), head=head).ok
