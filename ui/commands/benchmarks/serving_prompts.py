"""Prompts for measuring, of the sample company's pages and its customers' ways of asking. Loads no model."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable

from bot.company import SAMPLE_COMPANY
from bot.prompt import Prompt, compose
from knowledge.sentences import split_sentences


def sample_prompts(count: int, *, budget: int, count_tokens: Callable[[str], int]) -> list[Prompt]:
    """`count` prompts as long as `budget` allows, a question each; after the last question the first comes again.

    Facts are chosen by shared words: near enough to what the search finds, and the same everywhere.
    """
    facts = _sentences()
    sizes: dict[str, int] = {}

    def counted(text: str) -> int:
        if text not in sizes:
            sizes[text] = count_tokens(text)
        return sizes[text]

    questions = _questions()
    asked = [questions[number % len(questions)] for number in range(count)]
    return [
        compose(question, _nearest(question, facts), language="en", budget=budget, count_tokens=counted)
        for question in asked
    ]


def _sentences() -> list[str]:
    found: list[str] = []
    for page in sorted((SAMPLE_COMPANY / "documents" / "en").glob("*.md")):
        for line in page.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                found += [line[span.start : span.end].strip() for span in split_sentences(line)]
    return [sentence for sentence in found if len(sentence) > 30]


def _questions() -> list[str]:
    """Of every intent that the documents answer, an example in turn."""
    intents = tomllib.loads((SAMPLE_COMPANY / "intents.toml").read_text(encoding="utf-8"))["intent"]
    examples: list[list[str]] = [one["examples"]["en"] for one in intents if one["leads_to"] == "knowledge"]
    rounds = max(map(len, examples))
    return [one[number] for number in range(rounds) for one in examples if number < len(one)]


def _nearest(question: str, facts: list[str]) -> list[str]:
    asked = _words(question)
    return sorted(facts, key=lambda fact: -len(asked & _words(fact)) / len(fact) ** 0.3)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))
