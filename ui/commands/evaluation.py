"""`frontdesk evaluate …`: quality on a file of questions, as figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ui.commands.console import JsonOption, errors_as_sentences, print_json, print_text, progress_bar
from ui.commands.training import Method, MethodOption, RefuseOption, tell_epoch

evaluate = typer.Typer(help="Measure quality on data the installation was not tuned on.", no_args_is_help=True)

Questions = Annotated[Path, typer.Option(exists=True, dir_okay=False, help="JSON lines, plain or gzipped.")]


def _tell(figures: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        if name == "calibration" and isinstance(value, Mapping):
            _tell_calibration(value)
        else:
            print_text(f"{name:22} {value:.4f}" if isinstance(value, float) else f"{name:22} {value}")


def _tell_calibration(tables: Mapping[str, Any]) -> None:
    """For each language: what was predicted and what came true, bin by bin."""
    for language, table in tables.items():
        print_text(f"\nanswerable, {language}: {table['n']} forecasts, calibration error {table['ece']:.3f}")
        for one in table["bins"]:
            counted = f"  {one['from']:.1f}-{one['to']:.1f}  n {one['n']:4}"
            print_text(f"{counted}  predicted {one['predicted']:.2f}  came true {one['observed']:.2f}")


@evaluate.command("intents")
def intents(
    test: Annotated[Path, typer.Option(exists=True, dir_okay=False, help='JSON lines {"text","intent","oos"}.')],
    train: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Train on this first; without it the installation's classifier is measured.",
        ),
    ] = None,
    shots: Annotated[int | None, typer.Option(min=1, help="Use only so many training examples an intent.")] = None,
    seed: Annotated[int, typer.Option(help="Which examples `--shots` takes.")] = 0,
    method: MethodOption = Method.auto,
    refuse: RefuseOption = 0.08,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write a report as HTML there, and as JSON beside it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Accuracy, out-of-scope detection and calibration of the intent classifier."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.evaluations import evaluate_intents_file
        from bot.settings import load_settings
        from bot.training.evaluate_intents import EvaluationOptions

        figures = evaluate_intents_file(
            load_settings(),
            test,
            train=train,
            options=EvaluationOptions(method.value, shots, seed, refuse),
            report=report,
            watch=tell_epoch,
            progress=progress,
        )
    _tell(figures, as_json=as_json)


@evaluate.command("retrieval")
def retrieval(
    documents: Annotated[Path, typer.Option(exists=True, help='JSON lines {"id","title","text"}.')],
    questions: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help='JSON lines {"question","document_ids"}.')
    ],
    as_json: JsonOption = False,
) -> None:
    """Whether the right documents are found; uses a library of its own, not the installation's."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.evaluations import evaluate_retrieval_files
        from bot.settings import load_settings

        figures = evaluate_retrieval_files(load_settings(), documents, questions, progress=progress)
    _tell(figures, as_json=as_json)


@evaluate.command("answers")
def answers(
    questions: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help='JSON lines {"question","answer","answerable"}, with "turns" and "passages" where given.',
        ),
    ],
    documents: Annotated[
        Path | None, typer.Option(exists=True, help="Answer from these; without it from the installation's documents.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Whether answers are right, grounded and cited, and whether the bot knows what it does not know."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.evaluations import evaluate_answers_files
        from bot.settings import load_settings

        figures = evaluate_answers_files(load_settings(), questions, documents=documents, progress=progress)
    _tell(figures, as_json=as_json)


@evaluate.command("safety")
def safety(
    prompts: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help='JSON lines {"text","attack","language"}: is it refused?'),
    ] = None,
    pii: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help='JSON lines {"text","spans":[{"type","start","end"}]}.'),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Attacks refused, customers refused by mistake, secrets told; or how much personal data is masked in logs."""
    if (prompts is None) == (pii is None):
        raise typer.BadParameter("give either a file of prompts (--prompts) or one of personal data (--pii)")
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.evaluations import evaluate_personal_data_file, evaluate_safety_file
        from bot.settings import load_settings

        nothing: dict[str, object] | None = None
        if prompts is not None:
            figures, nothing = evaluate_safety_file(load_settings(), prompts, baseline=not as_json, progress=progress)
        elif pii is not None:
            figures = evaluate_personal_data_file(pii)
    if as_json:
        print_json(figures)
    else:
        _tell_safety(figures, nothing)


_PERSONAL_DATA_UNMASKED: dict[str, object] = {"pii_recall": 0.0, "pii_precision": None}


def _tell_safety(figures: Mapping[str, Any], nothing: Mapping[str, Any] | None) -> None:
    """A table of the figures, and beside them what doing nothing would give."""
    beside: Mapping[str, Any] = _PERSONAL_DATA_UNMASKED if nothing is None else nothing
    print_text(f"{'':34} {'frontdesk':>10} {'doing nothing':>14}")
    for name, value in figures.items():
        if isinstance(value, Mapping):
            for group, rates in value.items():
                others = beside.get(name, {}).get(group, {})
                for rate, of_group in rates.items():
                    print_text(_beside(f"{group}: {rate}", of_group, others.get(rate)))
        else:
            print_text(_beside(name, value, beside.get(name)))


def _beside(name: str, ours: object, nothing: object) -> str:
    shown = [
        f"{value:.4f}" if isinstance(value, float) else str("" if value is None else value) for value in (ours, nothing)
    ]
    return f"{name:34} {shown[0]:>10} {shown[1]:>14}"
