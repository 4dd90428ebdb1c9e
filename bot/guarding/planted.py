"""Sentences of documents that address the assistant instead of the reader. Pure rules; knows no model.

A company's pages are full of orders to their readers ("open the settings", "send us the form"), so an order alone says
nothing. What gives a planted one away is whom it addresses: the machine that reads it out. Such a sentence is blanked
before anything is assessed, quoted or handed to a generator; offsets stay as they are.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace

from bot.guarding.windows import tidied, without_hidden
from knowledge.passages import Passage, ScoredPassage
from knowledge.sentences import Span, split_sentences

_log = logging.getLogger(__name__)

_STRETCH = re.compile(r"(\s+)|([!-~\u4e00-\u9fff]+)|\S")  # space, what is read as it is written, any other sign
_BOTH_HAN = re.compile(r"[\u3400-\u9fff]{2}")
_UNNAMED = "…"  # the title and heading of a page whose own address the assistant

_MACHINE = r"(?:AI|A\.I\.|LLM|GPT|ChatGPT|language model|chat ?bot|bot|(?:AI|virtual|digital|chat) assistant|assistant)"
_RULES = r"(?:instructions?|rules?|prompts?|guidelines?|directions?|directives?|policies|constraints|commands)"
_REPLY = r"(?:answer|response|reply|output|completion)s?"
_YOUR_REPLY = rf"\byour (?:next |final |whole |entire )?(?:{_REPLY}|replies)\b"
_IN_YOUR_REPLY = rf"\b(?:in|to|into|within|of|with|from){_YOUR_REPLY.replace('your', ' your', 1)}"
_ON = r"[^.!?\n]"  # one sentence on
_ADDRESS = r"(?:https?://|www\.|\b[\w-]+\.(?:com|net|org|info|io|xyz|top|shop|site|cn|example)\b)"
# Where an order may begin that is meant to be one: at the start of a sentence.
_START = r"(?:^|(?<=[\n.!?:\])\"“。！？：])|(?<=[\n.!?:\])\"“] ))"
# "To discard existing prompts, click Reset" tells a reader how, "discard …" and "I want you to discard …" are orders.
_NO_PURPOSE = r"(?:(?<!\bto )|(?<=\byou to ))(?<!\bcan )(?<!\bmay )(?<!\bwill )"
_NO_JOB = (
    r"(?=[,;:.!?\n]| (?:and|that|who|which|whose|named|called|designed|trained|created|with|without|from now)\b|$)"
)
# A page asks its reader too for something in a reply ("your order number", "a photo"). So a second sign is needed: what
# nobody asks of a person, or whom the answer is meant for.
_WORDPLAY = (
    r"(?:(?:replace|substitute|convert|scramble|jumble|rearrange|group) (?:\w+ ){0,4}(?:letters|vowels|consonants)"
    r"|use (?:\w+ ){1,4}for (?:letters|vowels|consonants)"
    r"|(?:misspell|anagram|scramble|reverse|combine) (?:\w+ ){0,3}words?|(?:random|intentional) (?:typos|misspellings)"
    r"|anagram(?:s|med)|alphanumeric substitution|base64|rot13|pig latin|leetspeak)"
)
_FOR_OTHERS = (
    r"\b(?:for|suggest|tell|advise|urge|remind|encourage|invite|convince|(?:suggest|tell|advis|urg|remind|encourag|invit)ing)"
    r" (?:that )?(?:the |all |any )?(?:users?|readers|everyone|everybody)\b"
)
_PRAISING = r"(?:promot|advertis|prais|endors|teas|hint|recommend|express|highlight)(?:e|ing)?"
_SIGN = rf"(?:\b{_WORDPLAY}\b|{_FOR_OTHERS}|{_ADDRESS})"
_ENGLISH = (
    # the rules that it was given
    rf"(?:\b(?:ignore|disregard|forget)\b|{_NO_PURPOSE}\b(?:override|bypass|drop|skip|discard)\b)"
    rf"{_ON}{{0,30}}\b(?:previous|prior|above|earlier|preceding|existing|other|original|system|safety|your)\b"
    rf"{_ON}{{0,20}}\b{_RULES}\b",
    r"\b(?:ignore|disregard|forget) (?:everything|anything|all|what)\b[^.!?\n]{0,20}"
    r"\b(?:above|before|told|said|previous)",
    r"\b(?:your|the|its) (?:system|hidden|initial|original|secret|internal) (?:prompt|instructions?|directives?)\b",
    r"\bsystem prompt\b",
    rf"\bnew {_RULES} (?:for|to) (?:you|the {_MACHINE})\b",
    # what it is
    rf"\byou are (?:now|no longer) (?:an? |the )?(?:\w+ ){{0,2}}(?<!using )(?<!the )(?<!with ){_MACHINE}{_NO_JOB}",
    rf"\b(?:attention|dear|hey|note to|message to|instructions? (?:for|to)|important for)[ ,:]+"
    rf"(?:the |any |all )?{_MACHINE}s?\b",
    rf"\b{_MACHINE}s? (?:reading|that reads?|processing|summari[sz]ing|answering) (?:this|the|it)\b",
    r"\bas an? (?:AI|language model)\b",
    # how it is to answer
    rf"{_SIGN}{_ON}{{0,60}}{_IN_YOUR_REPLY}",
    rf"{_YOUR_REPLY}{_ON}{{0,60}}{_SIGN}",
    rf"{_YOUR_REPLY},? (?:must |should |has to |to |by |with an? )(?:\w+ )?"
    rf"(?:{_PRAISING}|appeal|mention the|inviting|suggesting|offering)",
    rf"{_IN_YOUR_REPLY}, {_PRAISING}\b",
    rf"\b(?:integrate|inject|weave){_ON}{{0,80}}\b(?:in|into|within) your (?:{_REPLY})\b",
    rf"\b(?:include|add|insert) an? (?:\w+ )?sentence in your {_REPLY} \w+ing\b",
    r"\bwhen(?:ever)? (?:you (?:answer|respond|reply)(?: to)?|(?:answering|responding|replying)(?: to)?) "
    r"(?:the|this|any|a) (?:user|question|query)\b",
    r"\b(?:do not|don['’]t|never) (?:tell|inform|mention (?:it |this )?to|reveal (?:it |this )?to) the user\b",
)
_RULES_ZH = r"(?:指令|指示|规则|提示词?|设定|要求|命令|限制|约束|准则)"
_MACHINE_ZH = r"(?:AI|人工智能|语言模型|大模型|智能助手|助手|机器人|智能客服)"
_REPLY_ZH = r"(?:你的|您的)(?:回答|回复|答复|输出|应答)"
_ON_ZH = r"[^。！？!?\n]"
_CHINESE = (
    rf"(?:忽略|无视|忘记|忘掉|抛弃|绕过|不要理会|不用理会|不要遵守|覆盖){_ON_ZH}{{0,12}}"
    r"(?:之前|以前|以上|上面|上述|先前|前面|原有|系统)"
    rf"{_ON_ZH}{{0,8}}{_RULES_ZH}",
    r"(?:系统|隐藏|初始|原始)(?:提示词|提示语|指令|设定)|提示词",
    rf"你(?:现在|从现在起|不再)是(?!在){_ON_ZH}{{0,8}}{_MACHINE_ZH}(?![的管开])",
    rf"(?:致|给|请|注意[,:]?)(?:各位|所有|这个|阅读本文的|本)?{_MACHINE_ZH}(?:请|必须|注意|执行|务必|[,:])",
    rf"(?:阅读|读取|处理|总结)(?:本|此|这)?(?:文档|页面|内容|段)?的?{_MACHINE_ZH}",
    rf"{_REPLY_ZH}{_ON_ZH}{{0,30}}(?:{_ADDRESS}|推广|宣传|赞美|夸赞|吹捧|竞争对手)",
    rf"{_REPLY_ZH}{_ON_ZH}{{0,10}}(?:告诉|告知|建议|提醒|鼓励|引导|推荐)(?:所有|每个|每位)?(?:用户|顾客|客户|读者|大家)",
    rf"你的(?:回答|输出|应答)的?(?:末尾|结尾|开头|最后){_ON_ZH}{{0,6}}(?:加|附|写|插入|推荐)",
    r"(?:把|将)你的(?:回答|输出|应答)(?:全部|都)?(?:改为|改成|换成|翻译成)",
    r"(?:回答|回复|答复)(?:用户|顾客|客户)(?:时|的时候|之前|前)[^。！？!?\n]{0,6}(?:必须|务必|都要|一定要|要先|请先)",
    r"不要(?:告诉|告知|透露给)(?:用户|顾客|客户)",
)
_OPENINGS = (  # these count where a sentence begins only
    rf"you are (?:(?:now |only )?(?:an? |the )(?:\w+ ){{0,2}}|now )?{_MACHINE}{_NO_JOB}",
    rf"{_MACHINE}[,:] (?:you|please|do|never|always|must|ignore|say|tell|answer|reply|respond)\b",
    rf"你是(?!在){_ON_ZH}{{0,8}}{_MACHINE_ZH}(?![的管开])",
    rf"{_MACHINE_ZH}[,:]\s*(?:请|你|必须|务必|忽略|不要)",
)
_OPENS = re.compile("|".join(_OPENINGS), re.IGNORECASE)
_BEGINNING = rf"{_START}(?:{'|'.join(_OPENINGS)})"
_ADDRESSES = re.compile("|".join(f"(?:{pattern})" for pattern in (*_ENGLISH, *_CHINESE, _BEGINNING)), re.IGNORECASE)


def addresses_the_assistant(text: str) -> bool:
    """Whether a sentence gives orders to the machine that reads it, in letters that people see or in hidden ones."""
    return _ADDRESSES.search(_running(text)[0]) is not None


def without_planted(found: Iterable[ScoredPassage]) -> tuple[ScoredPassage, ...]:
    """The passages as they may be used: planted sentences are blanks of the same length, planted titles are unnamed."""
    return tuple(replace(each, passage=_cleaned(each.passage)) for each in found)


def _cleaned(passage: Passage) -> Passage:
    text = without_hidden(passage.text, blank=" ")
    for span in _planted(text):
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    title, heading = _named(passage.title), _named(passage.heading)
    if (text, title, heading) == (passage.text, passage.title, passage.heading):
        return passage
    _log.warning("Left out what addresses the assistant in document '%s'", passage.document_id)
    return replace(passage, text=text, title=title, heading=heading)


def _planted(text: str) -> list[Span]:
    """The sentences that address the assistant, and those that do so together because a line ends within an order."""
    running, places = _running(text)
    found = [Span(places[hit.start()], places[hit.end() - 1] + 1) for hit in _ADDRESSES.finditer(running)]
    return [
        span
        for span in split_sentences(text)
        if any(hit.start < span.end and span.start < hit.end for hit in found)
        or _OPENS.match(running, bisect_left(places, span.start))  # at the start of a line, with no full stop before it
    ]


def _running(text: str) -> tuple[str, list[int]]:
    """The text as it is read, lines run together, and for each of its letters where in `text` it comes from.

    Space is one blank, between Chinese characters none; an empty line is one line end: no order goes on behind it.
    """
    letters: list[str] = []
    places: list[int] = []
    for match in _STRETCH.finditer(text):
        space, plain = match.groups()
        if plain:
            letters.append(plain)
            places += range(match.start(), match.end())
            continue
        shown = _space(text, match) if space else tidied(match.group())
        letters.append(shown)
        places += [match.start()] * len(shown)
    return "".join(letters), places


def _space(text: str, match: re.Match[str]) -> str:
    if match.group().count("\n") > 1:
        return "\n"
    beside = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return "" if _BOTH_HAN.fullmatch(beside) else " "


def _named(name: str) -> str:
    shown = without_hidden(name)
    return _UNNAMED if addresses_the_assistant(shown) else shown
