"""What an editor is looking at, as one value that the browser keeps. Pure; knows nothing of Gradio and of stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ui.knowledge_pages.documents_panel import READY, REMOVED, SORTS, TYPES
from ui.knowledge_pages.knowledge_page import DOCUMENTS, ENTRIES, GAPS
from ui.words import wording

_TABS = (DOCUMENTS, ENTRIES, GAPS)
_LONGEST = 2000  # characters of anything that is remembered: the browser may send what it likes
_MOST_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class KnowledgeState:
    language: str
    tab: str = DOCUMENTS
    # documents
    filter: str = ""
    of_language: str = ""
    of_type: str = ""
    state: str = READY
    sort: str = "latest"
    page: int = 0
    removing: str = ""
    opened: str = ""  # the document
    passage: str = ""  # of it
    passage_page: int = 0
    # entries and gaps
    entry_filter: str = ""
    entry_page: int = 0
    removing_entry: str = ""
    writing: bool = False  # an entry
    editing: str = ""  # which one; "" a new one
    editing_version: int = 0  # that the editor has before them: saved only onto this one
    gap: str = ""  # that a new entry is written for
    gap_page: int = 0
    # trial and notice
    question: str = ""
    notice: str = ""
    notice_detail: str = ""
    notice_tone: str = "good"
    turn: int = 0


def state_of(memory: Mapping[str, Any], language: str) -> KnowledgeState:
    """What the browser remembers, as far as it makes sense."""
    kept: dict[str, Any] = {}
    for each in fields(KnowledgeState):
        value = memory.get(each.name)
        fits = type(value) is type(each.default)
        if not fits or each.name == "language":
            continue
        if isinstance(value, str):
            kept[each.name] = value[:_LONGEST]
        elif isinstance(value, int) and 0 <= value <= _MOST_PAGE:  # True and False among them
            kept[each.name] = value
    state = KnowledgeState(language, **kept)
    return replace(
        state,
        tab=_one_of(state.tab, _TABS),
        state=_one_of(state.state, (READY, REMOVED)),
        sort=_one_of(state.sort, tuple(SORTS)),
        notice_tone=_one_of(state.notice_tone, ("info", "good", "bad")),
    )


def looked_elsewhere(act: str, state: KnowledgeState, data: Mapping[str, Any]) -> KnowledgeState:
    """The state after an act that changes nothing but what is shown."""
    text, value, key = (_text(data, name) for name in ("text", "value", "id"))
    number = int(value) if value.isdecimal() and len(value) < 7 else 0
    changes: dict[str, dict[str, Any]] = {
        "tab": {"tab": _one_of(value, _TABS), "opened": "", "writing": False, "editing": "", "gap": ""},
        "filter": {"filter": text, "page": 0},
        "of_language": {"of_language": _one_of(text, ("", wording.ENGLISH, wording.CHINESE)), "page": 0},
        "of_type": {"of_type": _one_of(text, ("", *TYPES)), "page": 0},
        "state": {"state": _one_of(text, (READY, REMOVED)), "page": 0},
        "sort": {"sort": _one_of(text, tuple(SORTS)), "page": 0},
        "page": {"page": number},
        "open": {"opened": key, "passage": "", "passage_page": 0},
        "passage": {"passage": key},
        "passage_page": {"passage_page": number},
        "back": {"opened": "", "passage": ""},
        "remove": {"removing": key},
        "entry_filter": {"entry_filter": text, "entry_page": 0},
        "entry_page": {"entry_page": number},
        "gap_page": {"gap_page": number},
        "write": {"writing": True, "editing": "", "gap": ""},
        "edit": {"writing": True, "editing": key, "editing_version": number, "gap": ""},
        "cancel_entry": {"writing": False, "editing": "", "gap": ""},
        "remove_entry": {"removing_entry": key},
        "try": {"question": _text(data, "question")},
    }
    if act == "language" and value in (wording.ENGLISH, wording.CHINESE):
        return replace(state, language=value)
    return replace(state, **changes.get(act, {}))


def as_memory(state: KnowledgeState) -> dict[str, Any]:
    return asdict(state)


def _one_of(value: str, known: tuple[str, ...]) -> str:
    return value if value in known else known[0]


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
