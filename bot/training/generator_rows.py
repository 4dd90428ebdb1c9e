"""What a generator learns from: rows of the evaluation format, as the prompts that serving composes. Knows no model."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import TrainingDataInvalid
from bot.generators.prompt_tokens import PromptTokens
from bot.prompt import compose
from bot.training.evaluation_data import read_answer_questions
from knowledge.languages import detect_language

FEWEST_ROWS = 20
_ASIDE = 10  # one question in so many is not learnt from
_LEAST_ASIDE = 20  # rows; fewer do not tell which of two generators is better
_MOST_ASIDE = 4  # no more than one row in so many is set aside to have that many
# What `FactsOf` gives: the sentences that serving would hand the generator, best first.
FactsOf = Callable[[str, Sequence[str]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class GroundedRow:
    """A question, the passages that were found for it, and the answer that they give."""

    question: str
    answer: str
    passages: tuple[str, ...]

    @property
    def key(self) -> str:
        """The sha256 of question and passages: what tells rows apart without telling their words."""
        return hashlib.sha256("\n".join((self.question, *self.passages)).encode()).hexdigest()


def set_aside(rows: Iterable[GroundedRow]) -> frozenset[str]:
    """The questions that are never learnt from: a tenth, and more of them until there are twenty rows where that is no
    more than a quarter of all. Told by the question alone: one question with two answers stays on one side.
    """
    rows_of = Counter(row.question for row in rows)
    places = {question: int(hashlib.sha256(question.encode()).hexdigest(), 16) for question in rows_of}
    aside = {question for question, place in places.items() if place % _ASIDE == 0}
    count, most = sum(rows_of[question] for question in aside), rows_of.total() // _MOST_ASIDE
    if most < _LEAST_ASIDE:
        return frozenset(aside)
    for question in sorted(places.keys() - aside, key=lambda question: (places[question] % _ASIDE, places[question])):
        if count >= _LEAST_ASIDE:
            break
        if count + rows_of[question] <= most:
            aside.add(question)
            count += rows_of[question]
    return frozenset(aside)


@dataclass(frozen=True, slots=True)
class TokenRow:
    """Tokens of a prompt and the reply to it."""

    tokens: tuple[int, ...]
    learnt_from: int  # the place of the first token that is to be learnt, at least 1


def read_grounded_rows(path: Path) -> list[GroundedRow]:
    """Rows {"question", "answer", "passages"}, without those that are not answerable.

    Whether a question can be answered is decided before a generator is asked, and a small one that is taught to refuse
    learns the subject instead.

    Raises EvaluationDataInvalid, naming file and line, and TrainingDataInvalid where too few are left.
    """
    rows = []
    for row in read_answer_questions(path):
        if not row.answerable:
            continue
        if not row.passages:
            raise TrainingDataInvalid(
                f"{row.place}: passages is missing or empty; a generator learns to answer from them"
            )
        rows.append(GroundedRow(row.question, row.answer, row.passages))
    aside = set_aside(rows)
    if len(rows) < FEWEST_ROWS or not aside or all(row.question in aside for row in rows):
        raise TrainingDataInvalid(
            f"'{path}' holds {len(rows)} answerable questions; a generator needs at least {FEWEST_ROWS}, "
            "of which about a tenth is set aside to see when to stop"
        )
    return rows


def token_row(
    row: GroundedRow, facts: Sequence[str], tokens: PromptTokens, *, end: int, budget: int, longest_answer: int
) -> TokenRow:
    """The prompt that serving would compose, and the answer with the token that ends a reply."""
    prompt = compose(
        row.question, facts, language=detect_language(row.question), budget=budget, count_tokens=tokens.count
    )
    asked = tokens.encode(prompt)
    answer = tokens.encode_text(row.answer)
    ended = [*answer, end] if len(answer) < longest_answer else answer[:longest_answer]
    return TokenRow((*asked, *ended), len(asked))


def text_rows(texts: Sequence[str], tokens: PromptTokens, *, end: int, longest: int) -> list[TokenRow]:
    """Documents as they are, every token of which is to be learnt, in pieces of at most `longest` tokens."""
    rows = []
    for text in texts:
        whole = [*tokens.encode_text(text), end]
        pieces = [whole[start : start + longest] for start in range(0, len(whole), longest)]
        rows += [TokenRow(tuple(piece), 1) for piece in pieces if len(piece) > 1]
    return rows
