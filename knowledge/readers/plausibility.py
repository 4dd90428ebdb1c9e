"""How much a decoded text looks like what people write. Pure; knows nothing of bytes.

The mean over all characters outside ASCII of a weight from −4 (never seen in a text) to 1 (what is expected), less a
fine for characters that stand where nobody writes them. "Common" Han characters are those that the two national
standards put first: level 1 of GB 2312 (3,755 characters) and of Big5 (5,401).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache

_NEWLINES = "\n\r\t"
_FINE = 1.5
# Western text taken for East Asian shows single Han characters inside words ("opp閑" for "oppée"); taken for Cyrillic,
# Greek, Hebrew or Arabic it mixes alphabets within a word, and Central European taken for Western has "³" for "ł".
_OUT_OF_PLACE = re.compile(
    "[A-Za-z][\u3400-\u9fff](?=[A-Za-z ]|$)|[A-Za-z](?=[\u0370-\u06ff])|[\u0370-\u06ff](?=[A-Za-z])"
    "|[A-Za-z](?=[¹³¿¾¼¶£])|[¹³¿¾¼¶](?=[a-z])"
)
_ALPHABETS = {"cp1251": (0x400, 0x4FF), "koi8-r": (0x400, 0x4FF), "cp1253": (0x370, 0x3FF), "cp1256": (0x600, 0x6FF)}
_WESTERN_LETTERS = "éèêëàâäáãåçíìîïñóòôöõøúùûüýæœßÉÈÀÂÄÁÇÍÎÑÓÖÔØÚÜÅÆŒŠšŽž"
_CENTRAL_LETTERS = "ąćęłńóśźżěščřžýáíéůúťďňőűăşţäöüßĄĆĘŁŃÓŚŹŻĚŠČŘŽÝÁÍÉŮÚŤĎŇŐŰĂŞŢÄÖÜ"
_TURKISH_LETTERS = _WESTERN_LETTERS + "ğışİĞŞ"
_WESTERN_SIGNS = "«»°©®·§£¿¡±½²³ªº€\xa0"
_LETTERS = {"cp1252": _WESTERN_LETTERS, "cp1250": _CENTRAL_LETTERS, "cp1254": _TURKISH_LETTERS}
_WIDE = ("utf-16-le", "utf-16-be")
# Japanese in EUC reads as common characters of Big5, Korean as those of GB 2312: hence more than 1.
_KANA = {"shift_jis": 0.9, "euc_jp": 1.1, **dict.fromkeys(_WIDE, 0.9)}
_HANGUL = {"euc_kr": 1.02, **dict.fromkeys(_WIDE, 0.6)}
_KANJI = {"shift_jis": 0.8, "euc_jp": 0.9, "euc_kr": -0.5}
_FEW_HANGUL = 8  # so many in a row may be Chinese, whose commonest characters share their bytes


def plausibility(text: str, encoding: str) -> float:
    """From −4 (junk) to about 1; 1 for ASCII alone. `encoding` is what `text` was decoded from."""
    total = weighed = hangul = 0.0
    for character, count in Counter(text).items():
        if " " <= character <= "~" or character in _NEWLINES:
            continue
        total += count
        weighed += count * _weight(character, encoding)
        hangul += count if "\uac00" <= character <= "\ud7a3" else 0
    if not total:
        return 1.0
    if encoding in _ALPHABETS and len(text) > 10 * total:
        weighed *= 0.8  # a lone "è" between Latin words is more likely than a lone "и"
    if encoding == "euc_kr" and hangul < _FEW_HANGUL:
        weighed *= 0.85
    return (weighed - _FINE * len(_OUT_OF_PLACE.findall(text))) / total


@cache
def _weight(character: str, encoding: str) -> float:
    """The order matters: the first range that a character falls into decides."""
    code = ord(character)
    if code == 0xFFFD:
        return -1.0  # the place of a cut character
    if unicodedata.category(character) in ("Co", "Cn", "Cs", "Cc"):
        return -4.0  # private, unassigned, half a pair, control
    if code < 0x250:
        return _latin_weight(character, encoding)
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code >= 0x20000:
        return _han_weight(character, encoding)
    return _other_weight(character, code, encoding)


def _other_weight(character: str, code: int, encoding: str) -> float:
    if 0xAC00 <= code <= 0xD7A3:
        return _HANGUL.get(encoding, -0.3) if _is_common(character, "euc_kr", 0xB0, 0xC8) else -0.3
    if 0x3040 <= code <= 0x30FF:
        return _KANA.get(encoding, -0.2)
    return _letter_or_sign_weight(character, code, encoding)


def _letter_or_sign_weight(character: str, code: int, encoding: str) -> float:
    first, last = _ALPHABETS.get(encoding, (0, 0))
    if first <= code <= last:
        return 0.5 if character.isupper() else 0.9
    if 0x3000 <= code <= 0x303F or 0xFF01 <= code <= 0xFF5E:
        return 1.0  # East Asian punctuation and full-width forms
    if 0x2010 <= code <= 0x2026 or character in "€™①②③④⑤⑥→←↑↓★☆●○■□◆◇▲△※√":
        return 0.8
    return -0.5


def _latin_weight(character: str, encoding: str) -> float:
    """Accented letters are plausible as such; they and Western symbols are rare in East Asian encodings."""
    letters = _LETTERS.get(encoding)
    if letters is None:
        return 0.5 if character in "°±×÷·é«»№" else -0.3
    if character in letters:
        return 0.75 if encoding == "cp1252" else 0.74
    return 0.6 if character in _WESTERN_SIGNS else -0.5


def _han_weight(character: str, encoding: str) -> float:
    if _is_common(character, "gb2312", 0xB0, 0xD7) or _is_common(character, "big5", 0xA4, 0xC6):
        return _KANJI.get(encoding, 1.0)
    return -0.3


def _is_common(character: str, standard: str, first_row: int, last_row: int) -> bool:
    try:
        return first_row <= character.encode(standard)[0] <= last_row
    except UnicodeEncodeError:
        return False
