"""The encoding of a text file is found from its bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import DocumentRefused, EncodingUnknown
from knowledge.readers import known_encoding, read_document
from knowledge.readers.encodings import UndecodableError, decode_text

SIMPLIFIED = (
    "退货政策：自签收之日起七天内，您可以无理由退货。请保留发票，并在包装完好的情况下寄回商品，运费由我们承担。"
)
TRADITIONAL = (
    "退貨政策：自簽收之日起七天內，您可以無理由退貨。請保留發票，並在包裝完好的情況下寄回商品，運費由我們承擔。"
)
FRENCH = "Vous pouvez résilier à tout moment ; le reste vous est remboursé à l’échéance. Déjà payé ? Écrivez-nous."
GERMAN = "Rücksendungen sind innerhalb von 30 Tagen möglich – größere Artikel holen wir für 5 € ab."
JAPANESE = "返品は商品到着後7日以内にお願いします。送料はお客様のご負担となりますのでご了承ください。"
KOREAN = "상품을 받으신 후 7일 이내에 반품하실 수 있습니다. 영수증을 보관해 주십시오."
RUSSIAN = "Вы можете вернуть товар в течение семи дней. Сохраните, пожалуйста, чек."
GREEK = "Μπορείτε να επιστρέψετε το προϊόν εντός επτά ημερών. Κρατήστε την απόδειξη."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SIMPLIFIED, "utf-8"),
        (SIMPLIFIED, "gb18030"),
        (TRADITIONAL, "gb18030"),
        (TRADITIONAL, "big5"),
        (SIMPLIFIED, "utf-16-le"),
        (SIMPLIFIED + "\nOK\n", "utf-16-be"),
        ("Returns are free within 30 days.", "utf-16-le"),
        (FRENCH, "cp1252"),
        (GERMAN, "cp1252"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "utf-16-le"),
        (KOREAN, "euc_kr"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GREEK, "cp1253"),
    ],
)
def test_each_encoding_is_recognised_without_a_mark(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == (text, encoding)


def test_what_the_makers_added_to_big5_is_read() -> None:
    assert decode_text((TRADITIONAL + "恒裏€").encode("cp950")) == (TRADITIONAL + "恒裏€", "big5")
    assert decode_text((TRADITIONAL + "㗎嘅").encode("big5hkscs")) == (TRADITIONAL + "㗎嘅", "big5")


def test_a_legacy_file_that_was_cut_in_a_character_is_still_read() -> None:
    text, encoding = decode_text((SIMPLIFIED * 3).encode("gb18030")[:-1])
    assert encoding == "gb18030"
    assert text.startswith(SIMPLIFIED)


def test_the_choice_of_a_person_decides() -> None:
    assert decode_text("退".encode("big5"), chosen="big5") == ("退", "big5")
    assert decode_text("é".encode("cp1250"), chosen="windows-1250") == ("é", "cp1250")
    assert read_document("a.txt", TRADITIONAL.encode("big5"), encoding="Big5").encoding == "big5"
    with pytest.raises(UndecodableError, match="no utf-8 text, as was chosen"):
        decode_text(SIMPLIFIED.encode("gb18030"), chosen="utf-8")
    with pytest.raises(DocumentRefused, match="choose another encoding"):
        read_document("a.md", SIMPLIFIED.encode("gb18030"), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("GBK", "gb18030"),
        ("gb2312", "gb18030"),
        ("cp936", "gb18030"),
        ("Big5", "big5"),
        ("big5-hkscs", "big5"),
        ("windows-1252", "cp1252"),
        ("latin-1", "cp1252"),
        ("UTF8", "utf-8"),
        ("utf-16-le", "utf-16-le"),
        ("shift-jis", "shift_jis"),
        ("euc-kr", "euc_kr"),
        ("KOI8-R", "koi8-r"),
    ],
)
def test_an_encoding_is_known_by_any_of_its_names(name: str, known: str) -> None:
    assert known_encoding(name) == known


@pytest.mark.parametrize(
    "name", ["", "klingon", "rot13", "base64", "zip", "idna", "unicode_escape", "utf-7", "大五码", "a" * 500]
)
def test_what_is_no_encoding_is_said_to_be_none(name: str) -> None:
    with pytest.raises(EncodingUnknown, match="There is no text encoding"):
        known_encoding(name)


def test_a_csv_from_a_chinese_excel_is_read() -> None:
    content = '方案,价格,备注\r\n基础版,￥９,含税\r\n专业版,99,"七天内，可以退货"\r\n'.encode("gbk")
    document = read_document("价格.csv", content)
    assert document.text == "方案: 基础版; 价格: ￥９; 备注: 含税\n方案: 专业版; 价格: 99; 备注: 七天内，可以退货"
    assert document.encoding == "gb18030"


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.csv"])
def test_a_chinese_file_of_any_format_is_read_in_any_encoding(name: str, encoding: str) -> None:
    text = TRADITIONAL if encoding == "big5" else SIMPLIFIED
    page = f"<!DOCTYPE html><html><body><p>{text}</p></body></html>" if name == "a.html" else text
    assert read_document(name, page.encode(encoding)).text == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_and_is_no_text(encoding: str) -> None:
    assert decode_text(SIMPLIFIED.encode(encoding))[0] == SIMPLIFIED


@pytest.mark.parametrize("length", [4, 8, 15])
def test_a_few_characters_are_enough(length: int) -> None:
    assert decode_text(SIMPLIFIED[:length].encode("gb18030"))[0] == SIMPLIFIED[:length]
    assert decode_text(TRADITIONAL[:length].encode("big5"))[0] == TRADITIONAL[:length]


def test_a_declaration_is_believed_where_it_decodes() -> None:
    assert decode_text("退".encode("gb18030"), "gb2312") == ("退", "gb18030")
    assert decode_text("é".encode("cp1252"), "iso-8859-1") == ("é", "cp1252")


def test_a_declaration_does_not_overrule_valid_utf8() -> None:
    assert decode_text(FRENCH.encode(), "iso-8859-1") == (FRENCH, "utf-8")


def test_an_unknown_declaration_is_passed_over() -> None:
    assert decode_text(SIMPLIFIED.encode("gb18030"), "x-klingon")[0] == SIMPLIFIED


def test_utf8_cut_in_the_middle_of_a_character_is_still_utf8() -> None:
    text, encoding = decode_text(SIMPLIFIED.encode()[:-1])
    assert encoding == "utf-8"
    assert text.startswith(SIMPLIFIED[:-1])


@pytest.mark.parametrize("content", [bytes(range(256)), b"\x00\x01\x02\x03" * 50, b"\xff\xfe\x00"])
def test_what_is_no_text_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(UndecodableError):
        decode_text(content)


@settings(max_examples=60)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=200))
def test_utf8_always_comes_back_as_it_was(text: str) -> None:
    assert decode_text(text.encode())[0] == text.lstrip("\ufeff")
