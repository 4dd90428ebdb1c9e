"""The indexes of a running server: nobody waits for the writer, and what goes wrong on the disk is said and healed."""

from __future__ import annotations

import errno
import json
import logging
import sqlite3
import subprocess
import sys
import textwrap
import threading
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event

from knowledge.durable_files import only_one_at_a_time
from knowledge.errors import CatalogUnavailable, IndexNotSaved
from knowledge.indexing.faiss_index import FaissIndex
from knowledge.indexing.index_keeper import IndexKeeper
from knowledge.library import KnowledgeLibrary
from knowledge.storing.catalog import Catalog
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.knowledge import a_catalog, a_draft, a_library
from tests.fakes.passage_index import FakePassageIndex

ROOT = Path(__file__).parents[2]
REFUNDS = "Refunds take five days. Send the kettle back in its box."
INVOICES = "Invoices are sent by email on the first day of the month."


def found(library: KnowledgeLibrary, query: str) -> list[str]:
    return [one.passage.text for one in library.search(query, limit=20)]


def numbered(count: int, *, first: int = 0) -> str:
    """A document of `count` passages."""
    return "\n\n".join(
        f"Article {number}. " + f"Detail {number} is here. " * 60 for number in range(first, first + count)
    )


# Readers and the writer


class HeldIndex(FakePassageIndex):
    """Its adding waits for a sign: the longest update there can be."""

    held: threading.Event | None = None
    begun = threading.Event()

    def copy(self) -> HeldIndex:
        twin = HeldIndex(self._dimensions)
        twin._vectors = dict(self._vectors)
        return twin

    def add(self, numbers, vectors) -> None:  # type: ignore[no-untyped-def]
        if HeldIndex.held is not None:
            HeldIndex.begun.set()
            HeldIndex.held.wait(30)
        super().add(numbers, vectors)


def test_a_search_does_not_wait_for_an_update_and_sees_none_of_it_before_its_end(tmp_path: Path) -> None:
    library = a_library(tmp_path, new_index=HeldIndex)
    library.add_document(a_draft("refunds", REFUNDS))
    held = HeldIndex.held = threading.Event()
    HeldIndex.begun.clear()
    writer = threading.Thread(target=library.add_document, args=(a_draft("invoices", INVOICES),))
    writer.start()
    try:
        assert HeldIndex.begun.wait(10)
        assert found(library, "kettle invoices") == [REFUNDS]
        assert writer.is_alive()
    finally:
        HeldIndex.held = None
        held.set()
        writer.join()
    assert sorted(found(library, "kettle invoices")) == sorted([REFUNDS, INVOICES])


def test_a_bulk_from_another_process_does_not_hold_a_question_up_and_is_found_soon(tmp_path: Path) -> None:
    here, there = a_library(tmp_path, new_index=HeldIndex), a_library(tmp_path)
    here.add_document(a_draft("refunds", REFUNDS))
    there.add_document(a_draft("bulk", numbered(250)))
    held = HeldIndex.held = threading.Event()
    HeldIndex.begun.clear()
    try:
        assert found(here, "kettle refunds") == [REFUNDS]  # the bulk is still being brought in
        assert HeldIndex.begun.wait(10)
    finally:
        HeldIndex.held = None
        held.set()
    here.catch_up()
    assert here.passage_count == there.passage_count > 200
    assert found(here, "article 249 detail")[0] != REFUNDS
    assert here.verify().ok


def test_what_was_removed_is_not_found_even_while_a_bulk_is_being_brought_in(tmp_path: Path) -> None:
    here, there = a_library(tmp_path, new_index=HeldIndex), a_library(tmp_path)
    here.add_document(a_draft("refunds", REFUNDS))
    here.add_document(a_draft("invoices", INVOICES))
    there.add_document(a_draft("bulk", numbered(250)))
    there.remove_document("refunds")
    held = HeldIndex.held = threading.Event()
    try:
        assert found(here, "kettle refunds") == [INVOICES]
    finally:
        HeldIndex.held = None
        held.set()
    here.catch_up()
    assert here.verify().ok


def test_tombstones_are_compacted_in_the_background_and_nothing_gets_lost(tmp_path: Path) -> None:
    catalog, embedder = a_catalog(tmp_path), FakeEmbedder(dimensions=16)
    new_index = partial(FaissIndex, flat_until=20)
    writing = a_library(tmp_path, embedder=embedder, new_index=new_index)
    keeper = IndexKeeper(catalog, embedder, tmp_path / "index", new_index=new_index)
    for number in range(40):
        writing.add_document(a_draft(f"document{number}", f"Wording number {number}."))
        if number % 3 == 0:
            writing.remove_quietly([f"document{number}"])
        keeper.catch_up()
    keeper.wait_for_compaction()
    health = keeper.health()
    assert (health.ok, health.passages) == (True, 26)
    assert health.shapes["en"].kind == "ivf"


# The disk


class FullDisk(FaissIndex):
    full = False

    def copy(self) -> FullDisk:
        twin = FullDisk(self._dimensions)
        twin.__dict__.update(self.__dict__)
        return twin

    def compacted(self) -> FullDisk:
        return self.copy()

    def save(self, path: Path) -> None:
        if FullDisk.full:
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        super().save(path)


@pytest.fixture
def full_disk() -> object:
    FullDisk.full = False
    yield
    FullDisk.full = False


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_said_and_searches_go_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    library = a_library(tmp_path, new_index=FullDisk)
    library.add_document(a_draft("refunds", REFUNDS))
    library.save()
    library.add_document(a_draft("invoices", INVOICES))
    FullDisk.full = True
    with caplog.at_level(logging.WARNING):
        library.save()
    assert "No space left on device" in caplog.text
    assert "make room" in caplog.text
    assert sorted(found(library, "kettle invoices")) == sorted([REFUNDS, INVOICES])
    with pytest.raises(IndexNotSaved, match="make room"):
        library.rebuild()
    assert [path.name for path in (tmp_path / "index").iterdir() if path.name.startswith(".writing")] == []
    FullDisk.full = False
    library.save()
    assert a_library(tmp_path).verify().ok


@pytest.mark.usefixtures("full_disk")
def test_a_removal_on_a_full_disk_leaves_no_older_index_that_holds_it(tmp_path: Path) -> None:
    library = a_library(tmp_path, new_index=FullDisk)
    library.add_document(a_draft("refunds", REFUNDS))
    library.save()
    FullDisk.full = True
    assert library.remove_document("refunds").unreachable
    assert list((tmp_path / "index").glob("*/*")) == []


def test_an_index_of_another_release_is_made_anew_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    library.save()
    manifest = next((tmp_path / "index").glob("*/manifest.json"))
    fields = json.loads(manifest.read_text(encoding="utf-8"))
    assert fields["indexes"]["en"]["kind"] == "flat"
    assert fields["indexes"]["en"]["recall_at_10"] == 1.0
    manifest.write_text(json.dumps({**fields, "format": 1}), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        opened = a_library(tmp_path)
    assert "another release" in caplog.text
    assert found(opened, "kettle") == [REFUNDS]


def test_a_saved_index_of_another_database_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ours, foreign = tmp_path / "ours", tmp_path / "foreign"
    for folder, text in ((ours, REFUNDS), (foreign, INVOICES)):
        folder.mkdir()
        library = a_library(folder)
        library.add_document(a_draft("first", "Something that both have had."))
        library.add_document(a_draft("first", text))
        if folder == foreign:
            library.add_document(a_draft("second", "And one more."))
            library.remove_document("second")
        else:
            library.add_document(a_draft("third", "Another one."))
            library.add_document(a_draft("fourth", "Yet another one."))
        library.save()
        library.catalog.engine.dispose()
    for path in (ours / "index").glob("[0-9]*"):
        path.rename(ours / f"old-{path.name}")
    newest = max((foreign / "index").glob("[0-9]*"), key=lambda path: int(path.name))
    newest.rename(ours / "index" / newest.name)
    with caplog.at_level(logging.WARNING):
        opened = a_library(ours)
    assert "does not belong to this database" in caplog.text
    assert REFUNDS in found(opened, "kettle")
    assert opened.verify().ok


class BusyCatalog(Catalog):
    """While somebody reads the numbers of the live passages, another process writes a document."""

    def __init__(self, folder: Path) -> None:
        super().__init__(a_catalog(folder).engine)
        self.others = ["first", "second"]
        self._writer = a_library(folder)

    def live_numbers(self) -> tuple[int, ...]:
        if self.others:
            self._writer.add_document(a_draft(self.others.pop(), "Written by somebody else in the meantime."))
        return super().live_numbers()


def test_an_index_is_not_taken_for_foreign_because_another_process_writes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("invoices", INVOICES))
    library.save()
    catalog = BusyCatalog(tmp_path)
    with caplog.at_level(logging.WARNING):
        keeper = IndexKeeper(catalog, FakeEmbedder(), tmp_path / "index", new_index=FaissIndex)
        assert keeper.passage_count == 3
        catalog.others = ["third"]
        assert (keeper.health().problems, keeper.passage_count) == ((), 4)
    assert (catalog.others, caplog.text) == ([], "")


SAVE_OFTEN = """
    import sys
    from pathlib import Path
    from tests.fakes.knowledge import a_draft, a_library
    library = a_library(Path(sys.argv[1]))
    for number in range(4):
        library.add_document(a_draft(f"{sys.argv[2]}-{number}", f"Wording number {number} of {sys.argv[2]}."))
        library.save()
"""


def test_two_processes_that_save_at_once_leave_a_whole_index(tmp_path: Path) -> None:
    a_library(tmp_path).catalog.engine.dispose()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SAVE_OFTEN), str(tmp_path), name],
            env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [("", 0)] * 2
    embedder = FakeEmbedder()
    opened = a_library(tmp_path, embedder=embedder)
    health = opened.verify()
    assert (health.ok, health.passages, embedder.passages_embedded) == (True, 8, 0)
    opened.save()
    assert opened.verify().ok


def test_whoever_saves_waits_for_the_one_who_is_saving(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("invoices", INVOICES))
    library.save()
    library.add_document(a_draft("refunds", REFUNDS))
    with only_one_at_a_time(tmp_path / "index" / ".saving"):
        saving = threading.Thread(target=library.save)
        saving.start()
        saving.join(0.2)
        assert saving.is_alive()
        assert found(library, "kettle")[0] == REFUNDS  # nobody else waits
        assert len(list((tmp_path / "index").glob("*/manifest.json"))) == 1
    saving.join()
    assert len(list((tmp_path / "index").glob("*/manifest.json"))) == 2


# The database


def test_a_database_that_is_locked_for_long_is_said_and_searches_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    impatient = a_catalog(tmp_path)

    @event.listens_for(impatient.engine, "checkout")
    def wait_less(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.execute("PRAGMA busy_timeout = 50")

    locking = sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)
    locking.execute("BEGIN IMMEDIATE")
    try:
        with caplog.at_level(logging.WARNING):
            other = KnowledgeLibrary(
                impatient, FakeEmbedder(name="other"), tmp_path / "elsewhere", new_index=FaissIndex
            )
        assert "could not be kept" in caplog.text
        assert found(other, "kettle") == [REFUNDS]
        with pytest.raises(CatalogUnavailable, match="busy"):
            other.add_document(a_draft("invoices", INVOICES))
    finally:
        locking.execute("ROLLBACK")
        locking.close()
    other.add_document(a_draft("invoices", INVOICES))
    assert sorted(found(other, "kettle invoices")) == sorted([REFUNDS, INVOICES])
