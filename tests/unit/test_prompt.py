"""The prompt keeps its budget, the whole question, and its own lines."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.prompt import Prompt, compose

FACT = "You can return an unopened kit within 30 days of delivery."
texts = st.text(max_size=200)
questions = (st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120)).filter(
    str.strip
)  # the manager refuses a blank one


def count_characters(text: str) -> int:
    return len(text)


def count_words(text: str) -> int:
    return len(text.split())


def written(prompt: Prompt) -> str:
    return "\n".join(message.text for message in prompt.messages)


@settings(max_examples=150, deadline=None)
@given(question=questions, facts=st.lists(texts, max_size=5), earlier=texts, budget=st.integers(500, 900))
def test_the_budget_is_never_exceeded(question: str, facts: list[str], earlier: str, budget: int) -> None:
    prompt = compose(question, facts, language="en", budget=budget, count_tokens=count_characters, earlier=earlier)
    assert sum(count_characters(message.text) for message in prompt.messages) <= budget


@settings(max_examples=100, deadline=None)
@given(question=questions, facts=st.lists(texts, max_size=5), budget=st.integers(0, 300))
def test_the_question_is_never_shortened(question: str, facts: list[str], budget: int) -> None:
    prompt = compose(question, facts, language="en", budget=budget, count_tokens=count_characters)
    assert prompt.messages[-1].text.endswith(f"Customer: {' '.join(question.split())}")


@settings(max_examples=100, deadline=None)
@given(question=texts, facts=st.lists(texts, max_size=4), earlier=texts)
def test_no_text_brings_a_line_of_its_own(question: str, facts: list[str], earlier: str) -> None:
    lines = compose(question, facts, language="zh", budget=5000, count_tokens=count_words, earlier=earlier)
    body = lines.messages[-1].text.splitlines()
    assert body[0] == "资料:"
    assert all(line.startswith(("- ", "顾客: ")) or not line for line in body[1:])


def test_facts_are_taken_in_order_while_they_fit() -> None:
    prompt = compose("How long?", [FACT, "second " * 400, "third"], language="en", budget=200, count_tokens=count_words)
    assert FACT in written(prompt)
    assert "second" not in written(prompt)
    assert "third" not in written(prompt)


def test_the_first_fact_is_shortened_where_it_alone_is_too_long() -> None:
    prompt = compose("How long?", ["word " * 500], language="en", budget=120, count_tokens=count_words)
    assert 1 < written(prompt).count("word ") < 120


def test_the_message_before_comes_in_front_of_the_question() -> None:
    prompt = compose(
        "and for students?", [FACT], language="en", budget=400, count_tokens=count_words, earlier="How much is Home?"
    )
    assert written(prompt).endswith("Customer: How much is Home?\nCustomer: and for students?")


def test_the_message_before_is_left_out_where_it_would_crowd_out_the_facts() -> None:
    prompt = compose("Why?", [FACT], language="en", budget=150, count_tokens=count_words, earlier="before " * 100)
    assert "before" not in written(prompt)
    assert FACT in written(prompt)


def test_another_language_is_written_to_in_english() -> None:
    assert "Facts:" in written(compose("Combien ?", [FACT], language="fr", budget=300, count_tokens=count_words))
