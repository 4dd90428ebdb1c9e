"""Trains every system on every public set of intents and measures it. Knows sets, systems and an embedder."""

from __future__ import annotations

import importlib.util
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.training.evaluate_intents import (
    EvaluationOptions,
    Figures,
    evaluate_intents,
    few_of_each,
    train_and_evaluate_intents,
)
from bot.training.intent_sets import IntentSet, intent_sets
from bot.training.intent_systems import BASELINES, NEEDS, SETFIT_MOST

if TYPE_CHECKING:
    from bot.training.evaluation_data import IntentRow
    from knowledge.protocols import Embedder

_log = logging.getLogger(__name__)

OURS = {"ours": "auto", "ours, head": "head"}
SYSTEMS = (*OURS, *BASELINES)
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class BenchOptions:
    sets: Sequence[str] = ()  # those whose names begin so; all for none
    systems: Sequence[str] = SYSTEMS
    shots: Sequence[int | None] | None = None  # instead of each set's own
    most: int | None = None  # rows asked of each set
    seed: int = 0


def bench_intents(
    data: Path,
    embedder: Embedder,
    encoder: Path,
    options: BenchOptions,
    *,
    progress: Callable[[str, float], None],
) -> Iterator[Row]:
    """Rows of dataset, shots, system and the figures of `evaluate_intents`, as soon as each is measured.

    `encoder` is the folder of the embedder's model. What cannot be measured here has a row with "left_out", the reason
    in words, in the place of figures. Raises EvaluationDataInvalid.
    """
    for one in intent_sets(data, only=options.sets, most=options.most):
        for shots in options.shots or one.shots:
            rows = few_of_each([row for row in one.train if not row.oos], shots, options.seed)
            for name in options.systems:
                progress(f"{one.name}, {shots or 'all'}, {name}", 0.0)
                known: Row = {"dataset": one.name, "part": one.part, "shots": shots, "system": name}
                reason = _reason_against(name, rows)
                figures: Mapping[str, object] = {"left_out": reason}
                if not reason:
                    figures = _figures(name, one, rows, embedder, encoder, options)
                yield {**known, **figures}


def _figures(
    name: str, one: IntentSet, rows: Sequence[IntentRow], embedder: Embedder, encoder: Path, options: BenchOptions
) -> Figures | dict[str, str]:
    if name in OURS:
        return train_and_evaluate_intents(
            one.test, rows, embedder, EvaluationOptions(method=OURS[name], seed=options.seed)
        )
    began = time.perf_counter()
    try:
        classifier = BASELINES[name](rows, embedder, encoder)
    except (ImportError, TypeError, AttributeError, RuntimeError, ValueError) as error:
        _log.warning("%s does not run here", name, exc_info=True)
        return {"left_out": f"{name} does not run with the installed packages: {error}"}
    return evaluate_intents(one.test, classifier, train_seconds=time.perf_counter() - began)


def _reason_against(name: str, rows: Sequence[IntentRow]) -> str:
    needed = NEEDS.get(name)
    if needed is not None and importlib.util.find_spec(needed) is None:
        return f"'{needed}' is not installed; `pip install .[bench]` brings it"
    if name == "SetFit" and len(rows) > SETFIT_MOST:
        return f"it would take hours on {len(rows)} examples without a GPU"
    return ""


_SHOWN = ("accuracy", "macro_f1", "oos_auroc", "oos_recall", "mcc", "ece", "train_seconds", "ms_per_query")


def as_table(rows: Sequence[Row]) -> str:
    """Markdown, one line a measurement."""
    lines = [f"| dataset | shots | system | {' | '.join(_SHOWN)} |", f"|---|---|---{'|---' * len(_SHOWN)}|"]
    for row in rows:
        cells = [str(row["left_out"])] if "left_out" in row else [_cell(name, row[name]) for name in _SHOWN]
        lines.append(f"| {row['dataset']} | {row['shots'] or 'all'} | {row['system']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(name: str, value: object) -> str:
    if not isinstance(value, float | int):
        return "–"
    return f"{value:.1f}" if name in ("train_seconds", "ms_per_query") else f"{value:.3f}"
