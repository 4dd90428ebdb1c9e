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
from tests.fakes.knowledge import a_draft, a_library, found_texts
from tests.loops import run

REFUNDS = "Refunds take five days. Send the kettle back in its box."
INVOICES = "Invoices are sent by email on the first day of the month."


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


def test_a_follow_up_is_answered_from_the_page_that_the_conversation_has_named(tmp_path: Path) -> None:
    library = a_library(tmp_path)
    for hotel in ("Bridge Inn", "Avalon Guest House", "Harbour Hotel"):
        library.add_document(a_draft(hotel, f"Guests swim in the pool from nine to {len(hotel)}.", title=hotel))
    found = library.search(
        "Is there a pool for guests?", limit=3, earlier="Book the Avalon guest house, please.\nDone."
    )
    assert found[0].passage.title == "Avalon Guest House"
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


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
