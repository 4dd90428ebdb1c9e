"""What can go wrong with documents and indexes.

KnowledgeError
├── DocumentRefused        a file cannot be taken in; the sentence says why and what to do
├── DocumentNotFound       no document or passage has this id
├── IndexUnreadable        an index on disk is missing, damaged, or belongs to other data
├── CatalogUnavailable     the database cannot be opened or written
└── ModelUnavailable       a model's files are missing, damaged or of the wrong kind
"""

from __future__ import annotations


class KnowledgeError(Exception):
    """Base of this package's errors. The message names the thing and the way out."""


class DocumentRefused(KnowledgeError):
    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"Cannot read '{source}': {reason}")
        self.source = source
        self.reason = reason


class DocumentNotFound(KnowledgeError):
    def __init__(self, document_id: str) -> None:
        super().__init__(f"No document has the id '{document_id}'; `frontdesk documents list` shows those there are")
        self.document_id = document_id


class IndexUnreadable(KnowledgeError):
    pass


class CatalogUnavailable(KnowledgeError):
    pass


class ModelUnavailable(KnowledgeError):
    pass
