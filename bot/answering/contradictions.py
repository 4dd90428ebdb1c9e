"""What in a claim cannot be taken from a sentence of a document, found without a model. Pure.

A wrong sentence of a generator reuses the document's words with another polarity, number, unit or slot, so shared words
prove nothing: each check looks for one of these. A check that cannot tell lets the claim pass to the verifier.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, lru_cache

from bot.answering.quantities import NUMBER_WORDS, UNIT_WORDS, Quantity, quantities, units_named
from knowledge.indexing.lexical_tokens import tokens

NEW_WORDS_ALLOWED = 0.1  # share of a claim's content words that its source may lack

_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|[\u3400-\u9fff]|\d+(?:[.,]\d+)*", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff]")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nothing|neither|nor|without|cannot|unable|except|unless|exclud(?:ed?|es|ing)|non|lacks?|false|unaware|unlike)\b"
    r"|n['’]t\b|\bn/a\b"
    r"|不(?!同|管|论|仅|但|断|久|少于|超过|得不|止|如|足|低于|高于|过)|没|沒|無|无(?!论|線|线)|未(?!来)|非(?!常)|勿|禁止|除外|以外|除了",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"[.,;:!?()\[\]，。；：！？（）、\n|–—]+(?!\d)|\b(?:but|and|although|though|while|because|however|so|if|when)\b|但|而|如果|因为",
    re.IGNORECASE,
)
_SCOPE_WORDS = 6  # content words behind a negation that it is taken to negate
_YES_NO = re.compile(
    r"^\s*(?:(yes|yeah|sure|certainly)|(no))\b(?![- ](?:longer|one|more|matter))[\s,.!:;–-]*", re.IGNORECASE
)
_YES_NO_ZH = re.compile(r"^\s*(?:(是的|可以的|当然|能的|支持的)|(不是|不可以|不能|不行|不支持))[，,。！\s]+")
_STOPWORDS = frozenset(
    "a an the this that these those is are was were be been being am do does did have has had will would can "
    "could shall should may might must of to in on at by for from with as and or but if then than so it its "
    "they them their we our us you your i my me he she his her there here which who what when where how all "
    "any some also only just please not no don doesn didn isn aren wasn won can't cannot yes very too both "
    "each such more most about up out into over 的 了 是 在 和 与 或 及 有 您 你 我 们 会 可 以 请 就 也 都 "
    "这 那 个 为 于 对 把 被 从 到 不 没 无 未 能 要 吗 呢 吧 地 得 着 过 "
    "个 零 一 二 三 四 五 六 七 八 九 十 百 千 万 两".split()
)
# Words that a restatement brings along without saying anything new.
_COLOURLESS = frozenset(
    "come comes include includes included contain contains make made use used using need needs want work "
    "works get gets fit fits say says said state states seem product item items customer customers able "
    "design designed recommended available provide provides allow allows help helps like one go goes take "
    "takes keep put set type kind part way company users people person thing things well good easily still "
    "even really same other another".split()
)
_OPPOSITES = tuple(
    tuple(frozenset(side.split("/")) for side in pair.split())
    for pair in (
        "indoor/indoors/inside outdoor/outdoors/outside,hot/warm cold/cool,left right,before after,more less/fewer,"
        "minimum/least maximum/most,front back/rear,top/upper bottom/lower,open/opened/opens closed/close/closes/shut,"
        "always never,small/smaller/smallest large/larger/largest/big,free paid/charged,first last,male/men/man/boys "
        "female/women/woman/girls,wet dry,manual/manually automatic/automatically,hard soft,black white,plastic "
        "metal/wood/wooden,easy/easily hard/difficult,early/earlier late/later,increase/increases/raise "
        "decrease/decreases/reduce,buy/buyer sell/seller,upgrade downgrade,monthly yearly/annual/annually,"
        "under/below above/over,heavy light,short/shorter long/longer,new/unopened used,above/over under/below"
    ).split(",")
)
_OPPOSITES_ZH = tuple(
    tuple(pair.split("/"))
    for pair in "之前/之后 以前/以后 以内/以外 最多/最少 最多/至少 最长/最短 免费/收费 打开/关闭 增加/减少 "
    "升级/降级 室内/室外 "
    "国内/国外 以上/以下 以上/以内 月付/年付 个人/企业 冷水/热水 左/右 提前/推迟".split()
)


def contradiction(claim: str, source: str) -> str | None:
    """What in `claim` cannot be taken from `source`, in words for the trace; None where nothing is found."""
    body = _without_yes_no(claim)
    return (
        _wrong_quantity(body, source)
        or _wrong_polarity(body, source)
        or _wrong_yes_no(claim, source)
        or _opposite(body, source)
        or _wrong_field(body, source)
        or _says_more(body, source)
    )


def denies(text: str) -> bool:
    """Whether a text says no to something."""
    return bool(_NEGATION.search(text))


def new_words(claim: str, source: str) -> float:
    """Share of the claim's content words that the source lacks, 0 to 1; words match on their first five letters."""
    wanted = _content_words(_without_yes_no(claim)) - _colourless_stems()
    if not wanted:
        return 0.0
    return len(wanted - _content_words(source)) / len(wanted)


@cache
def _colourless_stems() -> frozenset[str]:
    return frozenset(map(_stem, _COLOURLESS | UNIT_WORDS | frozenset(NUMBER_WORDS)))


def _wrong_quantity(claim: str, source: str) -> str | None:
    present = quantities(source)
    values = {quantity.value for quantity in present}
    for quantity in quantities(claim):
        same = [other for other in present if other.value == quantity.value]
        if not same and not (quantity.value == "1" and not quantity.unit) and quantity.value not in values:
            return f"the number {quantity.value} does not stand in the source"
        if quantity.unit and quantity.unit not in units_named(source):
            return f"the unit of {quantity.value} does not stand in the source"
        if same and not any(_agree(quantity, other) for other in same):
            return f"the number {quantity.value} is measured in something else in the source"
        if same and not any(_same_limit(quantity, other) for other in same):
            return f"the number {quantity.value} is the other limit in the source"
        if same and _counts_another(quantity, same, present):
            return f"the number {quantity.value} counts something else in the source"
    return None


def _agree(one: Quantity, other: Quantity) -> bool:
    return not one.unit or not other.unit or one.unit == other.unit


def _same_limit(one: Quantity, other: Quantity) -> bool:
    return not one.bound or not other.bound or one.bound == other.bound


def _counts_another(quantity: Quantity, same: list[Quantity], present: tuple[Quantity, ...]) -> bool:
    """Whether the source gives another number to what the claim counts, and not this one."""
    if quantity.unit or not quantity.counted:
        return False
    noun = quantity.counted[0]
    here = any(noun in other.counted for other in same)
    return not here and any(noun in other.counted for other in present)


def _wrong_polarity(claim: str, source: str) -> str | None:
    """Compares what is denied. Leaving a clause out is fine; denying more, or affirming what was denied, is not."""
    denials, denials_of_source = _scopes(claim), _scopes(source)
    if len(denials) > len(denials_of_source) or any(not _denied_in(scope, denials_of_source) for scope in denials):
        return "it says no where the source does not"
    if denials_of_source and not denials and not any(denials_of_source):
        return "it leaves out the source's no"
    affirmed, affirmed_by_source = _affirmed(claim, denials), _affirmed(source, denials_of_source)
    denied = {word for scope in denials_of_source for word in scope}
    if any(affirmed[word] > affirmed_by_source[word] for word in denied):
        return "it leaves out the source's no"
    return None


def _scopes(text: str) -> list[list[str]]:
    """For each negation, the content words that it negates: those behind it in its clause."""
    scopes = []
    for match in _NEGATION.finditer(text):
        end = _CLAUSE_END.search(text, match.end())
        scopes.append(_content_list(text[match.end() : end.start() if end else len(text)])[:_SCOPE_WORDS])
    return scopes


def _denied_in(scope: list[str], scopes: list[list[str]]) -> bool:
    """Whether one of `scopes` denies some of the same, or cannot be compared because it or this one names nothing."""
    return any(not scope or not other or not set(scope).isdisjoint(other) for other in scopes)


def _affirmed(text: str, denials: list[list[str]]) -> Counter[str]:
    """How often each content word stands outside the negations."""
    return Counter(_content_list(text)) - Counter(word for scope in denials for word in scope)


def _wrong_yes_no(claim: str, source: str) -> str | None:
    source_denies = bool(_NEGATION.search(source))
    if _says(claim, "no") and not source_denies:
        return "it begins with a no that the source does not say"
    if _says(claim, "yes") and source_denies:
        body = _without_yes_no(claim)
        denied = {word for scope in _scopes(source) for word in scope}
        if _NEGATION.search(body) or not denied or _content_words(body) & denied:
            return "it begins with a yes that the source does not say"
    return None


def _opposite(claim: str, source: str) -> str | None:
    said, given = _plain_words(claim), _plain_words(source)
    for one, other in _OPPOSITES:
        for mine, theirs in ((one, other), (other, one)):
            if said & mine and not given & mine and given & theirs and not said & theirs:
                return f"it says {sorted(said & mine)[0]} where the source says {sorted(given & theirs)[0]}"
    for pair in _OPPOSITES_ZH:
        for mine_zh, theirs_zh in (pair, pair[::-1]):
            if mine_zh in claim and mine_zh not in source and theirs_zh in source and theirs_zh not in claim:
                return f"it says {mine_zh} where the source says {theirs_zh}"
    return None


_FIELD = re.compile(r"([^:：;；|\n]{1,60})[:：]([^;；|\n]{1,200})(?:[;；|\n]|$)")


def _wrong_field(claim: str, source: str) -> str | None:
    """In a table's record ("Standard: 3 days; Express: 2 days"), a number under a label not named in the claim."""
    fields = [(_content_words(field[1]), {q.value for q in quantities(field[2])}) for field in _FIELD.finditer(source)]
    fields = [(label, values) for label, values in fields if values]
    if len(fields) < 2:
        return None
    words = _content_words(claim)
    named = [values for label, values in fields if label & words]
    for quantity in quantities(claim):
        holding = [values for _, values in fields if quantity.value in values]
        if named and holding and not any(values in named for values in holding):
            return f"the number {quantity.value} stands under another label in the source"
    return None


def _says_more(claim: str, source: str) -> str | None:
    strange = _names(claim) - {name.lower() for name in re.findall(r"[A-Za-z][\w-]*", source)}
    if strange:
        return f"the name {sorted(strange)[0]} does not stand in the source"
    if any(not set(pair) & (set(source) | _STOPWORDS) for pair in _HAN_PAIR.findall(claim)):
        return "it says more than the source"
    return "it says more than the source" if new_words(claim, source) > NEW_WORDS_ALLOWED else None


_HAN_PAIR = re.compile(r"(?=([\u3400-\u9fff]{2}))")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+)[\"“'(]*$")
_CAPITALISED = re.compile(r"\b[A-Z][\w-]*|\b[A-Za-z]+\d\w*")


def _names(text: str) -> frozenset[str]:
    """Words in lower case that are written as names: capitals inside a sentence, Latin letters inside Chinese."""
    if len(_HAN.findall(text)) > len(text) // 4:
        return frozenset(word.lower() for word in re.findall(r"[A-Za-z][\w-]+", text))
    found = (
        match.group().lower()
        for match in _CAPITALISED.finditer(text)
        if not _SENTENCE_START.search(text[max(0, match.start() - 8) : match.start()])
        or match.group()[1:] != match.group()[1:].lower()
    )
    return frozenset(word for word in found if len(word) > 1 and word not in _STOPWORDS)


def _content_words(text: str) -> frozenset[str]:
    return frozenset(_content_list(text))


def _content_list(text: str) -> list[str]:
    """Stems cut to five letters, so that "allergy" and "allergic" are one; of Chinese, single characters."""
    words = (word.lower() for word in _WORD.findall(text))
    return [_stem(word) for word in words if word not in _STOPWORDS and not word[0].isdigit()]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return next(iter(tokens(word)), word)[:5]


def _plain_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", text.lower()))


def _says(claim: str, answer: str) -> bool:
    match = _YES_NO.match(claim) or _YES_NO_ZH.match(claim)
    return bool(match and match.group(1 if answer == "yes" else 2))


def _without_yes_no(text: str) -> str:
    return _YES_NO_ZH.sub("", _YES_NO.sub("", text, count=1), count=1)
