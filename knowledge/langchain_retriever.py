"""Any Retriever as LangChain's own type. Knows nothing of how passages are found."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, SkipValidation

from knowledge.passages import ScoredPassage
from knowledge.protocols import Retriever


class LangChainRetriever(BaseRetriever):
    """Asynchronous calls run the search in a thread, as BaseRetriever arranges it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: SkipValidation[Retriever]
    k: int = 5  # the name LangChain's own retrievers use for the number of documents

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 (BaseRetriever passes it by name)
        k: int | None = None,
        **_kwargs: Any,
    ) -> list[Document]:
        return [_as_document(found) for found in self.retriever.search(query, limit=self.k if k is None else k)]


def _as_document(found: ScoredPassage) -> Document:
    passage = found.passage
    return Document(
        id=passage.passage_id,
        page_content=passage.text,
        metadata={
            "document_id": passage.document_id,
            "title": passage.title,
            "source": passage.source,
            "heading": passage.heading,
            "page": passage.page,
            "start": passage.start,
            "end": passage.end,
            "language": passage.language,
            "score": found.score,
        },
    )
