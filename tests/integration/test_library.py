"""The library on real SQLite: what is found always follows from the database, whoever changed it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.errors import DocumentNotFound, DocumentRefused
from knowledge.library import KnowledgeLibrary
from knowledge.passages import Change
from knowledge.readers import read_markdown_text
from knowledge.storing.catalog_values import DocumentDraft
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.knowledge import a_draft, a_library
from tests.loops import run

REFUNDS = "Refunds take five days. Send the kettle back in its box."
INVOICES = "Invoices are sent by email on the first day of the month."


def found_texts(library: KnowledgeLibrary, query: str) -> list[str]:
    return [found.passage.text for found in library.search(query, limit=20)]


def saved_files(folder: Path, name: str) -> list[Path]:
    return sorted((folder / "index").glob(f"*/{name}"))


# Adding, changing, removing


def test_an_added_document_is_found_with_its_place(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    assert library.add_document(a_draft("refunds", REFUNDS, title="Refund policy")) is Change.ADDED
    best = library.search("kettle refund", limit=1)[0]
    assert (best.passage.document_id, best.passage.title, best.passage.source) == (
        "refunds",
        "Refund policy",
        "refunds.md",
    )
    assert library.document_text("refunds")[best.passage.start : best.passage.end] == best.passage.text
    assert library.passage(best.passage.passage_id) == best.passage
    assert best.dense > 0.3
    assert 0 < best.lexical <= 1


def test_the_same_document_again_changes_nothing(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    library = a_library(tmp_path, embedder=embedder)
    library.add_document(a_draft("refunds", REFUNDS))
    generation, embedded = library.generation, embedder.passages_embedded
    assert library.add_document(a_draft("refunds", REFUNDS)) is Change.UNCHANGED
    assert (library.generation, embedder.passages_embedded) == (generation, embedded)


def test_an_updated_document_answers_with_its_new_text_only(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    assert library.add_document(a_draft("refunds", "Refunds take ten days.")) is Change.UPDATED
    assert found_texts(library, "refunds kettle") == ["Refunds take ten days."]
    assert library.documents()[0].version == 2
    with pytest.raises(DocumentNotFound):
        library.passage("refunds:unknown")


def test_passages_that_an_update_leaves_alone_are_not_embedded_again_but_move(tmp_path: Path) -> None:
    def draft(first: str) -> DocumentDraft:
        text = f"# One\n\n{first}\n\n# Two\n\nThe kettle needs descaling every month.\n"
        return replace(a_draft("manual", text), text=read_markdown_text("Manual", text))

    embedder = FakeEmbedder()
    library = a_library(tmp_path, embedder=embedder)
    library.add_document(draft("Short."))
    before, embedded = library.search("descaling", limit=1)[0].passage, embedder.passages_embedded
    library.add_document(draft("A much longer first section than there was before."))
    after = library.search("descaling", limit=1)[0].passage
    assert embedder.passages_embedded == embedded + 1
    assert after.passage_id == before.passage_id
    assert after.start > before.start
    assert library.document_text("manual")[after.start : after.end] == after.text


def test_a_removed_document_is_never_found_and_the_receipt_proves_it(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    library.add_document(a_draft("invoices", INVOICES))
    receipt = library.remove_document("refunds")
    assert (receipt.document_id, receipt.passages, receipt.unreachable) == ("refunds", 1, True)
    assert receipt.generation == library.generation
    assert found_texts(library, REFUNDS) == [INVOICES]
    assert [document.document_id for document in library.documents()] == ["invoices"]
    with pytest.raises(DocumentNotFound):
        library.document_text("refunds")
    with pytest.raises(DocumentNotFound):
        library.remove_document("refunds")


def test_a_removed_documents_text_is_nowhere_on_the_disk(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("secret", "The zanzibar contract costs 77 crowns."))
    library.add_document(a_draft("invoices", INVOICES))
    library.save()
    library.remove_document("secret")
    library.catalog.engine.dispose()  # the last connection empties the write-ahead log into the file
    holding = [p for p in tmp_path.rglob("*") if p.is_file() and b"zanzibar" in p.read_bytes()]
    assert holding == []


def test_a_removed_document_can_come_back(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    library.remove_document("refunds")
    assert library.add_document(a_draft("refunds", REFUNDS)) is Change.ADDED
    assert found_texts(library, "kettle") == [REFUNDS]
    assert library.documents()[0].version == 2


def test_a_document_without_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentRefused, match="no text"):
        a_library(tmp_path).add_document(a_draft("blank", " \n \n"))


def test_an_empty_question_finds_nothing(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    assert library.search("  ", limit=5) == ()
    assert library.search("refund", limit=0) == ()
    assert len(library.search("?!", limit=5)) == 1  # nothing to go by, but nothing breaks


# Several processes


def test_what_another_process_does_is_seen_by_the_next_question(tmp_path: Path) -> None:
    here, there = a_library(tmp_path), a_library(tmp_path)
    there.add_document(a_draft("refunds", REFUNDS))
    assert found_texts(here, "kettle") == [REFUNDS]
    assert here.generation == there.generation == 1
    there.add_document(a_draft("refunds", "Refunds take ten days."))
    assert found_texts(here, "kettle refunds") == ["Refunds take ten days."]
    there.remove_document("refunds")
    assert found_texts(here, "refunds") == []
    assert here.verify().ok


def test_a_process_that_missed_deleted_tombstones_makes_its_index_anew(tmp_path: Path) -> None:
    here, there = a_library(tmp_path), a_library(tmp_path)
    there.add_document(a_draft("refunds", REFUNDS))
    assert found_texts(here, "kettle") == [REFUNDS]
    there.remove_document("refunds")
    there.add_document(a_draft("invoices", INVOICES))
    assert there.catalog.compact() == 1
    assert found_texts(here, "kettle email") == [INVOICES]
    assert here.verify().ok


def test_questions_are_answered_while_documents_come_and_go(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    library.add_document(a_draft("invoices", INVOICES))
    stop, failures, asked = threading.Event(), list[Exception](), [0]

    def ask() -> None:
        while not stop.is_set():
            try:
                assert INVOICES in found_texts(library, "invoices by email")
                asked[0] += 1
            except Exception as error:  # noqa: BLE001 (raised again below, in the test's own thread)
                failures.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for round_number in range(12):
        library.add_document(a_draft("changing", f"Refunds take {round_number} days."))
        if round_number % 4 == 3:
            library.remove_document("changing")
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert asked[0] > 0
    assert library.verify().ok


# On the disk


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
    assert other.passages_embedded == 2
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
    library.catalog.store_embeddings({number: wrong}, FakeEmbedder().fingerprint)
    health = library.verify()
    assert not health.ok
    assert "1 of 1 vectors" in health.problems[0]
    assert library.rebuild().ok


class FailingEmbedder(FakeEmbedder):
    fails = False

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.fails:
            raise MemoryError("no room")
        return super().embed_passages(texts)


def test_a_document_that_could_not_be_embedded_leaves_nothing_behind(tmp_path: Path) -> None:
    embedder = FailingEmbedder()
    library = a_library(tmp_path, embedder=embedder)
    embedder.fails = True
    with pytest.raises(MemoryError):
        library.add_document(a_draft("refunds", REFUNDS))
    embedder.fails = False
    assert library.documents() == ()
    assert library.verify().ok
    assert library.add_document(a_draft("refunds", REFUNDS)) is Change.ADDED


# LangChain


def test_langchain_gets_documents_with_their_source(tmp_path: Path) -> None:
    from langchain_core.retrievers import BaseRetriever

    library = a_library(tmp_path)
    library.add_document(a_draft("refunds", REFUNDS))
    library.add_document(a_draft("invoices", INVOICES))
    retriever = library.as_langchain(limit=1)
    assert isinstance(retriever, BaseRetriever)
    for documents in (retriever.invoke("kettle"), run(retriever.ainvoke("kettle"))):
        assert [document.page_content for document in documents] == [REFUNDS]
        assert documents[0].metadata["source"] == "refunds.md"
        assert documents[0].id == library.search("kettle", limit=1)[0].passage.passage_id
    assert len(retriever.invoke("kettle", k=2)) == 2


# Whatever happens


STEPS = st.tuples(
    st.sampled_from(["write", "write", "remove", "save", "reopen", "elsewhere"]), st.integers(0, 2), st.integers(0, 1)
)


@settings(max_examples=5, deadline=None)
@given(steps=st.lists(STEPS, max_size=8))
def test_after_any_sequence_the_index_is_the_database(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("library")
    library, other = a_library(folder), a_library(folder)
    expected: dict[str, str] = {}
    for step, which, version in steps:
        name, text = f"document{which}", f"subject{which} wording{version}."
        if step in ("write", "elsewhere"):
            (library if step == "write" else other).add_document(a_draft(name, text))
            expected[name] = text
        elif step == "remove" and name in expected:
            del expected[name]
            assert library.remove_document(name).unreachable
        elif step == "save":
            library.save()
        elif step == "reopen":
            library = a_library(folder)
    for each in (library, other, a_library(folder)):
        assert_holds_exactly(each, expected)


def assert_holds_exactly(library: KnowledgeLibrary, expected: dict[str, str]) -> None:
    assert library.verify().ok
    for which, version in itertools.product(range(3), range(2)):
        text = f"subject{which} wording{version}."
        assert (text in found_texts(library, text)) == (expected.get(f"document{which}") == text)
