"""Sentences of documents that address the assistant instead of the reader. Pure rules; knows no model.

A company's pages are full of orders to their readers ("open the settings", "send us the form"), so an order alone says
nothing. What gives a planted one away is whom it addresses: the machine that reads it out. Such a sentence is blanked
before anything is assessed, quoted or handed to a generator; offsets stay as they are.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import replace

from bot.guarding.windows import tidied, without_hidden
from knowledge.passages import Passage, ScoredPassage
from knowledge.sentences import split_sentences

_log = logging.getLogger(__name__)

_UNNAMED = "…"  # the title and heading of a page whose own address the assistant

_MACHINE = r"(?:AI|A\.I\.|LLM|GPT|ChatGPT|language model|chat ?bot|bot|(?:AI|virtual|digital|chat) assistant|assistant)"
_RULES = r"(?:instructions?|rules?|prompts?|guidelines?|directions?|directives?|policies|constraints|commands)"
_REPLY = r"(?:answers?|responses?|reply|replies|outputs?|completions?)"
_ENGLISH = (
    # the rules that it was given
    rf"\b(?:ignore|disregard|forget|override|bypass|drop|skip|discard)\b[^.!?\n]{{0,30}}\b(?:previous|prior|above|earlier|"
    rf"preceding|existing|other|original|system|safety|your)\b[^.!?\n]{{0,20}}\b{_RULES}\b",
    r"\b(?:ignore|disregard|forget) (?:everything|anything|all|what)\b[^.!?\n]{0,20}"
    r"\b(?:above|before|told|said|previous)",
    r"\b(?:your|the|its) (?:system|hidden|initial|original|secret|internal) (?:prompt|instructions?|directives?)\b",
    r"\bsystem prompt\b",
    rf"\bnew {_RULES} (?:for|to) (?:you|the {_MACHINE})\b",
    # what it is
    rf"\byou are (?:now |no longer |only )?(?:an? |the )?(?:\w+ ){{0,2}}{_MACHINE}\b",
    rf"\b(?:attention|dear|hey|note to|message to|instructions? (?:for|to)|important for)[ ,:]+"
    rf"(?:the |any |all )?{_MACHINE}s?\b",
    rf"\b{_MACHINE}s? (?:reading|that reads?|processing|summari[sz]ing|answering) (?:this|the|it)\b",
    rf"(?:^|[\n.!?:\])] ?)(?:{_MACHINE})[,:] "
    r"(?:you|please|do|never|always|must|ignore|say|tell|answer|reply|respond)\b",
    r"\bas an? (?:AI|language model)\b",
    # how it is to answer
    rf"\b(?:in|to|into|within|of|with|from|for|before|after) your (?:next |final |whole |entire )?{_REPLY}\b",
    r"\b(?:make|write|give|format|encode|translate|replace|rewrite|turn|begin|start|end|finish|prefix|append|phrase|modify"
    r"|augment|enhance|enrich|extend|adapt|embellish|render|provide|craft|compose|deliver|express|structure|present|scramble"
    r"|reverse|capitali[sz]e)\b"
    rf"[^.!?\n]{{0,40}}\byour (?:next |final |whole |entire )?{_REPLY}\b",
    rf"\byour (?:next |final |whole |entire )?{_REPLY} (?:must|should|has to|have to|needs? to|shall) "
    r"(?!be (?:saved|sent|recorded|reviewed|kept|stored|e?mailed|received|submitted|approved))",
    r"\bwhen(?:ever)? (?:you (?:answer|respond|reply)(?: to)?|(?:answering|responding|replying)(?: to)?) "
    r"(?:the|this|any|a) (?:user|question|query)\b",
    r"\b(?:do not|don['’]t|never) (?:tell|inform|mention (?:it |this )?to|reveal (?:it |this )?to) the user\b",
)
_RULES_ZH = r"(?:指令|指示|规则|提示词?|设定|要求|命令|限制|约束|准则)"
_MACHINE_ZH = r"(?:AI|ＡＩ|人工智能|语言模型|大模型|智能助手|助手|机器人|智能客服)"
_CHINESE = (
    rf"(?:忽略|无视|忘记|忘掉|抛弃|绕过|不要理会|不用理会|不要遵守|覆盖)[^。！？\n]{{0,12}}"
    r"(?:之前|以前|以上|上面|上述|先前|前面|原有|系统)"
    rf"[^。！？\n]{{0,8}}{_RULES_ZH}",
    r"(?:系统|隐藏|初始|原始)(?:提示词|提示语|指令|设定)|提示词",
    rf"你(?:现在|从现在起|不再)?是[^。！？\n]{{0,8}}{_MACHINE_ZH}",
    rf"(?:致|给|请|注意[，,：:]?)(?:各位|所有|这个|阅读本文的|本)?{_MACHINE_ZH}(?:请|必须|注意|执行|务必|[，,：:])",
    rf"(?:^|[\n。！？：:])\s*{_MACHINE_ZH}[，,：:]\s*(?:请|你|必须|务必|忽略|不要)",
    rf"(?:阅读|读取|处理|总结)(?:本|此|这)?(?:文档|页面|内容|段)?的?{_MACHINE_ZH}",
    r"(?:在|把|将)?(?:你的|您的)(?:回答|回复|答复|输出|应答)(?:中|里|前|后|末尾|结尾|开头|必须|应该|应当|都要|一定要|改为|翻译)",
    r"(?:回答|回复|答复)(?:用户|顾客|客户)(?:时|的时候|之前|前)[^。！？\n]{0,6}(?:必须|务必|都要|一定要|要先|请先)",
    r"不要(?:告诉|告知|透露给)(?:用户|顾客|客户)",
)
_ADDRESSES = re.compile("|".join(f"(?:{pattern})" for pattern in (*_ENGLISH, *_CHINESE)), re.IGNORECASE)


def addresses_the_assistant(text: str) -> bool:
    """Whether a sentence gives orders to the machine that reads it, in letters that people see or in hidden ones."""
    return _ADDRESSES.search(tidied(text)) is not None


def without_planted(found: Iterable[ScoredPassage]) -> tuple[ScoredPassage, ...]:
    """The passages as they may be used: planted sentences are blanks of the same length, planted titles are unnamed."""
    return tuple(replace(each, passage=_cleaned(each.passage)) for each in found)


def _cleaned(passage: Passage) -> Passage:
    text = without_hidden(passage.text, blank=" ")
    if addresses_the_assistant(text):
        for span in split_sentences(text):
            if addresses_the_assistant(text[span.start : span.end]):
                text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    title, heading = _named(passage.title), _named(passage.heading)
    if (text, title, heading) == (passage.text, passage.title, passage.heading):
        return passage
    _log.warning("Left out what addresses the assistant in document '%s'", passage.document_id)
    return replace(passage, text=text, title=title, heading=heading)


def _named(name: str) -> str:
    shown = without_hidden(name)
    return _UNNAMED if addresses_the_assistant(shown) else shown
