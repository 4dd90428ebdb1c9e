"""What editors do on their page: each act changes documents or entries, and says in words what became of it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from bot.bootstrap import Frontdesk
from knowledge.entries.entry_book import check_no_entry
from knowledge.entries.entry_values import LANGUAGES, EntryDraft
from knowledge.errors import EntryChanged, EntryNotFound, EntryRefused, KnowledgeError
from knowledge.ingesting.job_values import OPEN
from knowledge.readers.file_types import is_same_kind
from knowledge.storing.document_queries import DocumentFilter
from ui.audit_trail import Action, note_down
from ui.knowledge_pages.knowledge_page import ENTRIES
from ui.knowledge_pages.knowledge_state import KnowledgeState, looked_elsewhere
from ui.panels import text_of
from ui.presenter import entry_problem, error_text
from ui.words import knowledge_wording as words
from ui.words import wording
from ui.words.names import megabytes
from ui.words.wording import say

_MOST_NAMED = 8  # files in one notice, as many as a page reports together
_MOST_IN_BATCH = 5_000  # jobs looked at when the rest of a batch is cancelled


class KnowledgeActs:
    """`done` may raise anything that the packages below raise: the page words it."""

    def __init__(self, frontdesk: Frontdesk) -> None:
        self._desk = frontdesk
        self._largest = frontdesk.settings.web.max_upload_bytes

    def done(self, act: str, state: KnowledgeState, data: Mapping[str, Any], editor: str) -> KnowledgeState:
        key = text_of(data, "id")
        match act:
            case "uploaded":
                state = self._accept(state, data, editor)
            case "cancel" | "cancel_batch":
                self._cancel(act, key)
            case "remove_now":
                state = self._remove(state, key)
                note_down(self._desk.engine, editor, Action.DOCUMENT_REMOVED, key)
            case "read_again":
                state = self._read_again(state, key, text_of(data, "encoding"))
            case "save_entry":
                state = self._save_entry(state, data, editor)
            case "remove_entry_now":
                state = self._remove_entry(state, key, editor)
            case "write_for" | "dismiss_gap":
                state = self._for_gap(act, state, key, editor)
            case _:
                state = looked_elsewhere(act, state, data)
        return state

    # --- documents ---

    def _accept(self, state: KnowledgeState, data: Mapping[str, Any], editor: str) -> KnowledgeState:
        """Queues what has arrived; what has not is named."""
        sent = data.get("files")
        files = [file for file in sent if isinstance(file, dict)] if isinstance(sent, list) else []
        language, batch, replaces = state.language, text_of(data, "batch")[:64], text_of(data, "replaces")
        if replaces and len(files) > 1:
            return replace(state, notice=say(words.REPLACE_ONE, language), notice_tone="bad")
        problems, accepted = [], []
        for file in files:
            try:
                problem = self._accept_one(file, batch, replaces, language)
            except KnowledgeError as error:  # a full disk, say: what comes after may be smaller
                problem = f"{text_of(file, 'name')}: {error_text(error, language)}"
            if problem:
                problems.append(problem)
            else:
                accepted.append(text_of(file, "name"))
        if accepted:
            note_down(self._desk.engine, editor, Action.DOCUMENTS_ADDED, accepted[0], files=len(accepted))
        return replace(state, opened="", notice=" ".join(problems[:_MOST_NAMED]), notice_tone="bad")

    def _accept_one(self, file: Mapping[str, Any], batch: str, replaces: str, language: str) -> str | None:
        name, size = text_of(file, "name"), file.get("size")
        too_large = say(wording.UPLOAD_TOO_LARGE, language, name=name, size=megabytes(self._largest))
        if isinstance(size, int | float) and size > self._largest:
            return too_large
        path = arrived(text_of(file, "path"))
        if path is None:
            return say(wording.UPLOAD_LOST, language, name=name)
        try:
            if path.stat().st_size > self._largest:
                return too_large
            return self._queue(path, name, batch, replaces, language)
        finally:
            path.unlink(missing_ok=True)

    def _queue(self, path: Path, name: str, batch: str, replaces: str, language: str) -> str | None:
        """What a document is replaced by is known under the document's own source from then on."""
        with path.open("rb") as content:
            if not replaces:
                self._desk.jobs.accept_file(name.replace("/", " › "), content, batch_id=batch)
                return None
            self._check_no_entry(replaces)
            original, _ = self._desk.library.original(replaces)
            if not is_same_kind(name, original.source):
                return say(words.REPLACE_OTHER_KIND, language, name=name, source=original.source)
            self._desk.jobs.replace(original, content, batch_id=batch)
        return None

    def _cancel(self, act: str, key: str) -> None:
        if act == "cancel":
            self._desk.jobs.cancel(key)
            return
        for job in self._desk.jobs.jobs(limit=_MOST_IN_BATCH, batch_id=key) if key else ():
            if job.state in OPEN:
                self._desk.jobs.cancel(job.job_id)

    def _remove(self, state: KnowledgeState, document_id: str) -> KnowledgeState:
        self._check_no_entry(document_id)
        receipt = self._desk.library.remove_document(document_id)
        proof = wording.REMOVED_PROVEN if receipt.unreachable else wording.REMOVED_DOUBTFUL
        return replace(
            state,
            opened="",
            notice=say(wording.REMOVED, state.language, title=receipt.title),
            notice_detail=say(proof, state.language, passages=receipt.passages),
            notice_tone="good" if receipt.unreachable else "info",
        )

    def _read_again(self, state: KnowledgeState, document_id: str, encoding: str) -> KnowledgeState:
        self._check_no_entry(document_id)
        original, content = self._desk.library.original(document_id)
        if content is None or not encoding:
            text = say(words.NO_ORIGINAL, state.language, title=original.source)
            return replace(state, notice=text, notice_tone="bad")
        self._desk.jobs.reread(original, content, encoding=encoding[:40])
        text = say(words.READING_AGAIN, state.language, title=original.source, encoding=encoding[:40].upper())
        return replace(state, opened="", notice=text, notice_tone="info")

    def _check_no_entry(self, document_id: str) -> None:
        """Raises DocumentIsEntry: a form can name any document, also one that the list leaves out."""
        check_no_entry(self._desk.library.page(DocumentFilter(document_id=document_id), limit=1).documents)

    # --- entries ---

    def _save_entry(self, state: KnowledgeState, data: Mapping[str, Any], editor: str) -> KnowledgeState:
        draft = EntryDraft(
            {code: tuple(text_of(data, f"questions_{code}").splitlines()) for code in LANGUAGES},
            {code: text_of(data, f"answer_{code}") for code in LANGUAGES},
            text_of(data, "link"),
        )
        entry_id, version = text_of(data, "id"), text_of(data, "version")
        book = self._desk.entries.book
        try:
            if entry_id:
                book.edit(entry_id, draft, editor=editor, expected_version=int(version) if version.isdecimal() else 0)
            else:
                book.add(draft, editor=editor)
        except (EntryRefused, EntryChanged, EntryNotFound) as error:
            return replace(state, notice=entry_problem(error, state.language), notice_tone="bad")
        note_down(self._desk.engine, editor, Action.ENTRY_SAVED, entry_id or "new")
        return replace(
            state, tab=ENTRIES, writing=False, editing="", gap="", notice=say(words.ENTRY_SAVED, state.language)
        )

    def _remove_entry(self, state: KnowledgeState, entry_id: str, editor: str) -> KnowledgeState:
        try:
            receipt = self._desk.entries.book.remove(entry_id, editor=editor)
        except EntryNotFound as error:
            return replace(state, notice=entry_problem(error, state.language), notice_tone="info")
        note_down(self._desk.engine, editor, Action.ENTRY_REMOVED, entry_id)
        proof = words.ENTRY_REMOVED_PROVEN if receipt.unreachable else words.ENTRY_REMOVED_DOUBTFUL
        return replace(
            state,
            notice=say(words.ENTRY_REMOVED, state.language, title=receipt.title),
            notice_detail=say(proof, state.language),
            notice_tone="good" if receipt.unreachable else "info",
        )

    def _for_gap(self, act: str, state: KnowledgeState, gap_id: str, editor: str) -> KnowledgeState:
        gap = self._desk.entries.gaps.gap(gap_id)
        if gap is None:
            return replace(state, notice=say(words.GAP_GONE, state.language), notice_tone="info")
        if act == "write_for":
            return replace(state, tab=ENTRIES, writing=True, editing="", gap=gap_id)
        self._desk.entries.gaps.dismiss(gap, editor=editor)
        return replace(state, notice=say(words.DISMISSED, state.language))


def arrived(path: str) -> Path | None:
    """The file that a browser says it has uploaded, provided that it lies where Gradio puts uploads."""
    if not path:
        return None
    with contextlib.suppress(OSError, ValueError):  # such as a name with a NUL in it
        resolved = Path(path).resolve()
        below = resolved.is_relative_to(Path(get_upload_folder()).resolve())
        return resolved if below and resolved.is_file() else None
    return None
