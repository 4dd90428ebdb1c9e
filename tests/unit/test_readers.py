"""Which files are taken in, and what is said of those that are not; plain text and tables."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import DocumentRefused
from knowledge.readers import SUPPORTED_EXTENSIONS, ReadingLimits, read_document
from knowledge.readers.text_building import clean_text, title_from_name

PDF_BYTES = b"%PDF-1.7\n%\xe2\xe3\n1 0 obj"
EXE_BYTES = b"MZ\x90\x00\x03\x00\x00\x00"
OLE_BYTES = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def refusal(name: str, content: bytes, limits: ReadingLimits | None = None) -> str:
    with pytest.raises(DocumentRefused) as caught:
        read_document(name, content, limits=limits or ReadingLimits())
    assert caught.value.source == name
    return caught.value.reason


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("plan.pdf", EXE_BYTES, "seems to be a Windows program"),
        ("plan.txt", b"PK\x03\x04" + bytes(40), "ZIP archive"),
        ("plan.csv", b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG picture"),
        ("plan.pdf", b"just words", "is not a PDF file"),
        ("plan.docx", b"just words", "is not a Word document"),
        ("plan.docx", OLE_BYTES, "save as .docx without a password"),
        ("plan.doc", OLE_BYTES, "save as .docx"),
        ("plan.xls", OLE_BYTES, "save as .xlsx or .csv"),
        ("plan.ppt", OLE_BYTES, "save as .pptx or .pdf"),
        (
            "plan.bin",
            bytes(range(256)),
            "PDF, Word (.docx), PowerPoint (.pptx), Excel (.xlsx), CSV, HTML, Markdown, text and e-mail",
        ),
        ("plan.docx", OLE_BYTES + "EncryptedPackage".encode("utf-16-le"), "it is password-protected"),
        ("plan.docx", OLE_BYTES + "WordDocument".encode("utf-16-le"), "it is a legacy Word file; save as .docx"),
        ("plan.xls", OLE_BYTES + "Workbook".encode("utf-16-le"), "it is a legacy Excel file; save as .xlsx"),
        ("mail.eml", OLE_BYTES + "__substg1.0_0".encode("utf-16-le"), "it is an Outlook message; save as .eml"),
        ("plan.doc", b"{\\rtf1 hello}", "save as .docx"),
        ("plan.rtf", b"{\\rtf1 hello}", "save as .docx"),
        ("scan.jpg", b"\xff\xd8\xff\xe0" + bytes(20), "run OCR"),
        ("plan.xyz", b"words", "the type '.xyz' is not known"),
        ("plan", b"\x7fELF\x02\x01\x01\x00", "a Linux program"),
    ],
)
def test_content_that_does_not_fit_its_name_is_refused_with_a_way_out(name: str, content: bytes, expected: str) -> None:
    assert expected in refusal(name, content)


@pytest.mark.parametrize("name", ["plan.txt", "plan.xls", "plan.doc", "plan", "plan.pdf"])
def test_a_page_is_read_as_a_page_whatever_its_name(name: str) -> None:
    assert read_document(name, b"<!DOCTYPE html><html><body><h1>Plan</h1>x</body></html>").title == "Plan"


@pytest.mark.parametrize("extension", SUPPORTED_EXTENSIONS)
def test_an_empty_file_is_refused(extension: str) -> None:
    assert refusal(f"a{extension}", b"") == "it is empty"


@pytest.mark.parametrize("content", [b"  \n\t\n", b"\xef\xbb\xbf", "\u200b\u3000\u00a0".encode()])
def test_white_space_alone_is_no_document(content: bytes) -> None:
    assert "white space" in refusal("a.txt", content)


def test_binary_rubbish_named_text_is_refused() -> None:
    assert "make no sense" in refusal("a.txt", bytes(range(256)) * 4)


def test_a_file_without_extension_is_recognised_by_its_content() -> None:
    assert read_document("README", b"Hello there").text == "Hello there"


def test_a_text_may_begin_with_the_letters_of_another_format() -> None:
    assert read_document("a.txt", b"MZ is a code. ID3 tags and RIFF too.").text.startswith("MZ")


def test_files_beyond_the_limits_are_refused() -> None:
    small = ReadingLimits(max_bytes=10, max_text_characters=5)
    assert "larger than 10 bytes" in refusal("a.txt", b"x" * 11, small)
    assert "more than 5" in refusal("a.txt", b"x" * 8, small)


def test_text_is_normalised() -> None:
    document = read_document(
        "a.txt", "Cafe\u0301\u00a0au\u200b lait \r\nsecond\x07 line\r\n\r\n\r\n\r\n\r\nend".encode()
    )
    assert document.text == "Café au lait\nsecond line\n\nend"


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u2066", "\u200d", "\ufeff", "\U000e0041", "\U000e01ef", "\ufe0f", "\xad"]
)
def test_invisible_characters_are_removed(hidden: str) -> None:
    assert read_document("a.txt", f"ab{hidden}cd".encode()).text == "abcd"


def test_lines_broken_for_width_are_joined_and_others_kept() -> None:
    wrapped = "You can send anything back within thirty days of delivery, as\nlong as it is unused.\nRegards\nACME"
    expected = "You can send anything back within thirty days of delivery, as long as it is unused.\nRegards\nACME"
    assert read_document("a.txt", wrapped.encode()).text == expected


def test_endless_stacks_of_accents_take_no_endless_time() -> None:
    assert len(clean_text("a" + "\u064b\u0327\u0591" * 100_000)) < 40


@settings(max_examples=60)
@given(st.text(max_size=300))
def test_cleaning_a_clean_text_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert not any(line != line.rstrip() for line in once.split("\n"))
    assert "\n\n\n\n" not in once


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("guides/refund-policy_2024.md", "Refund policy 2024"),
        ("C:\\docs\\Preise.v2.docx", "Preise"),
        ("退货政策.txt", "退货政策"),
        ("faq.jsonl.gz", "Faq"),
        ("version 3.5.txt", "Version 3.5"),
        ("delivery 3fa9c1d2e4b5.pdf", "Delivery"),
    ],
)
def test_a_title_is_made_from_the_file_name(name: str, title: str) -> None:
    assert title_from_name(name) == title


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("prices.csv", "Plan,Price per month,Pods\nSprout,€9,3\nOak,,5\n"),
        ("prices.csv", "Plan;Price per month;Pods\r\nSprout;€9;3\r\nOak;;5\r\n"),
        ("prices.tsv", "Plan\tPrice per month\tPods\nSprout\t€9\t3\nOak\t\t5"),
        ("prices.csv", "Plan|Price per month|Pods\nSprout|€9|3\nOak||5\n"),
    ],
)
def test_a_table_row_becomes_a_record_with_the_names_of_its_columns(name: str, content: str) -> None:
    document = read_document(name, content.encode())
    assert document.text == "Plan: Sprout; Price per month: €9; Pods: 3\nPlan: Oak; Pods: 5"
    assert document.title == "Prices"


def test_cells_with_delimiters_quotes_and_line_ends_stay_in_one_record() -> None:
    content = 'Question,Answer\n"Can I pay, say, ""later""?","Yes.\nWithin 14 days"\n'
    text = read_document("faq.csv", content.encode()).text
    assert text == 'Question: Can I pay, say, "later"?; Answer: Yes. Within 14 days'


def test_a_table_without_a_header_has_no_invented_one() -> None:
    assert read_document("a.csv", b"2024-01-05,9.50,paid\n2024-01-06,3.20,open\n").text == (
        "2024-01-05; 9.50; paid\n2024-01-06; 3.20; open"
    )


def test_a_chinese_table_in_gb18030_is_read() -> None:
    document = read_document("价格.csv", "套餐,每月价格\n基础版,九元\n专业版,二十九元\n".encode("gb18030"))
    assert document.text == "套餐: 基础版; 每月价格: 九元\n套餐: 专业版; 每月价格: 二十九元"
    assert document.encoding == "gb18030"


def test_a_quotation_mark_that_never_closes_is_refused_not_swallowed() -> None:
    assert "quotation marks" in refusal("a.csv", b'a,b\n"' + b"x," * 100_000)
