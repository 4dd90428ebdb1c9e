"""Question-and-answer entries: what an editor has written to be said word for word. Values and rules; no storage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from knowledge.errors import EntryRefused
from knowledge.languages import CHINESE, ENGLISH
from knowledge.storing.catalog_values import ENTRY_SOURCES

LANGUAGES = (ENGLISH, CHINESE)
COLLECTION = "entries"  # of the documents that entries are found as
SOURCE_PREFIX = ENTRY_SOURCES
MOST_WORDINGS = 40  # of one entry, both languages together
LONGEST_WORDING = 400  # characters: what is longer is no question that somebody asks again
LONGEST_ANSWER = 8_000  # characters
LONGEST_LINK = 2_000
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_MARK_NEWLINES = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """What an editor writes. Each mapping goes by language, "en" or "zh"; an empty text is as good as none."""

    wordings: Mapping[str, tuple[str, ...]]  # ways to ask it
    answers: Mapping[str, str]  # said verbatim
    link: str = ""  # a page that says more


@dataclass(frozen=True, slots=True)
class Entry:
    entry_id: str
    version: int  # grows with every edit
    wordings: Mapping[str, tuple[str, ...]]
    answers: Mapping[str, str]
    link: str
    created_by: str
    updated_by: str
    created_at: float  # seconds since 1970, UTC
    updated_at: float

    @property
    def title(self) -> str:
        """The first wording, in whichever language there is one."""
        return next((texts[0] for texts in self.wordings.values() if texts), "")

    def title_in(self, language: str) -> str:
        return next(iter(self.wordings.get(language, ())), self.title)


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One line of an entry's history. A removed entry keeps its lines, and nothing of what it said."""

    entry_id: str
    version: int
    action: str  # "created", "edited" or "removed"
    editor: str
    at: float


@dataclass(frozen=True, slots=True)
class EntryReceipt:
    """What became of a removed entry. `unreachable`: it is neither given as an answer nor found as a passage."""

    entry_id: str
    title: str
    unreachable: bool


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries of those that match, the latest first."""

    entries: tuple[Entry, ...] = ()
    matching: int = 0
    total: int = 0


def checked(draft: EntryDraft) -> EntryDraft:
    """The draft as it is stored: cleaned, without repeated or empty texts. Raises EntryRefused."""
    wordings = {language: _wordings(draft.wordings.get(language, ())) for language in LANGUAGES}
    answers = {language: _clean(draft.answers.get(language, "")).strip() for language in LANGUAGES}
    _check_wordings(wordings)
    _check_answers(answers)
    return EntryDraft(
        {language: texts for language, texts in wordings.items() if texts},
        {language: text for language, text in answers.items() if text},
        _checked_link(draft.link),
    )


def _wordings(texts: tuple[str, ...]) -> tuple[str, ...]:
    cleaned = (" ".join(_clean(text).split()) for text in texts)
    return tuple(dict.fromkeys(text for text in cleaned if text))


def _clean(text: str) -> str:
    return _INVISIBLE.sub("", _MARK_NEWLINES.sub("\n", text))


def _check_wordings(wordings: Mapping[str, tuple[str, ...]]) -> None:
    texts = [text for some in wordings.values() for text in some]
    if not texts:
        raise EntryRefused("question_missing", "The entry has no question; write at least one way to ask it")
    if len(texts) > MOST_WORDINGS:
        raise EntryRefused("too_many_questions", f"At most {MOST_WORDINGS} wordings fit in an entry; split it in two")
    longest = max(len(text) for text in texts)
    if longest > LONGEST_WORDING:
        message = f"A question has {longest:,} characters; at most {LONGEST_WORDING:,} are taken"
        raise EntryRefused("question_too_long", message)


def _check_answers(answers: Mapping[str, str]) -> None:
    if not any(answers.values()):
        raise EntryRefused("answer_missing", "The entry has no answer; write what the customer is to read")
    longest = max(len(text) for text in answers.values())
    if longest > LONGEST_ANSWER:
        message = f"The answer has {longest:,} characters; at most {LONGEST_ANSWER:,} are taken"
        raise EntryRefused("answer_too_long", message)


def _checked_link(link: str) -> str:
    link = _clean(link).strip()
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or len(link) > LONGEST_LINK or re.search(r"[\s<>\"]", link):
        raise EntryRefused("link_invalid", "The link is not a web address; write one that begins with https://")
    return link
