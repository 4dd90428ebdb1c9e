"""The exact text that the generator sees, within a token budget. Pure; knows no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

PROMPT_VERSION = "p1"

_INSTRUCTIONS = {
    "en": (
        "You answer a customer of the company. Use only the facts below. "
        "Answer in one or two short sentences, with the facts' own words and numbers."
    ),
    "zh": "你为公司的顾客解答问题。只使用下面的资料，用一两句话回答，沿用资料中的说法和数字。",
}
_LABELS = {"en": ("Facts", "Customer"), "zh": ("资料", "顾客")}


def all_instructions() -> tuple[str, ...]:
    """What generators are told, in every language: no customer is meant to read it."""
    return tuple(_INSTRUCTIONS.values())


@dataclass(frozen=True, slots=True)
class PromptMessage:
    role: str  # "system" or "user"
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    messages: tuple[PromptMessage, ...]


def compose(
    question: str,
    facts: Sequence[str],
    *,
    language: str,
    budget: int,
    count_tokens: Callable[[str], int],
    earlier: str = "",
) -> Prompt:
    """The prompt for one question.

    `facts` are sentences or passages, best first: they are taken in order while they fit into `budget` tokens
    together with the rest. The first fact is shortened where it alone is too long; the question is never shortened.
    `earlier` is the customer's message before, for follow-ups; left out when it does not fit.

    Facts are data: line breaks inside them are folded, so that a document cannot imitate the prompt's own lines.
    """
    language = language if language in _INSTRUCTIONS else "en"
    instructions = _INSTRUCTIONS[language]
    asked = _fold(question)
    remaining = budget - count_tokens(instructions) - count_tokens(asked) - 32  # 32: labels and the chat template
    before = _fold(earlier)
    if before and count_tokens(before) <= remaining // 4:
        remaining -= count_tokens(before)
    else:
        before = ""
    chosen = _fitting(facts, remaining, count_tokens)
    label_facts, label_customer = _LABELS[language]
    lines = [f"{label_facts}:", *(f"- {fact}" for fact in chosen), ""]
    lines += [f"{label_customer}: {text}" for text in (before, asked) if text]
    return Prompt((PromptMessage("system", instructions), PromptMessage("user", "\n".join(lines))))


def _fitting(facts: Sequence[str], remaining: int, count_tokens: Callable[[str], int]) -> list[str]:
    chosen: list[str] = []
    for fact in map(_fold, facts):
        tokens = count_tokens(fact) + 3  # "- " and the line's end
        if tokens > remaining:
            if not chosen:
                chosen.append(_shortened(fact, remaining, count_tokens))
            break
        chosen.append(fact)
        remaining -= tokens
    return chosen


def _shortened(text: str, tokens: int, count_tokens: Callable[[str], int]) -> str:
    """The longest beginning of `text` within `tokens`, found by bisection over characters."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if count_tokens(text[:middle]) + 3 <= tokens:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def _fold(text: str) -> str:
    return " ".join(text.split())
