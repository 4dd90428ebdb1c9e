"""What the catalogue takes in and gives out besides documents and passages. Knows nothing of the database."""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.passages import DocumentText, Passage

ENTRY_SOURCES = "entry:"  # how sources of documents begin that follow the table of entries, not files
_ENTRYS_DOCUMENT = re.compile(r"entry-[0-9a-f]{16}-(?:en|zh)")


def file_source(name: str) -> str:
    """The source of a file called `name`: never one that an entry could have."""
    return f"./{name}" if name.startswith(ENTRY_SOURCES) else name


def may_be_an_entrys(document_id: str) -> bool:
    """Whether an id has the form of those that entries are given as documents; no list may give out such a one."""
    return _ENTRYS_DOCUMENT.fullmatch(document_id) is not None


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A document that has been read and may be taken in."""

    document_id: str
    source: str
    collection: str  # the folder, archive or list it came from; "" for a single file
    media_type: str
    sha256: str  # of the bytes it was read from
    text: DocumentText


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    draft: DocumentDraft
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What must be known of a document to decide whether it has changed."""

    document_id: str
    source: str
    collection: str
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A live passage as the indexes need it. `embedding` is None where `embedder` is not who made it."""

    number: int
    title: str
    embedded_text: str
    embedder: str
    embedding: bytes | None  # fp16, little-endian


@dataclass(frozen=True, slots=True)
class CatalogState:
    generation: int
    compacted_generation: int  # what an index older than this has missed is no longer known


@dataclass(frozen=True, slots=True)
class RemovedDocument:
    document_id: str
    title: str
    numbers: tuple[int, ...]  # of the passages that are gone
    generation: int
    copies: int = 0  # erased from snapshots
    was_gone: bool = False  # it could not be found any more; there were copies at most


@dataclass(frozen=True, slots=True)
class RemovalReceipt:
    """What became of a removed document. `unreachable`: neither its passages nor its sentences are found any more.

    `same_text_in` names other documents in which a search for its sentences finds them word for word.
    """

    document_id: str
    title: str
    passages: int
    generation: int
    unreachable: bool
    probes: int = 0  # sentences that were searched for
    originals: int = 0  # files deleted
    copies: int = 0  # erased from snapshots
    same_text_in: tuple[str, ...] = ()
