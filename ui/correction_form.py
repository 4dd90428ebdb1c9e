"""The form in which an operator writes the right answer, below the wrong one. Pure HTML; knows nothing of stores."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.entries.entry_values import LONGEST_ANSWER, LONGEST_WORDING
from ui.markup import Html, button, moment, tag
from ui.words import wording
from ui.words.wording import Text, say


@dataclass(frozen=True, slots=True)
class Correction:
    """What is being written. `entry_id` is the entry that answers the question already, or "" where none does."""

    message_id: str
    question: str
    answer: str
    entry_id: str = ""
    version: int = 0
    written_by: str = ""
    live_since: float = 0.0  # seconds since 1970, UTC

    @property
    def seen(self) -> str:
        """Which state of which entry the operator writes over."""
        return seen_of(self.entry_id, self.version) if self.entry_id else ""


def seen_of(entry_id: str, version: int) -> str:
    return f"{entry_id}:{version}"


def correct_button(message_id: str, language: str) -> Html:
    return button(say(wording.CORRECT, language), "correct", look="soft", symbol="pen", data_id=message_id)


def correction_form(correction: Correction, language: str) -> Html:
    save = tag("button", say(wording.CORRECT_SAVE, language), type="submit", class_="fd-button fd-button--primary")
    return tag(
        "form",
        tag("h3", say(wording.CORRECT_TITLE, language)),
        _known(correction, language) if correction.entry_id else None,
        _field("question", wording.CORRECT_QUESTION, correction.question, 2, LONGEST_WORDING, language),
        _field("answer", wording.CORRECT_ANSWER, correction.answer, 5, LONGEST_ANSWER, language),
        tag("p", say(wording.CORRECT_HINT, language), class_="fd-correction__hint"),
        tag(
            "div",
            button(say(wording.CORRECT_CANCEL, language), "cancel_correction", look="quiet"),
            save,
            class_="fd-correction__buttons",
        ),
        class_="fd-correction",
        novalidate=True,  # what is wrong is said by us, in the page's language
        data_free=True,
        data_event="act",
        data_act="save_correction",
        data_id=correction.message_id,
        data_key=f"correction-{correction.message_id}",
    )


def _known(correction: Correction, language: str) -> Html:
    said = say(wording.CORRECT_KNOWN, language, editor=correction.written_by)
    return tag("p", said, " ", moment(correction.live_since), class_="fd-correction__known")


def _field(name: str, label: Text, value: str, rows: int, longest: int, language: str) -> Html:
    return tag(
        "label",
        tag("span", say(label, language), class_="fd-correction__label"),
        tag(
            "textarea",
            value,
            name=name,
            class_="fd-field",
            rows=rows,
            dir="auto",
            maxlength=2 * longest,  # what is too long is answered in words, not cut off
            data_free=True,
        ),
    )
