"""Answers are written from sentences of documents: generated ones only where supported, quoted otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.answering.drafts import AnswerDraft
from bot.answering.writing import AnswerWriter, WritingLimits
from bot.prompt import Prompt
from bot.protocols import Assessment
from knowledge.passages import ScoredPassage
from tests.fakes.retriever import a_passage
from tests.fakes.verifier import WordVerifier

TEXT = "You can return an opened kit within 14 days of delivery. Opened pods cannot be returned."
PASSAGES = [ScoredPassage(a_passage(TEXT), 0.9, 0.9, 0.5)]


class PiecewiseGenerator:
    """Says `text` in pieces of three characters and remembers the prompt."""

    release = "piecewise"
    languages = frozenset({"en"})

    def __init__(self, text: str) -> None:
        self._text = text
        self.prompts: list[Prompt] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(self, prompt: Prompt, *, max_tokens: int, stop: Callable[[], bool]) -> Iterator[str]:
        self.prompts.append(prompt)
        yield from (self._text[start : start + 3] for start in range(0, len(self._text), 3))


def never() -> bool:
    return False


def assessed(question: str) -> Assessment:
    return WordVerifier().assess(question, PASSAGES)


def written(
    says: str | None, question: str = "How many days for an opened kit?", *, stop: Callable[[], bool] = never
) -> tuple[str, AnswerDraft]:
    generator = PiecewiseGenerator(says) if says is not None else None
    draft = AnswerDraft(PASSAGES, "en")
    writer = AnswerWriter(generator, WordVerifier(), WritingLimits(quote_sentences=1))
    return "".join(writer.write(question, assessed(question), draft, stop)), draft


def test_a_supported_sentence_is_shown_with_its_source() -> None:
    shown, draft = written("You can return an opened kit within 14 days.")
    assert shown == "You can return an opened kit within 14 days. [1]"
    assert draft.answer().citations[0].quote == "You can return an opened kit within 14 days of delivery."
    assert not draft.quoted


def test_an_unsupported_sentence_is_dropped_and_the_trace_says_why() -> None:
    shown, draft = written("You can return an opened kit within 14 days. Opened pods can be returned.")
    assert shown == "You can return an opened kit within 14 days. [1]"
    assert [(dropped.text, dropped.reason) for dropped in draft.dropped] == [
        ("Opened pods can be returned.", "it leaves out the source's no")
    ]


def test_where_nothing_is_supported_the_best_sentence_is_quoted() -> None:
    shown, draft = written("You can return an opened kit within 90 days.")
    assert shown == "You can return an opened kit within 14 days of delivery. [1]"
    assert draft.quoted
    assert len(draft.dropped) == 1


def test_a_sentence_cut_off_by_the_budget_is_not_shown() -> None:
    shown, draft = written("You can return an opened kit within 14")
    assert draft.quoted
    assert draft.dropped[0].reason == "it breaks off"
    assert shown.endswith("[1]")


def test_without_a_generator_and_in_languages_it_does_not_write_the_answer_is_a_quotation() -> None:
    assert written(None)[1].quoted
    assert written("Anything.", "已开封的 kit 可以退吗？")[1].quoted


def test_stopping_ends_the_answer_at_once() -> None:
    shown, draft = written("You can return an opened kit within 14 days.", stop=lambda: True)
    assert shown == ""
    assert not draft


def test_the_generator_sees_the_best_sentences_as_facts() -> None:
    generator = PiecewiseGenerator("You can return an opened kit within 14 days.")
    question = "How many days for an opened kit?"
    writer = AnswerWriter(generator, WordVerifier())
    list(writer.write(question, assessed(question), AnswerDraft(PASSAGES, "en"), never))
    lines = generator.prompts[0].messages[-1].text.splitlines()
    assert lines[1] == "- You can return an opened kit within 14 days of delivery."
    assert lines[-1] == f"Customer: {question}"


def test_the_release_names_the_generator_or_the_quotation() -> None:
    assert AnswerWriter(PiecewiseGenerator(""), WordVerifier()).release == "piecewise"
    assert AnswerWriter(None, WordVerifier()).release == "quote"
