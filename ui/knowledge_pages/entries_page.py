"""Question-and-answer entries as HTML: the list, and the form to write one. Pure; knows nothing of Gradio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from knowledge.entries.entry_values import LONGEST_LINK, Entry
from ui.knowledge_pages.documents_panel import confirmation
from ui.knowledge_pages.fields import pager, search_field, text_area
from ui.markup import Html, button, empty, moment, tag, void
from ui.words import knowledge_wording as words
from ui.words import wording
from ui.words.names import language_name
from ui.words.wording import CHINESE, ENGLISH, say

_MOST_TYPED = 200_000  # characters a field lets in: what is too long for an entry is answered in words, not cut off


@dataclass(frozen=True, slots=True)
class EntryForm:
    """What is being written. `entry_id` is "" for a new entry."""

    key: str  # another one is another form: what is typed into this one stays
    entry_id: str = ""
    version: int = 0
    wordings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    link: str = ""


@dataclass(frozen=True, slots=True)
class EntriesView:
    language: str
    entries: tuple[Entry, ...]  # of this page
    matching: int
    total: int
    page: int = 0  # counted from 0
    pages: int = 1
    words: str = ""
    removing: str = ""  # the entry whose removal is to be confirmed
    form: EntryForm | None = None


def entries_page(view: EntriesView) -> Html:
    if view.form is not None:
        return tag("section", _form(view.form, view.language), class_="fd-documents", data_key="entry-form")
    language = view.language
    write = button(say(words.WRITE_ENTRY, language), "write", look="primary", symbol="plus")
    if not view.total:
        blank = empty("talk", say(words.NO_ENTRIES, language), say(words.NO_ENTRIES_DETAIL, language))
        under = tag("p", write, class_="fd-more")
        return tag("section", blank, under, class_="fd-documents is-blank", data_key="entries")
    heading = tag(
        "div",
        tag("h3", say(words.TAB_ENTRIES, language)),
        tag("p", say(words.ENTRIES_COUNT, language, count=f"{view.matching:,}"), role="status"),
    )
    tools = tag("div", search_field(say(words.SEARCH_ENTRIES, language), "entry_filter", view.words), write)
    items = (_entry(each, view) for each in view.entries)
    none = tag("p", say(words.NO_ENTRY_MATCHES, language, text=view.words), class_="fd-none")
    return tag(
        "section",
        tag("div", heading, tag("div", tools, class_="fd-filters"), class_="fd-documents__head"),
        tag("ul", *items, class_="fd-entries") if view.entries else none,
        pager(view.page, view.pages, "entry_page", language),
        tag("p", say(words.ENTRIES_DETAIL, language), class_="fd-hint"),
        class_="fd-documents",
        data_key="entries",
    )


def _entry(entry: Entry, view: EntriesView) -> Html:
    language = view.language
    if entry.entry_id == view.removing:
        question = say(words.REMOVE_ENTRY_QUESTION, language, title=entry.title)
        inside = confirmation(question, entry.title, entry.entry_id, language, act="remove_entry_now")
        return tag("li", inside, data_key=f"confirm-{entry.entry_id}")
    others = sum(len(texts) for texts in entry.wordings.values()) - 1
    more = ""
    if others > 0:
        more = say(words.ONE_MORE_WORDING if others == 1 else words.MORE_WORDINGS, language, count=others)
    written = say(words.WRITTEN_BY, language, editor=entry.updated_by, version=entry.version)
    spoken = "、" if language == CHINESE else ", "
    answered = spoken.join(language_name(each, language) for each in entry.answers)
    return tag(
        "li",
        tag(
            "div",
            tag("p", tag("strong", entry.title_in(language), dir="auto"), class_="fd-entry__question"),
            tag("p", next(iter(_answers(entry, language)), ""), class_="fd-entry__answer", dir="auto"),
            tag(
                "p",
                " · ".join(part for part in (more, answered, written) if part),
                " · ",
                moment(entry.updated_at),
                class_="fd-entry__facts",
            ),
            class_="fd-entry__texts",
        ),
        _entry_buttons(entry, language),
        class_="fd-entry",
        data_key=entry.entry_id,
    )


def _answers(entry: Entry, language: str) -> list[str]:
    return [text for text in (entry.answers.get(language), *entry.answers.values()) if text]


def _entry_buttons(entry: Entry, language: str) -> Html:
    edit = button(
        say(words.EDIT_NAMED, language, title=entry.title),
        "edit",
        look="thumb",
        symbol="pen",
        short=True,
        data_id=entry.entry_id,
        data_value=str(entry.version),
    )
    remove = button(
        say(wording.REMOVE_NAMED, language, title=entry.title),
        "remove_entry",
        look="thumb",
        symbol="bin",
        short=True,
        data_id=entry.entry_id,
    )
    return tag("div", edit, remove, class_="fd-entry__buttons")


def _form(form: EntryForm, language: str) -> Html:
    def column(code: str, questions: wording.Text, answer: wording.Text) -> Html:
        wordings = "\n".join(form.wordings.get(code, ()))
        spoken = "zh-CN" if code == CHINESE else "en"
        return tag(
            "div",
            text_area(
                f"questions_{code}",
                say(questions, language),
                say(words.QUESTIONS_HINT, language),
                wordings,
                rows=4,
                language=spoken,
                most=_MOST_TYPED,
            ),
            text_area(
                f"answer_{code}",
                say(answer, language),
                say(words.ANSWER_HINT, language),
                form.answers.get(code, ""),
                rows=7,
                language=spoken,
                most=_MOST_TYPED,
            ),
            class_="fd-entry-form__column",
        )

    link = void(
        "input",
        type="url",
        name="link",
        class_="fd-field",
        value=form.link,
        placeholder=say(words.LINK_HINT, language),
        maxlength=LONGEST_LINK,
        autocomplete="off",
    )
    save = tag("button", say(words.SAVE, language), type="submit", class_="fd-button fd-button--primary")
    return tag(
        "form",
        tag("h3", say(words.EDIT_ENTRY if form.entry_id else words.NEW_ENTRY, language)),
        tag("p", say(words.ONE_LANGUAGE_HINT, language), class_="fd-hint"),
        tag(
            "div",
            column(ENGLISH, words.QUESTIONS_EN, words.ANSWER_EN),
            column(CHINESE, words.QUESTIONS_ZH, words.ANSWER_ZH),
            class_="fd-entry-form__columns",
        ),
        tag("label", tag("span", say(words.LINK, language), class_="fd-input__label"), link, class_="fd-input"),
        tag(
            "div",
            button(say(words.CANCEL, language), "cancel_entry", look="quiet"),
            save,
            class_="fd-entry-form__buttons",
        ),
        class_="fd-entry-form",
        novalidate=True,  # what is wrong is said by us, in the page's language
        data_free=True,
        data_event="act",
        data_act="save_entry",
        data_id=form.entry_id,
        data_version=str(form.version),
        data_key=form.key,
    )
