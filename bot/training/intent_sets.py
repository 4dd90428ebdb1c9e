"""Public sets of intents as they lie in a folder: what is learnt of each, and what is asked. Knows no models.

Test parts are used where they are there, development parts otherwise; nothing was tuned on the former.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import EvaluationDataInvalid
from bot.training.evaluation_data import IntentRow

HANDOFF, OTHER = "handoff", "other"


@dataclass(frozen=True, slots=True)
class IntentSet:
    name: str
    train: Sequence[IntentRow]
    test: Sequence[IntentRow]
    part: str  # "test" or "dev"
    shots: Sequence[int | None]  # examples an intent that it is measured with; None: all


def intent_sets(folder: Path, *, only: Sequence[str] = (), most: int | None = None) -> Iterator[IntentSet]:
    """Those whose name begins with one of `only`; all for none. Of each test part at most `most` rows, drawn by a seed.

    Raises EvaluationDataInvalid where the folder lacks one.
    """
    for name, read in _SETS.items():
        if only and not name.startswith(tuple(only)):
            continue
        found = read(folder)
        if most is not None and len(found.test) > most:
            drawn = random.Random(0).sample(list(found.test), most)
            found = IntentSet(found.name, found.train, drawn, found.part, found.shots)
        yield found


def _plain(name: str, shots: Sequence[int | None]) -> Callable[[Path], IntentSet]:
    def read(folder: Path) -> IntentSet:
        part = _test_part(folder, name)
        train, test = (_rows(folder, name, each) for each in ("train", part))
        return IntentSet(name, [_row(row) for row in train], [_row(row) for row in test], part, shots)

    return read


def _handoff(folder: Path) -> IntentSet:
    """Its rows have several intents each; here a row has one: whether the customer wants a person."""
    name = "nlupp_banking"
    part = _test_part(folder, name)

    def labelled(row: Mapping[str, Any]) -> IntentRow:
        return IntentRow(row["text"], HANDOFF if HANDOFF in row["intents"] else OTHER)

    train, test = ([labelled(row) for row in _rows(folder, name, each)] for each in ("train", part))
    return IntentSet(f"{name} handoff", train, test, part, (None,))


def _across_languages(folder: Path) -> IntentSet:
    """Half of the sentences taught in English, the other half asked in Chinese: none that is asked was taught."""
    rows = _rows(folder, "xsid", "dev")
    halves = {str(row["id"]): number % 2 for number, row in enumerate(row for row in rows if row["lang"] == "en")}
    train = [_row(row) for row in rows if row["lang"] == "en" and halves[str(row["id"])] == 0]
    test = [_row(row) for row in rows if row["lang"] == "zh" and halves.get(str(row["id"])) == 1]
    return IntentSet("xsid en→zh", train, test, "dev", (None, 10))


_SETS: Mapping[str, Callable[[Path], IntentSet]] = {
    "banking77": _plain("banking77", (5, 10, None)),
    "clinc150": _plain("clinc150", (5, 10, None)),
    "bitext_cs": _plain("bitext_cs", (5, 10, None)),
    "nlupp_banking": _handoff,
    "xsid": _across_languages,
}


def _test_part(folder: Path, name: str) -> str:
    return "test" if (folder / name / "test.jsonl.gz").is_file() else "dev"


def _row(row: Mapping[str, Any]) -> IntentRow:
    return IntentRow(row["text"], row["intent"], bool(row.get("oos")))


def _rows(folder: Path, name: str, part: str) -> list[dict[str, Any]]:
    path = folder / name / f"{part}.jsonl.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise EvaluationDataInvalid(
            f"Cannot read '{path}': {error}; `--data` is the folder of the public sets"
        ) from None
