"""The bytes behind documents: kept once, shown, and gone with the last document that uses them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import pytest

from knowledge.errors import StorageUnavailable
from knowledge.ingesting.ingestion import ingest_bytes, ingest_paths
from knowledge.storing.originals import Originals
from tests.fakes.knowledge import a_library
from tests.fakes.uploads import an_archive, many_rows

PAGE = b"# FAQ\n\nRefunds take five days."


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def stored(folder: Path) -> set[str]:
    return {path.name for path in (folder / "originals").glob("[!.]*")}


def none(_checksums: Collection[str]) -> frozenset[str]:
    return frozenset()


def test_a_documents_bytes_are_kept_and_go_with_it(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    ingest_bytes(library, "faq.md", PAGE)
    document = library.documents()[0]
    described, content = library.original(document.document_id)
    assert (described.source, described.media_type, content) == ("faq.md", "text/markdown", PAGE)
    library.remove_document(document.document_id)
    assert stored(tmp_path) == set()


def test_bytes_of_two_documents_stay_until_both_are_gone(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    ingest_bytes(library, "one.md", PAGE)
    ingest_bytes(library, "two.md", PAGE)
    first, second = (document.document_id for document in library.documents())
    assert stored(tmp_path) == {sha(PAGE)}
    library.remove_document(first)
    assert library.original(second)[1] == PAGE
    library.remove_document(second)
    assert stored(tmp_path) == set()


def test_a_new_version_takes_the_place_of_the_old_bytes(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    ingest_bytes(library, "faq.md", PAGE)
    ingest_bytes(library, "faq.md", PAGE + b" Or six.")
    assert stored(tmp_path) == {sha(PAGE + b" Or six.")}


def test_files_of_an_archive_are_kept_each_for_itself_and_go_when_they_are_missing(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    ingest_bytes(library, "docs.zip", an_archive({"a.md": PAGE, "b.md": b"# B\n\nText."}))
    assert stored(tmp_path) == {sha(PAGE), sha(b"# B\n\nText.")}
    ingest_bytes(library, "docs.zip", an_archive({"a.md": PAGE}))
    assert stored(tmp_path) == {sha(PAGE)}


def test_a_record_of_a_list_has_no_file_of_its_own(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    ingest_bytes(library, "rows.jsonl", many_rows(2))
    assert library.original(library.documents()[0].document_id)[1] is None
    assert stored(tmp_path) == set()


def test_files_of_a_folder_are_kept_too(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "faq.md").write_bytes(PAGE)
    library = a_library(tmp_path)
    ingest_paths(library, [tmp_path / "docs"])
    assert stored(tmp_path) == {sha(PAGE)}


def test_what_a_killed_process_left_behind_is_swept_and_the_rest_stays(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    ingest_bytes(library, "faq.md", PAGE)
    with Originals(tmp_path / "originals").keeping({sha(b"left"): b"left"}):
        pass
    (tmp_path / "originals" / ".writing-1").write_bytes(b"half")
    assert library.intake.sweep() == 1
    assert {path.name for path in (tmp_path / "originals").iterdir()} == {".lock", sha(PAGE)}


def test_bytes_that_changed_on_the_disk_are_not_shown(tmp_path: Path) -> None:
    originals = Originals(tmp_path)
    with originals.keeping({sha(PAGE): PAGE}):
        pass
    (tmp_path / sha(PAGE)).write_bytes(PAGE.upper())
    with pytest.raises(StorageUnavailable, match="upload the document again"):
        originals.read(sha(PAGE))


def test_a_name_that_is_no_checksum_reaches_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    originals = Originals(tmp_path / "originals")
    assert originals.read("../secret") is None
    assert originals.forget(["../secret"], none) == 0
    assert (tmp_path / "secret").exists()
