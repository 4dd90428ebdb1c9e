"""What a verifier learns from: of each set its share, and nothing that could be told by its style."""

from __future__ import annotations

import random

from bot.training.verifier_pairs import ClaimPair, nearest
from bot.training.verifier_training import chosen_pairs


def a_pair(number: int, *, truth: bool = True, family: str = "made", length: int = 20) -> ClaimPair:
    return ClaimPair(f"claim {number}", "x" * length, truth, family, "restated", str(number))


def test_of_each_family_and_truth_so_many_are_chosen_and_long_ones_left_out() -> None:
    pairs = [a_pair(n, truth=n % 2 == 0, family=f"family {n % 3}") for n in range(300)]
    pairs += [a_pair(n, family="long", length=1000) for n in range(50)]
    chosen = chosen_pairs(pairs, 10, 0)
    assert len(chosen) == 3 * 2 * 10
    assert chosen == chosen_pairs(pairs, 10, 0)
    assert chosen != chosen_pairs(pairs, 10, 1)


def test_the_claims_of_one_source_stay_together() -> None:
    assert a_pair(1).part == a_pair(1, truth=False, length=30).part
    assert len({a_pair(n).part for n in range(200)}) == 20


def test_the_nearest_text_is_the_one_that_shares_most_words() -> None:
    others = ["We ship kettles.", "A refund reaches your bank.", "Open the lid."]
    assert nearest("When does the refund reach my bank?", others, random.Random(0)) == others[1]
