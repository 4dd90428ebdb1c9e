"""Another number, unit or date in a sentence, by rule. Pure; see `bot.training.verifier_spoiling`."""

from __future__ import annotations

import random
import re

from knowledge.languages import CHINESE, detect_language

_NUMBER = re.compile(r"(?<![A-Za-z0-9_.,/#-])\d++(?:[.,]\d++)*+(?![A-Za-z_/]|年|月|日|号|-\d)")
_MEASURES = "个個天日周週年月元块塊次件台颗人倍名位秒分小英厘公毫千克米升度层層项項种種條条座間间所隻部場场歲岁"
_NUMBER_ZH = re.compile(rf"[二三四五六七八九两兩](?=[{_MEASURES}])")
_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve")
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)


def another_number(sentence: str, chance: random.Random) -> str | None:
    places = [(match, _another(match[0], chance)) for match in _NUMBER.finditer(sentence) if not _is_year(match[0])]
    places += [
        (match, chance.choice([each for each in "二三四五六七八九" if each != match[0]]))
        for match in _NUMBER_ZH.finditer(sentence)
    ]
    places += [
        (match, chance.choice([each for each in _WORDS if each != match[0].lower()]))
        for match in _NUMBER_WORD.finditer(sentence)
    ]
    return replaced(sentence, *chance.choice(places)) if places else None


def _another(number: str, chance: random.Random) -> str:
    """A number of the same form: one digit is another, or it is doubled, halved, or one more."""
    if number.isdigit() and len(number) < 4 and chance.random() < 0.5:
        value = int(number)
        others = [other for other in (value * 2, value // 2, value + 1, value * 10) if other not in (value, 0)]
        return str(chance.choice(others or [value + 1]))
    digits = [place for place, character in enumerate(number) if character.isdigit()]
    place = chance.choice(digits[:2])
    return number[:place] + chance.choice([each for each in "123456789" if each != number[place]]) + number[place + 1 :]


def _is_year(number: str) -> bool:
    return len(number) == 4 and number.isdigit() and 1500 <= int(number) <= 2100


_UNITS = (
    "seconds minutes hours days weeks months years",
    "second minute hour day week month year",
    "inches feet yards miles",
    "inch foot yard mile",
    "mm cm km",
    "millimeters centimeters meters kilometers",
    "ounces pounds kilograms grams",
    "ounce pound kilogram gram",
    "lbs kg",
    "cups gallons liters quarts",
    "cup gallon liter quart",
    "volts watts amps",
    "volt watt amp",
    "mb gb tb",
    "KB MB GB TB",
    "Mi Gi",
    "$ € £",
    "dollars euros pounds",
)
_UNITS_ZH = (
    "秒 分钟 小时 天 周 个月 年",
    "秒 分鐘 小時 天 週 個月 年",
    "毫米 厘米 米 公里",
    "毫米 公分 公尺 公里",
    "平方米 平方公里",
    "平方公尺 平方公里",
    "克 公斤 吨",
    "公克 公斤 公噸",
    "元 美元 欧元 英镑",
    "元 美元 歐元 英鎊",
    "KB MB GB TB",
    "人 万人",
    "人 萬人",
    "个 万个",
    "岁 个月",
)
_BEHIND = r"(?<=\d)(?P<gap>[\s-]{0,2})"


def another_unit(sentence: str, chance: random.Random) -> str | None:
    places = []
    for family in _UNITS_ZH if detect_language(sentence) == CHINESE else _UNITS:
        units = family.split()
        for unit in units:
            others = [other for other in units if other != unit]
            for match in _unit_pattern(unit).finditer(sentence):
                places.append((match, f"{match.groupdict().get('gap') or ''}{chance.choice(others)}"))
    return replaced(sentence, *chance.choice(places)) if places else None


def _unit_pattern(unit: str) -> re.Pattern[str]:
    if unit in "$€£":
        return re.compile(rf"\{unit}(?=\s?\d)")
    if unit.isascii():
        return re.compile(rf"{_BEHIND}\b{unit}\b", re.IGNORECASE)
    # "3年" is a stretch of time, "1998年" and "5月" are dates.
    digits = (
        r"(?:(?<=(?<!\d)\d)|(?<=(?<!\d)\d\d)|(?<=[二三四五六七八九十两兩]))"
        if unit in "年人"
        else r"(?<=[\d两兩二三四五六七八九十])"
    )
    return re.compile(rf"{digits}(?P<gap>\s?){unit}(?![\u4e00-\u9fff]?[月日])")


_DATE_WORDS = (
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "January February March April May June July August September October November December",
    "daily weekly monthly yearly",
    "annually monthly",
    "spring summer autumn winter",
    "morning evening",
    "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
    "周一 周二 周三 周四 周五 周六 周日",
    "今天 明天 昨天",
    "春季 夏季 秋季 冬季",
    "上午 下午 晚上",
)
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_MONTH_DAY_ZH = re.compile(r"(?<!\d)(\d{1,2})(?=[月日号])")
_DAY = re.compile(r"(?<=(?:uary|arch|pril| May|June|July|gust|mber|ober) )\d{1,2}(?!\d)")


def another_date(sentence: str, chance: random.Random) -> str | None:
    places = [(match, _another_year(match[0], chance)) for match in _YEAR.finditer(sentence)]
    places += [(match, _another_day(match[0], chance)) for match in _MONTH_DAY_ZH.finditer(sentence)]
    places += [(match, _another_day(match[0], chance)) for match in _DAY.finditer(sentence)]
    for family in _DATE_WORDS:
        words = family.split()
        for word in words:
            pattern = rf"\b{word}\b" if word.isascii() else word
            for match in re.finditer(pattern, sentence):
                places.append((match, chance.choice([other for other in words if other != word])))
    return replaced(sentence, *chance.choice(places)) if places else None


def _another_year(year: str, chance: random.Random) -> str:
    return str(int(year) + chance.choice([-100, -20, -12, -10, -5, -2, -1, 1, 2, 3, 5, 10, 20]))


def _another_day(number: str, chance: random.Random) -> str:
    return str(chance.choice([each for each in range(1, 13) if each != int(number)]))


def replaced(sentence: str, match: re.Match[str], other: str) -> str:
    """The sentence with `other` in the place of `match`."""
    return sentence[: match.start()] + other + sentence[match.end() :]
