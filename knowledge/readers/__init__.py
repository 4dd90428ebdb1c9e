"""Bytes of a file → its text with headings and pages. Knows nothing of passages, indexes and conversations.

Everything used from outside stands here; readers of single formats are not.
"""

from knowledge.readers.archives import SourceFile, expand_source
from knowledge.readers.encodings import known_encoding
from knowledge.readers.file_types import SUPPORTED_EXTENSIONS
from knowledge.readers.json_lines import JsonLine, read_json_lines
from knowledge.readers.limits import STANDARD_LIMITS, ReadingLimits
from knowledge.readers.markdown import read_markdown_text
from knowledge.readers.reading import read_document
from knowledge.readers.source_files import ARCHIVE, LISTS, Entry, SourceDocuments

__all__ = [
    "ARCHIVE",
    "LISTS",
    "STANDARD_LIMITS",
    "SUPPORTED_EXTENSIONS",
    "Entry",
    "JsonLine",
    "ReadingLimits",
    "SourceDocuments",
    "SourceFile",
    "expand_source",
    "known_encoding",
    "read_document",
    "read_json_lines",
    "read_markdown_text",
]
