"""The list of documents: pages, filters, orders; and that long texts are not read to make it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from knowledge.library import KnowledgeLibrary
from knowledge.passages import DocumentState
from knowledge.storing.document_queries import DocumentFilter, Order
from tests.fakes.knowledge import a_draft, a_library


@pytest.fixture
def library(tmp_path: Path) -> KnowledgeLibrary:
    library = a_library(tmp_path)
    for number in range(12):
        library.add_document(a_draft(f"page{number:02}", f"Text number {number}.", title=f"Title {11 - number:02}"))
    library.add_document(a_draft("zh", "七天内可以退货。", title="退货 100%_sure"))
    return library


def ids(library: KnowledgeLibrary, wanted: DocumentFilter, *, offset: int = 0, limit: int = 50) -> list[str]:
    return [document.document_id for document in library.page(wanted, offset=offset, limit=limit).documents]


def test_pages_follow_each_other_without_gap_or_double(library: KnowledgeLibrary) -> None:
    everything = [document.document_id for document in library.documents()]
    pages = [ids(library, DocumentFilter(), offset=offset, limit=5) for offset in range(0, 15, 5)]
    assert [each for page in pages for each in page] == everything
    assert library.page(DocumentFilter(), limit=5).total == 13


@pytest.mark.parametrize(("order", "first"), [("source", "page00"), ("title", "page11"), ("latest", "zh")])
def test_orders(library: KnowledgeLibrary, order: Order, first: str) -> None:
    assert library.page(DocumentFilter(), order=order, limit=1).documents[0].document_id == first


def test_filters_hold_at_once_and_take_no_sign_for_a_pattern(library: KnowledgeLibrary) -> None:
    assert ids(library, DocumentFilter(query="tITLE 11")) == ["page00"]
    assert ids(library, DocumentFilter(query="page03.md")) == ["page03"]
    assert ids(library, DocumentFilter(query="退货")) == ["zh"]
    assert ids(library, DocumentFilter(query="100%_")) == ["zh"]
    assert ids(library, DocumentFilter(query="1__sure")) == []
    assert ids(library, DocumentFilter(language="zh")) == ["zh"]
    assert ids(library, DocumentFilter(query="page", language="zh")) == []


def test_removed_documents_have_a_list_of_their_own(library: KnowledgeLibrary) -> None:
    library.remove_document("page03")
    removed = library.page(DocumentFilter(state=DocumentState.REMOVED))
    assert [(each.document_id, each.passages) for each in removed.documents] == [("page03", 0)]
    assert "page03" not in ids(library, DocumentFilter())


def test_passages_are_counted_for_each_document(library: KnowledgeLibrary) -> None:
    sections = "\n\n".join(f"## Part {n}\n\n{'Words of part. ' * 60}" for n in range(4))
    library.add_document(a_draft("long", sections))
    counted = {document.document_id: document.passages for document in library.documents()}
    assert counted["long"] == len(library.catalog.passages_of("long")) > 1
    assert counted["page00"] == 1


def test_a_page_in_order_of_time_is_read_from_the_index(library: KnowledgeLibrary) -> None:
    """Without it the database passes over every document's text to reach the time behind it."""
    asked: list[tuple[str, tuple[Any, ...]]] = []

    @event.listens_for(library.catalog.engine, "after_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, parameters: tuple[Any, ...], *_: object) -> None:
        if "ORDER BY document.updated_at" in statement:
            asked.append((statement, parameters))

    library.page(DocumentFilter(), order="latest", limit=5)
    statement, parameters = asked[0]
    assert "document.text" not in statement
    with library.catalog.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert "ix_document_latest" in str(plan)
    assert "TEMP B-TREE FOR ORDER BY" not in str(plan)
