"""A reader is used where it measures better on what it never saw, and nowhere else."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bot.training.verifier_measuring import ReadClaim, adopted, decided_right, figures
from bot.training.verifier_pairs import ClaimPair
from bot.verifiers.opening import BUILT_IN


def a_pair(number: int, *, truth: bool, kind: str, chinese: bool = False) -> ClaimPair:
    sentence = f"第 {number} 件商品可以退货。" if chinese else f"Item {number} can be returned."
    return ClaimPair(f"claim {number}", sentence, truth, f"set {number % 3}", kind, str(number))


def claims(*, reading_helps: bool, chinese: bool = False) -> list[ReadClaim]:
    """Half of them right; the rules let two thirds of all through, and likeness says yes to everything."""
    random = np.random.default_rng(3)
    return [
        ReadClaim(
            a_pair(number, truth=truth, kind="restated" if truth else "polarity", chinese=chinese),
            read=float(random.normal(4 * truth * reading_helps, 1)),
            overlap=float(random.uniform(0.8, 1)),
            before=0.9,
            passes_rules=number % 3 > 0,
        )
        for number in range(400)
        for truth in [number % 2 == 1]
    ]


def test_what_helps_is_adopted_in_the_language_in_which_it_does() -> None:
    used = adopted([*claims(reading_helps=True), *claims(reading_helps=False, chinese=True)])
    assert set(used) == {"en"}
    assert used["en"].weights["read"] > 0


def test_what_does_not_help_is_left_off() -> None:
    assert adopted(claims(reading_helps=False)) == {}
    assert adopted([]) == {}


def test_figures_are_by_kind_and_on_the_same_claims() -> None:
    found = figures(claims(reading_helps=True))["en"]
    assert found["told"]["polarity"] == found["told"]["all"]
    assert found["told"]["polarity"]["wrong"] == 200
    assert found["told"]["polarity"]["read"] > 0.95 > 0.6 > found["told"]["polarity"]["overlap"]
    assert found["told"]["polarity"]["likeness"] == 0.5
    assert "number" not in found["told"]


def test_what_is_shown_passes_the_rules_first() -> None:
    shown = figures(claims(reading_helps=True))["en"]["shown"]
    assert shown["rules"]["of_wrong"] == pytest.approx(2 / 3, abs=0.01)
    assert shown["rules_and_likeness"] == shown["rules"]
    assert shown["rules_and_reading"]["of_wrong"] < 0.2
    assert shown["rules_and_reading"]["of_right"] > 0.5


def test_what_a_release_got_right_is_kept_without_its_text() -> None:
    right = decided_right(claims(reading_helps=True))
    assert len(right) == 400
    assert all(len(key) == 64 for key in right)
    assert sum(right.values()) > sum(decided_right(claims(reading_helps=False)).values())


def test_the_model_card_says_what_was_measured() -> None:
    found = json.loads((BUILT_IN / "figures.json").read_text(encoding="utf-8"))
    names = {"condition left out": "condition", "another sentence": "other", "all that pass the rules": "all"}
    seen = 0
    for line in (BUILT_IN / "MODEL_CARD.md").read_text(encoding="utf-8").splitlines():
        first, *cells = (cell.strip(" *") for cell in line.strip("|").split("|"))
        if len(cells) == 8 and cells[0][:1].isdigit():
            part = "told_after_rules" if "pass" in first else "told"
            for language, own in (("en", cells[:4]), ("zh", cells[4:])):
                measured = found[language][part][names.get(first, first)]
                assert int(own[0].replace(",", "")) == measured["wrong"]
                told = [measured[name] for name in ("read", "likeness", "overlap")]
                assert [float(one) for one in own[1:]] == pytest.approx(told, abs=0.00501), (first, language)
                seen += 1
        if first == "rules and reading":
            shown = [found[language]["shown"]["rules_and_reading"] for language in ("en", "zh")]
            told = [one[kind] for one in shown for kind in ("of_right", "of_wrong")]
            assert cells == [f"{one:.{len(cell) - 1}f}"[1:] for one, cell in zip(told, cells, strict=True)]
            seen += 1
    assert seen == 19
