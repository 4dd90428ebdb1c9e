"""Trains every system on every public set of intents and measures it. Knows sets, systems and an embedder."""

from __future__ import annotations

import importlib.util
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from bot.training.paraphrases import THIN

if TYPE_CHECKING:
    from bot.training.evaluation_data import IntentRow
    from knowledge.protocols import Embedder

_log = logging.getLogger(__name__)

OURS = {
    "ours": EvaluationOptions("auto"),
    "ours, head": EvaluationOptions("head"),
    "ours, full": EvaluationOptions("full"),
    "ours, lora": EvaluationOptions("lora"),
    "ours, head, templates": EvaluationOptions("head", augment="templates"),
    "ours, head, vae": EvaluationOptions("head", augment="vae"),
}
SYSTEMS = (*OURS, *BASELINES)
# Without being asked for: `ours` tries `full` itself.
COMPARED = tuple(name for name in SYSTEMS if name not in ("ours, full", "ours, lora"))
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class BenchOptions:
    sets: Sequence[str] = ()  # those whose names begin so; all for none
    systems: Sequence[str] = COMPARED
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
                reason = _reason_against(name, rows, shots, embedder)
                figures: Mapping[str, object] = {"left_out": reason}
                if not reason:
                    figures = _figures(name, one, rows, embedder, encoder, options)
                yield {**known, **figures}


def _figures(
    name: str, one: IntentSet, rows: Sequence[IntentRow], embedder: Embedder, encoder: Path, options: BenchOptions
) -> Figures | dict[str, str]:
    if name in OURS:
        return train_and_evaluate_intents(one.test, rows, embedder, replace(OURS[name], seed=options.seed))
    began = time.perf_counter()
    try:
        classifier = BASELINES[name](rows, embedder, encoder)
    except (ImportError, TypeError, AttributeError, RuntimeError, ValueError) as error:
        _log.warning("%s does not run here", name, exc_info=True)
        return {"left_out": f"{name} does not run with the installed packages: {error}"}
    return evaluate_intents(one.test, classifier, train_seconds=time.perf_counter() - began)


def _reason_against(name: str, rows: Sequence[IntentRow], shots: int | None, embedder: Embedder) -> str:
    from knowledge.embedding.tunable_encoder import TunableEmbedder

    if name in OURS and OURS[name].augment != "none" and (shots is None or shots >= THIN):
        return f"only intents with fewer than {THIN} examples are given more"
    if name in ("ours, full", "ours, lora") and not isinstance(embedder, TunableEmbedder):
        return "the embedder in use cannot be tuned"
    needed = NEEDS.get(name)
    if needed is not None and importlib.util.find_spec(needed) is None:
        return f"'{needed}' is not installed; `pip install .[bench]` brings it"
    if name == "SetFit" and len(rows) > SETFIT_MOST:
        return f"it would take hours on {len(rows)} examples without a GPU"
    return ""


_SPOKEN = {"train_seconds": "minutes of training", "ms_per_query": "ms a message"}  # on one thread, the latter
_SHOWN = ("accuracy", "macro_f1", "oos_auroc", "oos_recall", "mcc", "ece", "train_seconds", "ms_per_query")


def as_table(rows: Sequence[Row]) -> str:
    """Markdown, one line a measurement."""
    shown = [_SPOKEN.get(name, name) for name in _SHOWN]
    lines = [f"| dataset | shots | system | {' | '.join(shown)} |", f"|---|---|---{'|---' * len(_SHOWN)}|"]
    for row in rows:
        cells = [str(row["left_out"])] if "left_out" in row else [_cell(name, row[name]) for name in _SHOWN]
        lines.append(f"| {row['dataset']} | {row['shots'] or 'all'} | {row['system']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(name: str, value: object) -> str:
    if not isinstance(value, float | int):
        return "–"
    if name == "train_seconds":
        return f"{value / 60:.1f}"
    return f"{value:.1f}" if name == "ms_per_query" else f"{value:.3f}"
