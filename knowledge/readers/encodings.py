"""Bytes of a text file → text, with the encoding guessed where nothing states it. Knows nothing of formats.

A legacy encoding cannot be read off the bytes, only be judged by its result: each candidate that decodes without an
error is scored by how much of the text outside ASCII is what people write. "Common" Han characters are those that the
two national standards put first: level 1 of GB 2312 (3,755 characters) and of Big5 (5,401).
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from functools import cache

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_WIDE = ("utf-16-le", "utf-16-be")
_LEGACY = ("gb18030", "big5", "shift_jis", "cp1252")
# What pages and editors call an encoding, and the superset that is meant (as the WHATWG Encoding Standard has it).
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "hz": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "cp950": "big5hkscs",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "cp1252": "cp1252",
    "shift_jis": "cp932",
}
_NEWLINES = "\n\r\t"
_MIN_SCORE = 0.35
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_PRINTABLE = re.compile(rb"[ -~\n\r\t]+")
# Western text taken for East Asian shows single Han characters inside words: "opp閑" for "oppée".
_HAN_IN_A_WORD = re.compile("[A-Za-z][\u3400-\u9fff](?=[A-Za-z ]|$)")


class UndecodableError(ValueError):
    """The bytes are no text in any encoding that is tried."""


def decode_text(content: bytes, declared: str | None = None) -> tuple[str, str]:
    """The text of `content` and the name of its encoding; a byte order mark is not part of the text.

    In order: the byte order mark, UTF-8, `declared` (what the file says of itself), the likeliest of the others.
    Valid UTF-8 beats a declaration, for text outside ASCII is never valid UTF-8 by accident. Raises UndecodableError.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _strictly(content, encoding).lstrip("\ufeff"), encoding.removesuffix("-sig")
    if b"\x00" in content or _has_control(content):
        return _likeliest(content, _WIDE)
    candidates = ("utf-8",) if declared is None else ("utf-8", declared)
    for candidate in candidates:
        if (named := _decode_as_declared(content, candidate)) is not None:
            return named
    if _damaged_utf8(content):
        return content.decode("utf-8", errors="replace"), "utf-8"
    return _likeliest(content, _LEGACY if _mostly_ascii(content) else _LEGACY + _WIDE)


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UndecodableError(f"it begins as {encoding} text but is damaged at byte {error.start}") from error


def _has_control(content: bytes) -> bool:
    return len(_CONTROL.findall(content)) > 2 + len(content) // 200


def _mostly_ascii(content: bytes) -> bool:
    """Chinese in UTF-16 has letters among its bytes by chance, Western text nothing but."""
    return 5 * len(_PRINTABLE.sub(b"", content)) < len(content)


def _decode_as_declared(content: bytes, declared: str) -> tuple[str, str] | None:
    try:
        name = codecs.lookup(declared.strip()).name
        encoding = _SUPERSETS.get(name, name)
        return content.decode(encoding), encoding
    except (LookupError, UnicodeError):
        return None


def _damaged_utf8(content: bytes) -> bool:
    """A file cut in the middle of a character, or with a stray byte, is still UTF-8."""
    text = content.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    sound = len(text) - len(text.encode("ascii", errors="ignore")) - damaged
    return sound >= 20 * damaged


def _likeliest(content: bytes, encodings: tuple[str, ...]) -> tuple[str, str]:
    best: tuple[float, str, str] | None = None
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        score = _plausibility(text, encoding)
        if best is None or score > best[0]:
            best = (score, text, encoding)
    if best is None or best[0] < _MIN_SCORE:
        raise UndecodableError("its characters make no sense in UTF-8, GB18030, Big5, UTF-16 or Windows-1252")
    return best[1], best[2]


def _plausibility(text: str, encoding: str) -> float:
    """The mean weight of the characters outside ASCII, from −1 (junk) to 1; 1 for ASCII alone in a wide encoding."""
    total = weighed = 0.0
    for character, count in Counter(text).items():
        if " " <= character <= "~" or character in _NEWLINES:
            continue
        total += count
        weighed += count * _weight(character, encoding)
    return (weighed - 1.5 * len(_HAN_IN_A_WORD.findall(text))) / total if total else 1.0


@cache
def _weight(character: str, encoding: str) -> float:
    """The order matters: the first range that a character falls into decides."""
    code = ord(character)
    if code < 0x20 or 0x7F <= code < 0xA0 or unicodedata.category(character) in ("Co", "Cn", "Cs", "Cc"):
        return -4.0
    if code < 0x250:
        return _latin_weight(character, encoding)
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code >= 0x20000:
        return _han_weight(character)
    if 0x3040 <= code <= 0x30FF:
        return 0.9 if encoding == "shift_jis" else -0.2
    return _sign_weight(character, code)


def _sign_weight(character: str, code: int) -> float:
    if 0x3000 <= code <= 0x303F or 0xFF01 <= code <= 0xFF5E:
        return 1.0  # East Asian punctuation and full-width forms
    if 0x2010 <= code <= 0x2026 or character in "€™℃①②③④⑤⑥→←↑↓★☆●○■□◆◇▲△※√":
        return 0.8
    return -0.5


def _latin_weight(character: str, encoding: str) -> float:
    """Accented letters are plausible as such; they and Western symbols are rare in East Asian encodings."""
    if encoding != "cp1252":
        return 0.5 if character in "°±×÷·é" else -0.3
    if character in "éèêëàâäáãåçíìîïñóòôöõøúùûüýæœßÉÈÀÂÄÁÇÍÎÑÓÖÔØÚÜÅÆŒŠšŽž":
        return 0.75
    return 0.6 if character in "«»°©®·§£¿¡±½²³ªº€\xa0" else -0.5


def _han_weight(character: str) -> float:
    return 1.0 if _is_common(character, "gb2312", 0xB0, 0xD7) or _is_common(character, "big5", 0xA4, 0xC6) else -0.3


def _is_common(character: str, standard: str, first_row: int, last_row: int) -> bool:
    try:
        return first_row <= character.encode(standard)[0] <= last_row
    except UnicodeEncodeError:
        return False
