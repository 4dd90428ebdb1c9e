"""The word index: what counts as a word, what BM25 gives, and that changes leave no trace."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import IndexUnreadable
from knowledge.indexing.lexical_index import LexicalIndex
from knowledge.indexing.lexical_tokens import tokens
from knowledge.indexing.word_parts import word_key
from knowledge.indexing.word_scores import K1, B

WORDS = ["refund", "order", "kettle", "ship", "the", "退货", "发票", "AB-12"]
passages = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


def an_index(*texts: str) -> LexicalIndex:
    index = LexicalIndex()
    for number, text in enumerate(texts, start=1):
        index.add(number, text)
    return index


def bm25(texts: dict[int, str], query: str) -> dict[int, float]:
    """The formula, word for word."""
    counted = {number: Counter(tokens(text)) for number, text in texts.items()}
    mean = max(1.0, sum(counts.total() for counts in counted.values()) / max(1, len(counted)))
    scores: dict[int, float] = {}
    for term in set(tokens(query)):
        containing = sum(term in counts for counts in counted.values())
        weight = math.log(1 + (len(counted) - containing + 0.5) / (containing + 0.5))
        for number, counts in counted.items():
            tf = counts[term]
            if tf:
                norm = K1 * (1 - B + B * counts.total() / mean)
                scores[number] = scores.get(number, 0) + weight * tf * (K1 + 1) / (tf + norm)
    return scores


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Running shoes", ["run", "shoe"]),
        ("customer's", ["custom"]),
        ("customer\u2019s", ["custom"]),
        ("退货政策", ["退", "货", "政", "策", "退货", "货政", "政策"]),
        ("用iPhone退", ["用", "iphon", "退"]),
        ("ＡＢ１２", ["ab12"]),
        ("AB-1234", ["ab1234", "ab", "1234"]),
        ("order_id", ["orderid", "order", "id"]),
        ("Wi-Fi", ["wifi", "wi", "fi"]),
        ("version 7.5.0", ["version", "7.5.0"]),
        ("第3步", ["第", "3", "步"]),
        ("退貨", ["退", "货", "退货"]),
        ("naïve", ["naïve"]),
        ("?! …", []),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_an_order_code_is_found_however_it_is_written() -> None:
    index = an_index("Your order AB-1234 has left.", "Your order CD-9999 has left.")
    for query in ("AB-1234", "ab1234", "ＡＢ－1234", "where is AB-1234?"):
        assert index.search(query, 1)[0].number == 1


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(passages, max_size=12), gone=st.sets(st.integers(1, 12)), query=passages)
def test_scores_are_bm25_of_what_is_present(texts: list[str], gone: set[int], query: str) -> None:
    index = an_index(*texts)
    for number in gone:
        index.remove(number)
    left = {number: text for number, text in enumerate(texts, start=1) if number not in gone}
    expected = bm25(left, query)
    found = index.search(query, 100)
    assert {hit.number: pytest.approx(hit.score, rel=1e-4) for hit in found} == expected
    assert [hit.score for hit in index.scores(query, sorted(left))] == pytest.approx(
        [expected.get(number, 0.0) for number in sorted(left)], rel=1e-4
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), limit=st.integers(1, 20))
def test_scoring_common_words_last_changes_no_result(seed: int, limit: int) -> None:
    random = np.random.default_rng(seed)
    vocabulary = np.array([f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(300)])
    share = 1 / np.arange(1, 301)
    drawn = random.choice(300, size=(150, 12), p=share / share.sum())
    texts = {number: " ".join(vocabulary[row]) for number, row in enumerate(drawn, start=1)}
    query = " ".join(vocabulary[random.choice(300, size=6, p=share / share.sum())])
    expected = sorted(bm25(texts, query).values(), reverse=True)[:limit]
    found = an_index(*texts.values()).search(query, limit)
    assert [hit.score for hit in found] == pytest.approx(expected, rel=1e-4)


def test_coverage_is_the_share_of_the_best_possible_score() -> None:
    index = an_index("refund refund refund refund refund refund", "kettle", "ship", "order")
    alone, half = index.search("refund", 1)[0], index.search("refund passport", 1)[0]
    assert 0.5 < alone.coverage <= 1
    assert half.coverage < alone.coverage / 2 + 0.01  # a word that occurs nowhere weighs most
    assert index.scores("refund", [2])[0].coverage == 0


def test_a_query_without_a_known_word_finds_nothing() -> None:
    index = an_index("refund")
    assert index.search("kettle", 5) == []
    assert index.search("", 5) == []
    assert LexicalIndex().search("refund", 5) == []
    assert LexicalIndex().scores("refund", []) == []


def test_a_number_can_be_added_only_once() -> None:
    index = an_index("refund")
    with pytest.raises(ValueError, match="already"):
        index.add(1, "refund")


def test_removing_many_passages_keeps_the_rest_findable() -> None:
    index = an_index(*(f"refund number{i}" for i in range(300)))
    for number in range(1, 280):
        assert index.remove(number)
    assert not index.remove(5)
    assert len(index) == 21
    assert {hit.number for hit in index.search("refund", 100)} == set(range(280, 301))
    index.add(5, "refund again")
    assert index.search("again", 5)[0].number == 5
    with pytest.raises(KeyError):
        index.scores("refund", [6])


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(passages, max_size=8), gone=st.sets(st.integers(1, 8)), query=passages)
def test_a_saved_index_is_loaded_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], gone: set[int], query: str
) -> None:
    path = tmp_path_factory.mktemp("index") / "words.index"
    index = an_index(*texts)
    for number in gone:
        index.remove(number)
    index.save(path)
    loaded = LexicalIndex()
    loaded.load(path)
    assert sorted(loaded.numbers()) == sorted(index.numbers())
    everything = sorted(index.numbers())
    assert [hit.score for hit in loaded.scores(query, everything)] == pytest.approx(
        [hit.score for hit in index.scores(query, everything)], rel=1e-5
    )
    assert all(loaded.is_chinese(number) == index.is_chinese(number) for number in index.numbers())
    loaded.add(99, "refund")
    assert 99 in loaded


def test_what_was_removed_is_not_written_down(tmp_path: Path) -> None:
    index = an_index("refund", "passport")
    index.remove(2)
    index.save(tmp_path / "words.index")
    assert word_key("refund").to_bytes(8, "little") in (tmp_path / "words.index").read_bytes()
    assert word_key("passport").to_bytes(8, "little") not in (tmp_path / "words.index").read_bytes()


@pytest.mark.parametrize("damage", ["missing", "cut short", "one byte", "something else"])
def test_a_damaged_file_is_unreadable_and_leaves_the_contents(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "words.index"
    index = an_index("refund", "kettle")
    index.save(path)
    whole = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "cut short":
        path.write_bytes(whole[:-20])
    elif damage == "one byte":
        whole[-1] ^= 1
        path.write_bytes(whole)
    else:
        path.write_bytes(b"not an index")
    with pytest.raises(IndexUnreadable, match="rebuild"):
        index.load(path)
    assert index.search("kettle", 1)[0].number == 2
