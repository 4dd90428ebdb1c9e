"""Lines of the public data sets, looked at before they are used: what is wrong is named with its file and line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.errors import TrainingDataInvalid

Kinds = type | tuple[type, ...]


def rows(folder: Path, name: str, **columns: Kinds) -> list[dict[str, Any]]:
    """The objects of `<name>.jsonl.gz`, one a line, each with these columns, of these types.

    Raises OSError, EOFError or zlib.error where it cannot be read, and TrainingDataInvalid, naming file and line, for
    what is no such line.
    """
    found = []
    try:
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                found.append(_row(line, columns, line_of(folder, name, number)))
    except UnicodeDecodeError as error:
        raise TrainingDataInvalid(f"{line_of(folder, name, len(found) + 1)} or after: it is no UTF-8") from error
    return found


def line_of(folder: Path, name: str, number: int) -> str:
    return f"'{folder / name}.jsonl.gz', line {number}"


def column(row: Mapping[str, Any], name: str, kinds: Kinds, place: str) -> Any:
    """Raises TrainingDataInvalid where the row at `place` has no such column, or something else in it."""
    if name not in row:
        raise TrainingDataInvalid(f"{place}: it has no '{name}'")
    value = row[name]
    if not isinstance(value, kinds):
        raise TrainingDataInvalid(f"{place}: its '{name}' cannot be {json.dumps(value, ensure_ascii=False)[:60]}")
    return value


def _row(line: str, columns: Mapping[str, Kinds], place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise TrainingDataInvalid(f"{place}: {error}") from error
    if not isinstance(row, dict):
        raise TrainingDataInvalid(f"{place}: it is no JSON object")
    for name, kinds in columns.items():
        column(row, name, kinds, place)
    return row
