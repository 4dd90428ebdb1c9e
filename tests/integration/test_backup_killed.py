"""kill -9 at random moments of backing up and restoring, again and again: nothing lost, nothing half.

`KILLS=200 pytest -s -m slow tests/integration/test_backup_killed.py` prints how many there were.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("KILLS", "12"))  # of each verb

# The work is done in forks of one process: a fresh interpreter would spend most of its life importing.
ROUNDS = """
    import json, os, random, signal, sys, time
    from pathlib import Path
    from bot.backup.making import make_backup
    from bot.backup.restoring import restore_backup
    from bot.bootstrap import open_home
    from bot.messages import Author
    from bot.settings import load_settings
    from bot.transcripts import SqlTranscripts

    folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
    settings = load_settings({"FRONTDESK_HOME": str(folder / "home"), "FRONTDESK_DATABASE_SYNCHRONOUS": "NORMAL"})
    archive, again = folder / "desk.tar.gz", folder / "again.tar.gz"
    moment = random.Random(8)

    def inside(change=None):
        home = open_home(settings)  # finishes what was begun
        transcripts = SqlTranscripts(home.engine)
        if change is not None:
            transcripts.append(conversation, Author.CUSTOMER, change)
        texts = [message.text for message in transcripts.messages(conversation)]
        with home.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        home.engine.dispose()
        return texts

    def killed(work, longest):
        child = os.fork()
        if child == 0:
            work()
            os._exit(0)
        time.sleep(moment.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])

    home = open_home(settings)
    transcripts = SqlTranscripts(home.engine)
    conversation = transcripts.open_conversation(channel="chat").conversation_id
    for number in range(50):
        transcripts.append(conversation, Author.CUSTOMER, f"text {number}")
    home.engine.dispose()
    for number in range(20):
        place = settings.home / "releases" / "intents" / f"r-{number}"
        place.mkdir(parents=True)
        (place / "weights").write_bytes(os.urandom(100_000))
    kept = inside()
    began = time.monotonic()
    make_backup(settings, archive)
    backing_up = time.monotonic() - began
    began = time.monotonic()
    restore_backup(settings, archive, discard=True)
    restoring = time.monotonic() - began
    said = {"backups_killed": 0, "restores_killed": 0, "home_old": 0, "home_new": 0, "archives_whole": 0}
    for number in range(rounds):
        said["backups_killed"] += killed(lambda: make_backup(settings, again), 1.2 * backing_up)
        assert inside() == kept
        if again.exists():  # then it is a whole one
            restore_backup(settings, again, discard=True)
            assert inside() == kept
            said["archives_whole"] += 1
            again.unlink()
        with_more = inside(f"later {number}")
        said["restores_killed"] += killed(lambda: restore_backup(settings, archive, discard=True), 1.2 * restoring)
        found = inside()
        assert found in (kept, with_more), found
        said["home_new" if found == kept else "home_old"] += 1
        releases = sorted((settings.home / "releases" / "intents").glob("*/weights"))
        assert [path.stat().st_size for path in releases] == [100_000] * 20
        restore_backup(settings, archive, discard=True)
    make_backup(settings, archive)  # takes away what the last killed ones have left
    left = [path.name for path in settings.home.iterdir() if path.is_dir() and path.name.startswith((".", "replaced"))]
    print(json.dumps({**said, "left_behind": left}))
"""


@pytest.mark.slow
def test_killed_at_random_moments_home_and_archive_are_whole(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ROUNDS), str(tmp_path), str(KILLS)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    print(said)
    assert said["backups_killed"] > 0
    assert said["restores_killed"] > 0
    assert said["left_behind"] == []
