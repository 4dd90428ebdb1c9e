"""How every verb speaks: one JSON object or text on standard output, the rest on standard error, and the exit code."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on standard output.")]


class ExitCode(IntEnum):
    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    PARTLY_DONE = 3


def print_json(value: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


def print_text(text: str = "") -> None:
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """A line for the person at the terminal, not for the program behind the pipe."""
    sys.stderr.write(text + "\n")


@contextmanager
def errors_as_sentences(*, as_json: bool = False) -> Iterator[None]:
    """Turns the errors we know into one sentence and an exit code; any other keeps its trace on standard error."""
    from bot.errors import BotError
    from knowledge.errors import KnowledgeError
    from ui.errors import UiError

    try:
        yield
    except (BotError, KnowledgeError, UiError) as error:
        code = _exit_code(error)
        if as_json:
            status = 400 if code is ExitCode.WRONG_USAGE else 500
            print_json({"code": error_code(error), "message": str(error), "status": status})
        note(f"frontdesk: {error}")
        raise typer.Exit(code) from None
    except KeyboardInterrupt:
        note("frontdesk: stopped")
        raise typer.Exit(130) from None


def error_code(error: Exception) -> str:
    """`DocumentNotFound` → "document_not_found"; a refused message carries its own code."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return code
    name = type(error).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _exit_code(error: Exception) -> ExitCode:
    from bot.errors import MessageRefused, SettingsInvalid
    from knowledge.errors import EncodingUnknown

    wrong = isinstance(error, MessageRefused | SettingsInvalid | EncodingUnknown)
    return ExitCode.WRONG_USAGE if wrong else ExitCode.FAILED


def set_up_logging(level: str) -> None:
    """Logs go to standard error, a line each, without personal data."""
    from bot.signals.masking import MaskingFormatter

    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[lines])
    for noisy in ("httpx", "httpcore", "asyncio", "alembic", "transformers", "urllib3", "faiss"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """A bar on standard error, shown once something reports a stage and a fraction from 0 to 1."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        stages: dict[str, TaskID] = {}

        def report(stage: str, fraction: float) -> None:
            if stage not in stages:
                stages[stage] = bar.add_task(stage, total=1.0)
                if not console.is_terminal:
                    note(f"{stage} …")
            bar.update(stages[stage], completed=min(1.0, fraction))

        yield report
