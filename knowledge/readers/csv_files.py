"""CSV and TSV → one record a line. Knows nothing of other formats."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from io import StringIO

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText
from knowledge.readers.records import table_records
from knowledge.readers.text_building import TextBuilder, title_from_name

_DELIMITERS = (",", ";", "\t", "|")
_LOOKS_LIKE_A_VALUE = re.compile(r"[-+]?[\d.,\s]*\d%?$|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\S+@\S+$|https?://")
_SAMPLE_CHARACTERS = 20_000


def read_csv(name: str, text: str, *, encoding: str) -> DocumentText:
    """Every row as "Header: value; Header: value". Raises DocumentRefused for a file that is no table."""
    delimiter = "\t" if name.lower().endswith(".tsv") else _likeliest_delimiter(text)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        reason = f"line {reader.line_num} cannot be told into columns; check its quotation marks and upload again"
        raise DocumentRefused(name, reason) from error
    builder = TextBuilder()
    for line in table_records(rows, has_header=_has_header(rows)):
        builder.paragraph(line, separator="\n")
    return builder.finish(title_from_name(name), encoding=encoding)


def _likeliest_delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into the most columns, evenly."""
    sample = text[:_SAMPLE_CHARACTERS]
    if len(text) > len(sample):
        sample = sample[: sample.rfind("\n") + 1] or sample
    return max(_DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(StringIO(sample, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        return (0.0, 0)
    if not widths or widths[0] < 2:
        return (0.0, 0)
    return (sum(width == widths[0] for width in widths) / len(widths), widths[0])


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """A first row of distinct names; numbers, dates and addresses are values already."""
    if not rows:
        return False
    names = [cell.strip() for cell in rows[0] if cell.strip()]
    return len(set(names)) == len(names) and not any(_LOOKS_LIKE_A_VALUE.match(cell) for cell in names)
