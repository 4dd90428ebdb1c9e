"""The encoding of a text file is found from its bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    ],
)
def test_each_encoding_is_recognised_without_a_mark(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == (text, encoding)


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
