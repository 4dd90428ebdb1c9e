"""The index on the disk: used as it lies there, never trusted where it is damaged, foreign or too new."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.embedding.titled_vectors import TitledVectors
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.knowledge import a_draft, a_library, found_texts

REFUNDS = "Refunds take five days. Send the kettle back in its box."
INVOICES = "Invoices are sent by email on the first day of the month."


def saved_files(folder: Path, name: str) -> list[Path]:
    return sorted((folder / "index").glob(f"*/{name}"))


def test_a_saved_index_is_used_without_embedding_anything(tmp_path: Path) -> None:
    first = a_library(tmp_path)
    first.add_document(a_draft("refunds", REFUNDS))
    first.save()
    first.add_document(a_draft("invoices", INVOICES))  # not saved: caught up from the database
    embedder = FakeEmbedder()
    again = a_library(tmp_path, embedder=embedder)
    assert found_texts(again, "kettle") == [REFUNDS, INVOICES]
    assert embedder.passages_embedded == 0
    assert again.generation == 2


def test_only_the_newest_generations_are_kept_and_none_with_removed_text(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    for number in range(4):
        library.add_document(a_draft(f"document-{number}", f"Document number {number}."))
        library.save()
    assert [path.parent.name for path in saved_files(tmp_path, "manifest.json")] == ["3", "4"]
    library.remove_document("document-0")
    assert [path.parent.name for path in saved_files(tmp_path, "manifest.json")] == ["5"]


def test_saving_twice_writes_once(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    library.save()
    written = saved_files(tmp_path, "words.index")[0].stat().st_mtime_ns
    library.save()
    assert saved_files(tmp_path, "words.index")[0].stat().st_mtime_ns == written


@pytest.mark.parametrize("file", ["vectors-en.index", "words.index", "manifest.json"])
@pytest.mark.parametrize("damage", ["a flipped byte", "missing", "cut short"])
def test_a_damaged_index_is_noticed_and_answers_come_from_the_database(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, file: str, damage: str
) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    library.add_document(a_draft("invoices", INVOICES))
    library.save()
    path = saved_files(tmp_path, file)[-1]
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    else:
        content[len(content) // 2] ^= 0x10
        path.write_bytes(content if damage == "a flipped byte" else content[:-7])

    opened = a_library(tmp_path)
    assert found_texts(opened, "kettle") == [REFUNDS, INVOICES]
    if file == "manifest.json" and damage == "missing":
        assert opened.verify().ok  # a folder without a manifest was never finished: it is no index at all
    else:
        assert str(path.parent) in caplog.text
        health = opened.verify()
        assert not health.ok
        assert "index rebuild" in health.problems[0]
    assert opened.rebuild().ok
    assert a_library(tmp_path).verify().ok


def test_saving_replaces_a_damaged_index(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    library.save()
    saved_files(tmp_path, "words.index")[0].write_bytes(b"damaged")
    opened = a_library(tmp_path)
    opened.save()
    assert opened.verify().ok


def test_what_a_crash_left_half_written_is_cleaned_up(tmp_path: Path) -> None:
    left = tmp_path / "index" / ".writing-999999999-abcd"
    left.mkdir(parents=True)
    (left / "vectors-en.index").write_bytes(b"half")
    a_library(tmp_path)
    assert not left.exists()


def test_another_embedder_embeds_everything_once_and_for_all(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    library.add_document(a_draft("invoices", INVOICES))
    library.save()
    other = FakeEmbedder(name="other", dimensions=32)
    changed = a_library(tmp_path, embedder=other)
    assert found_texts(changed, "kettle")[0] == REFUNDS
    assert other.passages_embedded == 3  # two texts and their title
    changed.save()
    assert changed.verify().ok
    again = FakeEmbedder(name="other", dimensions=32)
    assert found_texts(a_library(tmp_path, embedder=again), "kettle")[0] == REFUNDS
    assert again.passages_embedded == 0


def test_an_index_newer_than_the_database_is_not_trusted(tmp_path: Path) -> None:
    """As after an older backup of the database was put back."""
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    library.catalog.engine.dispose()
    backup = (tmp_path / "frontdesk.db").read_bytes()
    library = a_library(tmp_path)
    library.add_document(a_draft("invoices", INVOICES))
    library.save()
    library.catalog.engine.dispose()
    (tmp_path / "frontdesk.db").write_bytes(backup)
    restored = a_library(tmp_path)
    assert found_texts(restored, "invoices email kettle") == [REFUNDS]
    restored.save()
    assert restored.verify().ok
    assert [path.parent.name for path in saved_files(tmp_path, "manifest.json")] == ["1"]


def test_verify_notices_an_index_that_differs_from_the_database(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    number = library.catalog.live_numbers()[0]
    wrong = FakeEmbedder().embed_passages(["something else entirely"])[0].astype("<f2").tobytes()
    library.catalog.store_embeddings({number: wrong}, TitledVectors(FakeEmbedder()).fingerprint)
    health = library.verify()
    assert not health.ok
    assert "1 of 1 vectors" in health.problems[0]
    assert library.rebuild().ok
