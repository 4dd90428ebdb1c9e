"""Snapshots on real SQLite: back to what was, all of it or nothing, and never to what was removed for good."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from knowledge.errors import DocumentNotFound, SnapshotUnusable
from knowledge.ingesting.ingestion import ingest_bytes
from knowledge.library import KnowledgeLibrary
from knowledge.passages import DocumentState
from knowledge.storing.catalog_values import DocumentDraft
from knowledge.storing.document_queries import DocumentFilter
from knowledge.storing.snapshot_rows import DocumentCopyRow, SnapshotDocumentRow, SnapshotRow
from knowledge.storing.snapshots import BEFORE_ROLLBACK, _checksum, _members
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.knowledge import a_draft, a_library, found_texts

ROOT = Path(__file__).parents[2]
REMOVED = DocumentFilter(state=DocumentState.REMOVED)
REFUNDS = "Refunds take five days. Send the kettle back in its box."
INVOICES = "Invoices are sent by email on the first day of the month."


def texts(library: KnowledgeLibrary) -> dict[str, str]:
    return {each.document_id: library.document_text(each.document_id) for each in library.documents()}


@pytest.fixture
def library(tmp_path: Path) -> KnowledgeLibrary:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    library.add_document(a_draft("invoices", INVOICES))
    return library


def test_a_rollback_brings_back_what_was_and_takes_out_what_has_come(library: KnowledgeLibrary) -> None:
    made = library.snapshots.make("good")
    assert (made.documents, made.passages, made.generation, made.automatic) == (2, 2, library.generation, False)
    library.add_document(a_draft("refunds", "Refunds take ten days."))
    library.remove_quietly(["invoices"])
    library.add_document(a_draft("late", "The shop is closed on Sundays."))

    report = library.rollback("good")
    assert (report.restored, report.removed, report.unchanged, report.not_restored) == (2, 1, 0, ())
    assert texts(library) == {"refunds": REFUNDS, "invoices": INVOICES}
    assert found_texts(library, "kettle refunds Sundays") == [REFUNDS, INVOICES]
    assert report.generation == library.generation
    assert library.verify().ok


def test_passages_come_back_with_their_places_and_vectors_and_nothing_is_embedded(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    library = a_library(tmp_path, embedder=embedder)
    library.add_document(a_draft("refunds", REFUNDS))
    before, embedded = library.catalog.passages_of("refunds"), embedder.passages_embedded
    library.snapshots.make("good")
    library.remove_quietly(["refunds"])
    library.rollback("good")
    assert library.catalog.passages_of("refunds") == before
    assert embedder.passages_embedded == embedded


def test_what_did_not_change_is_left_alone(library: KnowledgeLibrary) -> None:
    numbers = library.catalog.live_numbers()
    library.snapshots.make("good")
    report = library.rollback("good")
    assert (report.restored, report.removed, report.unchanged) == (0, 0, 2)
    assert library.catalog.live_numbers() == numbers


def test_what_was_removed_for_good_does_not_come_back_and_is_named(library: KnowledgeLibrary, tmp_path: Path) -> None:
    library.add_document(a_draft("secret", "The zanzibar contract costs 77 crowns.", title="Contract"))
    library.snapshots.make("first")
    library.add_document(a_draft("secret", "The zanzibar contract costs 88 crowns.", title="Contract"))
    library.snapshots.make("second")
    receipt = library.remove_document("secret")
    assert (receipt.unreachable, receipt.probes, receipt.copies) == (True, 1, 2)
    for name in ("first", "second", BEFORE_ROLLBACK):
        report = library.rollback(name)
        if name != BEFORE_ROLLBACK:
            assert [(one.document_id, one.title) for one in report.not_restored] == [("secret", "Contract")]
        assert sorted(found_texts(library, "zanzibar contract")) == sorted([REFUNDS, INVOICES])
        assert "secret" not in texts(library)
    library.catalog.engine.dispose()  # the last connection empties the write-ahead log into the file
    assert [p for p in tmp_path.rglob("*") if p.is_file() and b"zanzibar" in p.read_bytes()] == []


def test_what_vanished_from_its_folder_can_still_be_erased_from_the_snapshots(library: KnowledgeLibrary) -> None:
    library.snapshots.make("good")
    library.remove_quietly(["refunds"])
    generation = library.catalog.state().generation
    receipt = library.remove_document("refunds")
    assert (receipt.title, receipt.copies, receipt.passages, receipt.unreachable) == ("Help", 1, 0, True)
    assert library.catalog.state().generation == generation
    assert [one.document_id for one in library.rollback("good").not_restored] == ["refunds"]
    assert texts(library) == {"invoices": INVOICES}
    for unknown in ("refunds", "never-there"):
        with pytest.raises(DocumentNotFound):
            library.remove_document(unknown)


def test_what_comes_in_while_a_rollback_begins_is_kept_for_its_undoing(
    library: KnowledgeLibrary, tmp_path: Path
) -> None:
    library.snapshots.make("good")
    other = a_library(tmp_path)
    late: list[str] = []

    def another_upload(*_: object) -> None:
        """Before each transaction of the rollback."""
        late.append(f"late{len(late)}")
        other.add_document(a_draft(late[-1], f"The shop has {len(late)} doors."))

    event.listen(library.catalog.engine, "checkout", another_upload)
    library.snapshots.rollback("good")
    event.remove(library.catalog.engine, "checkout", another_upload)
    assert len(late) >= 2
    library.rollback(BEFORE_ROLLBACK)
    assert sorted(texts(library)) == sorted(["refunds", "invoices", *late])


def test_documents_of_entries_are_in_no_snapshot_and_no_rollback_touches_them(library: KnowledgeLibrary) -> None:
    def entry(answer: str, name: str = "entry-1-en") -> DocumentDraft:
        return replace(a_draft(name, answer), source=f"entry:{name}", collection="entries")

    library.add_document(entry("We ski."))
    assert library.snapshots.make("good").documents == 2
    library.add_document(entry("We do not ski."))
    library.add_document(entry("We swim.", "entry-2-en"))
    now = texts(library)
    report = library.rollback("good")
    assert (report.restored, report.removed, report.unchanged) == (0, 0, 2)
    assert texts(library) == now


def test_documents_of_entries_in_an_older_snapshot_are_not_brought_back(library: KnowledgeLibrary) -> None:
    library.snapshots.make("good")
    with Session(library.catalog.engine) as session:  # as an earlier release has written it
        member = session.get_one(SnapshotDocumentRow, ("good", "refunds"))
        member.source = "entry:1/en"
        session.add(member)
        session.flush()
        session.get_one(SnapshotRow, "good").checksum = _checksum(_members(session, "good"))
        session.commit()
    library.remove_quietly(["refunds"])
    assert library.rollback("good").restored == 0
    assert texts(library) == {"invoices": INVOICES}


def test_what_was_added_again_under_the_name_of_what_was_removed_for_good_stays(library: KnowledgeLibrary) -> None:
    library.snapshots.make("good")
    library.remove_document("refunds")
    library.add_document(a_draft("refunds", "Refunds take ten days."))
    report = library.rollback("good")
    assert [one.document_id for one in report.not_restored] == ["refunds"]
    assert texts(library) == {"refunds": "Refunds take ten days.", "invoices": INVOICES}


def test_a_rollback_can_be_undone_and_that_too(library: KnowledgeLibrary) -> None:
    library.snapshots.make("good")
    library.remove_quietly(["invoices"])
    library.add_document(a_draft("late", "The shop is closed on Sundays."))
    now = texts(library)
    assert library.rollback("good").undo == BEFORE_ROLLBACK
    library.rollback(BEFORE_ROLLBACK)
    assert texts(library) == now
    library.rollback(BEFORE_ROLLBACK)
    assert texts(library) == {"refunds": REFUNDS, "invoices": INVOICES}
    assert [each.name for each in library.snapshots.all()].count(BEFORE_ROLLBACK) == 1
    assert library.verify().ok


def test_documents_that_have_exchanged_their_sources_exchange_them_back(library: KnowledgeLibrary) -> None:
    library.snapshots.make("good")
    library.remove_quietly(["refunds"])
    library.add_document(replace(a_draft("invoices", "Now something else."), source="refunds.md"))
    library.add_document(replace(a_draft("refunds", "And this, too."), source="invoices.md"))
    library.rollback("good")
    assert {each.document_id: each.source for each in library.documents()} == {
        "refunds": "refunds.md",
        "invoices": "invoices.md",
    }


def test_what_is_taken_in_again_after_a_rollback_is_judged_by_what_is_there(library: KnowledgeLibrary) -> None:
    library.snapshots.make("good")
    library.add_document(a_draft("refunds", "Refunds take ten days."))
    library.rollback("good")
    assert library.add_document(a_draft("refunds", REFUNDS)) == "unchanged"
    assert library.add_document(a_draft("refunds", "Refunds take ten days.")) == "updated"
    assert found_texts(library, "refunds")[0] == "Refunds take ten days."


def test_snapshots_share_their_copies_and_the_last_one_takes_them_along(library: KnowledgeLibrary) -> None:
    library.snapshots.make("one")
    library.snapshots.make("two")
    assert copies(library) == 2
    library.snapshots.delete("one")
    assert copies(library) == 2
    library.snapshots.delete("two")
    assert copies(library) == 0
    assert library.snapshots.all() == ()


def copies(library: KnowledgeLibrary) -> int:
    with Session(library.catalog.engine) as session:
        return len(session.exec(select(DocumentCopyRow.document_id)).all())


@pytest.mark.parametrize("name", ["", "a b", "../up", "-x" * 60, BEFORE_ROLLBACK])
def test_a_name_that_cannot_be_one_is_refused(library: KnowledgeLibrary, name: str) -> None:
    with pytest.raises(SnapshotUnusable, match="cannot name"):
        library.snapshots.make(name)


def test_names_that_are_taken_or_unknown_are_refused(library: KnowledgeLibrary) -> None:
    with pytest.raises(SnapshotUnusable, match="no snapshot to go back to"):
        library.snapshots.newest()
    library.snapshots.make("good")
    assert library.snapshots.newest() == "good"
    with pytest.raises(SnapshotUnusable, match="already"):
        library.snapshots.make("good")
    for act in (library.rollback, library.snapshots.delete):
        with pytest.raises(SnapshotUnusable, match="'bad'"):
            act("bad")


@pytest.mark.parametrize("what", ["copy", "list"])
def test_a_damaged_snapshot_is_noticed_before_anything_changes(library: KnowledgeLibrary, what: str) -> None:
    library.snapshots.make("good")
    library.add_document(a_draft("refunds", "Refunds take ten days."))
    with Session(library.catalog.engine) as session:
        if what == "copy":
            copy = session.get_one(DocumentCopyRow, ("refunds", 1))
            copy.content = copy.content[:-1] + bytes([copy.content[-1] ^ 1])
            session.add(copy)
        else:
            member = session.get_one(SnapshotDocumentRow, ("good", "refunds"))
            member.source = "elsewhere.md"
            session.add(member)
        session.commit()
    before = texts(library)
    with pytest.raises(SnapshotUnusable, match="'good'"):
        library.rollback("good")
    assert texts(library) == before
    health = library.verify()
    assert not health.ok
    assert any("'good'" in problem for problem in health.problems)


class PowerCut(Exception):
    pass


def test_a_rollback_that_breaks_off_changes_nothing(library: KnowledgeLibrary, tmp_path: Path) -> None:
    library.snapshots.make("good")
    library.add_document(a_draft("refunds", "Refunds take ten days."))
    before = texts(library)

    def cut(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO passage"):
            raise PowerCut

    event.listen(library.catalog.engine, "before_cursor_execute", cut)
    with pytest.raises(PowerCut):
        library.rollback("good")
    event.remove(library.catalog.engine, "before_cursor_execute", cut)
    assert texts(library) == texts(a_library(tmp_path)) == before
    assert library.verify().ok
    assert library.rollback("good").restored == 1


def original_files(library: KnowledgeLibrary) -> dict[str, bytes | None]:
    return {each.source: library.original(each.document_id)[1] for each in library.documents()}


def test_a_rollback_and_its_undoing_bring_documents_back_with_their_files(tmp_path: Path) -> None:
    library, stays = a_library(tmp_path), b"# Stays\n\nThis stays."
    ingest_bytes(library, "stays.md", stays)
    library.snapshots.make("good")
    ingest_bytes(library, "stays.md", stays + b" Or not.")
    ingest_bytes(library, "comes.md", b"# Comes\n\nThis comes later.")
    before = original_files(library)
    library.rollback("good")
    assert original_files(library) == {"stays.md": stays}
    library.rollback(BEFORE_ROLLBACK)
    assert original_files(library) == before
    assert None not in before.values()


def test_files_go_with_the_last_snapshot_that_can_bring_them_back(tmp_path: Path) -> None:
    library, kept = a_library(tmp_path), tmp_path / "originals"
    ingest_bytes(library, "stays.md", b"# Stays\n\nThis stays.")
    library.snapshots.make("good")
    ingest_bytes(library, "comes.md", b"# Comes\n\nThis comes later.")
    ingest_bytes(library, "erased.md", b"# Erased\n\nThis is removed for good.")
    library.rollback("good")
    assert len(list(kept.glob("[!.]*"))) == 3
    library.remove_document(
        next(each.document_id for each in library.page(REMOVED).documents if "erased" in each.source)
    )
    assert len(list(kept.glob("[!.]*"))) == 2
    library.rollback("good")  # the state before the first rollback is forgotten
    (original,) = kept.glob("[!.]*")
    assert original.read_bytes() == b"# Stays\n\nThis stays."


def test_a_file_whose_name_begins_like_an_entrys_source_is_a_file_all_the_same(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(replace(a_draft("own", INVOICES), source="Entry:own.md"))
    library.snapshots.make("good")
    library.remove_quietly(["own"])
    assert library.rollback("good").restored == 1


BACK_AND_FORTH = """
    import sys
    from pathlib import Path
    from tests.fakes.knowledge import a_draft, a_library, found_texts
    library = a_library(Path(sys.argv[1]))
    for number in range(30):
        library.add_document(a_draft(f"document{number}", f"First wording of document {number}."))
    library.snapshots.make("first")
    for number in range(30):
        library.add_document(a_draft(f"document{number}", f"Second wording of document {number}."))
    library.snapshots.make("second")
    print("ready", flush=True)
    while True:
        for name in ("first", "second"):
            library.rollback(name)
            print(name, flush=True)
"""


@pytest.mark.slow
def test_a_rollback_killed_at_any_moment_leaves_one_state_or_the_other(tmp_path: Path) -> None:
    for lines in (2, 3):
        folder = tmp_path / str(lines)
        folder.mkdir()
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(BACK_AND_FORTH), str(folder)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline(), "the program ended by itself"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        library = a_library(folder)
        assert len({text.split()[0] for text in texts(library).values()}) == 1
        assert len(texts(library)) == 30
        assert library.verify().ok
        assert library.rollback("first").restored in (0, 30)
        assert all(text.startswith("First") for text in texts(library).values())
