"""What can go wrong with documents and indexes.

KnowledgeError
├── DocumentRefused        a file cannot be taken in; the sentence says why and what to do
├── DocumentNotFound       no document or passage has this id
├── DocumentIsEntry        a document is an entry in its second shape: it is removed as an entry, not as a file
├── EncodingUnknown        there is no such encoding; the sentence names some
├── ReaderUnavailable      the process that reads files cannot be started
├── IndexUnreadable        an index on disk is missing, damaged, or belongs to other data
├── SnapshotUnusable       a snapshot's name is taken, unknown or malformed, or its copies are damaged
├── IndexNotSaved          an index cannot be written: the disk is full, say; searches go on with the one in memory
├── CatalogUnavailable     the database cannot be opened or written
├── StorageUnavailable     a file cannot be stored or read: the disk is full, say
├── ModelUnavailable       a model's files are missing, damaged or of the wrong kind
├── EntryRefused           a question-and-answer entry cannot be stored; the sentence says why
├── EntryNotFound          no entry has this id
└── EntryChanged           somebody else has changed the entry meanwhile; the sentence says who
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


class DocumentIsEntry(KnowledgeError):
    code = "is_entry"

    def __init__(self, document_id: str) -> None:
        super().__init__(f"'{document_id}': this is an answer that was written by hand; remove it among the answers")
        self.document_id = document_id


class EncodingUnknown(KnowledgeError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no text encoding '{name[:40]}'; name one such as utf-8, gb18030 (gbk, gb2312), big5, utf-16-le, "
            "shift_jis, euc_kr or windows-1252"
        )
        self.name = name


class ReaderUnavailable(KnowledgeError):
    pass


class IndexUnreadable(KnowledgeError):
    pass


class IndexNotSaved(KnowledgeError):
    pass


class SnapshotUnusable(KnowledgeError):
    pass


class CatalogUnavailable(KnowledgeError):
    pass


class StorageUnavailable(KnowledgeError):
    pass


class ModelUnavailable(KnowledgeError):
    pass


class EntryRefused(KnowledgeError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code  # such as "answer_missing": what the presenter words for editors


class EntryNotFound(KnowledgeError):
    def __init__(self, entry_id: str) -> None:
        super().__init__(f"No entry has the id '{entry_id}'; it may have been removed meanwhile")
        self.entry_id = entry_id


class EntryChanged(KnowledgeError):
    """`version` is the one that is stored now, `editor` who wrote it."""

    def __init__(self, entry_id: str, version: int, editor: str) -> None:
        super().__init__(
            f"'{editor}' has changed the entry '{entry_id}' meanwhile (it is at version {version}); "
            "load it anew and write your change into that version"
        )
        self.entry_id = entry_id
        self.version = version
        self.editor = editor
