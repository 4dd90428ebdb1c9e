"""/api/v1/entries and /api/v1/gaps: question-and-answer entries and unanswered questions; for editors."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query

from ui.api_models import ProblemOut
from ui.audit_trail import Action, note_down
from ui.parts import SharedParts
from ui.problems import Problem
from ui.rest.editing import EDITORS_ONLY, GONE, Editor
from ui.rest.entry_models import (
    DismissedOut,
    EditEntry,
    EntriesOut,
    EntryChangeOut,
    EntryOut,
    EntryReceiptOut,
    GapsOut,
    HistoryOut,
    WriteEntry,
)

_CHANGED: dict[int | str, dict[str, Any]] = {409: {"model": ProblemOut, "description": "somebody else was first"}}

router = APIRouter(prefix="/api/v1", **EDITORS_ONLY)


@router.get("/entries", tags=["entries"], summary="List or search entries, the latest first")
def entries(
    parts: SharedParts,
    query: Annotated[str, Query(max_length=200, description="stands in a question or an answer")] = "",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> EntriesOut:
    page = parts.frontdesk.entries.book.entries(containing=query, limit=limit, offset=offset)
    return EntriesOut.of(page)


@router.post("/entries", tags=["entries"], status_code=201, summary="Write an entry")
def add(body: WriteEntry, parts: SharedParts, editor: Editor) -> EntryOut:
    """It answers from the next question on, in every process."""
    entry = parts.frontdesk.entries.book.add(body.draft(), editor=editor.name)
    note_down(parts.frontdesk.engine, editor.name, Action.ENTRY_SAVED, entry.entry_id, version=entry.version)
    return EntryOut.of(entry)


@router.get("/entries/{entry_id}", tags=["entries"], responses=GONE, summary="One entry")
def entry(entry_id: str, parts: SharedParts) -> EntryOut:
    return EntryOut.of(parts.frontdesk.entries.book.entry(entry_id))


@router.get("/entries/{entry_id}/history", tags=["entries"], summary="Who changed an entry, and when")
def history(entry_id: str, parts: SharedParts) -> HistoryOut:
    changes = parts.frontdesk.entries.book.history(entry_id)
    return HistoryOut(changes=[EntryChangeOut.of(each) for each in changes])


@router.put("/entries/{entry_id}", tags=["entries"], responses=GONE | _CHANGED, summary="Edit an entry")
def edit(entry_id: str, body: EditEntry, parts: SharedParts, editor: Editor) -> EntryOut:
    """Replaces what it says, provided that it still is at `version`."""
    book = parts.frontdesk.entries.book
    entry = book.edit(entry_id, body.draft(), editor=editor.name, expected_version=body.version)
    note_down(parts.frontdesk.engine, editor.name, Action.ENTRY_SAVED, entry_id, version=entry.version)
    return EntryOut.of(entry)


@router.delete("/entries/{entry_id}", tags=["entries"], responses=GONE | _CHANGED, summary="Remove an entry")
def remove(
    entry_id: str, parts: SharedParts, editor: Editor, version: Annotated[int | None, Query(ge=1)] = None
) -> EntryReceiptOut:
    """It is not given any more when this returns; the receipt proves it."""
    receipt = parts.frontdesk.entries.book.remove(entry_id, editor=editor.name, expected_version=version)
    note_down(parts.frontdesk.engine, editor.name, Action.ENTRY_REMOVED, entry_id)
    return EntryReceiptOut.of(receipt)


@router.get("/gaps", tags=["entries"], summary="Unanswered questions, grouped by meaning")
def gaps(parts: SharedParts, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> GapsOut:
    found = parts.frontdesk.entries.gaps.look()
    return GapsOut.of(replace(found, groups=found.groups[:limit]))


@router.post("/gaps/{gap_id}/dismiss", tags=["entries"], responses=GONE, summary="Leave a group out")
def dismiss(gap_id: str, parts: SharedParts, editor: Editor) -> DismissedOut:
    """Leaves it out with whatever is asked in the same meaning from now on."""
    found = parts.frontdesk.entries.gaps.gap(gap_id)
    if found is None:
        raise Problem(404, "gap_not_found", f"No group of unanswered questions has the id '{gap_id}'")
    parts.frontdesk.entries.gaps.dismiss(found, editor=editor.name)
    return DismissedOut.of(found)
