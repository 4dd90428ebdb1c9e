"""The import rules of ARCHITECTURE.md, kept by import-linter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
LONGEST_FILE = 350


def test_imports_run_one_way() -> None:
    linted = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_no_module_grows_beyond_what_is_read_in_one_sitting() -> None:
    modules = [path for package in ("knowledge", "bot", "ui") for path in (REPOSITORY / package).rglob("*.py")]
    long = {str(path.relative_to(REPOSITORY)): _lines(path) for path in modules if _lines(path) > LONGEST_FILE}
    assert not long


def test_every_module_says_at_its_top_what_it_is() -> None:
    modules = [path for package in ("knowledge", "bot", "ui") for path in (REPOSITORY / package).rglob("*.py")]
    silent = [str(path) for path in modules if not path.read_text(encoding="utf-8").startswith('"""')]
    assert not silent


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())
