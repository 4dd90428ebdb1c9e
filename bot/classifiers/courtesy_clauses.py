"""Takes whole clauses that are nothing but polite off both ends of a message. Pure.

A clause is polite where every word of it is one of politeness or of grammar, and one of them says so. That knows more
wordings than any list of sentences, and keeps each clause that has a single word about something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_GRAMMAR = frozenset(
    """a an the i id im ill ive we wed well you u youre your yours me my us our it its this that these those be is are
    am was were been being would could can may might will shall do does did have has had having of for in on at to and
    or but with so very really truly most much many more ever all any some such too if when as how about from by
    again also just only there here who him her them they one""".split()
)
_POLITE = frozenset(
    """thank thanks thanking thankyou thankful thx cheers ty grateful gratitude obliged appreciate appreciated
    appreciation please pls plz sorry apologies apologise apologize pardon excuse forgive bother bothering trouble
    disturb disturbing interrupt interrupting interruption hello hi hey dear greetings morning afternoon evening
    regards wishes sincerely respectfully faithfully bless kind kindly
    kindness kindest respect hope hoping question questions forward wondering wonder advise""".split()
)
_AROUND = frozenset(
    """good night day week weekend great nice lovely wonderful awesome amazing brilliant best warm warmest god attention
    time patience understanding cooperation consideration support advance matter following inconvenience fine ok okay
    guys team folks sir madam everyone everything people request million bunch lot due possible love glad reply response
    hear hearing looking ask tell ahead rest indeed beforehand stay safe bearing need quick something somebody someone
    today terribly extremely deeply greatly remain able through offer have""".split()
)
# "Help!" tells how urgent it is; to ask for help in a roundabout way is polite.
_HELP = frozenset("help helping helped assist assistance assisting".split())
_ROUNDABOUT = frozenset(
    """could would can may might hope hoping wonder wondering appreciate appreciated grateful thank thanks thanking
    thankful obliged kind kindly""".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d+")
_CLAUSE = re.compile(r"[^.!?;:,\n]*[.!?;:,\n]+\s*|[^.!?;:,\n]+$")

# Of two that begin alike the longer one stands first: what is taken is never given back (`_ALL_ZH`).
CHUNKS_ZH = (
    r"非常|十分|万分|实在|真心|衷心|再次|提前|真的|真是|特别|[您你我]们?|[请請]|[问問][题題]|[问問]|教|麻[烦煩]|有?[劳勞][烦煩驾駕]?"
    r"|[烦煩][请請]|[帮幫]助|[帮幫][个個]?忙?|看看|看|一下|一[个個]|下午|下|[个個]|事情?|可不可以|能不能|可以|能否|能|可否|否|吗|嗎|么么哒|么|嘛"
    r"|多?[谢謝]{1,2}|感[谢謝激]|不[尽盡胜勝]|很|太|的|了|啦|呀|啊|哦|哈|呢|吧|也|先生(?!活)|先|都|跟|和|又|再|来|[给給]|添|老[师師]|客服|[亲親]"
    r"|小姐姐?|女士|朋友|各位|大家|不好意思|抱歉|[对對]不起|打[扰擾搅]|冒昧|辛苦|期待|盼|希望|等|回[复復]|解答|答[复復]"
    r"|耐心|支持|理解|配合|祝|生活|工作|身[体體]|健康|愉快|[顺順]利|[顺順]心|好|早上|上午|中午|晚上|告[诉訴]|咨?[询詢]|咨|想|向"
    r"|拜托|在|hi|hello|thank you|thanks?|thx|[\s~～]"
)
_POLITE_ZH = re.compile(
    r"[谢謝]|感激|麻[烦煩]|[劳勞]|[烦煩][请請]|抱歉|不好意思|[对對]不起|打[扰擾搅]|冒昧|辛苦|[请請]|[帮幫]|祝|咨|[询詢]|[问問]|添|期待|盼|拜托"
    r"|么么哒|[亲親]|[您你]好|[早晚午]上?好|老[师師]|客服|hi|hello|thanks?|thx",
    re.IGNORECASE,
)
_CLAUSE_ZH = re.compile(r"[^，,。.!！?？；;：:\n]*[，,。.!！?？；;：:\n]+\s*|[^，,。.!！?？；;：:\n]+$")
# Possessive, so that a long row of chunks before another character is gone through once, not in every possible way.
_ALL_ZH = re.compile(rf"(?:{CHUNKS_ZH})++", re.IGNORECASE)
LOOKED_AT = 300  # characters at either end in which politeness is looked for: a message has some thousands


def without_polite_clauses(text: str, *, chinese: bool) -> str:
    """The message from its first clause that is about something to its last; "" where there is none.

    What begins further than LOOKED_AT from an end, or is longer, is about something.
    """
    clauses: list[str] = (_CLAUSE_ZH if chinese else _CLAUSE).findall(text)
    is_polite = _is_polite_zh if chinese else _is_polite
    first = _polite_in_front(clauses, is_polite)
    last = len(clauses) - _polite_in_front(clauses[first:][::-1], is_polite)
    return "".join(clauses[first:last]).strip()


def _polite_in_front(clauses: Sequence[str], is_polite: Callable[[str], bool]) -> int:
    looked_at = 0
    for number, clause in enumerate(clauses):
        if looked_at > LOOKED_AT or len(clause) > LOOKED_AT or not is_polite(clause):
            return number
        looked_at += len(clause)
    return len(clauses)


def _is_polite(clause: str) -> bool:
    """Also where there is no word in it: what a face or a dash says is no intent."""
    words = [word.lower().replace("\u2019", "'").replace("'", "") for word in _WORD.findall(clause)]
    if not all(word in _GRAMMAR or word in _POLITE or word in _AROUND or word in _HELP for word in words):
        return False
    if any(word in _HELP for word in words):
        return any(word in _ROUNDABOUT for word in words)
    return not words or any(word in _POLITE for word in words) or _wishes_well(words)


def _wishes_well(words: list[str]) -> bool:
    """ "Have a great weekend" """
    return words[0] == "have" and words[-1] in _AROUND


def _is_polite_zh(clause: str) -> bool:
    inside = re.sub(r"[^\w\s]", "", clause).strip()
    return not inside or (_ALL_ZH.fullmatch(inside) is not None and _POLITE_ZH.search(inside) is not None)
