"""The page for documents: wires what editors do to the library and its jobs. Knows nothing of formats and indexes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.utils import get_upload_folder

from bot.bootstrap import Frontdesk
from knowledge.ingestion import IngestJob, JobState
from knowledge.passages import Document
from ui import wording
from ui.knowledge_page import KnowledgeView, knowledge, top
from ui.names import megabytes
from ui.panels import AT_ONCE, panel, problem_banner, reported, text_of, visitor_of
from ui.presenter import Banner
from ui.trial_page import TrialView, trial
from ui.upload_progress import upload_view
from ui.wording import say

_BETWEEN_LOOKS = 1.0  # seconds
_FIRST_DOCUMENTS = 50  # rows that the table begins with
_SHOWN_FOR = 3600.0  # seconds that a finished upload stays in the list
_MOST_UPLOADS = 12
_FOUND = 5  # passages shown for a question


@dataclass(frozen=True, slots=True)
class KnowledgeState:
    """What an editor is looking at. The browser keeps it, so that a reload changes nothing."""

    language: str
    filter: str = ""
    removing: str = ""
    show_all: bool = False
    question: str = ""
    notice: str = ""
    notice_detail: str = ""
    notice_tone: str = "good"


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
        seen = gr.State("")
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
        self._largest = frontdesk.settings.web.max_upload_bytes

    # --- events ---

    def load(self, remembered: object, request: gr.Request) -> Shown:
        state = replace(_state_of(remembered, request), removing="", question="", notice="", notice_detail="")
        return self._shown(state, trial(TrialView(state.language)))

    def look(self, remembered: object, seen: str, request: gr.Request) -> Shown:
        """Looks for news; sends nothing where there are none."""
        shown = self._shown(_state_of(remembered, request), gr.skip())
        if shown.seen == seen:
            return Shown(gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip())
        return shown._replace(memory=gr.skip())  # what the editor has chosen meanwhile stays chosen

    def act(self, remembered: object, event: gr.EventData, request: gr.Request) -> Shown:
        data = reported(event)
        state = replace(_state_of(remembered, request), notice="", notice_detail="", removing="")
        act = text_of(data, "act")
        try:
            state = self._done(act, state, data)
        except Exception as error:  # noqa: BLE001 - whatever broke, the editor reads a sentence
            state = replace(state, notice=problem_banner(error, state.language).text, notice_tone="bad")
        tried = self._tried(state) if act in ("try", "language") else gr.skip()
        return self._shown(state, tried)

    # --- what editors do ---

    def _done(self, act: str, state: KnowledgeState, data: Mapping[str, Any]) -> KnowledgeState:
        match act:
            case "uploaded":
                return self._accept(state, data.get("files"))
            case "cancel":
                self._desk.jobs.cancel(text_of(data, "id"))
            case "remove":
                return replace(state, removing=text_of(data, "id"))
            case "remove_now":
                return self._remove(state, text_of(data, "id"))
        return _looked_elsewhere(act, state, data)

    def _accept(self, state: KnowledgeState, files: object) -> KnowledgeState:
        """Queues what has arrived; what has not is named."""
        problems = []
        for file in files if isinstance(files, list) else []:
            problem = self._accept_one(file, state.language) if isinstance(file, dict) else None
            if problem:
                problems.append(problem)
        return replace(state, notice=" ".join(problems), notice_tone="bad")

    def _accept_one(self, file: Mapping[str, Any], language: str) -> str | None:
        name, size = text_of(file, "name"), file.get("size")
        too_large = say(wording.UPLOAD_TOO_LARGE, language, name=name, size=megabytes(self._largest))
        if isinstance(size, int | float) and size > self._largest:
            return too_large
        path = _arrived(text_of(file, "path"))
        if path is None:
            return say(wording.UPLOAD_LOST, language, name=name)
        try:
            if path.stat().st_size > self._largest:
                return too_large
            self._desk.jobs.accept(name, path.read_bytes())
        finally:
            path.unlink(missing_ok=True)
        return None

    def _remove(self, state: KnowledgeState, document_id: str) -> KnowledgeState:
        receipt = self._desk.library.remove_document(document_id)
        proof = wording.REMOVED_PROVEN if receipt.unreachable else wording.REMOVED_DOUBTFUL
        return replace(
            state,
            notice=say(wording.REMOVED, state.language, title=receipt.title),
            notice_detail=say(proof, state.language, passages=receipt.passages),
            notice_tone="good" if receipt.unreachable else "info",
        )

    # --- what is shown ---

    def _shown(self, state: KnowledgeState, tried: Any) -> Shown:
        shown = str(knowledge(self._view(state)))
        bar = str(top(self._desk.company.name, state.language))
        seen = hashlib.sha256(f"{bar}{shown}".encode()).hexdigest()
        return Shown(bar, shown, tried, asdict(state), seen)

    def _view(self, state: KnowledgeState) -> KnowledgeView:
        documents = self._desk.library.documents()
        matching = _matching(documents, state.filter)
        uploads = _recent(self._desk.jobs.jobs(limit=_MOST_UPLOADS))
        notice = Banner(
            state.notice, state.notice_detail, state.notice_tone, "dismiss", say(wording.DISMISS, state.language)
        )
        return KnowledgeView(
            language=state.language,
            company=self._desk.company.name,
            largest=self._largest,
            documents=tuple(matching if state.show_all else matching[:_FIRST_DOCUMENTS]),
            all_documents=len(documents),
            all_passages=sum(document.passages for document in documents),
            matching=len(matching),
            filter=state.filter,
            removing=state.removing,
            uploads=tuple(upload_view(job, state.language) for job in uploads),
            notice=notice if state.notice else None,
        )

    def _tried(self, state: KnowledgeState) -> str:
        if not state.question.strip():
            return trial(TrialView(state.language))
        try:
            found = tuple(self._desk.library.search(state.question, limit=_FOUND))
        except Exception as error:  # noqa: BLE001 - whatever broke, the editor reads a sentence
            return trial(TrialView(state.language, state.question, problem=problem_banner(error, state.language)))
        return trial(TrialView(state.language, state.question, found))


def _looked_elsewhere(act: str, state: KnowledgeState, data: Mapping[str, Any]) -> KnowledgeState:
    value, changes = text_of(data, "value"), dict[str, Any]()
    match act:
        case "filter":
            changes = {"filter": text_of(data, "text"), "show_all": False}
        case "all":
            changes = {"show_all": True}
        case "try":
            changes = {"question": text_of(data, "question")}
        case "language" if value in (wording.ENGLISH, wording.CHINESE):
            changes = {"language": value}
    return replace(state, **changes)


def _arrived(path: str) -> Path | None:
    """The file that a browser says it has uploaded, provided that it lies where Gradio puts uploads."""
    if not path:
        return None
    resolved = Path(path).resolve()
    below = resolved.is_relative_to(Path(get_upload_folder()).resolve())
    return resolved if below and resolved.is_file() else None


def _matching(documents: Sequence[Document], text: str) -> list[Document]:
    """Those whose title or source holds `text`; the latest first."""
    wanted = text.casefold().strip()
    found = [each for each in documents if wanted in each.title.casefold() or wanted in each.source.casefold()]
    return sorted(found, key=lambda each: (-each.updated_at, each.title))


def _recent(jobs: Sequence[IngestJob]) -> list[IngestJob]:
    """Those still open, and those that have ended lately."""
    since = time.time() - _SHOWN_FOR
    return [job for job in jobs if job.state in (JobState.QUEUED, JobState.RUNNING) or job.heartbeat_at > since]


def _state_of(remembered: object, request: gr.Request) -> KnowledgeState:
    """What the browser remembers, as far as it makes sense."""
    memory = remembered if isinstance(remembered, dict) else {}
    tone = text_of(memory, "notice_tone")
    return KnowledgeState(
        language=visitor_of(memory, request).language,
        filter=text_of(memory, "filter"),
        removing=text_of(memory, "removing"),
        show_all=memory.get("show_all") is True,
        question=text_of(memory, "question"),
        notice=text_of(memory, "notice"),
        notice_detail=text_of(memory, "notice_detail"),
        notice_tone=tone if tone in ("good", "bad", "info") else "info",
    )
