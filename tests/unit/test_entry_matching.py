"""An entry wins where it is near enough and no other is nearly as near."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.answering.entry_matching import EntryMatcher
from bot.answering.lookalikes import shares_much
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.entries import FakeBook, an_entry

CANCEL, PAUSE = "How do I cancel my plan?", "Can my plan rest for a while?"


class PlacedEmbedder(FakeEmbedder):
    """Every text of `angles` lies so many degrees from the first axis; the cosine of two is that of the difference."""

    def __init__(self, angles: dict[str, float]) -> None:
        super().__init__(dimensions=2)
        self._angles = angles

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        degrees = [math.radians(self._angles[text]) for text in texts]
        return np.array([[math.cos(each), math.sin(each)] for each in degrees], dtype=np.float32)


def degrees(similarity: float) -> float:
    return math.degrees(math.acos(similarity))


def winner(question: str, similarity: float, rival: float) -> str | None:
    """Which entry wins a question that is so near to the one and, on the other side, so near to the other."""
    embedder = PlacedEmbedder({question: 0.0, CANCEL: degrees(similarity), PAUSE: -degrees(rival)})
    entries = (an_entry("cancel", {"en": (CANCEL,)}, {"en": "So."}), an_entry("rest", {"en": (PAUSE,)}, {"en": "Yes."}))
    matcher = EntryMatcher(FakeBook(embedder, *entries), embedder)
    won = matcher.judge(question, "en").winner
    assert matcher.covers(question, "en", embedder.embed_queries([question])[0]) is (won is not None)
    return won.entry.entry_id if won is not None else None


@pytest.mark.parametrize(
    ("question", "similarity", "rival", "expected"),
    [
        ("i would like to get rid of it somehow", 0.95, 0.90, "cancel"),
        ("i would like to get rid of it somehow", 0.95, 0.94, None),  # so it could mean the other as well
        ("i would like to get rid of it somehow", 0.93, 0.80, None),  # too far for two that share no word
        ("i want to end my plan, now", 0.93, 0.80, "cancel"),
        ("i want to end my plan, now", 0.93, 0.89, None),  # too little ahead to be nearer than it is
        ("i want to end my plan, now", 0.91, 0.80, None),
        ("how do i cancel my plan", 0.95, 0.99, "cancel"),  # word for word: nothing can come nearer
    ],
)
def test_the_nearest_entry_wins_where_it_is_well_ahead(
    question: str, similarity: float, rival: float, expected: str | None
) -> None:
    assert winner(question, similarity, rival) == expected


def test_an_entry_that_does_not_win_for_its_rival_says_so() -> None:
    embedder = PlacedEmbedder({"end it": 0.0, CANCEL: degrees(0.95), PAUSE: -degrees(0.945)})
    entries = (an_entry("cancel", {"en": (CANCEL,)}, {"en": "So."}), an_entry("rest", {"en": (PAUSE,)}, {"en": "Yes."}))
    verdict = EntryMatcher(FakeBook(embedder, *entries), embedder).judge("end it", "en")
    assert verdict.winner is None
    assert [each.has_rival for each in verdict.nearest] == [True, False]
    assert not verdict.ruled_out  # either may still be evidence


@pytest.mark.parametrize(
    ("apart", "second", "rival"),
    [
        (0.97, 0.925, 0.95),  # its second wording is too far for any question
        (0.98, 0.945, 0.97),  # its second wording is near enough, but not as near as the rival's
    ],
)
def test_an_entry_whose_nearest_wording_asks_something_else_does_not_stand_before_a_nearer_one(
    apart: float, second: float, rival: float
) -> None:
    question, told_apart = "i would like to get rid of it on sunday", "I would like to get rid of it on Monday"
    near = {told_apart: degrees(apart), CANCEL: degrees(second), PAUSE: -degrees(rival)}
    embedder = PlacedEmbedder({question: 0.0, **near})
    two_ways = an_entry("cancel", {"en": (told_apart, CANCEL)}, {"en": "So."})
    other = an_entry("rest", {"en": (PAUSE,)}, {"en": "Yes."})
    verdict = EntryMatcher(FakeBook(embedder, two_ways, other), embedder).judge(question, "en")
    assert verdict.winner is not None
    assert (verdict.winner.entry.entry_id, verdict.winner.wording) == ("rest", PAUSE)


@pytest.mark.parametrize(
    ("question", "wording", "much"),
    [
        ("how many days until the refund shows", "How long does a refund take?", True),  # both ask for a time
        ("can i recycle the box and the packaging", "Is the packaging recyclable?", True),
        ("is the app free", "Is the app available for Android?", False),
        ("学生可以便宜点吗", "学生有优惠吗？", True),
        ("有没有停车位", "学生有优惠吗？", False),
        ("", "学生有优惠吗？", False),
    ],
)
def test_questions_share_much_that_ask_for_one_kind_of_thing_or_speak_of_one(
    question: str, wording: str, much: bool
) -> None:
    assert shares_much(question, wording) is much
