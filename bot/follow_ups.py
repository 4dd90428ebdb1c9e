"""Questions that lean on the one before: "and for students?". Pure; knows no model.

A question leans when it points at something that it does not name: a pronoun with nothing before it that it could
stand for, or a fragment without a subject of its own. A question that is merely short ("reset password") does not.
"""

from __future__ import annotations

import re

_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z0-9]+(?:['’][A-Za-z]+)?")


def leans_on_earlier(text: str) -> bool:
    """Whether a question needs the one before to be understood."""
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    return _leans_in_chinese(text) if han > words else _leans_in_english(text)


def standalone(text: str, earlier: str) -> str:
    """The question with what it leans on in front; unchanged where it stands alone or nothing came before."""
    return f"{earlier} {text}" if earlier and leans_on_earlier(text) else text


_OPENING = re.compile(r"^\s*(?:ok(?:ay)?|and|but|or|so|then|also|yes|no|well|hm+)\b[\s,]*", re.IGNORECASE)
_ABOUT = re.compile(
    r"^(?:what|how) about\b|^same (?:for|with|question)\b|^which (?:ones?|of)\b"
    r"|^(?:any|something|anything) (?:else|other)\b",
    re.IGNORECASE,
)
# A fragment begins with what belongs to a verb that is missing: "for students?", "with express?", "only in Europe?"
_FRAGMENT = re.compile(
    r"^(?:only |even |just |not )?(?:for|with|without|to|in|on|at|from|by|as|after|before|during|until|if|via|than)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\b(?:i|you|we|my|your|do|does|did|can|could|will|would|is|are|has|have|should|must|may|want|need|how|what|when|where|who|why|please)\b",
    re.IGNORECASE,
)
_HOW_FOR = re.compile(
    r"^(?:how|what) (?:much|many|long|often|soon|far|late|early) (?:for|to|in|with|if|from)\b", re.IGNORECASE
)
_EMPTY_WORDS = frozenset(
    "how much many long often soon far late early when why where which what who whom is are was were do does "
    "did can could will would should not so then really exactly the a an any more less else much too also "
    "instead please ok sure yes no i you we get have about cheaper cheapest faster slower bigger better cost "
    "costs take takes possible free ones one only both either neither again already still there here now "
    "today for to with in than until by".split()
)
_POINTING = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|she|him|her|these|those|the same(?! day)|th(?:at|is) one|the other"
    r"|another one|the (?:first|second|last|latter|former|cheaper|bigger|smaller|larger) one"
    r"|instead|else|either)\b"
    r"|\b(?:is|was|does|did|do|will|would|can|could|about|for|with|of|like|after|before|without|to|than|from|by|on|in|at|if|"
    r"why|how|cancel|return|use|get|undo|fix|change|reset|buy|order|pay|have|where|when)\s+(?:that|this)\b"
    r"(?!\s+(?:app|website|site|page|chat|company|shop|store|service|month|week|year|summer|winter|time|morning|evening|weekend)\b)"
    r"|\b(?:get|from|over|in|to|out|up|it|me|them|go|deliver|ship|send|live)\s+there\b",
    re.IGNORECASE,
)
# "It" that points at nothing: "is it possible to", "how long does it take to ship"
_EXPLETIVE = re.compile(
    r"\bis it (?:\w+ )?(?:possible|ok|okay|safe|free|allowed|necessary|worth|normal|true|bad|better|legal|required) "
    r"(?:to|that|if|for|when)\b"
    r"|\b(?:does|will|would|did) it (?:usually |normally )?(?:take|cost|mean)\b"
    r"(?=.{0,40}\b(?:to|for|until|before|when|if|that)\b(?! (?:arrive|come|work|finish|get here|get there)\b))"
    r"|\bit(?:['’]s| is) (?:possible|ok|okay|safe|allowed|normal|raining|cold|hot|late) (?:to|that|if|for)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:a|an|the|my|our|your|his|her|some|any|every|two|both|this|these|those)\s+(?!(?:same|other|one|ones|it)\b)[a-z]{2,}"
    r"|\b(?!(?:does|is|was|this|its|has|yes|as|us|plus|unless|always|perhaps|thanks|days|hours|weeks|months|years|minutes|lets|whats|hows)\b)[a-z]{3,}s\b",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(
    r"[,.;:!?]|\b(?:and|but|or|if|when|after|before|because|since|so|until|while|once|although|that|which|who|how|what|can|will|is|do|does|to)\b",
    re.IGNORECASE,
)


def _leans_in_english(text: str) -> bool:
    rest = text.strip()
    opening = _OPENING.match(rest)
    rest = _OPENING.sub("", rest, count=2).strip() if opening else rest
    words = _WORD.findall(rest)
    if not words or _ABOUT.search(rest) or _HOW_FOR.search(rest):
        return True
    if all(word.lower() in _EMPTY_WORDS for word in words):
        return True
    if _FRAGMENT.match(rest) and not _CLAUSE.search(rest):
        return True
    if opening and opening.group().strip(" ,").lower() in {"and", "or", "but"} and not _CLAUSE.search(rest):
        return True
    return _points_outside(_EXPLETIVE.sub(" ", rest))


def _points_outside(text: str) -> bool:
    """Whether the first pronoun comes before anything that it could stand for, named in a clause of its own."""
    pointing = _POINTING.search(text)
    if pointing is None:
        return False
    for named in _NAMED.finditer(text, 0, pointing.start()):
        if _BOUNDARY.search(text, named.end(), pointing.start() + 1):
            return False
    return True


_OPENING_ZH = re.compile(r"^\s*(?:那么|那(?![里个些种款样两几边])|还有|另外|然后|所以|但是|不过|好的?|嗯)[，,、\s]*")
_LIKEWISE_ZH = re.compile(r"^(?:换成|同样|以及|和.{1,8}(?:比|相比|一样|有什么)|比.{0,6}(?:便宜|贵|快|慢|好))")
_ASKING_ZH = re.compile(
    r"怎么|怎样|如何|什么|多少|多久|多长|哪|几|谁|为啥|吗|能不能|可不可以|是否|是不是|有没有|能否|要不要|会不会|行不行"
)
_POINTING_ZH = re.compile(
    r"(?<!其)它们?|(?<![其吉])[他她]们?(?!人)|这(?:个(?!月|星期|礼拜|周|季|网|应用|软件)|些|种|款|样|里|两|几)|那(?:个|些|种|款|样|里|两|几|边)"
    r"|前者|后者|上述|刚才|刚刚说|之前说|另一个|另外一个|其他的[？?]?$|一样吗"
)
# Characters that a question may be made of without naming anything.
_EMPTY_ZH = frozenset(
    "怎么样如何多少久长时间候什为啥哪里儿个几天日周月年可以能会要需最短钱吗呢吧啊的了是有我你您们请问办行不"
    "还也都就再那到好对真免费大概一般应该为得算这该给用收便宜贵快慢元块最早晚先后，,。.？?！! 、~～"
)
_MORE_FOR_ZH = re.compile(r"^.{1,4}(?:也?可以|也?行|也?能|也?算|也?支持|也?适用|也是)(?:吗|么)?$")
_SIDE_MARKS = " ，,。.？?！!~～"


def _leans_in_chinese(text: str) -> bool:
    body = text.strip(_SIDE_MARKS)
    rest = _OPENING_ZH.sub("", body, count=1)
    if _LIKEWISE_ZH.search(rest):
        return True
    if rest.endswith("呢") and not _ASKING_ZH.search(rest[:-1]):
        return True
    if not set(rest) - _EMPTY_ZH or _MORE_FOR_ZH.match(rest):
        return True
    if rest != body and not _ASKING_ZH.search(rest) and len(_HAN.findall(rest)) <= 6 and body[0] in "那还":
        return True
    pointing = _POINTING_ZH.search(rest)
    return pointing is not None and not _named_before(rest[: pointing.start()])


def _named_before(text: str) -> bool:
    """Whether a clause of its own, of four characters and more, stands before: "机器坏了，它还能修吗"."""
    before, comma, _ = text.rpartition("，") if "，" in text else text.rpartition(",")
    return bool(comma) and len(_HAN.findall(before)) >= 4
