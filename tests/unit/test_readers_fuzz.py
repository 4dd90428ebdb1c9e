"""Whatever the bytes: a document or a refusal with a sentence, nothing else."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText
from knowledge.readers import STANDARD_LIMITS, SUPPORTED_EXTENSIONS, SourceDocuments, read_document
from tests.hostile.valid_files import valid_files

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Fragments that take a parser into its corners, glued together in any order.
FRAGMENTS = {
    ".md": "# ;- ;> ;```\n;|a|b|\n|-|-|\n;[a](b);<div>;</div>;---\n;title: ;*;\n;\n\n;    ;{% a %};={a};\x00;退",
    ".html": (
        "<table>;<tr>;<td rowspan=9>;</table>;<ul>;<li>;<h2>;</h2>;<pre>;<main>;<br>;<img alt='a b c d'>;words ;"
        "<p hidden>;<!--;-->;&amp;\x00;退"
    ),
    ".csv": "\";,;\t;\n;a;1;\r;退;a,b\n;'a';\x00;|",
    ".eml": (
        "Subject: a\n;From: b\n;\n;Content-Type: multipart/mixed, boundary=b\n;--b\n;--b--\n;=?utf-8?b?;?=;é;\x00;"
        "Content-Type: text/html\n;<p>;words;Content-Transfer-Encoding: base64\n;Content-Type: message/rfc822\n\n"
    ),
    ".jsonl": '{"text":"a"};\n;{;};";\\ud800;[;];1e999;{"id":1,"text":"b"};,;:;null',
}


def is_document_or_refusal(name: str, content: bytes) -> None:
    """Checks the promises of whatever comes out."""
    try:
        source = SourceDocuments(name, content, limits=STANDARD_LIMITS)
        documents = [source.read(number) for number, entry in enumerate(source.entries()) if not entry.refused]
    except DocumentRefused as refused:
        documents = []
        is_a_sentence = 5 < len(refused.reason) < 400
    else:
        is_a_sentence = True
    assert is_a_sentence
    for document in documents:
        holds_together(document)


def holds_together(document: DocumentText) -> None:
    assert document.text.strip()
    document.text.encode()  # no half surrogate pairs
    assert all(document.text[one.start :].startswith(one.text) for one in document.headings)
    starts = [heading.start for heading in document.headings]
    assert all(before < after for before, after in pairwise(starts))
    assert all(0 <= start <= len(document.text) for start in document.page_starts)


@FUZZ
@given(st.sampled_from([*SUPPORTED_EXTENSIONS, "", ".zip", ".jsonl", ".jsonl.gz"]), st.binary(max_size=2000))
def test_any_bytes_under_any_name(extension: str, content: bytes) -> None:
    is_document_or_refusal(f"a{extension}", content)


@pytest.mark.parametrize("extension", list(FRAGMENTS))
@FUZZ
@given(data=st.data())
def test_any_mixture_of_markup(extension: str, data: st.DataObject) -> None:
    pieces = data.draw(st.lists(st.sampled_from(FRAGMENTS[extension].split(";")) | st.text(max_size=5), max_size=60))
    is_document_or_refusal(f"a{extension}", "".join(pieces).encode("utf-8", "replace"))


@pytest.mark.parametrize("extension", [".pdf", ".docx", ".pptx", ".xlsx", ".zip", ".eml"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_damage_to_a_sound_file(extension: str, data: st.DataObject) -> None:
    content = bytearray(valid_files()[extension])
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=8)
    ):
        content[place] = value
    is_document_or_refusal(f"a{extension}", bytes(content[: data.draw(st.integers(1, len(content)))]))


@FUZZ
@given(st.text(max_size=200), st.binary(max_size=50))
def test_any_name(name: str, content: bytes) -> None:
    with suppress(DocumentRefused):
        holds_together(read_document(name, content))
