"""What the documents claim, held against the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from bot.settings import setting_names
from ui.cli import app

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_in_the_readmes_table_with_its_meaning() -> None:
    missing = [name for name, _, meaning in setting_names() if f"| `{name}` |" not in README or meaning not in README]
    assert not missing


def test_the_readme_gives_every_default_that_has_a_short_form() -> None:
    wrong = [
        name
        for name, default, _ in setting_names()
        if isinstance(default, int | float | str)
        and default != ""
        and f"| `{name}` | `{str(default).lower() if isinstance(default, bool) else default}` |" not in README
    ]
    assert not wrong


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    known = {name for name, _, _ in setting_names()}
    assert set(re.findall(r"FRONTDESK_[A-Z_]+[A-Z]", README)) <= known


def test_every_verb_is_in_the_readme() -> None:
    missing = [verb for verb in _verbs() if f"frontdesk {verb}" not in README]
    assert not missing


def test_every_verb_and_option_says_what_it_does() -> None:
    silent = [name for name, command in _commands() if not command.help]
    silent += [
        f"{name} {parameter.name}"
        for name, command in _commands()
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.help
    ]
    assert not silent


def test_files_that_the_documents_point_to_exist() -> None:
    for document in ("README.md", "ARCHITECTURE.md"):
        text = (REPOSITORY / document).read_text(encoding="utf-8")
        targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", text)
        missing = [target for target in targets if not (REPOSITORY / target).exists()]
        assert not missing, document


def test_the_modules_that_architecture_names_exist() -> None:
    text = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:bot|knowledge|ui|tests)/[\w/]+\.py)`", text)
    assert named
    assert [path for path in named if not (REPOSITORY / path).exists()] == []


def _commands() -> Iterator[tuple[str, Any]]:
    yield from _below("", typer.main.get_command(app))


def _below(prefix: str, command: Any) -> Iterator[tuple[str, Any]]:
    if children := getattr(command, "commands", None):
        for name, child in children.items():
            yield from _below(f"{prefix} {name}".strip(), child)
    else:
        yield prefix, command


def _verbs() -> list[str]:
    return [name for name, _ in _commands()]
