"""The few sentences the bot says in its own words, per language. Everything else comes from documents."""

from __future__ import annotations

from collections.abc import Mapping

ABSTENTION: Mapping[str, str] = {
    "en": "I could not find this in our help pages, so I would rather not guess. I can fetch a person for you.",
    "zh": "我在帮助文档里没有找到这个问题的答案，不想随意猜测。需要的话，我可以为您转接人工客服。",
}
DECLINED: Mapping[str, str] = {
    "en": "I can only help with questions about our products and services. If that is what you meant, please ask in "
    "other words, or I can fetch a person for you.",
    "zh": "我只能解答与我们的产品和服务有关的问题。如果您要问的正是这些，请换个说法再试一次；"
    "需要的话，我也可以为您转接人工客服。",
}
NEAREST_ARTICLE: Mapping[str, str] = {
    "en": "The nearest page is “{title}”.",
    "zh": "最接近的页面是《{title}》。",
}
CLARIFYING: Mapping[str, str] = {
    "en": "I want to be sure I understand you. Is this about “{first}” (1) or about “{second}” (2)?",
    "zh": "想确认一下您的意思：您想了解的是“{first}”（1）还是“{second}”（2）？",
}
SORRY_HANDED_OVER: Mapping[str, str] = {
    "en": "I am sorry that this is so frustrating. I am fetching a person, who answers right here.",
    "zh": "很抱歉给您带来不好的体验。正在为您转接人工客服，客服会看到这段对话，并在这里回复您。",
}
HANDED_OVER: Mapping[str, str] = {
    "en": "I am handing you over to a person. They read this conversation and answer right here.",
    "zh": "正在为您转接人工客服。客服会看到这段对话，并在这里回复您。",
}


def say(words: Mapping[str, str], language: str) -> str:
    return words.get(language, words["en"])
