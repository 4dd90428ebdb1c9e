"""Reads what intents are learnt from: JSON lines, plain or gzipped, or a company's list in TOML. Knows no models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import TrainingDataInvalid
from bot.intents import Intent, load_intents
from bot.training.evaluation_data import read_intent_rows
from bot.training.intents import LabelledText, refuse_contradictions


@dataclass(frozen=True, slots=True)
class IntentData:
    """Examples without repetitions, in the order of the file."""

    examples: tuple[LabelledText, ...]
    titles: Mapping[str, tuple[str, ...]] | None = None  # where the file gives them
    intents: tuple[Intent, ...] = ()  # of a company's list


def read_intent_data(path: Path) -> IntentData:
    """Rows {"text","intent"} or, from a `.toml`, a list of intents. Rows marked `oos` are left out.

    Raises EvaluationDataInvalid, IntentsInvalid or TrainingDataInvalid, naming the file and the line or entry.
    """
    if path.suffix == ".toml":
        intents = load_intents(path)
        examples = [
            LabelledText(text, intent.name, f"'{path}', intent '{intent.name}'")
            for intent in intents
            for texts in intent.examples.values()
            for text in texts
        ]
        titles = {intent.name: tuple(intent.title.values()) for intent in intents}
        return IntentData(_checked(examples, path), titles, intents)
    rows = [row for row in read_intent_rows(path) if not row.oos]
    return IntentData(_checked([LabelledText(row.text, row.intent, row.place) for row in rows], path))


def _checked(examples: list[LabelledText], path: Path) -> tuple[LabelledText, ...]:
    refuse_contradictions(examples)
    names = sorted({example.intent for example in examples})
    if len(names) < 2:
        found = f"only '{names[0]}'" if names else "none"
        raise TrainingDataInvalid(f"'{path}': training needs examples of at least two intents, and there is {found}")
    return tuple({(example.intent, example.text): example for example in reversed(examples)}.values())[::-1]
