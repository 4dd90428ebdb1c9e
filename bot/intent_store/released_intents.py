"""What a release of intents says about them besides its weights: name, title, reply and what each leads to.

So an answer is routed by the list that its classifier was trained on, whatever people have edited since. Holds none of
the examples' words. Knows nothing of models.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ReleaseInvalid
from bot.intents import Intent, LeadsTo

INTENTS = "intents.json"


@dataclass(frozen=True, slots=True)
class ReleasedList:
    list_version: int
    digest: str  # of the whole list, examples included
    intents: tuple[Intent, ...]  # without examples


def write_released_list(released: ReleasedList, folder: Path) -> None:
    entries = [
        {"name": each.name, "leads_to": each.leads_to.value, "title": dict(each.title), "reply": dict(each.reply)}
        for each in released.intents
    ]
    values = {"list_version": released.list_version, "digest": released.digest, "intents": entries}
    (folder / INTENTS).write_text(json.dumps(values, ensure_ascii=False, indent=1), encoding="utf-8")


def read_released_list(folder: Path) -> ReleasedList | None:
    """None where the release was trained on a file of rows and says nothing about a list. Raises ReleaseInvalid."""
    path = folder / INTENTS
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        intents = [
            Intent(entry["name"], LeadsTo(entry["leads_to"]), entry["title"], {}, entry["reply"])
            for entry in values["intents"]
        ]
        return ReleasedList(int(values["list_version"]), str(values["digest"]), tuple(intents))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseInvalid(f"Cannot read '{path}': {error}; train it again") from error


def without_examples(intents: Sequence[Intent]) -> tuple[Intent, ...]:
    return tuple(Intent(each.name, each.leads_to, each.title, {}, each.reply) for each in intents)
