"""The exchange of a home's contents, killed before every change to the disk; and who comes while it is half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bot.home_folder import (
    DISCARDED,
    REPLACED,
    RESTORING,
    exchange_is_pending,
    home_alone,
    only_backup_under_way,
    opening_home,
    remove_abandoned,
)

ROOT = Path(__file__).parents[2]
BEFORE = {"frontdesk.db": "old", "originals/first": "old", "index/generation": "old", "models/weights": "kept"}
AFTER = {"frontdesk.db": "new", "originals/first": "new", "originals/second": "new", "models/weights": "kept"}
STAGED = f"{RESTORING}one"

# Kills itself before the change of the number it is given.
EXCHANGE = """
    import os, signal, sys
    from pathlib import Path
    from bot.home_folder import Exchange, exchange
    home, wanted, staged, replaced, discarded = Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
    count = 0

    def on_event(event, _arguments):
        global count
        count += event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree")
        if count == wanted and event != "os.kill":
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(on_event)
    exchange(home, Exchange(["frontdesk.db", "index", "originals"], replaced, staged, replaced.startswith(discarded)))
"""

OPEN = """
    import sys
    from pathlib import Path
    from bot.home_folder import opening_home

    def on_event(event, _arguments):
        if event == "fcntl.flock":
            print("asks for the lock", flush=True)

    sys.addaudithook(on_event)
    with opening_home(Path(sys.argv[1])):
        print((Path(sys.argv[1]) / "originals" / "second").read_text(), flush=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return furnished(tmp_path / "home")


def furnished(home: Path) -> Path:
    staged = {f"{STAGED}/{name}": content for name, content in AFTER.items() if not name.startswith("models")}
    for name, content in {**BEFORE, **staged}.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content)
    return home


def seen(folder: Path) -> dict[str, str]:
    """Every file but hidden ones and what was put aside."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return {
        path.as_posix(): (folder / path).read_text()
        for path in paths
        if not path.as_posix().startswith((".", REPLACED))
    }


def killed_before(number: int, home: Path, replaced: str) -> bool:
    """False where the exchange ended before there were so many changes. It deletes what goes out into DISCARDED."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(EXCHANGE), str(home), str(number), STAGED, replaced, DISCARDED],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


@pytest.mark.parametrize("replaced", [f"{DISCARDED}one", f"{REPLACED}one"])
def test_killed_before_any_rename_or_deletion_the_home_is_the_old_one_or_the_new_one(
    tmp_path: Path, replaced: str
) -> None:
    outcomes = []
    for number in range(1, 60):
        home = furnished(tmp_path / str(number))
        killed = killed_before(number, home, replaced)
        with opening_home(home):
            assert seen(home) in (BEFORE, AFTER)
            outcomes.append(seen(home) == AFTER)
        with only_backup_under_way(home):
            remove_abandoned(home)
        left = {path.name for path in home.iterdir() if path.name.startswith((REPLACED, DISCARDED, RESTORING))}
        assert left == ({replaced} if outcomes[-1] and replaced.startswith(REPLACED) else set())
        if not killed:
            break
    assert not killed
    assert outcomes == sorted(outcomes)  # from the journal on it is the new one
    assert set(outcomes) == {False, True}


def half_exchanged(home: Path) -> None:
    """Killed when the database has gone out and nothing has come in."""
    number = 1
    while (home / "frontdesk.db").exists():
        assert killed_before(number, home, f"{REPLACED}one")
        number += 1
    assert exchange_is_pending(home)
    assert not (home / "originals" / "second").exists()


def test_who_waited_while_a_restore_was_killed_finds_the_restored_home(home: Path) -> None:
    with home_alone(home, home / "none.db"):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(OPEN), str(home)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "asks for the lock\n"  # what it looks at before, it has looked at
        half_exchanged(home)
    said, _ = process.communicate()
    assert said.splitlines()[-1:] == ["new"]
    assert seen(home) == AFTER
