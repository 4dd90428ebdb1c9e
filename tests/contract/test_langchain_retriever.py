"""`library.as_langchain()` against langchain-core's own standard tests for retrievers."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from langchain_core.retrievers import BaseRetriever

from tests.fakes.knowledge import a_draft, a_library

pytest.importorskip("langchain_tests", reason="langchain-tests is not installed; it is in the extra `dev`")
from langchain_tests.integration_tests import RetrieversIntegrationTests

TEXTS = (
    "A refund reaches your account within five days.",
    "A refund for a kettle takes a week.",
    "We ship every kettle by courier.",
    "Invoices are sent by email on the first day of the month.",
)


@pytest.fixture(scope="class", autouse=True)
def retriever_over_a_library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    library = a_library(tmp_path_factory.mktemp("langchain"))
    for number, text in enumerate(TEXTS):
        library.add_document(a_draft(f"document-{number}", text))
    request.cls.made = library.as_langchain()


class TestLangChainRetriever(RetrieversIntegrationTests):  # type: ignore[misc]
    made: ClassVar[BaseRetriever]

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return type(self.made)

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"retriever": self.made.retriever}  # type: ignore[attr-defined]

    @property
    def retriever_query_example(self) -> str:
        return "When do I get my refund?"
