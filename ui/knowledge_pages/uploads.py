"""The page for editors: wires what they do to documents, entries and trials. Knows nothing of formats and indexes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from bot.bootstrap import Frontdesk
from knowledge.entries.entry_values import COLLECTION
from knowledge.errors import DocumentNotFound, EntryNotFound
from knowledge.ingesting.job_values import OPEN, IngestJob
from knowledge.passages import Document, DocumentState
from knowledge.storing.document_queries import DocumentFilter, DocumentPage
from ui.knowledge_pages.document_page import PASSAGES_A_PAGE, DocumentView
from ui.knowledge_pages.documents_panel import DocumentsView
from ui.knowledge_pages.entries_page import EntriesView, EntryForm
from ui.knowledge_pages.gaps_page import GapsView
from ui.knowledge_pages.knowledge_acts import KnowledgeActs
from ui.knowledge_pages.knowledge_page import DOCUMENTS, ENTRIES, GAPS, Body, KnowledgeView, knowledge, top
from ui.knowledge_pages.knowledge_state import KnowledgeState, as_memory, state_of
from ui.knowledge_pages.trial_page import TrialView, trial
from ui.knowledge_pages.upload_progress import BatchView, batch_view
from ui.panels import AT_ONCE, last_shown, panel, problem_banner, reported, text_of, visitor_of
from ui.presenter import Banner
from ui.words import wording
from ui.words.wording import say

_BETWEEN_LOOKS = 1.0  # seconds
_ROWS = 50  # documents or entries on a page
_SHOWN_FOR = 3600.0  # seconds that a finished upload stays in the list
_MOST_JOBS = 200  # looked at for the list of uploads
_MOST_BATCHES = 6
_MOST_UPLOADS = 8  # lines of one batch


class Shown(NamedTuple):
    top: Any
    knowledge: Any
    trial: Any
    memory: Any
    seen: Any


def build_uploads(frontdesk: Frontdesk) -> gr.Blocks:
    """The page at /knowledge, for editors. Mount it with `theme.mount_arguments("knowledge")` behind the sign-in."""
    page = KnowledgePage(frontdesk)
    title = f"{frontdesk.company.name} knowledge"
    with gr.Blocks(title=title, analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)) as blocks:
        areas = panel("top"), panel("library"), panel("trial")
        memory = gr.BrowserState(None, storage_key="frontdesk-knowledge", secret="frontdesk-knowledge")
        seen = last_shown("knowledge")
        shown = [*areas, memory, seen]
        blocks.load(page.load, memory, shown, **AT_ONCE)
        gr.Timer(_BETWEEN_LOOKS).tick(page.look, [memory, seen], shown, **AT_ONCE)
        for area in areas:
            area.act(page.act, memory, shown, **AT_ONCE)
    return blocks


class KnowledgePage:
    """The events of the page. Every method reads the library; nothing is kept here."""

    def __init__(self, frontdesk: Frontdesk) -> None:
        self._desk = frontdesk
        self._acts = KnowledgeActs(frontdesk)

    # --- events ---

    def load(self, remembered: object, request: gr.Request) -> Shown:
        state = replace(
            _state_of(remembered, request),
            removing="",
            removing_entry="",
            writing=False,  # what was typed is gone with the page
            question="",
            notice="",
            notice_detail="",
        )
        return self._shown(state, trial(TrialView(state.language)))

    def look(self, remembered: object, seen: object, request: gr.Request) -> Shown:
        """Looks for news; sends nothing where there are none."""
        state, nothing = _state_of(remembered, request), Shown(*[gr.skip() for _ in Shown._fields])
        if state.opened or state.writing:  # what is read or written there stands still
            return nothing
        shown = self._shown(state, gr.skip())
        if shown.seen == seen:
            return nothing
        return shown._replace(memory=gr.skip())  # what the editor has chosen meanwhile stays chosen

    def act(self, remembered: object, event: gr.EventData, request: gr.Request) -> Shown:
        data = reported(event)
        state = _state_of(remembered, request)
        state = replace(state, notice="", notice_detail="", notice_tone="good", removing="", removing_entry="")
        state = replace(state, turn=state.turn + 1)
        act = text_of(data, "act")
        try:
            state = self._acts.done(act, state, data, getattr(request, "username", None) or "editor")
        except Exception as error:  # noqa: BLE001 - whatever broke, the editor reads a sentence
            state = replace(state, notice=problem_banner(error, state.language).text, notice_tone="bad")
        tried = self._tried(state) if act in ("try", "language") else gr.skip()
        return self._shown(state, tried)

    # --- what is shown ---

    def _shown(self, state: KnowledgeState, tried: Any) -> Shown:
        shown = str(knowledge(self._view(state)))
        bar = str(top(self._desk.company.name, state.language))
        seen = hashlib.sha256(f"{bar}{shown}".encode("utf-8", "replace")).hexdigest()
        return Shown(bar, shown, tried, as_memory(state), seen)

    def _view(self, state: KnowledgeState) -> KnowledgeView:
        notice = Banner(
            state.notice, state.notice_detail, state.notice_tone, "dismiss", say(wording.DISMISS, state.language)
        )
        bodies = {DOCUMENTS: self._documents, ENTRIES: self._entries, GAPS: self._gaps}
        body = bodies[state.tab](state)
        return KnowledgeView(
            language=state.language,
            tab=state.tab,
            body=body,
            largest=self._desk.settings.web.max_upload_bytes,
            documents=self._page(KnowledgeState(state.language), rows=1).total,
            entries=self._desk.entries.book.entries(limit=1).total,
            gaps=self._desk.entries.gaps.known_groups,
            batches=self._batches(state.language) if state.tab == DOCUMENTS else (),
            notice=notice if state.notice else None,
            turn=state.turn,
        )

    def _documents(self, state: KnowledgeState) -> Body:
        opened = self._opened(state) if state.opened else None
        if opened is not None:
            return opened
        found = self._page(state)
        pages = max(1, -(-found.total // _ROWS))
        if state.page >= pages:
            state = replace(state, page=pages - 1)
            found = self._page(state)
        return DocumentsView(
            language=state.language,
            documents=found.documents,
            matching=found.total,
            total=found.total,
            page=state.page,
            pages=pages,
            words=state.filter,
            of_language=state.of_language,
            of_type=state.of_type,
            state=state.state,
            sort=state.sort,
            removing=state.removing,
        )

    def _page(self, state: KnowledgeState, *, rows: int = _ROWS) -> DocumentPage:
        wanted = DocumentFilter(
            query=state.filter,
            language=state.of_language,
            without_collection=COLLECTION,
            media_type=state.of_type,
            state=DocumentState(state.state),
        )
        order = {"title": "title", "source": "source", "passages": "passages"}.get(state.sort, "latest")
        return self._desk.library.page(wanted, order=order, offset=state.page * _ROWS, limit=rows)  # type: ignore[arg-type]

    def _opened(self, state: KnowledgeState) -> DocumentView | None:
        """None where the document has gone meanwhile: the list is shown instead."""
        library = self._desk.library
        try:
            document = self._document(state.opened)
            text, passages = library.document_text(state.opened), library.passages_of(state.opened)
        except DocumentNotFound:
            return None
        pages = max(1, -(-len(passages) // PASSAGES_A_PAGE))
        chosen = state.passage or (passages[0].passage_id if passages else "")
        address = f"/api/v1/documents/{document.document_id}/original" if library.has_original(state.opened) else ""
        return DocumentView(
            state.language,
            document,
            passages,
            text,
            chosen,
            min(state.passage_page, pages - 1),
            address,
            removing=state.removing == document.document_id,
        )

    def _document(self, document_id: str) -> Document:
        found = self._desk.library.page(DocumentFilter(document_id=document_id), limit=1).documents
        if not found:
            raise DocumentNotFound(document_id)
        return found[0]

    def _entries(self, state: KnowledgeState) -> Body:
        book = self._desk.entries.book
        page = book.entries(containing=state.entry_filter, limit=_ROWS, offset=state.entry_page * _ROWS)
        return EntriesView(
            language=state.language,
            entries=page.entries,
            matching=page.matching,
            total=page.total,
            page=state.entry_page,
            pages=max(1, -(-page.matching // _ROWS)),
            words=state.entry_filter,
            removing=state.removing_entry,
            form=self._form(state) if state.writing else None,
        )

    def _form(self, state: KnowledgeState) -> EntryForm | None:
        if state.editing:
            try:
                entry = self._desk.entries.book.entry(state.editing)
            except EntryNotFound:
                return EntryForm(key=f"entry-{state.editing}")  # what was typed stays, and can be saved as a new one
            key = f"entry-{entry.entry_id}"
            version = state.editing_version or entry.version
            return EntryForm(key, entry.entry_id, version, entry.wordings, entry.answers, entry.link)
        gap = self._desk.entries.gaps.gap(state.gap) if state.gap else None
        if gap is None:
            return EntryForm(key="entry-new")
        wordings = (gap.question, *gap.examples)
        return EntryForm(key=f"entry-for-{gap.gap_id}", wordings={gap.language: wordings})

    def _gaps(self, state: KnowledgeState) -> Body:
        return GapsView(state.language, self._desk.entries.gaps.look(), state.gap_page)

    def _batches(self, language: str) -> tuple[BatchView, ...]:
        jobs = _recent(self._desk.jobs.jobs(limit=_MOST_JOBS))
        by_batch: dict[str, list[IngestJob]] = {}
        for job in jobs:
            by_batch.setdefault(job.batch_id or job.job_id, []).append(job)
        return tuple(
            batch_view(self._desk.jobs.batch(key), some, language, most=_MOST_UPLOADS)
            for key, some in list(by_batch.items())[:_MOST_BATCHES]
        )

    def _tried(self, state: KnowledgeState) -> str:
        if not state.question.strip():
            return trial(TrialView(state.language))
        try:
            tried = self._desk.entries.try_out(state.question, state.language)
        except Exception as error:  # noqa: BLE001 - whatever broke, the editor reads a sentence
            limit = self._desk.settings.web.max_message_characters
            problem = problem_banner(error, state.language, limit=limit)
            return trial(TrialView(state.language, state.question, problem=problem))
        return trial(TrialView(state.language, state.question, tried))


def _recent(jobs: Sequence[IngestJob]) -> list[IngestJob]:
    """Those still open, and those that have ended lately."""
    since = time.time() - _SHOWN_FOR
    return [job for job in jobs if job.state in OPEN or job.heartbeat_at > since]


def _state_of(remembered: object, request: gr.Request) -> KnowledgeState:
    memory = remembered if isinstance(remembered, dict) else {}
    return state_of(memory, visitor_of(memory, request).language)
