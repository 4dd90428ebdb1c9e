"""Makes a sentence say something else, by rule: another no, number, unit, name or date, or a condition left out. Pure.

What a small generator gets wrong is made here on purpose, in English and Chinese, so that a verifier can learn to see
it. The rules know the form of a sentence, not its meaning: some of what they make is odd, and some odd sentences are
still true. Knows nothing of models or data sets.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.training.verifier_spoiling_quantities import another_date, another_number, another_unit, replaced
from knowledge.chinese_script import simplified
from knowledge.languages import CHINESE, detect_language

KINDS = ("polarity", "number", "unit", "name", "date", "condition")


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A sentence that says another thing than the one it was made from."""

    text: str
    kind: str  # one of KINDS


def spoilt(sentence: str, names: Sequence[str], chance: random.Random) -> Iterator[Spoilt]:
    """At most one of each kind, in the order of KINDS. `names` are what a name may be mistaken for."""
    is_chinese = detect_language(sentence) == CHINESE
    makers: tuple[Callable[[], str | None], ...] = (
        lambda: (_denied_zh if is_chinese else _denied)(sentence, chance),
        lambda: another_number(sentence, chance),
        lambda: another_unit(sentence, chance),
        lambda: _another_name(sentence, names, is_chinese=is_chinese, chance=chance),
        lambda: another_date(sentence, chance),
        lambda: _unconditional(sentence, is_chinese=is_chinese),
    )
    for kind, make in zip(KINDS, makers, strict=True):
        made = make()
        if made is not None and made != sentence:
            yield Spoilt(made, kind)


# --- polarity ---

_NOT = re.compile(
    r"\b(is|are|was|were|can|could|will|would|should|must|may|do|does|did|has|have) not\b|\b(can)not\b"
    r"|\b(is|are|was|were|could|would|should|must|do|does|did|has|have)n['’]t\b|\b(ca)n['’]t\b|\b(wo)n['’]t\b",
    re.IGNORECASE,
)
_HELPING = re.compile(
    r"\b(is|are|was|were|can|could|will|would|should|must|may)\b(?! not|n['’]t|not)(?= [a-z])", re.IGNORECASE
)
_PLAIN_VERBS = {
    "includes": "include",
    "comes": "come",
    "has": "have",
    "works": "work",
    "fits": "fit",
    "supports": "support",
    "requires": "require",
    "offers": "offer",
    "provides": "provide",
    "allows": "allow",
    "accepts": "accept",
    "needs": "need",
    "applies": "apply",
    "covers": "cover",
    "contains": "contain",
    "makes": "make",
    "uses": "use",
}
_VERB = re.compile(rf"\b({'|'.join(_PLAIN_VERBS)})\b(?= )")
_TURNED = (
    ("with", "without"),
    ("always", "never"),
    ("before", "after"),
    ("minimum", "maximum"),
    ("at least", "at most"),
    ("more than", "less than"),
    ("included", "excluded"),
    ("possible", "impossible"),
    ("able", "unable"),
    ("open", "closed"),
    ("free", "charged"),
    ("indoor", "outdoor"),
    ("indoors", "outdoors"),
    ("available", "unavailable"),
    ("allowed", "forbidden"),
    ("required", "optional"),
    ("easy", "hard"),
    ("small", "large"),
    ("hot", "cold"),
    ("enable", "disable"),
    ("enabled", "disabled"),
    ("increase", "decrease"),
    ("yes", "no"),
)
_TURNED_ZH = (
    ("之前", "之后"),
    ("以前", "以后"),
    ("以上", "以下"),
    ("最多", "最少"),
    ("最大", "最小"),
    ("最高", "最低"),
    ("增加", "减少"),
    ("開啟", "關閉"),
    ("打开", "关闭"),
    ("开启", "关闭"),
    ("启用", "禁用"),
    ("成功", "失败"),
    ("提高", "降低"),
    ("大于", "小于"),
    ("免费", "收费"),
    ("允许", "禁止"),
    ("支持", "不支持"),
    ("可以", "不可以"),
    ("能够", "不能"),
    ("能夠", "不能"),
    ("需要", "不需要"),
    ("必须", "不必"),
    ("没有", "有"),
    ("沒有", "有"),
    ("无法", "可以"),
    ("無法", "可以"),
    ("不能", "能"),
    ("不会", "会"),
    ("不會", "會"),
    ("不是", "是"),
    ("并非", "就是"),
    ("同意", "反对"),
    ("位于", "不位于"),
    ("属于", "不属于"),
    ("屬於", "不屬於"),
)
_BEFORE_ZH = re.compile(
    r"(?<![不没沒未可应應但于於总總还還就只也都正像若凡])([是会會能可在])(?![否能以不])(?=[\u4e00-\u9fff])"
)


def _denied(sentence: str, chance: random.Random) -> str | None:
    if _NOT.search(sentence):
        return _NOT.sub(_without_not, sentence, count=1)
    ways: list[Callable[[], str]] = []
    if _HELPING.search(sentence):
        ways += [lambda: _HELPING.sub(lambda match: f"{match[0]} not", sentence, count=1)] * 2
    if _VERB.search(sentence):
        ways.append(lambda: _VERB.sub(lambda match: f"does not {_PLAIN_VERBS[match[0]]}", sentence, count=1))
    turned = list(_turned(sentence))
    if turned:
        ways.append(lambda: chance.choice(turned))
    return chance.choice(ways)() if ways else None


def _without_not(match: re.Match[str]) -> str:
    word: str = next(group for group in match.groups() if group)
    return {"ca": "can", "wo": "will", "Ca": "Can", "Wo": "Will"}.get(word, word)


def _turned(sentence: str) -> Iterator[str]:
    for pair in _TURNED:
        for one, other in (pair, pair[::-1]):
            pattern = re.compile(rf"\b{one}\b", re.IGNORECASE)
            if pattern.search(sentence):
                yield pattern.sub(other, sentence, count=1)


def _denied_zh(sentence: str, chance: random.Random) -> str | None:
    ways = []
    is_simplified = simplified(sentence) == sentence
    swaps = [(shorter, longer) for pair in _TURNED_ZH for shorter, longer in [sorted(pair, key=len)]]
    undone = {shorter for shorter, longer in swaps if longer in sentence}
    for shorter, longer in swaps:
        one, other = (longer, shorter) if longer in sentence else (shorter, longer)
        is_open = one == longer or shorter not in undone  # "沒有" is not the "有" that "没有" denies
        if one in sentence and is_open and (not is_simplified or simplified(other) == other):
            ways.append(sentence.replace(one, other, 1))
    if _BEFORE_ZH.search(sentence):
        ways.append(_BEFORE_ZH.sub(lambda match: f"不{match[1]}", sentence, count=1))
    return chance.choice(ways) if ways else None


# --- names ---

_PLACES_ZH = (
    "中国 美国 日本 英国 法国 德国 俄罗斯 印度 韩国 意大利 西班牙 加拿大 澳大利亚",
    "中國 美國 日本 英國 法國 德國 俄羅斯 印度 韓國 義大利 西班牙 加拿大 澳洲",
    "北京 上海 广州 天津 南京 武汉 成都 重庆 西安 杭州 香港 台湾 澳门",
    "北京 上海 廣州 天津 南京 武漢 成都 重慶 西安 杭州 香港 台灣 澳門 台北 高雄",
    "东 西 南 北",
)
_MARKED = re.compile(r"(?<=[《「“])[^》」”]{2,16}(?=[》」”])")
_LATIN = re.compile(r"[A-Za-z][A-Za-z.]{2,}(?:[ -][A-Z][A-Za-z]+)*")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+){0,3}|(?<=[a-z,] )[A-Z]{3,}\b")


def names_in(sentence: str) -> list[str]:
    """What looks like a name: capitals inside an English sentence; in Chinese what is quoted, Latin words, places."""
    return [match[0] for match in _name_places(sentence, is_chinese=detect_language(sentence) == CHINESE)]


def _name_places(sentence: str, *, is_chinese: bool) -> list[re.Match[str]]:
    if not is_chinese:
        return list(_NAME.finditer(sentence))
    return [*_MARKED.finditer(sentence), *_LATIN.finditer(sentence)]


def _another_name(sentence: str, names: Sequence[str], *, is_chinese: bool, chance: random.Random) -> str | None:
    places = []
    for match in _name_places(sentence, is_chinese=is_chinese):
        latin = match[0].isascii()
        others = [name for name in names if name.isascii() == latin and name not in sentence and match[0] not in name]
        if others:
            places.append((match, chance.choice(others)))
    for family in _PLACES_ZH[:4] if is_chinese else ():
        words = family.split()
        for word in words:
            for match in re.finditer(word, sentence):
                others = [other for other in words if other not in sentence]
                if others:
                    places.append((match, chance.choice(others)))
    return replaced(sentence, *chance.choice(places)) if places else None


# --- conditions ---

_CONDITION = re.compile(r"^(?:If|When|Unless|Once|As long as|Until|Without|With)\b[^,;:.?]{8,90}, ?(?=\w)")
_CONDITION_BEHIND = re.compile(
    r"(?<=\w{3}),? (?:only )?(?:if|unless|as long as|provided that)\b[^,;:.?]{8,90}(?=[.!]?$)"
)
_CONDITION_ZH = re.compile(
    r"^(?:如果|若|假如|当|在|除非|只有|對於|对于)[^，。；：？]{4,40}(?:时|時|后|後|的话|下|之前|情况下)?，(?=.{6,})"
)


def _unconditional(sentence: str, *, is_chinese: bool) -> str | None:
    """What it says under a condition, said without it."""
    if is_chinese:
        rest = _CONDITION_ZH.sub("", sentence, count=1)
        return rest.removeprefix("则").removeprefix("那么") if rest != sentence and "吗" not in rest else None
    for pattern in (_CONDITION, _CONDITION_BEHIND):
        rest = pattern.sub("", sentence, count=1)
        if rest != sentence and len(rest.split()) >= 4:
            return rest[0].upper() + rest[1:]
    return None
