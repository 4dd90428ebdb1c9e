"""Takes out what is only polite: "Hello, could you please … thank you so much" is about what stands between.

Rules in English and Chinese, applied alike to examples and to messages. Pure; knows nothing of intents or models.
"""

from __future__ import annotations

import re

from bot.classifiers.courtesy_clauses import LOOKED_AT, without_polite_clauses
from knowledge.languages import CHINESE, detect_language

_ENDS = r"[\s,.!?;:~\-–—)]"
_FEWEST_LETTERS = 3  # of an only word that is a message by itself
_MOST_PEELS = 8  # frames at one end; who says more of them than that is playing

# --- English

_HELLO = (
    r"(?:hello|hi+|hey+|hiya|howdy|greetings|good ?(?:morning|afternoon|evening|day)"
    r"|dear (?:(?:sirs?|madam|team|all|support|customer (?:service|support|care))(?: or |/| and )?){1,4}(?: team)?"
    r"|to whom it may concern)"
    r"(?:,? (?:there|again|everyone|all|team|sir|madam|ma'?am|guys|folks|bot|dear|friend)){0,4}"
)
_WELL = (
    r"(?:(?:i|we) )?(?:hope|trust) (?:you|u|this|that|everything|all)\b[^,.!?;:]{0,50}?"
    r"\b(?:well|fine|great|good|ok|okay|day|morning|week|weekend|safe|healthy)"
    r"|how (?:are|r) (?:you|u)(?: doing)?(?: today)?|how do you do|nice to meet you"
    r"|my name is [\w'’-]+(?: [A-Z][\w'’-]+)?"
)
_SORRY = (
    r"(?:excuse|pardon) me|(?:(?:i'?m|i am|we are) )?(?:so |very |really |terribly ){0,4}"
    r"(?:sorry|apologi[sz]e|apologies|forgive me)"
    r" (?:to|for) (?:the |any |this |my )?(?:bother|disturb|troubl|interrupt|disturbance|inconvenience)\w*"
    r"(?: (?:you|u|again|with this|this may cause)){0,4}(?:,? but)?"
)
_SOFTLY = r"(?:please|kindly|possibly|perhaps|pls|plz|be so (?:kind|good)(?: as to| and| to)?)"
_YOU = r"(?:you|u|someone|somebody|anyone|anybody|one of you)"
_HELP = (
    r"(?:,? ?(?:help|assist)(?: me| us)?(?: out)?"
    r"(?: with (?:this|that|something|the following|my (?:problem|question)))?)"
)
_HELP_AND = rf"{_HELP}?(?: look into (?:this|it))?"
_ASKING = (
    rf"(?:would|could|can|will|might) {_YOU}(?: {_SOFTLY}){{1,4}}{_HELP_AND}"
    rf"|(?:would|could|can) {_YOU}{_HELP}(?= ?[:.,;?!])"
    r"|(?:would|do) you mind"
    rf"|i(?: wa|')s (?:just )?(?:wondering|hoping)(?: (?:if|whether|that))?(?: {_YOU} (?:could|can|might|would|may))?"
    rf"(?: {_SOFTLY}){{0,4}}{_HELP_AND}"
    rf"|(?:i|we)(?:'d| would| will)? (?:be (?:very |so |really |most |extremely |ever so ){{0,4}}"
    r"(?:grateful|thankful|glad|obliged)"
    rf"|(?:really |greatly |very much |truly ){{0,4}}appreciate(?: it)?)(?: very much)?"
    rf" if {_YOU} (?:could|would|can|might)"
    rf"(?: {_SOFTLY}){{0,4}}{_HELP_AND}"
    r"|(?:may|can|could|might) i (?:please |kindly |just |quickly ){0,4}(?:ask|trouble|bother)(?: you)?"
    r"(?: (?:something|a (?:quick |small )?question|for (?:your |some )?help(?: with (?:this|something))?))?"
    r"|i (?:just )?(?:have|had|got) a (?:quick |small |little ){0,4}question(?= ?[:.,;!])"
    r"|i(?:'d| would) (?:just )?like to ask(?: you)?(?: something| a question)?|(?:can|could) you tell me,? please"
    rf"|i need (?:your|some|a little|a bit of) help(?: with (?:this|something))?(?= ?[:.,;!])"
)
_IF_POSSIBLE = (
    r"if (?:it|that)(?:'s| is|s)"
    r"(?: not (?:too much (?:trouble|to ask)|a problem)| possible| ok| okay| alright)(?: with you)?"
    r"|if (?:at all )?possible|if (?:you|u) (?:don'?t mind|would be so kind|could|would|please)(?= ?[,.!;?]|$)"
    r"|(?:when|if) you (?:have|get|find) (?:a|some) (?:moment|minute|second|time|chance)"
)
_THANKS = (
    r"(?:(?:many|a lot of|lots of|big) )?(?:thanks|thank (?:you|u|ya)|thankyou|thx|cheers)"
    r"(?:,? (?:so (?:very )?much|very much|a (?:lot|million|bunch|ton)|ever so much|kindly|again|in advance|indeed|and"
    r"|sir|madam|ma'?am|guys)){0,4}"
    r"(?: for (?:your |the |any |all |all of |kind |valuable |great |prompt |quick ){0,4}"
    r"(?:help|time|assistance|support|patience"
    r"|attention|understanding|answer|reply|response|consideration|kindness|(?:help|assist)ing(?: me)?(?: out)?"
    r"|looking into (?:this|it))(?: and (?:time|help|support|patience|understanding|kindness))?)?"
    r"(?: in advance)?"
)
_WISHES = (
    r"have an? (?:very )?(?:nice|great|good|lovely|wonderful|pleasant)(?: rest of (?:the|your))? "
    r"(?:day|evening|weekend|one|week|night|afternoon)(?: ahead)?"
    r"|(?:(?:with |my ){0,4}(?:kind(?:est)?|best|warm(?:est)?|many) )?(?:regards|wishes)(?:,? [A-Z][\w'’.-]*+){0,3}"
    r"|(?:yours )?(?:sincerely|faithfully|truly|respectfully)(?: yours)?(?:,? [A-Z][\w'’.-]*+){0,3}|all the best"
    r"|(?:i|we)?(?:'d| would| do)?(?: really| truly| greatly| very much| highly){0,4} ?appreciate"
    r" (?:it|that|this|(?:your|any|all)(?: your| kind)? (?:help|time|support|assistance|patience))"
    r"(?: very much| a lot| so much| greatly)?"
    r"|any help (?:is|would be|will be) (?:much |greatly |highly |very |really ){0,4}appreciated"
    r"|(?:very |so )?much appreciated|(?:i(?:'d| would|'ll| will) be |so |very |most ){0,4}"
    r"(?:grateful|thankful|obliged)"
    r"(?: (?:for|to) (?:your|any|you)(?: help)?)?"
    r"|that(?:'d| would) be (?:so |very |really ){0,4}"
    r"(?:great|lovely|wonderful|nice|kind|kind of you|helpful|appreciated)"
    r"|you(?:'re| are| r) (?:so |very |too |really ){0,4}(?:the best|kind|a star|amazing|wonderful|helpful)"
    r"|(?:i(?:'m| am) )?looking forward to (?:your (?:reply|answer|response)|hearing from you)"
    rf"|(?:can|could|would|will) {_YOU} (?:please )?(?:help|assist)(?: me| us)?(?: out)?(?: with (?:this|that))?"
    r"|(?:i|we) hope you can help(?: me| us)?|(?:sorry|apologies) for (?:the |any ){0,4}"
    r"(?:bother|trouble|inconvenience)"
)
_FIRST = re.compile(
    rf"(?:{_HELLO}|{_WELL}|{_SORRY}|{_ASKING}|{_IF_POSSIBLE}|thank(?:s| you) in advance)"
    rf"(?:{_ENDS}+|$)(?:(?:and|but)\b )?",
    re.IGNORECASE,
)
_LAST = re.compile(rf"(?:^|(?<={_ENDS}))(?:and )?(?:{_THANKS}|{_WISHES}|{_IF_POSSIBLE}){_ENDS}*+$", re.IGNORECASE)
_ANYWHERE = re.compile(r"\b(?:please|kindly|pls|plz)\b", re.IGNORECASE)
_GAP = re.compile(r" +(?=[,.!?;: ])")
_AND = re.compile(r"^(?:and|but|however)\b,? ", re.IGNORECASE)
_EMPTY_WORDS = frozenset(  # said with thanks and greetings, and about nothing else
    "you there me us it this that and but for with help bot sir madam ask know tell question thanks hello great"
    " perfect got ok okay good fine cool nice clear understood alright sure solved works worked done anyone here all"
    " will try see awesome".split()
)

# --- Chinese, in both scripts

_ENDS_ZH = r"[\s，,。.!！~～、：:?？…；;]"
_FIRST_ZH = re.compile(
    r"(?:(?:客服|亲爱的?|尊敬的)?(?:客服|先生|女士|小姐姐?|老师|朋友|亲)?(?:[您你]们?好|[您你]好)(?:啊|呀|哦|哈|吖)?"
    r"|(?:尊敬|亲爱)的(?:客服|先生|女士|朋友|老师)(?:们)?|亲亲?(?=[，,~～!！ ])|客服(?=[，,~～!！ ])|嗨|哈[喽啰罗]"
    r"|hello|hi\b"
    r"|(?:有人)?在(?:吗|不在|么|嘛)|(?:早上|上午|中午|下午|晚上|大家)好(?:啊|呀)?"
    r"|(?:很|非常|实在|真)?(?:不好意思|抱歉|对不起|冒昧)(?:啊|哈|了)?|打[扰擾搅](?:一下|您?了|[您你](?:一下|了)?)?"
    r"|[请請][问問教](?:一下|下|[您你])?|(?:我)?想(?:跟[您你]|向[您你])?(?:咨[询詢]|[请請]教|[请請]?[问問])(?:一下|下|[您你]们?)?"
    r"(?:个?问题(?=[，,。：:]))?"
    r"|(?:能不能|可不可以|可以|能否|能|想|可否)?(?:麻[烦煩]|[劳勞][烦煩驾駕]|[烦煩][请請]|拜托|辛苦)(?:[您你]们?)?(?:了)?"
    r"|(?:能不能|可不可以|可以|能否|可否)[请請][您你]|(?:请|請)(?:[您你])?(?![假求客示柬愿安柜]|[问問教])"
    r"|帮(?:我|忙)(?:看|查|问|解答|处理)?(?:一下|下|看)(?=[，,：:])"
    r"|(?:如果)?(?:方便|可以|有空|不介意)的话)" + _ENDS_ZH + "*",
    re.IGNORECASE,
)
_LAST_ZH = re.compile(
    r"(?:(?:非常|十分|万分|太|真是?|先|多|再次|真心|衷心|提前|很|实在)?(?:[谢謝]{2}|感[谢謝]|多[谢謝]|[谢謝](?=了|啦)|感激|thanks?|thx)"
    r"(?:[您你]们?|大家|亲|各位|啦|了|哦|哈|啊|呀){0,4}(?:的?(?:帮助|帮忙|支持|耐心|解答|理解|配合|回复))?(?:了|啦|不尽|哦|哈|啊|呀){0,4}"
    r"|(?:辛苦|麻[烦煩]|拜托|[劳勞][烦煩]|打[扰擾]|有[劳勞])(?:[您你]们?|大家|各位)?(?:了|啦|帮忙){1,4}|拜托(?:[您你])?"
    r"|(?:也)?祝(?:[您你]).{1,10}|(?:很|非常|实在)?(?:不好意思|抱歉)|(?:如果)?(?:方便|可以)的话"
    r"|(?:希望|期待|等)(?:[您你]|能)?.{0,4}(?:回复|帮助|解答))" + _ENDS_ZH + "*+$",
    re.IGNORECASE,
)
_EMPTY_ZH = re.compile(r"[好的了吧啊呀嗯哦喔行呢吗]|明白|知道|可以|收到|清楚|懂|解决|没事|没问题|不用|有人|[您你我]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W_]+")


def without_courtesy(text: str) -> str:
    """The message without greeting, apologies, wishes, thanks and polite frames; itself where nothing else was said.

    "Hello, could you please tell me when you open? Thanks" → "tell me when you open?". A message that is nothing but
    a greeting or thanks stays as it is: that is then its intent.
    """
    chinese = detect_language(text) == CHINESE
    whole = " ".join(text.split())
    rest = _left_in_chinese(whole) if chinese else _left_in_english(whole)
    telling = len(_HAN.findall(_EMPTY_ZH.sub("", rest))) > 1 or _says_something(_HAN.sub(" ", rest))
    return rest if rest != whole and telling else text


def _left_in_chinese(text: str) -> str:
    rest = _peeled(without_polite_clauses(text, chinese=True), _FIRST_ZH, _LAST_ZH, " ，,。、：:；;~～!！")
    return without_polite_clauses(rest, chinese=True)


def _left_in_english(text: str) -> str:
    rest = without_polite_clauses(text.replace("\u2019", "'"), chinese=False)
    rest = _peeled(rest, _FIRST, _LAST, " ,.:;~-–—!")
    rest = _peeled(_GAP.sub("", _ANYWHERE.sub("", rest)), _FIRST, _LAST, " ,.:;~-–—!")
    return _AND.sub("", without_polite_clauses(rest, chinese=False).lstrip(")(- "))


def _peeled(text: str, first: re.Pattern[str], last: re.Pattern[str], between: str) -> str:
    """From both ends, at most `_MOST_PEELS` times; LOOKED_AT characters are searched for what is said last."""
    for _ in range(_MOST_PEELS):
        front = first.match(text)
        shorter = text[front.end() :] if front else text
        back = last.search(shorter, max(0, len(shorter) - LOOKED_AT))
        shorter = shorter[: back.start()] if back else shorter
        shorter = shorter.lstrip(between).rstrip(" ,，、:：;；~～-–—")
        if shorter == text:
            break
        text = shorter
    return text


def _says_something(text: str) -> bool:
    """Whether a word is left that is more than a part of a frame."""
    words = (match.group().lower() for match in _WORD.finditer(text))
    return any(word not in _EMPTY_WORDS and (len(word) >= _FEWEST_LETTERS or word.isdigit()) for word in words)
