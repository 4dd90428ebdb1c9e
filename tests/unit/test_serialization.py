"""Answers and traces survive storage, whichever release wrote them."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers import Answer, Citation, Outcome
from bot.serialization import (
    answer_from_json,
    answer_to_json,
    searchable_text,
    storable_text,
    trace_from_json,
    trace_to_json,
)
from bot.traces import DroppedSentence, Release, Trace, TracedPassage

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
scores = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(min_value=0, max_value=999)
citations = st.builds(
    Citation, counts, texts, texts, texts, texts, texts, texts, page=st.none() | counts, passage_text=texts
)
answers = st.builds(Answer, texts, st.sampled_from(Outcome), texts, st.lists(citations, max_size=3).map(tuple))
traces = st.builds(
    Trace,
    texts,
    scores,
    texts,
    st.builds(Release, texts, texts, texts, counts, texts),
    st.lists(st.builds(TracedPassage, texts, texts, texts, scores, scores, scores), max_size=3).map(tuple),
    answerable=st.none() | scores,
    quoted=st.booleans(),
    dropped=st.lists(st.builds(DroppedSentence, texts, texts), max_size=3).map(tuple),
    milliseconds=st.dictionaries(texts, scores, max_size=3),
    error=st.none() | texts,
)


@settings(max_examples=60, deadline=None)
@given(answer=answers, trace=traces)
def test_answers_and_traces_come_back_equal(answer: Answer, trace: Trace) -> None:
    assert answer_from_json(json.loads(json.dumps(answer_to_json(answer), allow_nan=False))) == answer
    assert trace_from_json(json.loads(json.dumps(trace_to_json(trace), allow_nan=False))) == trace


def test_keys_of_a_later_release_are_passed_over() -> None:
    answer = Answer("Yes.", Outcome.ANSWERED, "en", (Citation(1, "d", "D", "d#1", "yes"),))
    trace = Trace("greet", 0.5, "en", Release("g", "c", "v", 1, "p1"), (TracedPassage("d#1", "d", "D", 1, 1, 1),))
    stored_answer, stored_trace = answer_to_json(answer), trace_to_json(trace)
    for values in (
        stored_answer,
        stored_answer["citations"][0],
        stored_trace,
        stored_trace["release"],
        stored_trace["passages"][0],
    ):
        values["of_a_later_release"] = {"new": True}
    assert answer_from_json(stored_answer) == answer
    assert trace_from_json(stored_trace) == trace


def test_numbers_of_models_become_plain_numbers() -> None:
    trace = Trace(
        "greet",
        float(np.float32(0.5)),
        "en",
        Release("g", "c", "v", 1, "p1"),
        answerable=np.float32(0.25),  # type: ignore[arg-type]  # what a model really hands over
        milliseconds={"search": np.float64("nan"), "total": np.int64(3)},  # type: ignore[dict-item]
    )
    values = json.loads(json.dumps(trace_to_json(trace), allow_nan=False))
    assert (values["answerable"], values["milliseconds"]) == (0.25, {"search": None, "total": 3})
    assert trace_from_json(values).milliseconds == {"search": 0.0, "total": 3.0}


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_a_storable_text_is_valid_and_stays_as_it_is(text: str) -> None:
    stored = storable_text(text)
    assert "\0" not in stored
    assert stored.encode().decode() == stored == storable_text(stored)


def test_searching_knows_neither_case_nor_width() -> None:
    assert searchable_text("ＡＢ１２ Straße") == searchable_text("ab12 STRASSE")
