"""Bytes of a text file → text, with the encoding guessed where nothing states it. Knows nothing of formats.

A legacy encoding cannot be read off the bytes, only be judged by its result: each candidate that decodes without an
error is scored, over the whole file, by how much of the text outside ASCII is what people write
(`knowledge.readers.plausibility`).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from knowledge.errors import EncodingUnknown
from knowledge.readers.plausibility import plausibility

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_WIDE = ("utf-16-le", "utf-16-be")
_EAST_ASIAN = ("gb18030", "big5", "shift_jis", "euc_kr", "euc_jp")
_SINGLE_BYTE = ("cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1256", "koi8-r")
# Makers' larger versions of an encoding, tried in this order where the plain one does not decode.
_EXTENSIONS = {
    "big5": ("cp950", "big5hkscs"),
    "shift_jis": ("cp932",),
    "euc_kr": ("cp949",),
    "euc_jp": ("euc_jis_2004",),
}
# What pages, mails and editors call an encoding, and the superset that is meant (as in the WHATWG Encoding Standard).
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "cp950": "big5",
    "big5hkscs": "big5",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "cp932": "shift_jis",
    "cp949": "euc_kr",
}
_STATELESS = re.compile(
    r"utf-8|utf-8-sig|utf-16|utf-32|utf-(?:16|32)-[bl]e|gb2312|gbk|gb18030|hz|big5|big5hkscs|shift_jis|shift_jis(?:x0213|_2004)|euc_kr"
    r"|euc_ji[sp]\w*|iso2022_\w+|johab|iso8859-\d+|cp\d{3,4}|koi8-[rut]|mac-[\w-]+|tis-620|kz1048|ptcp154"
)
_CODE_PAGE = re.compile(r"windows[-_ ]?(\d{3,4})$", re.IGNORECASE)
_MIN_SCORE = 0.35
_LONGEST_CHARACTER = 4  # bytes
_FEW_BYTES = 20  # in so few a damaged last character is as likely a wrong encoding
_MOST_DAMAGE = 500  # characters to one that cannot be decoded: a file cut short, or with a stray byte
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_PRINTABLE = bytes([*b"\n\r\t", *range(0x20, 0x7F)])


class UndecodableError(ValueError):
    """The bytes are no text in any encoding that is tried."""


def known_encoding(name: str) -> str:
    """The name by which an encoding is stored, for any of its usual names: "GBK" → "gb18030".

    Raises EncodingUnknown, also for codecs of Python's that are no encodings of text files.
    """
    plain = name.strip()
    try:
        found = codecs.lookup(_CODE_PAGE.sub(r"cp\1", plain)).name if plain.isascii() and plain else ""
    except (LookupError, ValueError):
        found = ""
    if not _STATELESS.fullmatch(found):
        raise EncodingUnknown(name)
    return "utf-8" if found == "utf-8-sig" else _SUPERSETS.get(found, found)


def decode_text(content: bytes, declared: str | None = None, *, chosen: str | None = None) -> tuple[str, str]:
    """The text of `content` and the name of its encoding; a byte order mark is not part of the text.

    `chosen` is what a person says, and decides. Else, in order: the byte order mark, UTF-8, `declared` (what the file
    says of itself), the likeliest of the others. Valid UTF-8 beats a declaration, for text outside ASCII is never valid
    UTF-8 by accident. Raises UndecodableError, and EncodingUnknown for a `chosen` that does not exist.
    """
    if chosen is not None:
        return _as_chosen(content, known_encoding(chosen))
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _with_mark(content, encoding), encoding.removesuffix("-sig")
    if _has_control(content):
        return _likeliest(content, _WIDE)
    candidates = ("utf-8",) if declared is None else ("utf-8", declared)
    for candidate in candidates:
        if (named := _decode_as_declared(content, candidate)) is not None:
            return named
    if _damaged_utf8(content):
        return content.decode("utf-8", errors="replace"), "utf-8"
    legacy = _EAST_ASIAN + _SINGLE_BYTE
    return _likeliest(content, legacy if _mostly_ascii(content) else legacy + _WIDE)


def _as_chosen(content: bytes, encoding: str) -> tuple[str, str]:
    text = _decoded(content, encoding)
    if text is None:
        text = content.decode(encoding, errors="replace")
        if _is_badly_damaged(text):
            raise UndecodableError(f"it is no {encoding} text, as was chosen; choose another encoding")
    return text.lstrip("\ufeff"), encoding


def _with_mark(content: bytes, encoding: str) -> str:
    text = content.decode(encoding, errors="replace")
    if _is_badly_damaged(text):
        raise UndecodableError(f"it begins as {encoding.removesuffix('-sig')} text but is damaged throughout")
    return text.lstrip("\ufeff")


def _is_badly_damaged(text: str) -> bool:
    """A file that was cut has one damaged place at its end; more are a matter of proportion."""
    damaged = text.count("\ufffd")
    return damaged * 20 > len(text) or (damaged > 2 and damaged * _MOST_DAMAGE > len(text))


def _has_control(content: bytes) -> bool:
    if b"\x00" in content:
        return True
    return len(_CONTROL.findall(content)) > 2 + len(content) // 200


def _mostly_ascii(content: bytes) -> bool:
    """Chinese in UTF-16 has letters among its bytes by chance, Western text nothing but."""
    return 5 * len(content.translate(None, _PRINTABLE)) < len(content)


def _decode_as_declared(content: bytes, declared: str) -> tuple[str, str] | None:
    try:
        encoding = known_encoding(declared)
    except EncodingUnknown:
        return None
    text = _decoded(content, encoding)
    return None if text is None else (text, encoding)


def _decoded(content: bytes, encoding: str) -> str | None:
    """None where the bytes are neither in `encoding` nor in one of its extensions. A cut last character is left out."""
    sound = 0
    for name in (encoding, *_EXTENSIONS.get(encoding, ())):
        try:
            return content.decode(name)
        except UnicodeDecodeError as error:
            sound = max(sound, error.start)
    if sound > _FEW_BYTES and len(content) - sound < _LONGEST_CHARACTER:
        return _decoded(content[:sound], encoding)
    return None


def _damaged_utf8(content: bytes) -> bool:
    """A file cut in the middle of a character, or with a stray byte, is still UTF-8."""
    text = content.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    sound = len(text) - len(text.encode("ascii", errors="ignore")) - damaged
    return sound >= 20 * damaged


def _likeliest(content: bytes, encodings: tuple[str, ...]) -> tuple[str, str]:
    """First as it stands; where nothing makes sense, as a file with a cut character."""
    best = _best((encoding, _decoded(content, encoding)) for encoding in encodings)
    if best is None or best[0] < _MIN_SCORE:
        damaged = ((encoding, content.decode(encoding, errors="replace")) for encoding in encodings)
        best = _best((encoding, None if _is_badly_damaged(text) else text) for encoding, text in damaged)
    if best is None or best[0] < _MIN_SCORE:
        raise UndecodableError("its characters make no sense in UTF-8, GB18030, Big5, UTF-16 or any other encoding")
    return best[1], best[2]


def _best(decoded: Iterable[tuple[str, str | None]]) -> tuple[float, str, str] | None:
    """The first of the most plausible texts: the order of the candidates breaks ties."""
    best: tuple[float, str, str] | None = None
    for encoding, text in decoded:
        if text is None:
            continue
        score = plausibility(text, encoding)
        if best is None or score > best[0]:
            best = (score, text, encoding)
    return best
