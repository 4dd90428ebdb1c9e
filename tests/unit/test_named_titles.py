"""Which page a conversation is about decides where every page says the same."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge.indexing.named_titles import lifted_by_title

TITLES = ["Avalon Guest House", "Bridge Inn", "Avalon Guest House", ""]
SCORES = np.array([0.5, 0.6, 0.3, 0.2], dtype=np.float32)


def test_passages_of_the_page_that_was_named_come_above_those_of_another() -> None:
    lifted = lifted_by_title(SCORES, TITLES, "I booked the Avalon guest house.\nIs there a pool?", 1.0)
    assert lifted[0] > lifted[1] > lifted[2] > lifted[3]
    assert lifted.max() <= 1


def test_a_chinese_title_is_known_again() -> None:
    lifted = lifted_by_title(SCORES[:2], ["湖畔酒店", "桥头酒店"], "我订了桥頭酒店。\n有停车位吗？", 1.0)
    assert lifted.argmax() == 1


@pytest.mark.parametrize("conversation", ["Is there a pool?", "Is the house open?"])
def test_a_title_that_was_hardly_said_lifts_nothing(conversation: str) -> None:
    assert lifted_by_title(SCORES, TITLES, conversation, 1.0).argsort().tolist() == SCORES.argsort().tolist()


def test_titles_count_for_nothing_where_the_subject_has_changed() -> None:
    assert lifted_by_title(SCORES, TITLES, "Avalon Guest House", 0.0) == pytest.approx(SCORES)
