"""What goes over the wire of /api/v1/entries and /api/v1/gaps. Knows nothing of how it comes about."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from knowledge.entries.entry_values import LANGUAGES, EntryDraft
from ui.api_models import Incoming
from ui.problems import Problem
from ui.rest.editing import Outgoing, called


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


class EntryOut(Outgoing):
    id: str = called("entry_id")
    version: int
    questions: dict[str, list[str]] = called("wordings")
    answers: dict[str, str]
    link: str
    created_by: str
    updated_by: str
    created_at: float
    updated_at: float


class EntriesOut(Outgoing):
    entries: list[EntryOut]
    matching: int
    total: int


class EntryReceiptOut(Outgoing):
    """`unreachable`: it is neither given as an answer nor found by a search."""

    id: str = called("entry_id")
    title: str
    unreachable: bool


class EntryChangeOut(Outgoing):
    version: int
    action: str = Field(description="created, edited, removed")
    editor: str
    at: float


class HistoryOut(Outgoing):
    changes: list[EntryChangeOut]


class GapOut(Outgoing):
    """Questions that mean the same and were not answered, or not helpfully."""

    id: str = called("gap_id")
    question: str
    language: str
    count: int
    conversations: int = called("customers")
    unhelpful: int = Field(description="of `count`: answered, with a thumb down")
    last_asked: float
    examples: list[str]


class GapsOut(Outgoing):
    gaps: list[GapOut] = called("groups", description="most frequent first")
    questions: int
    covered: int = Field(description="questions that an entry answers by now")
    waiting: int = Field(description="questions not sorted in yet: ask again")


class DismissedOut(Outgoing):
    id: str = called("gap_id")
    question: str


def _check_languages(texts: Mapping[str, object]) -> None:
    unknown = sorted(set(texts) - set(LANGUAGES))
    if unknown:
        raise Problem(422, "language_unknown", f"'{unknown[0]}' is no language of ours; write 'en' or 'zh'")
