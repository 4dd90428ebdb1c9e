"""Whether two questions that look alike ask different things. Pure; knows no model.

A vector says that "Can I return an opened kit?" and "Can I return an unopened kit?" are almost one: questions that
share their frame and differ in a word are nearer to each other than to their own paraphrases. So likeness alone must
not choose an answer that is given word for word. What is compared here is what likeness does not see.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cache

from bot.answering.contradictions import denies
from bot.answering.quantities import quantities
from knowledge.indexing.lexical_tokens import tokens
from knowledge.languages import CHINESE, detect_language


class Difference(StrEnum):
    NUMBER = "number"  # 3 months, 6 months
    NEGATION = "negation"  # covered, not covered
    KIND = "kind"  # how long, how much
    WORD = "word"  # the same question about something else: Sunday, Monday


def difference(question: str, wording: str) -> Difference | None:
    """What tells two questions in one language apart; None where nothing does."""
    one, other = plain(question), plain(wording)
    if one == other:
        return None
    if _numbers(one) != _numbers(other):
        return Difference.NUMBER
    if _denies(one) != _denies(other):
        return Difference.NEGATION
    if _kinds_differ(_kinds(one), _kinds(other)):
        return Difference.KIND
    return Difference.WORD if _same_frame(one, other) else None


def shares_much(question: str, wording: str) -> bool:
    """Whether two questions that nothing tells apart ask for the same kind of thing, or share half of what they say.

    "How long" or "why" on both sides, or half of the words of the wording that are about something.
    """
    one, other = plain(question), plain(wording)
    if _kinds(one) & _kinds(other):
        return True
    mine, theirs = (_telling(one), _telling(other))
    return bool(theirs) and 2 * len(mine & theirs) >= len(theirs)


def plain(text: str) -> str:
    """The question without what never changes its meaning: case, width, punctuation, politeness."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    text = _POLITE.sub(" ", text)
    return " ".join(_MARKS.sub(" ", text).split())


_MARKS = re.compile(r"[?!.,;:、。，！？；：“”\"()…~]+(?!\d)")
_POLITE = re.compile(
    r"\b(?:please|pls|hi|hello|hey|thanks|thank you|excuse me|could you tell me|can you tell me|i would like to know"
    r"|i want to know|may i ask)\b|请问|你好|您好|谢谢|麻烦|一下|想问|我想知道"
)
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[a-z])[a-z0-9]+\b")


def _numbers(text: str) -> frozenset[str]:
    """Numbers and codes; "one" alone counts nothing ("the large one")."""
    found = {quantity.value for quantity in quantities(text)} - {"1"}
    return frozenset(found | set(_CODE.findall(text)))


_NOT_DENIED = re.compile(r"(\w)[不没]\1|有没有|是不是|要不要|行不行|对不起|不好意思|差不多|了没有?$|没有$")


def _denies(text: str) -> bool:
    return denies(_NOT_DENIED.sub(" ", text))


_KINDS = {
    "time": r"\bhow long\b|^when\b|\bhow soon\b|\bhow (?:many|much) (?:days|weeks|hours|months|time)\b|\bhow late\b"
    r"|多久|多长|什么时候|几天|多少天|几时|何时",
    "money": r"\bhow much (?:does|do|is|are|will)\b|\bcosts?\b|\bprices?\b|\bfees?\b|\bpostage\b"
    r"|多少钱|价格|运费|费用|邮费",
    "count": r"\bhow many (?!days|weeks|hours|months)|\bwhat number\b|几[颗台个只件]|多少[颗台个只件]",
    "share": r"\bhow much of\b|退多少|能退多少",
    "reason": r"\bwhy\b|\bwhat is the reason\b|为什么|为何|怎么回事|什么原因|为啥",
    "place": r"\bwhere\b|\baddress\b|哪里|哪儿|什么地方|地址",
    "person": r"\bwho\b|谁",
    "way": r"\bhow (?:do|can|to|should|could|must)\b|怎么(?!回事|样$|卖|算)|怎样|如何|怎么办",
}
_KIND_PATTERNS = {name: re.compile(pattern) for name, pattern in _KINDS.items()}


def _kinds(text: str) -> frozenset[str]:
    return frozenset(name for name, pattern in _KIND_PATTERNS.items() if pattern.search(text))


def _kinds_differ(one: frozenset[str], other: frozenset[str]) -> bool:
    """ "Where can I reset it" is "how do I reset it"; a question of yes or no is neither "how long" nor "why"."""
    if one & other:
        return False
    if one and other:
        return not (one | other) <= {"way", "place"}
    return bool((one or other) - {"way"})


# --- the same frame with another word in it ---

_MOST_CHANGED = 2  # words on either side (in Chinese twice as many characters): more is a way of saying it
_LEAST_KEPT = 0.4  # of the longer question, in the same order: less is no frame

_ALIKE = (
    "parcel package shipment packet",
    "ship deliver delivery shipping send post postage dispatch",
    "cancel end stop terminate unsubscribe",
    "buy purchase order",
    "plan subscription subscribe membership",
    "cost price fee",
    "fix repair mend",
    "pay payment",
    "change edit modify update correct",
    "light lamp",
    "wifi wi-fi wireless",
    "can could may",
)
_ALIKE_ZH = (
    ("快递", "包裹", "邮包"),
    ("送货", "配送", "寄送", "邮寄"),
    ("取消", "退订", "终止"),
    ("购买", "订购"),
    ("优惠", "折扣"),
    ("修改", "更改", "更换"),
    ("维修", "修理"),
    ("周日", "星期天", "星期日", "礼拜天"),
    ("怎么", "怎样", "如何"),
    ("可以", "能不能", "可不可以", "是否可以", "能否"),
    ("app", "应用", "软件"),
)


def _same_frame(one: str, other: str) -> bool:
    """Whether little more than a word tells the two apart, so that it is this word that matters."""
    chinese = detect_language(other) == CHINESE
    mine, theirs = (_characters(one), _characters(other)) if chinese else (_words(one), _words(other))
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    kept = sum(block.size for block in blocks)
    changed = max(len(mine), len(theirs)) - kept
    most = 2 * _MOST_CHANGED if chinese else _MOST_CHANGED
    return 0 < changed <= most and kept >= _LEAST_KEPT * max(len(mine), len(theirs))


def _words(text: str) -> list[str]:
    stems = (_stem(word) for word in re.findall(r"[a-z][a-z'-]*", text) if word not in _ARTICLES)
    return [_first_alike().get(stem, stem) for stem in stems]


def _telling(text: str) -> frozenset[str]:
    if detect_language(text) == CHINESE:
        return frozenset(_characters(text))
    return frozenset(_words(text)) - _FRAME


_FRAME = frozenset(
    "i you we it is are was be been am do does did can could may will would to of for in on at by with from and or "
    "what how where when whi who which if so then there that this me us ani some get have has had need want not long "
    "much mani happen pleas".split()
)
_ARTICLES = frozenset("a an the my our your".split())


def _stem(word: str) -> str:
    return next(iter(tokens(word)), word)


@cache
def _first_alike() -> dict[str, str]:
    return {_stem(word): group.split()[0] for group in _ALIKE for word in group.split()}


def _characters(text: str) -> list[str]:
    for first, *others in _ALIKE_ZH:
        for word in others:
            text = text.replace(word, first)
    return [character for character in text if character.isalnum() and character not in _PARTICLES]


_PARTICLES = frozenset("的了吗呢吧啊呀么我你您们有人")
