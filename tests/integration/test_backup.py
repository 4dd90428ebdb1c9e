"""Backup and restore on real homes: the same afterwards, or as before; never half, whatever is wrong or killed."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import textwrap
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.audit.audit_log import AuditLog
from bot.backup.making import BackupMade, make_backup
from bot.backup.restoring import restore_backup
from bot.bootstrap import Home, open_home
from bot.errors import BackupUnusable, HomeInUse, SettingsInvalid
from bot.messages import Author
from bot.migrations import newest_revision
from bot.settings import Settings, load_settings
from bot.transcripts import SqlTranscripts
from knowledge.storing.originals import Originals

ROOT = Path(__file__).parents[2]
ORIGINAL = b"# Opening hours\n\nNine to five.\n"
SHA256 = hashlib.sha256(ORIGINAL).hexdigest()

WRITE_PAIRS = """
    import sys
    from bot.messages import Author
    from bot.transcripts import SqlTranscripts
    from knowledge.database import open_database, writing
    from sqlalchemy import text
    engine = open_database(sys.argv[1])
    number = 0
    while True:
        with writing(engine) as session:  # both or neither
            for side in ("left", "right"):
                values = {"name": f"{side}-{number}"}
                insert = "INSERT INTO account (name, password_hash, role, created_at) VALUES (:name, '', 'editor', 0)"
                session.connection().execute(text(insert), values)
            session.commit()
        print(number, flush=True)
        number += 1
"""

STALL = """
    import sys
    from pathlib import Path
    from bot.backup.making import make_backup
    from bot.backup.restoring import restore_backup
    from bot.settings import load_settings
    verb, home, archive, kind, wanted = sys.argv[1:]
    count = 0
    is_discarding = False

    def stall():
        print("stalled", flush=True)
        sys.stdin.read()

    def on_step(stage, _share):
        if kind == "stage" and stage == wanted:
            stall()

    def on_event(event, arguments):
        global count, is_discarding
        is_discarding = is_discarding or (event == "shutil.rmtree" and ".discarded-" in str(arguments[0]))
        if kind in ("moving", "receiving") and event == "os.rename":
            if str(arguments[kind == "receiving"]) == wanted:
                stall()
        elif (kind == "rename" and event == "os.rename") or (
            kind == "discarding" and is_discarding and event in ("os.remove", "os.rmdir")
        ):
            count += 1
            if count == int(wanted):
                stall()

    sys.addaudithook(on_event)
    settings = load_settings({"FRONTDESK_HOME": home})
    if verb == "backup":
        make_backup(settings, Path(archive), on_step=on_step)
    else:
        restore_backup(settings, Path(archive), discard=kind == "discarding", on_step=on_step)
    print("ended", flush=True)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"FRONTDESK_HOME": str(tmp_path / "home")})


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "desk.tar.gz"


def furnished(settings: Settings, *texts: str) -> str:
    """A home with one conversation, an original, a release, an upload and a secret; returns the conversation's id."""
    home = open_home(settings)
    transcripts = SqlTranscripts(home.engine)
    opened = transcripts.open_conversation(channel="chat").conversation_id
    for text in texts or ("How long does delivery take?",):
        transcripts.append(opened, Author.CUSTOMER, text)
    with Originals(settings.home / "originals").keeping({SHA256: ORIGINAL}):
        pass
    for name, content in {
        "releases/intents/r-1/manifest.json": b"{}",
        "uploads/waiting": b"bytes",
        "session-secret": b"s" * 64,
        "index/generation": b"derived",
        "models/weights": b"large",
    }.items():
        (settings.home / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.home / name).write_bytes(content)
    home.engine.dispose()
    return opened


def texts_in(settings: Settings, conversation: str) -> list[str]:
    home = open_home(settings)
    try:
        return [message.text for message in SqlTranscripts(home.engine).messages(conversation)]
    finally:
        home.engine.dispose()


def add_message(settings: Settings, conversation: str, text: str) -> None:
    home = open_home(settings)
    SqlTranscripts(home.engine).append(conversation, Author.CUSTOMER, text)
    home.engine.dispose()


def seen(home: Path) -> dict[str, str]:
    """Every file of a home but locks, and what it holds."""
    return {
        path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and not path.name.endswith(("-wal", "-shm"))
    }


def run(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_at(verb: str, settings: Settings, archive: Path, kind: str, wanted: str) -> bool:
    """Kills the verb where it is asked to stall; False where it ended before."""
    process = run(STALL, verb, str(settings.home), str(archive), kind, wanted)
    assert process.stdout is not None
    said = process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return said == "stalled\n"


def repacked(archive: Path, change: Callable[[dict[str, bytes]], None], *, link: str = "") -> None:
    """The archive with its members changed, whole as an archive."""
    with tarfile.open(archive, "r:gz") as tar:
        members = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    change(members)
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            if name == link:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
                tar.addfile(member)
                continue
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def with_file(members: dict[str, bytes], name: str, content: bytes) -> None:
    """Puts a file into the archive and describes it as the archive itself would."""
    manifest = json.loads(members["manifest.json"])
    manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    members["manifest.json"] = json.dumps(manifest).encode()
    members[name] = content


def test_a_restored_home_holds_what_the_backup_held_and_nothing_newer(settings: Settings, archive: Path) -> None:
    conversation = furnished(settings)
    made = make_backup(settings, archive)
    before = seen(settings.home)
    add_message(settings, conversation, "This came later")
    (settings.home / "releases/intents/r-2").mkdir()
    (settings.home / "releases/intents/r-2/manifest.json").write_bytes(b"{}")
    restored = restore_backup(settings, archive)
    assert texts_in(settings, conversation) == ["How long does delivery take?"]
    assert Originals(settings.home / "originals").read(SHA256) == ORIGINAL
    after = {name: digest for name, digest in seen(settings.home).items() if not name.startswith("replaced-")}
    del before["index/generation"]  # derived: it is made again from the restored database
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} <= {"frontdesk.db"}
    assert made.manifest.counts["messages"] == restored.manifest.counts["messages"] == 1
    assert archive.stat().st_mode & 0o077 == 0


def test_what_was_there_before_is_put_aside_or_deleted(settings: Settings, archive: Path) -> None:
    conversation = furnished(settings)
    make_backup(settings, archive)
    add_message(settings, conversation, "This came later")
    aside = restore_backup(settings, archive).replaced
    assert aside is not None
    with closing(sqlite3.connect(aside / "frontdesk.db")) as connection:
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (2,)
    assert restore_backup(settings, archive, discard=True).replaced is None
    assert list(settings.home.glob("replaced-*")) == [aside]


def test_a_backup_restores_into_an_empty_place(settings: Settings, archive: Path, tmp_path: Path) -> None:
    conversation = furnished(settings)
    make_backup(settings, archive)
    elsewhere = load_settings({"FRONTDESK_HOME": str(tmp_path / "another" / "home")})
    assert restore_backup(elsewhere, archive).replaced is None
    assert texts_in(elsewhere, conversation) == ["How long does delivery take?"]


def test_a_backup_inside_the_home_neither_holds_itself_nor_is_put_aside(settings: Settings) -> None:
    furnished(settings)
    archive = settings.home / "backups" / "desk.tar.gz"
    first = make_backup(settings, archive)
    second = make_backup(settings, archive)
    assert second.manifest.files.keys() == first.manifest.files.keys()
    restore_backup(settings, archive)
    assert archive.exists()


@pytest.mark.parametrize("spelling", ["through a link", "relative", "by the real path", "the link's target"])
def test_a_backup_inside_the_home_survives_however_it_is_spelt(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    furnished(settings)
    archive = settings.home / "backups" / "desk.tar.gz"
    make_backup(settings, archive)
    link = tmp_path / "link"
    link.symlink_to(settings.home)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    home, named = {
        "through a link": (settings.home, link / "backups" / "desk.tar.gz"),
        "relative": (settings.home, Path("..", "home", "backups", "desk.tar.gz")),
        "by the real path": (link, archive),
        "the link's target": (Path("..", "link"), archive),
    }[spelling]
    restore_backup(load_settings({"FRONTDESK_HOME": str(home)}), named, discard=True)
    assert archive.exists()


@pytest.mark.parametrize("name", ["backups/notes.txt", "desk.tar.gz"])
def test_a_backup_with_files_for_a_place_that_stays_is_refused(settings: Settings, archive: Path, name: str) -> None:
    """Either beside the backup that is restored, or where another backup lies by now."""
    conversation = furnished(settings)
    (settings.home / name).parent.mkdir(exist_ok=True)
    (settings.home / name).write_text("a note")
    inside = settings.home / Path(name).parent / "desk.tar.gz"
    make_backup(settings, archive)
    inside.write_bytes(archive.read_bytes())
    add_message(settings, conversation, "This came later")
    before = seen(settings.home)
    with pytest.raises(SettingsInvalid, match="move the backup out of the home"):
        restore_backup(settings, inside)
    assert seen(settings.home) == before
    assert texts_in(settings, conversation)[-1] == "This came later"
    archive.write_bytes(inside.read_bytes())
    inside.unlink()
    restore_backup(settings, archive)
    assert (settings.home / name).read_text() == "a note"


def test_a_backup_of_an_older_release_is_brought_up_to_date(settings: Settings, archive: Path) -> None:
    conversation = furnished(settings)
    with closing(sqlite3.connect(settings.home / "frontdesk.db")) as connection:
        connection.execute("DROP TABLE audit_entry")
        connection.execute("UPDATE alembic_version SET version_num = '0006'")
        connection.commit()
    make_backup(settings, archive)
    assert restore_backup(settings, archive, discard=True).migrated_from == "0006"
    assert texts_in(settings, conversation)
    home = open_home(settings)
    assert AuditLog(home.engine).verify().ok
    home.engine.dispose()


def test_a_backup_of_a_newer_release_is_refused(settings: Settings, archive: Path) -> None:
    furnished(settings)
    with closing(sqlite3.connect(settings.home / "frontdesk.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    make_backup(settings, archive)
    with pytest.raises(BackupUnusable, match="newer release of frontdesk"):
        restore_backup(settings, archive)


def refused(settings: Settings, archive: Path, match: str) -> None:
    before = seen(settings.home)
    with pytest.raises(BackupUnusable, match=match):
        restore_backup(settings, archive)
    assert seen(settings.home) == before
    assert not list(settings.home.glob(".restoring-*"))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99, 0.9999])
def test_a_backup_that_was_cut_short_is_refused(settings: Settings, archive: Path, share: float) -> None:
    furnished(settings)
    make_backup(settings, archive)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * share)])
    refused(settings, archive, "damaged|not a backup")


def test_a_changed_byte_is_noticed_wherever_it_is(settings: Settings, archive: Path) -> None:
    furnished(settings)
    make_backup(settings, archive)
    whole = archive.read_bytes()
    content = gzip.decompress(whole)
    for place in range(100, len(whole), len(whole) // 12):  # behind gzip's header, which holds a name and no content
        changed = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
        if unpacked(changed) == content:  # it says otherwise from where to repeat a zero
            continue
        archive.write_bytes(changed)
        refused(settings, archive, "damaged|not a backup|not made by frontdesk")


def unpacked(archive: bytes) -> bytes | None:
    try:
        return gzip.decompress(archive)
    except (OSError, EOFError, zlib.error):
        return None


@pytest.mark.parametrize("name", ["home/../../evil", "/etc/evil", "home//evil", "home/.restore.json", "home/index/x"])
def test_names_that_lead_elsewhere_are_refused_before_anything_is_written(
    settings: Settings, archive: Path, tmp_path: Path, name: str
) -> None:
    furnished(settings)
    make_backup(settings, archive)
    repacked(archive, lambda members: with_file(members, name, b"evil"))
    refused(settings, archive, "would write to")
    assert not list(tmp_path.rglob("evil"))


def test_a_link_in_the_place_of_a_file_is_refused(settings: Settings, archive: Path) -> None:
    furnished(settings)
    make_backup(settings, archive)
    repacked(archive, lambda members: None, link="home/session-secret")
    refused(settings, archive, "does not describe")


def test_a_file_that_is_missing_or_too_many_is_noticed(settings: Settings, archive: Path) -> None:
    furnished(settings)
    make_backup(settings, archive)
    repacked(archive, lambda members: members.__delitem__("home/session-secret"))
    refused(settings, archive, "1 files are missing")
    make_backup(settings, archive)
    repacked(archive, lambda members: members.update({"home/more": b"more"}))
    refused(settings, archive, "does not describe")


def test_files_of_other_programs_are_refused(settings: Settings, archive: Path) -> None:
    furnished(settings)
    archive.parent.mkdir()
    archive.write_bytes(b"PK\x03\x04 something else")
    refused(settings, archive, "not a backup")
    archive.write_bytes(gzip.compress(b"text"))
    refused(settings, archive, "not a backup")
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(__file__, "manifest.json")
    refused(settings, archive, "not a backup")
    refused(settings, archive.with_name("none"), "There is no file")


def test_a_home_that_is_open_anywhere_is_not_exchanged(settings: Settings, archive: Path) -> None:
    conversation = furnished(settings)
    make_backup(settings, archive)
    process = run(WRITE_PAIRS, settings.resolved_database_url())
    assert process.stdout is not None
    process.stdout.readline()
    try:
        with pytest.raises(HomeInUse, match="in use"):
            restore_backup(settings, archive)
    finally:
        process.kill()
        process.communicate()
    restore_backup(settings, archive)
    assert texts_in(settings, conversation)


def test_a_database_on_a_server_is_left_to_its_own_tools(tmp_path: Path) -> None:
    settings = load_settings(
        {"FRONTDESK_HOME": str(tmp_path), "FRONTDESK_DATABASE_URL": "postgresql+psycopg://desk:secret@db.example/desk"}
    )
    for work in (make_backup, restore_backup):
        with pytest.raises(SettingsInvalid, match="pg_dump") as said:
            work(settings, tmp_path / "desk.tar.gz")
        assert "secret" not in str(said.value)


def test_a_damaged_database_is_not_backed_up_as_if_it_were_sound(settings: Settings, archive: Path) -> None:
    furnished(settings, *(f"a question {number}" for number in range(200)))
    path = settings.home / "frontdesk.db"
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 40_000] = b"\x55" * 40_000
    path.write_bytes(content)
    with pytest.raises(BackupUnusable, match="restore an earlier backup"):
        make_backup(settings, archive)
    assert not archive.exists()


def test_a_damaged_home_can_be_restored(settings: Settings, archive: Path) -> None:
    conversation = furnished(settings)
    make_backup(settings, archive)
    (settings.home / "frontdesk.db").write_bytes(b"rubbish" * 1000)
    restore_backup(settings, archive)
    assert texts_in(settings, conversation)


def test_a_backup_beside_a_writer_is_of_one_moment(settings: Settings, archive: Path) -> None:
    furnished(settings)
    process = run(WRITE_PAIRS, settings.resolved_database_url())
    assert process.stdout is not None
    try:
        confirmed = int(process.stdout.readline())
        for number in range(3):
            path = archive.with_name(f"{number}.tar.gz")
            make_backup(settings, path)
            left, right = accounts_in(path)
            assert left == right == list(range(len(left)))  # both of each pair, and none left out
            assert len(left) > confirmed
            confirmed = max(len(left) - 1, confirmed)
    finally:
        process.kill()
        process.communicate()


def accounts_in(archive: Path) -> tuple[list[int], list[int]]:
    with tarfile.open(archive, "r:gz") as tar:
        content = tar.extractfile("frontdesk.db")
        assert content is not None
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(content.read())
            names = [row[0] for row in connection.execute("SELECT name FROM account")]
    sides = {
        side: sorted(int(name.split("-")[1]) for name in names if name.startswith(side)) for side in ("left", "right")
    }
    return sides["left"], sides["right"]


FULL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    from bot.backup.making import make_backup
    from bot.backup.restoring import restore_backup
    from bot.settings import load_settings
    from knowledge.errors import StorageUnavailable
    verb, home, archive, most = sys.argv[1:]
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
    try:
        (make_backup if verb == "backup" else restore_backup)(load_settings({"FRONTDESK_HOME": home}), Path(archive))
    except StorageUnavailable as error:
        print(error)
"""


@pytest.mark.parametrize(("verb", "most"), [("backup", 100_000), ("backup", 1000), ("restore", 100_000)])
def test_a_full_disk_is_said_and_nothing_half_written_stays(
    settings: Settings, archive: Path, verb: str, most: int
) -> None:
    furnished(settings)
    (settings.home / "releases/intents/r-1/weights").write_bytes(os.urandom(60_000))
    make_backup(settings, archive)
    before, kept = seen(settings.home), archive.read_bytes()
    said, _ = run(FULL_DISK, verb, str(settings.home), str(archive), str(most)).communicate()
    assert "disk" in said
    assert "full" in said
    assert seen(settings.home) == before
    assert archive.read_bytes() == kept
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]
    assert not [path for path in settings.home.iterdir() if path.is_dir() and path.name.startswith(".")]


@pytest.mark.parametrize("stage", ["copying the database", "checksums", "packing"])
def test_a_killed_backup_leaves_the_one_before_and_the_home_as_they_were(
    settings: Settings, archive: Path, stage: str
) -> None:
    furnished(settings)
    make_backup(settings, archive)
    before, home = archive.read_bytes(), seen(settings.home)
    assert killed_at("backup", settings, archive, "stage", stage)
    assert archive.read_bytes() == before
    assert seen(settings.home).items() >= home.items()
    made: BackupMade = make_backup(settings, archive)
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]  # what the killed one left is gone
    assert not list(settings.home.glob(".backup-*[0-9a-f]"))
    assert made.manifest.schema == newest_revision()


@pytest.mark.parametrize("stage", ["unpacking", "checking the database"])
def test_a_restore_killed_before_the_exchange_leaves_the_home_as_it_was(
    settings: Settings, archive: Path, stage: str
) -> None:
    conversation = furnished(settings)
    make_backup(settings, archive)
    add_message(settings, conversation, "This came later")
    before = seen(settings.home)
    assert killed_at("restore", settings, archive, "stage", stage)
    assert {name: digest for name, digest in seen(settings.home).items() if not name.startswith(".")}.items() >= (
        before.items()
    )
    assert texts_in(settings, conversation)[-1] == "This came later"
    restore_backup(settings, archive, discard=True)
    assert texts_in(settings, conversation) == ["How long does delivery take?"]
    assert not list(settings.home.glob(".restoring-*"))


@pytest.mark.parametrize("kind", ["moving", "receiving"])
def test_a_backup_after_a_killed_restore_finishes_it_first(settings: Settings, archive: Path, kind: str) -> None:
    furnished(settings)
    make_backup(settings, archive)
    assert killed_at("restore", settings, archive, kind, str(settings.home / "originals"))
    assert not (settings.home / "originals" / SHA256).exists() or kind == "moving"
    nightly = make_backup(settings, archive.with_name("nightly.tar.gz"))
    assert {f"home/originals/{SHA256}", "home/session-secret", "frontdesk.db"} <= nightly.manifest.files.keys()
    assert not list(settings.home.glob(".restor*"))


def test_a_restore_killed_while_it_discards_loses_nothing_and_the_next_backup_clears_up(
    settings: Settings, archive: Path
) -> None:
    conversation = furnished(settings)
    make_backup(settings, archive)
    add_message(settings, conversation, "This came later")
    assert killed_at("restore", settings, archive, "discarding", "6")  # some of what went out is gone altogether
    assert list(settings.home.glob(".discarded-*"))
    assert texts_in(settings, conversation) == ["How long does delivery take?"]
    nightly = make_backup(settings, archive.with_name("nightly.tar.gz"))
    with tarfile.open(archive) as tar:
        assert nightly.manifest.files.keys() == set(tar.getnames()) - {"manifest.json"}
    assert not list(settings.home.glob(".discarded-*"))


@pytest.mark.slow
def test_a_restore_killed_at_any_rename_is_the_old_home_or_the_new_one_wholly(
    settings: Settings, archive: Path
) -> None:
    """Kills it before the first rename, before the second, and so on until it gets through."""
    conversation = furnished(settings)
    make_backup(settings, archive)
    outcomes = []
    for number in range(1, 100):
        home: Home = open_home(settings)  # finishes what was begun
        home.engine.dispose()
        add_message(settings, conversation, "This came later")
        (settings.home / "releases" / "marker").write_bytes(b"old")
        if not killed_at("restore", settings, archive, "rename", str(number)):
            break
        is_new = texts_in(settings, conversation) == ["How long does delivery take?"]
        assert (settings.home / "releases" / "marker").exists() is not is_new
        assert (settings.home / "session-secret").exists()
        assert Originals(settings.home / "originals").read(SHA256) == ORIGINAL
        outcomes.append(is_new)
    assert outcomes == sorted(outcomes)  # from the journal on it is the new one
    assert set(outcomes) == {False, True}
