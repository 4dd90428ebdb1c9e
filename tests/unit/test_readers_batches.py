"""Archives and JSON lines: many documents in one file, one bad one does not spoil the rest."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Mapping
from io import BytesIO

import pytest

from knowledge.errors import DocumentRefused
from knowledge.passages import Refusal
from knowledge.readers import JsonLine, ReadingLimits, SourceFile, expand_source, read_json_lines


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def lines(*records: object) -> bytes:
    return "\n".join(record if isinstance(record, str) else json.dumps(record) for record in records).encode()


def test_the_files_of_an_archive_come_one_by_one() -> None:
    content = zipped({"a.md": b"A", "folder/b.txt": b"B", ".hidden": b"x", "__MACOSX/a.md": b"x", "f/.DS_Store": b"x"})
    assert list(expand_source("docs.zip", content)) == [SourceFile("a.md", b"A"), SourceFile("folder/b.txt", b"B")]


def test_any_other_file_is_its_own_source() -> None:
    assert list(expand_source("a.md", b"A")) == [SourceFile("a.md", b"A")]


@pytest.mark.parametrize("name", ["../evil.md", "a/../../evil.md", "/etc/evil.md", "C:/evil.md", "..\\evil.md"])
def test_a_path_that_leads_out_of_the_archive_is_refused_alone(name: str) -> None:
    refused, kept = expand_source("docs.zip", zipped({name: b"x", "good.md": b"G"}))
    assert isinstance(refused, Refusal)
    assert "leads out of the archive" in refused.reason
    assert kept == SourceFile("good.md", b"G")


@pytest.mark.parametrize("sign", ["\n", "\x1b", "\x7f", "\u202e", "\u2028"])
def test_a_name_with_what_does_not_print_is_refused_alone(sign: str) -> None:
    refused, kept = expand_source("docs.zip", zipped({f"evil{sign}.md": b"x", "good.md": b"G"}))
    assert refused == Refusal(
        "evil\ufffd.md", "its name holds characters that do not print; rename it and make the archive anew"
    )
    assert kept == SourceFile("good.md", b"G")


@pytest.mark.parametrize("name", ["退货\u3000政策.md", "a\xa0b.md", "\U0001f469\u200d\U0001f4bb.md"])
def test_wide_spaces_and_joined_emoji_are_names_as_any_other(name: str) -> None:
    assert list(expand_source("docs.zip", zipped({name: b"x"}))) == [SourceFile(name, b"x")]


def test_names_written_by_a_chinese_windows_are_readable() -> None:
    name = "退货政策.md"
    content = zipped({"@@@@@@@@.md": b"x"})
    assert len(name.encode("gb18030")) == len("@@@@@@@@.md")
    content = content.replace(b"@@@@@@@@.md", name.encode("gb18030"))
    assert list(expand_source("docs.zip", content)) == [SourceFile(name, b"x")]


def test_an_archive_in_an_archive_is_opened_one_level_deep() -> None:
    deepest = zipped({"c.md": b"C"})
    outer = zipped({"inner.zip": zipped({"b.md": b"B", "deeper.zip": deepest})})
    found, refused = expand_source("docs.zip", outer)
    assert found == SourceFile("inner.zip/b.md", b"B")
    assert isinstance(refused, Refusal)
    assert (refused.source, "one level deep" in refused.reason) == ("inner.zip/deeper.zip", True)


def test_a_bomb_is_refused_before_anything_is_unpacked() -> None:
    content = zipped({"a.txt": bytes(20_000_000)})
    with pytest.raises(DocumentRefused, match="ZIP bomb"):
        next(expand_source("docs.zip", content))
    with pytest.raises(DocumentRefused, match="unpacks to"):
        next(expand_source("docs.zip", content, limits=ReadingLimits(max_unzipped_bytes=1_000_000)))


def test_archives_inside_share_the_budget_of_the_whole() -> None:
    inner = zipped({"a.txt": bytes(range(256)) * 1000})
    content = zipped({"one.zip": inner, "two.zip": inner})
    results = list(expand_source("docs.zip", content, limits=ReadingLimits(max_unzipped_bytes=400_000)))
    assert isinstance(results[0], SourceFile)
    assert isinstance(results[1], Refusal)


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x03\x04broken", b"%PDF-1.4"])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(DocumentRefused):
        next(expand_source("docs.zip", content))


def test_a_damaged_member_does_not_spoil_the_others() -> None:
    content = bytearray(zipped({"bad.txt": b"some words that will be damaged", "good.txt": b"G"}))
    content[content.index(b"bad.txt") + 12] ^= 0xFF
    first, second = expand_source("docs.zip", bytes(content))
    assert isinstance(first, Refusal)
    assert second == SourceFile("good.txt", b"G")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_each_line_is_a_document(pack: type[bytes]) -> None:
    content = lines({"id": "a", "title": "A", "text": "# X\n\ny"}, "", {"id": 7, "title": None, "text": "# Seven\n\nz"})
    name = "docs.jsonl.gz" if pack is not bytes else "docs.jsonl"
    assert list(read_json_lines(name, pack(content))) == [
        JsonLine("a", "A", "# X\n\ny", 1),
        JsonLine("7", "Seven", "# Seven\n\nz", 3),
    ]


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ('{"id": "b", "text": ', "line 2: it is no valid JSON"),
        ("[1, 2]", "line 2: it is no JSON object with 'id', 'title' and 'text'"),
        ({"id": "b", "title": "B"}, "line 2: there is no 'text'"),
        ({"id": "b", "text": 5}, "line 2: 'text' is not a string"),
        ({"id": "b", "text": " \u200b\n"}, "line 2: 'text' is empty"),
        ({"id": "b", "title": 5, "text": "x"}, "line 2: 'title' is not a string"),
        ({"id": [1], "text": "x"}, "line 2: 'id' is neither a string nor a whole number"),
        ({"id": "a", "text": "again"}, "line 2: the id 'a' stands in line 1 already"),
        ("[" * 100_000, "line 2: it is no"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(bad: object, expected: str) -> None:
    first, second, third = read_json_lines("docs.jsonl", lines({"id": "a", "text": "x"}, bad, {"id": "c", "text": "z"}))
    assert isinstance(first, JsonLine)
    assert isinstance(second, Refusal)
    assert second.reason.startswith(expected)
    assert isinstance(third, JsonLine)


def test_line_ends_inside_strings_do_not_split_a_record() -> None:
    content = json.dumps({"id": "a", "text": "x\u2028y\u0085z"}, ensure_ascii=False).encode()
    (record,) = read_json_lines("docs.jsonl", content)
    assert isinstance(record, JsonLine)


def test_a_document_without_title_or_id_is_named_after_file_and_line() -> None:
    (record,) = read_json_lines("faq-list.jsonl", lines({"text": "x"}))
    assert isinstance(record, JsonLine)
    assert (record.document_id, record.title) == (None, "Faq list 1")


def test_a_list_of_too_many_records_is_refused_where_its_bound_is() -> None:
    three = [{"text": "one"}, {"text": "two"}, {"text": "three"}]
    assert len(list(read_json_lines("a.jsonl", lines(*three), limits=ReadingLimits(max_records=3)))) == 3
    with pytest.raises(DocumentRefused, match="more than 2 records"):
        list(read_json_lines("a.jsonl", lines(*three), limits=ReadingLimits(max_records=2)))


def test_a_gzip_bomb_is_refused() -> None:
    with pytest.raises(DocumentRefused, match="unpacks to more than"):
        list(
            read_json_lines(
                "a.jsonl.gz", gzip.compress(bytes(3_000_000)), limits=ReadingLimits(max_unzipped_bytes=1_000_000)
            )
        )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl.gz", gzip.compress(b'{"text": "x"}' * 100, mtime=0)[:-20]),
        ("a.jsonl.gz", b'{"text": "x"}'),
        ("a.jsonl", b"%PDF-1.4 x"),
        ("a.jsonl", b" \n"),
    ],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(name: str, content: bytes) -> None:
    with pytest.raises(DocumentRefused):
        list(read_json_lines(name, content))
