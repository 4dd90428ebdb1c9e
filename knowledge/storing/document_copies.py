"""A version of a document, with its passages and vectors, as bytes; and back into rows. Knows nothing of snapshots.

Every column goes into the copy under its name, so that later columns need no change here; a copy made before a column
existed gives its default.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.storing.catalog_rows import DocumentRow, PassageRow

_VECTOR = "embedding"
_NOT_COPIED = {"number", "added_generation", "removed_generation"}  # given anew to a passage that comes back
_KEPT_OF_THE_ROW = {"document_id", "version", "state", "created_at", "updated_at"}


def copy_of(document: DocumentRow, passages: Sequence[PassageRow]) -> bytes:
    copied = {"document": document.model_dump(), "passages": [_fields_of(passage) for passage in passages]}
    return zlib.compress(json.dumps(copied, ensure_ascii=False).encode(), level=1)  # vectors do not shrink


def checksum_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def contents_of(content: bytes) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """The document's fields and the passages'."""
    copied = json.loads(zlib.decompress(content))
    return copied["document"], copied["passages"]


def restore_document(row: DocumentRow, fields: Mapping[str, Any]) -> None:
    """Fills a row with what the copy says of the document, apart from what belongs to the row itself."""
    for name, value in fields.items():
        if name in DocumentRow.model_fields and name not in _KEPT_OF_THE_ROW:
            setattr(row, name, value)


def restored_passage(fields: Mapping[str, Any], generation: int) -> PassageRow:
    known = {name: value for name, value in fields.items() if name in PassageRow.model_fields}
    if known.get(_VECTOR) is not None:
        known[_VECTOR] = base64.b64decode(known[_VECTOR])
    return PassageRow(**known, added_generation=generation)


def _fields_of(passage: PassageRow) -> dict[str, Any]:
    fields = passage.model_dump(exclude=_NOT_COPIED | {_VECTOR})
    vector = passage.embedding
    return {**fields, _VECTOR: None if vector is None else base64.b64encode(vector).decode()}
