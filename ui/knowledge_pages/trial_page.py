"""A question to try, as HTML: what the customer would read, and why. Pure; knows nothing of Gradio or of stores."""

from __future__ import annotations

from dataclasses import dataclass

from bot.answering.entry_matching import EntryCandidate
from bot.answering.lookalikes import Difference
from bot.answers import Outcome
from bot.curation.entry_desk import Trial
from knowledge.passages import ScoredPassage
from ui.markup import Html, answer_parts, banner, drawing, sources, tag, void
from ui.presenter import Banner, source_view, text_parts
from ui.words import knowledge_wording as words
from ui.words import wording
from ui.words.names import percent, place_of
from ui.words.wording import Text, say

_VERDICTS = {
    Outcome.ANSWERED: words.VERDICT_ANSWERED,
    Outcome.ABSTAINED: words.VERDICT_ABSTAINED,
    Outcome.CLARIFIED: words.VERDICT_CLARIFIED,
    Outcome.HANDED_OVER: words.VERDICT_HANDED_OVER,
    Outcome.SMALL_TALK: words.VERDICT_SMALL_TALK,
}
_DIFFERENCES: dict[Difference, Text] = {
    Difference.NUMBER: words.DIFFERENT_NUMBER,
    Difference.NEGATION: words.DIFFERENT_NEGATION,
    Difference.KIND: words.DIFFERENT_KIND,
    Difference.WORD: words.DIFFERENT_WORD,
}
_WORTH_SAYING = 0.85  # similarity of an entry that does not win: below it, it has nothing to do with the question


@dataclass(frozen=True, slots=True)
class TrialView:
    """A question, and what became of it. `trial` is None before anything was asked."""

    language: str
    question: str = ""
    trial: Trial | None = None
    problem: Banner | None = None


def trial(view: TrialView) -> Html:
    language = view.language
    field = void(
        "input",
        type="search",
        name="question",
        class_="fd-field",
        value=view.question,
        placeholder=say(wording.TRY_PLACEHOLDER, language),
        aria_label=say(wording.TRY_LABEL, language),
        maxlength=4000,
        autocomplete="off",
        enterkeyhint="search",
    )
    submit = tag("button", say(words.TRY_BUTTON, language), type="submit", class_="fd-button fd-button--primary")
    form = tag(
        "form", tag("div", drawing("search"), field, class_="fd-search"), submit, data_event="act", data_act="try"
    )
    shown = _tried(view.trial, language) if view.trial is not None else []
    return tag(
        "aside",
        tag("h3", say(wording.TRY_TITLE, language)),
        tag("p", say(words.TRY_DETAIL, language), class_="fd-trial__detail"),
        form,
        banner(view.problem) if view.problem else None,
        tag("div", *shown, class_="fd-found-list", aria_live="polite"),
        class_="fd-trial",
        lang="zh-CN" if language == wording.CHINESE else "en",
        aria_label=say(wording.TRY_TITLE, language),
    )


def _tried(tried: Trial, language: str) -> list[Html | None]:
    return [_customer_reads(tried, language), _entry(tried, language), *_found(tried, language)]


def _customer_reads(tried: Trial, language: str) -> Html:
    answer = tried.answer
    by_entry = tried.trace is not None and tried.trace.entry is not None
    verdict = words.VERDICT_FAILED if answer is None else _VERDICTS[answer.outcome]
    verdict = words.VERDICT_ENTRY if by_entry else verdict
    citations = answer.citations if answer is not None else ()
    parts = text_parts(answer.text, frozenset(each.marker for each in citations)) if answer is not None else ()
    good = answer is not None and answer.outcome is Outcome.ANSWERED
    return tag(
        "section",
        tag("h4", say(words.CUSTOMER_READS, language)),
        tag(
            "div",
            tag("p", *answer_parts(parts, language), class_="fd-text", dir="auto"),
            class_="fd-bubble",
            lang="zh-CN" if tried.language == wording.CHINESE else "en",
        )
        if parts
        else None,
        sources((source_view(each, language) for each in citations), language),
        tag(
            "p",
            drawing("check" if good else "question"),
            say(verdict, language),
            class_="fd-verdict" + (" is-good" if good else ""),
        ),
        class_="fd-reads",
        data_message="trial",
        data_key="reads",
    )


def _entry(tried: Trial, language: str) -> Html | None:
    nearest = next(iter(tried.verdict.nearest), None)
    candidate = tried.verdict.winner or nearest
    if candidate is None or not (candidate.wins or candidate.similarity >= _WORTH_SAYING):
        return None
    title = candidate.entry.title_in(tried.language)
    text = words.ENTRY_WINS if candidate.wins else words.ENTRY_NEAR
    return tag(
        "section",
        tag("p", tag("strong", say(text, language, title=title))),
        tag("p", _why(candidate, language), class_="fd-found__scores"),
        _bar(candidate.similarity, say(words.MEASURE_MEANING, language)),
        class_="fd-why" + (" is-good" if candidate.wins else ""),
        data_key="entry",
    )


def _why(candidate: EntryCandidate, language: str) -> str:
    if candidate.similarity >= 1.0:
        return say(words.ENTRY_SAME, language)
    alike = say(
        words.ENTRY_ALIKE,
        language,
        similarity=percent(candidate.similarity),
        wording=candidate.wording,
        threshold=percent(candidate.threshold),
    )
    if candidate.has_rival:
        return f"{say(words.ENTRY_RIVAL, language)} {alike}"
    if candidate.difference is None:
        return alike
    return f"{say(_DIFFERENCES[candidate.difference], language)} {alike}"


def _found(tried: Trial, language: str) -> list[Html | None]:
    heading = tag("h4", say(words.FOUND_TITLE, language), data_key="found-title")
    if not tried.found:
        return [heading, tag("p", say(words.FOUND_NOTHING, language), class_="fd-none")]
    enough = tried.answerable >= tried.threshold
    sure = words.SURE_YES if enough else words.SURE_NO
    how = say(sure, language, percent=percent(tried.answerable), threshold=percent(tried.threshold))
    summary = tag(
        "section",
        tag("p", say(words.SURE, language, words=how)),
        _bar(tried.answerable, how),
        class_="fd-why" + (" is-good" if enough else ""),
        data_key="sure",
    )
    return [heading, summary, *(_passage(number, each, language) for number, each in enumerate(tried.found, start=1))]


def _passage(number: int, found: ScoredPassage, language: str) -> Html:
    passage = found.passage
    measures = (
        (words.MEASURE_MEANING, found.dense),
        (words.MEASURE_WORDS, found.lexical),
        (words.MEASURE_TOGETHER, found.score),
    )
    return tag(
        "details",
        tag(
            "summary",
            tag("span", str(number), class_="fd-source__number"),
            tag(
                "span",
                tag(
                    "span",
                    place_of(passage.title, passage.heading, passage.page, language),
                    class_="fd-found__place",
                    dir="auto",
                ),
                tag("span", *(_measure(say(text, language), value) for text, value in measures), class_="fd-measures"),
                class_="fd-found__head",
            ),
            drawing("chevron"),
        ),
        tag("blockquote", passage.text, dir="auto"),
        class_="fd-source fd-found",
        data_key=passage.passage_id,
    )


def _measure(name: str, value: float) -> Html:
    return tag(
        "span",
        tag("span", f"{name} {percent(value)}", class_="fd-found__scores"),
        _bar(value, name),
        class_="fd-measure",
    )


def _bar(value: float, label: str) -> Html:
    return tag("meter", min=0, max=1, value=f"{min(1.0, max(0.0, value)):.3f}", aria_label=label)
