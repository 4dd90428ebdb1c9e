"""Bytes of a file → its text with headings and pages. Knows nothing of passages, indexes and conversations.

Everything used from outside stands here; readers of single formats are not.
"""

from knowledge.readers.archives import SourceFile, expand_source
from knowledge.readers.file_types import SUPPORTED_EXTENSIONS
from knowledge.readers.json_lines import JsonLine, read_json_lines
from knowledge.readers.limits import ReadingLimits
from knowledge.readers.markdown import read_markdown_text
from knowledge.readers.reading import read_document

__all__ = [
    "SUPPORTED_EXTENSIONS",
    "JsonLine",
    "ReadingLimits",
    "SourceFile",
    "expand_source",
    "read_document",
    "read_json_lines",
    "read_markdown_text",
]
