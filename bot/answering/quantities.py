"""Numbers in a text, with what they count or measure: "14 days", "€22", "三周". Pure; knows nothing of answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = {
    "inch": 'inch inches " ” ″ 英寸 寸',
    "foot": "ft foot feet ' ’ ′ 英尺",
    "yard": "yd yard yards",
    "mile": "mi mile miles 英里",
    "mm": "mm millimeter millimeters millimetre millimetres 毫米",
    "cm": "cm centimeter centimeters centimetre centimetres 厘米 公分",
    "metre": "m meter meters metre metres 米",
    "km": "km kilometer kilometers kilometre kilometres 公里 千米",
    "gram": "g gram grams 克",
    "kilogram": "kg kgs kilo kilos kilogram kilograms 公斤 千克",
    "ounce": "oz ounce ounces 盎司",
    "pound weight": "lb lbs pound pounds 磅",
    "litre": "l liter liters litre litres 升",
    "millilitre": "ml milliliter milliliters millilitre millilitres 毫升",
    "gallon": "gal gallon gallons 加仑",
    "cup": "cup cups",
    "quart": "quart quarts qt",
    "second": "s sec secs second seconds 秒 秒钟",
    "minute": "min mins minute minutes 分钟",
    "hour": "h hr hrs hour hours 小时",
    "day": "day days 天 日",
    "working day": "工作日",
    "week": "week weeks 周 星期 礼拜",
    "month": "month months 月 个月",
    "year": "year years yr yrs 年",
    "volt": "v volt volts 伏",
    "watt": "w watt watts 瓦",
    "degree": "° degree degrees °c °f 度 摄氏度 ℃",
    "percent": "% percent pct ％",
    "megabyte": "mb megabyte megabytes 兆",
    "gigabyte": "gb gigabyte gigabytes",
    "megahertz": "mhz",
    "gigahertz": "ghz",
    "euro": "€ eur euro euros 欧元 欧",
    "dollar": "$ usd dollar dollars 美元 美金",
    "sterling": "£ gbp 英镑",
    "yuan": "¥ ￥ rmb cny yuan 元 块 块钱 人民币",
    "time": "time times 次",
    "person": "人 名 位",
}
UNIT_WORDS = frozenset(spelling for spellings in _UNITS.values() for spelling in spellings.split())
_UNIT_OF = {spelling: unit for unit, spellings in _UNITS.items() for spelling in spellings.split()}
_WORKING_DAY = re.compile(r"[\s-]{0,2}(?:(?:working|business)[\s-]{1,2}days?|个?工作日)", re.IGNORECASE)

NUMBER_WORDS = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split(),
        range(21),
        strict=True,
    )
) | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100, "dozen": 12}
_HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_HAN_TENS = {"十": 10, "百": 100, "千": 1000, "万": 10000}

# Chinese numerals count as numbers only in front of a measure: 一些 and 一样 are no numbers.
_MEASURES = "个天日周年月元块次件台颗人倍折位名秒分小星礼公英厘毫千克磅米升度层项种款步瓦伏欧美页条"
_NUMBER = re.compile(
    r"(?P<currency>[€$£¥￥])?\s?(?P<digits>\d+(?:[.,]\d+)*)(?:[\s-](?P<over>\d)/(?P<under>[2-9]|16)(?!\d))?"
    rf"|(?P<word>\b(?:{'|'.join(NUMBER_WORDS)})\b)"
    rf"|(?P<han>[{''.join(_HAN_DIGITS)}十百千万]{{1,8}})(?=[{_MEASURES}])",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"[,\s](?=\d{3}(?!\d))")
_CHAIN = re.compile(
    r"\s{0,2}(?:x|×|by|to|or|and|-|–|—|~|至|到|或|和)\s{0,2}$", re.IGNORECASE
)  # 3 to 5 days, 33 x 13 x 35 cm
_AT_LEAST = re.compile(
    r"(?:at least|more than|over|above|minimum(?: of)?|至少|最少|超过|不少于|不低于)\s?$", re.IGNORECASE
)
_AT_MOST = re.compile(
    r"(?:up to|at most|less than|under|below|maximum(?: of)?|within|no more than|最多|至多|不超过|不到|少于|低于)\s?$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"[\s-]{0,2}(?P<mark>[\"”″'’′%％℃]|°[cf]?)|[\s-]{0,2}(?P<latin>[a-z]+)|\s?个?(?P<han>[\u4e00-\u9fff]{1,3})",
    re.IGNORECASE,
)
_NOUNS = re.compile(r"[\s-]{0,2}([a-z]{3,})(?:[\s-]{1,2}([a-z]{3,}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, what it is measured in (empty: nothing we know), and the two words after it, cut to five letters."""

    value: str  # canonical: "33.00" is "33", "1,500" is "1500", "eight" is "8"
    unit: str
    counted: tuple[str, ...]
    bound: str = ""  # "least" or "most" where the number is a limit


def quantities(text: str) -> tuple[Quantity, ...]:
    """Every number of `text`, in order. In "3 to 5 days" and "33 x 13 cm" all numbers have the last one's unit."""
    found: list[Quantity] = []
    text = text.replace("''", '"')
    matches = list(_NUMBER.finditer(text))
    following: Quantity | None = None
    for position in range(len(matches) - 1, -1, -1):
        match = matches[position]
        before = text[max(0, match.start() - 16) : match.start()]
        quantity = Quantity(_value(match), _unit(text, match), _counted(text, match.end()), _bound(before))
        between = text[match.end() : matches[position + 1].start()] if following else ""
        if following and not quantity.unit and _CHAIN.fullmatch(between):
            quantity = Quantity(quantity.value, following.unit, following.counted, quantity.bound)
        found.append(quantity)
        following = quantity
    return tuple(reversed(found))


def units_named(text: str) -> frozenset[str]:
    """The units that `text` names, beside a number or not ("value: 3, unit: pounds")."""
    words = {_UNIT_OF[word] for word in re.findall(r"[a-z]+|[€$£¥￥%％°\"”″℃]", text.lower()) if word in _UNIT_OF}
    return frozenset(words | {quantity.unit for quantity in quantities(text) if quantity.unit})


def _bound(before: str) -> str:
    if _AT_MOST.search(before):  # first, because "no more than" ends with "more than"
        return "most"
    return "least" if _AT_LEAST.search(before) else ""


def _value(match: re.Match[str]) -> str:
    if match["word"]:
        return str(NUMBER_WORDS[match["word"].lower()])
    if match["han"]:
        return str(_han_value(match["han"]))
    if match["over"]:
        return f"{int(match['digits'].replace(',', '').replace('.', '')) + int(match['over']) / int(match['under']):g}"
    digits = _THOUSANDS.sub("", match["digits"])
    whole, _, fraction = digits.replace(",", ".").partition(".")
    fraction = fraction.rstrip("0") if "." not in fraction else fraction
    return f"{whole.lstrip('0') or '0'}.{fraction}" if fraction else whole.lstrip("0") or "0"


def _han_value(numeral: str) -> int:
    total, digit = 0, 0
    for character in numeral:
        if character in _HAN_DIGITS:
            digit = digit * 10 + _HAN_DIGITS[character] if digit else _HAN_DIGITS[character]
        elif character == "万":
            total, digit = (total + digit) * 10000, 0
        else:
            total, digit = total + (digit or 1) * _HAN_TENS[character], 0
    return total + digit


def _unit(text: str, match: re.Match[str]) -> str:
    if match["currency"]:
        return _UNIT_OF[match["currency"]]
    if _WORKING_DAY.match(text, match.end()):
        return "working day"
    after = _AFTER.match(text, match.end())
    if after is None:
        return ""
    if after["han"]:
        return next((_UNIT_OF[after["han"][:n]] for n in (3, 2, 1) if after["han"][:n] in _UNIT_OF), "")
    if after["mark"] == '"' and text.count('"', 0, after.start("mark")) % 2 == 1:
        return ""  # it may close a quotation
    return _UNIT_OF.get((after["mark"] or after["latin"]).lower(), "")


def _counted(text: str, end: int) -> tuple[str, ...]:
    nouns = _NOUNS.match(text, end)
    return tuple(word.lower()[:5] for word in nouns.groups() if word) if nouns else ()
