"""/api/v1/entries and /api/v1/gaps: question-and-answer entries and unanswered questions; for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from bot.curation.unanswered import Gap
from knowledge.entries.entry_values import LANGUAGES, Entry, EntryChange, EntryDraft, EntryReceipt
from ui.accounts import Account
from ui.api_models import Incoming, ProblemOut
from ui.parts import SharedParts
from ui.problems import Problem
from ui.sign_in import require_editor

Editor = Annotated[Account, Depends(require_editor)]

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": ProblemOut, "description": "sign in, or send HTTP Basic credentials"},
    403: {"model": ProblemOut, "description": "the account is not an editor's"},
}
_GONE: dict[int | str, dict[str, Any]] = {404: {"model": ProblemOut}}
_CHANGED: dict[int | str, dict[str, Any]] = {409: {"model": ProblemOut, "description": "somebody else was first"}}

router = APIRouter(prefix="/api/v1", dependencies=[Depends(require_editor)], responses=_PROBLEMS)


class WriteEntry(Incoming):
    questions: dict[str, list[str]] = Field(description='ways to ask it, by language: {"en": ["…"], "zh": ["…"]}')
    answers: dict[str, str] = Field(description="said word for word, by language")
    link: str = Field("", description="a page that says more")

    def draft(self) -> EntryDraft:
        _check_languages(self.questions)
        _check_languages(self.answers)
        return EntryDraft({code: tuple(texts) for code, texts in self.questions.items()}, self.answers, self.link)


class EditEntry(WriteEntry):
    version: int = Field(description="the one that you have before you; another one since then is a conflict")


class EntryOut(BaseModel):
    id: str
    version: int
    questions: dict[str, list[str]]
    answers: dict[str, str]
    link: str
    created_by: str
    updated_by: str
    created_at: float
    updated_at: float

    @classmethod
    def of(cls, entry: Entry) -> EntryOut:
        return cls(
            id=entry.entry_id,
            version=entry.version,
            questions={code: list(texts) for code, texts in entry.wordings.items()},
            answers=dict(entry.answers),
            link=entry.link,
            created_by=entry.created_by,
            updated_by=entry.updated_by,
            created_at=entry.created_at,
            updated_at=entry.updated_at,
        )


class EntriesOut(BaseModel):
    entries: list[EntryOut]
    matching: int
    total: int


class EntryReceiptOut(BaseModel):
    """`unreachable`: it is neither given as an answer nor found by a search."""

    id: str
    title: str
    unreachable: bool

    @classmethod
    def of(cls, receipt: EntryReceipt) -> EntryReceiptOut:
        return cls(id=receipt.entry_id, title=receipt.title, unreachable=receipt.unreachable)


class EntryChangeOut(BaseModel):
    version: int
    action: str = Field(description="created, edited, removed")
    editor: str
    at: float

    @classmethod
    def of(cls, change: EntryChange) -> EntryChangeOut:
        return cls(version=change.version, action=change.action, editor=change.editor, at=change.at)


class HistoryOut(BaseModel):
    changes: list[EntryChangeOut]


class GapOut(BaseModel):
    """Questions that mean the same and were not answered, or not helpfully."""

    id: str
    question: str
    language: str
    count: int
    conversations: int
    unhelpful: int = Field(description="of `count`: answered, with a thumb down")
    last_asked: float
    examples: list[str]

    @classmethod
    def of(cls, gap: Gap) -> GapOut:
        return cls(
            id=gap.gap_id,
            question=gap.question,
            language=gap.language,
            count=gap.count,
            conversations=gap.customers,
            unhelpful=gap.unhelpful,
            last_asked=gap.last_asked,
            examples=list(gap.examples),
        )


class GapsOut(BaseModel):
    gaps: list[GapOut] = Field(description="most frequent first")
    questions: int
    covered: int = Field(description="questions that an entry answers by now")
    waiting: int = Field(description="questions not sorted in yet: ask again")


class DismissedOut(BaseModel):
    id: str
    question: str


@router.get("/entries", tags=["entries"], summary="List or search entries, the latest first")
def entries(
    parts: SharedParts,
    query: Annotated[str, Query(max_length=200, description="stands in a question or an answer")] = "",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> EntriesOut:
    page = parts.frontdesk.entries.book.entries(containing=query, limit=limit, offset=offset)
    return EntriesOut(entries=[EntryOut.of(each) for each in page.entries], matching=page.matching, total=page.total)


@router.post("/entries", tags=["entries"], status_code=201, summary="Write an entry")
def add(body: WriteEntry, parts: SharedParts, editor: Editor) -> EntryOut:
    """It answers from the next question on, in every process."""
    return EntryOut.of(parts.frontdesk.entries.book.add(body.draft(), editor=editor.name))


@router.get("/entries/{entry_id}", tags=["entries"], responses=_GONE, summary="One entry")
def entry(entry_id: str, parts: SharedParts) -> EntryOut:
    return EntryOut.of(parts.frontdesk.entries.book.entry(entry_id))


@router.get("/entries/{entry_id}/history", tags=["entries"], summary="Who changed an entry, and when")
def history(entry_id: str, parts: SharedParts) -> HistoryOut:
    changes = parts.frontdesk.entries.book.history(entry_id)
    return HistoryOut(changes=[EntryChangeOut.of(each) for each in changes])


@router.put("/entries/{entry_id}", tags=["entries"], responses=_GONE | _CHANGED, summary="Edit an entry")
def edit(entry_id: str, body: EditEntry, parts: SharedParts, editor: Editor) -> EntryOut:
    """Replaces what it says, provided that it still is at `version`."""
    book = parts.frontdesk.entries.book
    return EntryOut.of(book.edit(entry_id, body.draft(), editor=editor.name, expected_version=body.version))


@router.delete("/entries/{entry_id}", tags=["entries"], responses=_GONE | _CHANGED, summary="Remove an entry")
def remove(
    entry_id: str, parts: SharedParts, editor: Editor, version: Annotated[int | None, Query(ge=1)] = None
) -> EntryReceiptOut:
    """It is not given any more when this returns; the receipt proves it."""
    book = parts.frontdesk.entries.book
    return EntryReceiptOut.of(book.remove(entry_id, editor=editor.name, expected_version=version))


@router.get("/gaps", tags=["entries"], summary="Unanswered questions, grouped by meaning")
def gaps(parts: SharedParts, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> GapsOut:
    found = parts.frontdesk.entries.gaps.look()
    return GapsOut(
        gaps=[GapOut.of(each) for each in found.groups[:limit]],
        questions=found.questions,
        covered=found.covered,
        waiting=found.waiting,
    )


@router.post("/gaps/{gap_id}/dismiss", tags=["entries"], responses=_GONE, summary="Leave a group out")
def dismiss(gap_id: str, parts: SharedParts, editor: Editor) -> DismissedOut:
    """Leaves it out with whatever is asked in the same meaning from now on."""
    found = parts.frontdesk.entries.gaps.gap(gap_id)
    if found is None:
        raise Problem(404, "gap_not_found", f"No group of unanswered questions has the id '{gap_id}'")
    parts.frontdesk.entries.gaps.dismiss(found, editor=editor.name)
    return DismissedOut(id=gap_id, question=found.question)


def _check_languages(texts: Mapping[str, object]) -> None:
    unknown = sorted(set(texts) - set(LANGUAGES))
    if unknown:
        raise Problem(422, "language_unknown", f"'{unknown[0]}' is no language of ours; write 'en' or 'zh'")
