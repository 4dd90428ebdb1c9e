"""The page for intents: wires what people who teach do to the desk. Knows nothing of training or of releases' files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import gradio as gr

from bot.bootstrap import Frontdesk
from bot.errors import IntentsChanged, IntentsInvalid, ReleaseInvalid, ReleaseWorse, TrainingUnderWay
from bot.intent_store.intent_editing import Pasted, pasted_lines, shown
from bot.intents import Intent, LeadsTo
from bot.teaching.intent_desk import DeskView, IntentDesk
from ui.audit_trail import Action, note_down
from ui.intent_pages.intents_page import intents_page
from ui.intent_pages.intents_parts import IntentsView, OpenIntent, named_title
from ui.intent_pages.intents_state import IntentsState, state_of, turn_of, turned
from ui.panels import AT_ONCE, panel, problem_banner, reported, text_of
from ui.presenter import Banner
from ui.sessions import RELEASE_ROLES, account_in
from ui.words import intents_wording as words
from ui.words import wording
from ui.words.wording import say

_BETWEEN_LOOKS = 1.5  # seconds
_NAMED = 3  # examples that a notice names


class Shown(NamedTuple):
    page: Any
    memory: Any
    seen: Any


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    may_promote: bool


def build_intents(frontdesk: Frontdesk) -> gr.Blocks:
    """The page at /intents. Mount it with `theme.mount_arguments("intents")` behind the sign-in."""
    page = IntentsPage(frontdesk)
    with gr.Blocks(title=f"{frontdesk.company.name} intents", analytics_enabled=False, fill_width=True) as blocks:
        area = panel("intents")
        memory = gr.BrowserState(None, storage_key="frontdesk-intents", secret="frontdesk-intents")
        seen = gr.State("")
        shown_ = [area, memory, seen]
        blocks.load(page.load, memory, shown_, **AT_ONCE)
        gr.Timer(_BETWEEN_LOOKS).tick(page.look, [memory, seen], shown_, **AT_ONCE)
        area.act(page.act, memory, shown_, **AT_ONCE)
    return blocks


class IntentsPage:
    """The events of the page. Every method reads the desk; nothing is kept here."""

    def __init__(self, frontdesk: Frontdesk) -> None:
        self._frontdesk = frontdesk

    @property
    def _desk(self) -> IntentDesk:
        return self._frontdesk.intent_desk

    # --- events ---

    def load(self, remembered: object, request: gr.Request) -> Shown:
        state = replace(state_of(remembered, request), opened=None, importing=False, deleting=False, confirming="")
        return self._shown(replace(state, tried="", notice="", notice_detail=""), _person(request))

    def look(self, remembered: object, seen: str, request: gr.Request) -> Shown:
        """Looks for news; sends nothing where there are none, nor while somebody reads what was not understood."""
        state, drawn = state_of(remembered, request), turn_of(seen)
        # An act may be under way between browser and server: what it has drawn is not overdrawn with what was before.
        # Groups are made when asked for, and nothing moves under the hands of somebody who writes.
        still = state.tab == "unknown" or state.opened is not None or state.importing
        if state.turn < drawn or (state.turn == drawn and still):
            return Shown(gr.skip(), gr.skip(), gr.skip())
        found = self._shown(state, _person(request))
        if found.seen == seen:
            return Shown(gr.skip(), gr.skip(), gr.skip())
        return found._replace(memory=gr.skip())  # what somebody has chosen meanwhile stays chosen

    def act(self, remembered: object, event: gr.EventData, request: gr.Request) -> Shown:
        data, before = reported(event), state_of(remembered, request)
        person, language = _person(request), before.language
        state = replace(before, turn=before.turn + 1, notice="", notice_detail="", deleting=False, confirming="")
        try:
            state = self._done(text_of(data, "act"), state, data, person)
        except ReleaseWorse:
            state = replace(state, confirming=text_of(data, "id"))
        except IntentsChanged as error:
            title = say(words.UNSAVED_CONFLICT, language)
            state = replace(state, notice=title, notice_detail=f"{error}.", notice_tone="bad")
        except Exception as error:  # noqa: BLE001 - whatever broke, people read a sentence
            state = replace(state, **_refusal(error, language))
        return self._shown(state, person)

    # --- what people do ---

    def _done(self, act: str, state: IntentsState, data: Mapping[str, Any], person: Person) -> IntentsState:
        match act:
            case "save" | "paste" | "delete_now" | "import_now" | "move" | "add_group":
                return self._taught(act, state, data, person)
            case "train":
                self._desk.train(person.name)
                return state
            case "cancel_training":
                self._desk.cancel()
                return state
            case "promote" | "promote_anyway" | "roll_back":
                return self._released(act, state, text_of(data, "id"), person)
        return self._looked_elsewhere(act, state, data)

    def _taught(self, act: str, state: IntentsState, data: Mapping[str, Any], person: Person) -> IntentsState:
        match act:
            case "save":
                return self._saved(state, data, person)
            case "delete_now":
                return self._deleted(state, person)
            case "import_now":
                count = len(self._desk.replace_all(text_of(data, "toml"), author=person.name).intents)
                told = say(words.IMPORTED, state.language, intents=count)
                return replace(state, importing=False, notice=told, notice_tone="good")
            case "move":
                return self._moved(state, data, person)
        name = (state.opened or "") if act == "paste" else text_of(data, "to")
        texts = text_of(data, "pasted" if act == "paste" else "texts")
        pasted = self._desk.add_examples(name, pasted_lines(texts), author=person.name)
        told, details = self._pasted(pasted, name, state.language)
        tone = "good" if pasted.added else "info"
        return replace(self._reopened(state), notice=told, notice_detail=details, notice_tone=tone)

    def _saved(self, state: IntentsState, data: Mapping[str, Any], person: Person) -> IntentsState:
        edited = _intent_of(data)
        version = self._desk.save(edited, before=state.opened or "", version=state.version, author=person.name)
        title = named_title(version.intents, edited.name, state.language)
        told = say(words.SAVED, state.language, name=title)
        detail = say(words.SAVED_DETAIL, state.language)
        return replace(state, opened=None, draft="", notice=told, notice_detail=detail, notice_tone="good")

    def _deleted(self, state: IntentsState, person: Person) -> IntentsState:
        name = state.opened or ""
        title = named_title(self._desk.listed().intents, name, state.language)
        self._desk.delete(name, version=state.version, author=person.name)
        return replace(state, opened=None, notice=say(words.DELETED, state.language, name=title), notice_tone="good")

    def _moved(self, state: IntentsState, data: Mapping[str, Any], person: Person) -> IntentsState:
        text, to = text_of(data, "text"), text_of(data, "value")
        listed = self._desk.move_example(text_of(data, "id"), text, to, author=person.name)
        title = named_title(listed.intents, to, state.language)
        told = words.MOVED if to else words.REMOVED
        return replace(state, notice=say(told, state.language, text=shown(text), intent=title), notice_tone="good")

    def _pasted(self, pasted: Pasted, name: str, language: str) -> tuple[str, str]:
        intents = self._desk.listed().intents
        title = named_title(intents, name, language)
        details = []
        if pasted.repeated:
            details.append(say(words.PASTED_REPEATED, language, count=pasted.repeated))
        if pasted.too_long:
            details.append(say(words.PASTED_TOO_LONG, language, count=pasted.too_long))
        if pasted.elsewhere:
            named = [
                say(words.PASTED_NAMED, language, text=shown(text), intent=named_title(intents, other, language))
                for text, other in pasted.elsewhere[:_NAMED]
            ]
            count = len(pasted.elsewhere)
            details.append(say(words.PASTED_ELSEWHERE, language, count=count, named=", ".join(named)))
        return say(words.PASTED, language, added=f"{pasted.added:,}", name=title), " ".join(details)

    def _released(self, act: str, state: IntentsState, name: str, person: Person) -> IntentsState:
        language = state.language
        if not person.may_promote:
            return replace(state, notice=say(words.NEEDS_ENGINEER, language), notice_tone="bad")
        told, detail = words.PROMOTED, say(words.PROMOTED_DETAIL, language)
        if act == "roll_back":
            told, name = words.ROLLED_BACK, self._desk.roll_back().release
        else:
            self._desk.promote(name, force=act == "promote_anyway")
        action = Action.RELEASE_ROLLED_BACK if act == "roll_back" else Action.RELEASE_PROMOTED
        note_down(self._frontdesk.engine, person.name, action, f"intents/{name}")
        seen = self._desk.look().release(name)
        number = seen.number if seen is not None else name
        return replace(state, notice=say(told, language, number=number), notice_detail=detail, notice_tone="good")

    # --- where people look ---

    def _looked_elsewhere(self, act: str, state: IntentsState, data: Mapping[str, Any]) -> IntentsState:
        value = text_of(data, "value")
        match act:
            case "open":
                opened = replace(state, tab="list", opened=text_of(data, "id"), importing=False)
                return self._reopened(opened)
            case "new":
                texts = text_of(data, "texts")
                version = self._desk.listed().version
                return replace(state, tab="list", opened="", version=version, draft=texts, importing=False)
            case "delete":
                return replace(state, deleting=True)
            case "import":
                return replace(state, importing=True)
            case "back":
                return replace(state, opened=None, importing=False, draft="")
        return turned(act, state, value, data)

    def _reopened(self, state: IntentsState) -> IntentsState:
        """The editor on the list as it is now."""
        return replace(state, version=self._desk.listed().version) if state.opened else state

    # --- what is shown ---

    def _shown(self, state: IntentsState, person: Person) -> Shown:
        html = str(intents_page(self._view(state, person)))
        return Shown(html, asdict(state), f"{state.turn}:{hashlib.sha256(html.encode()).hexdigest()}")

    def _view(self, state: IntentsState, person: Person) -> IntentsView:
        desk = self._desk.look()
        tried = state.tried.strip()
        dismiss = say(wording.DISMISS, state.language)
        notice = Banner(state.notice, state.notice_detail, state.notice_tone, "dismiss", dismiss)
        return IntentsView(
            language=state.language,
            company=self._frontdesk.company.name,
            desk=desk,
            may_promote=person.may_promote,
            tab=state.tab,
            search=state.search,
            opened=_opened(state, desk),
            importing=state.importing,
            deleting=state.deleting,
            confirming=state.confirming,
            tried=state.tried,
            prediction=self._desk.classify(tried) if tried else None,
            groups=self._desk.unknown_groups() if state.tab == "unknown" else None,
            notice=notice if state.notice else None,
            weak=_weak(desk),
        )


def _refusal(error: Exception, language: str) -> dict[str, Any]:
    if isinstance(error, TrainingUnderWay):
        return {"notice": say(words.ONE_TRAINING, language), "notice_tone": "bad"}
    if isinstance(error, IntentsInvalid | ReleaseInvalid):
        title = say(words.NOT_DONE, language)
        return {"notice": title, "notice_detail": f"{error}.", "notice_tone": "bad"}
    return {"notice": problem_banner(error, language).text, "notice_tone": "bad"}


def _opened(state: IntentsState, desk: DeskView) -> OpenIntent | None:
    """What the editor shows. An intent that somebody deleted meanwhile closes it."""
    if state.opened is None:
        return None
    if not state.opened:
        draft = Intent("", LeadsTo.KNOWLEDGE, {}, _by_language(state.draft.split("\n")))
        return OpenIntent(draft, "", state.version)
    found = next((intent for intent in desk.listed.intents if intent.name == state.opened), None)
    return None if found is None else OpenIntent(found, state.opened, state.version)


def _by_language(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    from knowledge.languages import detect_language

    sorted_: dict[str, list[str]] = {}
    for text in texts:
        if text:
            sorted_.setdefault(detect_language(text), []).append(text)
    return {language: tuple(found) for language, found in sorted_.items()}


def _intent_of(data: Mapping[str, Any]) -> Intent:
    """The intent that a filled-in form spells. Raises IntentsInvalid where it leads nowhere."""
    try:
        leads_to = LeadsTo(text_of(data, "leads_to"))
    except ValueError:
        raise IntentsInvalid(f"An intent leads to one of {', '.join(LeadsTo)}; choose one") from None
    fields = {
        field: {language: text_of(data, f"{field}_{language}") for language in ("en", "zh")}
        for field in ("title", "reply", "examples")
    }
    examples = {language: tuple(text.splitlines()) for language, text in fields["examples"].items()}
    return Intent(text_of(data, "name").strip(), leads_to, fields["title"], examples, fields["reply"])


def _weak(desk: DeskView) -> frozenset[str]:
    found = desk.findings
    return frozenset() if found is None else frozenset(each["intent"] for each in found.findings.get("weak", ()))


def _person(request: gr.Request) -> Person:
    """Who asks, as the guard before this page has found out; nobody may promote who is not known to it."""
    account = account_in(request.request.scope if request.request is not None else {})
    return Person("", False) if account is None else Person(account.name, account.role in RELEASE_ROLES)
