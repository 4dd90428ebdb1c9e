"""Check digits of card numbers, IBANs and Chinese identity numbers. Pure."""

from __future__ import annotations

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK_DIGITS = "10X98765432"
_MONTHS, _LONGEST_MONTH = 12, 31


def is_card_number(digits: str) -> bool:
    """12 to 19 digits whose Luhn sum is a multiple of ten (ISO/IEC 7812-1, annex B). Runs of one digit are none."""
    if not 12 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [2 * int(digit) if place % 2 else int(digit) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_iban(text: str) -> bool:
    """Two letters, two check digits, at most 30 more; the remainder by 97 is 1 (ISO 13616, ISO/IEC 7064 mod 97-10)."""
    if not 15 <= len(text) <= 34 or not (text[:2].isalpha() and text[2:4].isdigit() and text.isalnum()):
        return False
    turned = (text[4:] + text[:4]).upper()
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def is_chinese_id(text: str) -> bool:
    """18 places with a possible birthday and the right last one (GB 11643-1999)."""
    if len(text) != 18 or not text[:17].isdigit() or text[17] not in "0123456789Xx":
        return False
    month, day = int(text[10:12]), int(text[12:14])
    if not (18 <= int(text[6:8]) <= 20 and 1 <= month <= _MONTHS and 1 <= day <= _LONGEST_MONTH):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, text, strict=False))
    return _ID_CHECK_DIGITS[total % 11] == text[17].upper()
