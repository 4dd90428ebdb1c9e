"""Dates as people write them, in English and Chinese: one pattern. Pure."""

from __future__ import annotations

import re

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:19|20)\d{2}"
_CLOCK = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?)?"
_DIGIT_ZH = r"[一二三四五六七八九十\d]"

_ENGLISH = (
    rf"\b{_YEAR}[-/.](?:1[0-2]|0?[1-9])[-/.]{_DAY}\b{_CLOCK}",
    rf"\b{_DAY}[-/.]{_DAY}[-/.](?:{_YEAR}|\d{{2}})\b{_CLOCK}",
    rf"\b{_DAY}(?:st|nd|rd|th)?(?: of)? {_MONTH}\.?(?:,? {_YEAR})?\b",
    rf"\b{_MONTH}\.? {_DAY}(?:st|nd|rd|th)?\b(?!:)(?:,? {_YEAR}\b)?",
    rf"\b{_MONTH} {_YEAR}\b",
    rf"\b(?:(?:next|last|this|on|by|every) )?{_WEEKDAY}\b",
    r"\b(?:the day (?:after tomorrow|before yesterday)|today|tomorrow|yesterday|tonight)\b",
    r"\b(?:next|last|this) (?:week|month|year|weekend)\b",
    r"\b(?:\d{1,3}|an?|one|two|three|four|five|six|seven) (?:days?|weeks?|months?|years?) ago\b",
    rf"(?<=\bin ){_YEAR}\b|(?<=\bsince ){_YEAR}\b|(?<=\bby ){_YEAR}\b|(?<=\bof ){_YEAR}\b",
)
_CHINESE = (
    rf"(?:{_YEAR}|[〇零一二三四五六七八九]{{4}})年(?:{_DIGIT_ZH}{{1,2}}月(?:份|{_DIGIT_ZH}{{1,3}}[日号]?)?|初|底)?",
    rf"(?<![\d.]){_DIGIT_ZH}{{1,2}}月(?:{_DIGIT_ZH}{{1,3}}[日号]|初|底|中旬|份)",
    r"(?:(?:上|下|这|本)(?:个)?|每)?(?:周|星期|礼拜)[一二三四五六日天末](?![年月天到])",
    r"(?:上|下|这|本)个?(?:周|星期|礼拜|月)(?![一二三四五六日天末])|(?:大前|前|昨|今|明|后|大后)天|[昨今明]晚|(?:去|今|明)年",
    r"(?:\d{1,3}|[一二两三四五六七八九十半几]{1,3})(?:天|周|个月|个星期|年)前",
    r"(?<![\d.月])(?:[12]\d|3[01]|[1-9])号(?![码楼线店机])",
)
DATE = re.compile("|".join(f"(?:{pattern})" for pattern in (*_ENGLISH, *_CHINESE)), re.IGNORECASE)
