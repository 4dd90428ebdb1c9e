"""Finds what a message names by rules and check digits, in English and Chinese. Pure; knows no model.

A stretch of text is one thing only: kinds are looked for from the surest (an IBAN has check digits) to the loosest
(a telephone number is any digits in groups), and what one has claimed the next does not see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from bot.signals.checksums import is_card_number, is_chinese_id, is_iban
from bot.signals.dates import DATE
from bot.signals.values import Entity, EntityKind

Finder = Callable[[str], Iterator[tuple[int, int]]]


def find_entities(text: str, products: Sequence[str] = ()) -> tuple[Entity, ...]:
    """The entities of a message in order of place; none overlap. `products` are names as the company writes them."""
    taken: list[Entity] = []
    for kind, find in (*_FINDERS, (EntityKind.PRODUCT, _named(products))):
        for start, end in find(text):
            if start < end and all(end <= other.start or other.end <= start for other in taken):
                taken.append(Entity(kind, start, end, text[start:end]))
    return tuple(sorted(taken, key=lambda entity: entity.start))


_NO_WORD_BEFORE = r"(?<![A-Za-z0-9_])"
_NO_WORD_AFTER = r"(?![A-Za-z0-9_])"

# --- sure ones ---

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_+-])?@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
_IBAN = re.compile(rf"{_NO_WORD_BEFORE}[A-Za-z]{{2}}\d{{2}}(?:[ -]?[A-Za-z0-9]{{2,4}}){{3,8}}{_NO_WORD_AFTER}")
_ID = re.compile(rf"{_NO_WORD_BEFORE}\d{{17}}[\dXx]{_NO_WORD_AFTER}")
# Numbers of identity papers have a shape of their own in every state: the words before them tell.
_CUED_ID = re.compile(
    r"(?:\b(?:driver[’']?s?[’']? licen[cs]e|driving licen[cs]e|passport|identity card|national id|id card"
    r"|social security|ssn|tax id|tax identification)(?![A-Za-z])(?: (?:number|no\.?|card|id))*(?: (?:is|was))?"
    r"|(?:护照|身份证|驾驶证|驾照|社保卡?|通行证)(?:号码?|编号)?(?:是|为)?)[ ]?[:：#]?[ ]?"
    rf"(?P<number>[A-Za-z]{{0,3}}\d(?:[- ]?[A-Za-z0-9]{{1,12}}){{0,4}}?){_NO_WORD_AFTER}(?![- ]\d)",
    re.IGNORECASE,
)
_FEWEST_ID_DIGITS = 5
_CARD = re.compile(
    rf"{_NO_WORD_BEFORE}(?:\d{{4}}[ -]?){{3}}\d{{1,7}}{_NO_WORD_AFTER}|{_NO_WORD_BEFORE}\d{{12,19}}"
    rf"{_NO_WORD_AFTER}|{_NO_WORD_BEFORE}\d{{4}}[ -]\d{{6}}[ -]\d{{4,5}}{_NO_WORD_AFTER}"
)
_CARD_SCHEMES = ("1800", "2", "3", "4", "5", "6")  # first digits of payment cards
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IP = re.compile(
    rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?![\w]|\.\d)"
    r"|(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}(?![\w:])"
    r"|(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){2,6}:(?:[0-9A-Fa-f]{1,4}:?){1,5}(?![\w:])"
)

# --- amounts ---

_NUMBER = r"(?:\d{1,3}(?:[,，]\d{3})+|\d+)(?:\.\d{1,2})?"
_SIGN = r"(?:US\$|HK\$|[$€£¥￥])"
_CODE = r"(?:USD|EUR|GBP|CNY|RMB|HKD|JPY|CHF|AUD|CAD)"
_AMOUNT = re.compile(
    rf"{_SIGN} ?{_NUMBER}(?:k\b)?|{_NO_WORD_BEFORE}{_CODE} ?{_NUMBER}{_NO_WORD_AFTER}"
    rf"|{_NO_WORD_BEFORE}{_NUMBER} ?(?:{_SIGN}|{_CODE}\b|(?:dollars?|euros?|pounds?|bucks|cents?|quid|yuan|pence)\b)"
    rf"|{_NO_WORD_BEFORE}{_NUMBER} ?(?:万|千|百)?(?:多|几)?(?:元|块钱|块(?!板|砖|头)|美元|美金"
    r"|欧元|欧|英镑|港币|人民币|角|毛钱)"
    r"|[一二两三四五六七八九十百千万]{1,6}(?:元|块钱|美元|欧元|英镑)",
    re.IGNORECASE,
)

# --- order numbers ---

_ORDER_CUE = (
    r"(?:\b(?:order|orders|purchase|purchases|invoice|bill|tracking|shipment|parcel|ticket|case|reference|ref|booking"
    r"|confirmation)(?![A-Za-z])(?:[ ]?(?:id|ids|number|numbers|num|no\.?|nr\.?|code|reference|ref))?"
    r"(?:[ ](?:is|was|with|of|the|number|id))*"
    r"|(?:订单|单|运单|快递单|物流单|发票|工单|流水)(?:编)?号?(?:码)?(?:是|为|：)?)"
)
_ORDER_CODE = r"(?:[A-Za-z]{1,5}[-_]?)?\d[A-Za-z0-9]*(?:-[A-Za-z0-9]*\d[A-Za-z0-9]*)*"
_ORDER = re.compile(
    rf"{_ORDER_CUE}[ ]?[:：#＃]?[ ]?(?P<cued>{_ORDER_CODE}){_NO_WORD_AFTER}"
    rf"|(?<!\w)(?P<hashed>[#＃]\d{{4,}}){_NO_WORD_AFTER}"
    rf"|{_NO_WORD_BEFORE}(?P<lettered>[A-Z]{{2,4}}-?\d{{6,14}}){_NO_WORD_AFTER}",
    re.IGNORECASE,
)
_FEWEST_ORDER_DIGITS = 4
_LONG_RUN = re.compile(r"(?<![\w.,:/-])\d{8,16}(?![\w]|[.,:/-]\d)")  # that nothing else claims

# --- telephone numbers ---

_GROUPS = re.compile(
    r"(?<![\w.,:/-])(?:(?:\+|00)\d{1,3}[ .\-]?)?(?:\(0?\d{1,4}\)[ .\-]?)?"
    r"\d{1,5}(?:[ .\-/]\d{2,7}){1,5}(?:[ ]?(?:x|ext\.?)[ ]?\d{1,5})?(?![\w]|[.,:/-]\d)"
)
_INTERNATIONAL = re.compile(r"(?<!\w)(?:\+|00)[1-9]\d{0,2}[ .\-]?(?:\(0?\d{1,4}\)[ .\-]?)?\d{4,14}(?:x\d{1,5})?(?!\w)")
_BRACKETED = re.compile(r"(?<!\w)\(0?\d{1,4}\)[ .\-]?\d{3,9}(?:x\d{1,5})?(?!\w)")
_MOBILE_ZH = re.compile(r"(?<![A-Za-z0-9_])(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\w)")
_MOBILE_ZH_BESIDE_HAN = re.compile(r"(?<![A-Za-z0-9_])1[3-9]\d{9}(?![A-Za-z0-9_])")
_LANDLINE_ZH = re.compile(r"(?<![A-Za-z0-9_])0[1-9]\d{1,2}-?\d{7,8}(?![A-Za-z0-9_])|(?<!\d)400-?\d{3}-?\d{4}(?!\d)")
_BARE = re.compile(r"(?<![\w.,:/#-])\d{7,13}(?![\w]|[.,:/-]\d)")
_PHONE_CUE = re.compile(
    r"(?:\b(?:phone|call|mobile|cell|fax|tel|telephone|whatsapp|dial|ring|contact|reach|landline)\b"
    r"|电话|手机|号码|联系|传真|微信)[^\d]{0,30}$",
    re.IGNORECASE,
)
_ORDER_CUE_BEFORE = re.compile(rf"{_ORDER_CUE}[^\d]{{0,12}}$", re.IGNORECASE)
_DATE_SHAPE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})")
_YEARS = re.compile(r"(?:19|20)\d{2}[-/ ](?:19|20)\d{2}")
# Two groups alone may be a house number and a postcode: not at these lengths, and not with a street behind them.
_TWO_GROUPS = re.compile(r"\d{2,4}[ .\-/](?:\d{4}|\d{6,7})")
_STREET_BEHIND = re.compile(r" [A-Za-z]")


def _matches(pattern: re.Pattern[str]) -> Finder:
    return lambda text: (match.span() for match in pattern.finditer(text))


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(text):
        groups = list(re.finditer(r"[A-Za-z0-9]+", match.group()))
        for last in reversed(groups):  # a word that follows may look like one more group
            compact = re.sub(r"[ -]", "", match.group()[: last.end()])
            if is_iban(compact):
                yield match.start(), match.start() + last.end()
                break


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"[ -]", "", match.group())
        if digits.startswith(_CARD_SCHEMES) and is_card_number(digits):
            yield match.span()


def _ids(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _ID.finditer(text) if is_chinese_id(match.group()))


def _orders(text: str) -> Iterator[tuple[int, int]]:
    for match in _ORDER.finditer(text):
        name = match.lastgroup or ""
        if sum(character.isdigit() for character in match.group(name)) >= _FEWEST_ORDER_DIGITS:
            yield match.span(name)


def _phones(text: str) -> Iterator[tuple[int, int]]:
    """Longest first: what one pattern sees the beginning of, another sees the whole of."""
    yield from sorted(_phone_shapes(text), key=lambda span: span[0] - span[1])


def _phone_shapes(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_INTERNATIONAL, _BRACKETED, _MOBILE_ZH, _MOBILE_ZH_BESIDE_HAN, _LANDLINE_ZH):
        yield from (match.span() for match in pattern.finditer(text))
    for match in _GROUPS.finditer(text):
        shaped = _is_phone(match.group(), before_street=_STREET_BEHIND.match(text, match.end()) is not None)
        if shaped or (_has_length(match.group()) and _PHONE_CUE.search(text[: match.start()])):
            yield match.span()
    for match in _BARE.finditer(text):
        before = text[: match.start()]
        is_ten = len(match.group()) == 10 and not _ORDER_CUE_BEFORE.search(before)
        if is_ten or _PHONE_CUE.search(before):
            yield match.span()


def _cued_ids(text: str) -> Iterator[tuple[int, int]]:
    for match in _CUED_ID.finditer(text):
        if sum(character.isdigit() for character in match.group("number")) >= _FEWEST_ID_DIGITS:
            yield match.span("number")


def _has_length(groups: str) -> bool:
    return 7 <= sum(character.isdigit() for character in groups) <= 15


def _is_phone(groups: str, *, before_street: bool) -> bool:
    """Whether digits in groups are a telephone number by their shape alone."""
    if not _has_length(groups) or _DATE_SHAPE.fullmatch(groups) or _YEARS.fullmatch(groups):
        return False
    if len(re.findall(r"\d+", groups)) > 2 or groups[0] in "+(":
        return True
    return not before_street and _TWO_GROUPS.fullmatch(groups) is not None


def _named(products: Sequence[str]) -> Finder:
    """Longest names first, whatever their case; a Latin name is a whole word, its plural included."""
    names = sorted((name for name in set(products) if name.strip()), key=lambda name: (-len(name), name))
    if not names:
        return lambda _: iter(())
    alternatives = "|".join(rf"{re.escape(name)}s?" if name[-1].isascii() else re.escape(name) for name in names)
    return _matches(re.compile(rf"(?<![A-Za-z0-9_])(?:{alternatives})(?![A-Za-z0-9_])", re.IGNORECASE))


_FINDERS: tuple[tuple[EntityKind, Finder], ...] = (
    (EntityKind.EMAIL, _matches(_EMAIL)),
    (EntityKind.IBAN, _ibans),
    (EntityKind.NATIONAL_ID, _ids),
    (EntityKind.NATIONAL_ID, _cued_ids),
    (EntityKind.CARD, _cards),
    (EntityKind.IP_ADDRESS, _matches(_IP)),
    (EntityKind.AMOUNT, _matches(_AMOUNT)),
    (EntityKind.DATE, _matches(DATE)),
    (EntityKind.ORDER_NUMBER, _orders),
    (EntityKind.PHONE, _phones),
    (EntityKind.ORDER_NUMBER, _matches(_LONG_RUN)),
)
