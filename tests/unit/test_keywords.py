"""The rule that hears a wish for a person, and the keyword baseline."""

from __future__ import annotations

import time

import pytest

from bot.classifiers.keywords import KeywordClassifier, asks_for_person
from bot.intents import UNKNOWN, Intent, LeadsTo

ASKING = """
I want to talk to a human
speak to an agent
real person please
can someone call me
Connect me to an agent!
no more robot answers, give me a person
customer service rep please
let me speak to a manager
put me through to customer service
I don't want to talk to a bot
I don’t want to chat with a robot, transfer me to a human
I don't need a refund, I need a human
why can't I talk to a human
How do I talk to a person?
I don't know how I can speak with a human agent
can someone from your team contact me?
please have someone call me back
is there a real person I can talk to
are any humans available right now?
bot can't understand me, human please
human
operator!!
escalate this
转人工
请帮我转接人工
我要人工服务
人工客服
找真人
我想和真人说话
能不能找个人跟我聊
机器人听不懂，换人工
我不想跟机器人聊天
叫你们经理来
麻烦让客服给我回电话
没有人工客服吗
为什么不能转人工
怎么转人工
"""
NOT_ASKING = """
human resources
I want to talk to human resources about a job
I am a person with a disability
travel agent refund
My travel agent booked it
I don't want to talk to a human
no need to speak to an agent
I'd rather not talk to a person
please don't transfer me to an agent
never mind, I no longer want to talk to an agent
are you a human?
am I talking to a real person?
am i speaking with ai or a real, live person
Can I transfer my subscription to another person?
Can I send it to someone as a gift?
Do I need to speak to an agent to cancel?
an agent told me the refund would take 5 days
I spoke to an agent yesterday
I need a representative sample
Is it safe for human consumption?
someone stole my card
please call me Jim
will someone call me before delivery
What are your customer service hours?
人工智能
你们的产品是人工智能吗
人工草坪
我找不到人工草坪
人工费多少钱
我不想找人工客服
不用转人工
别转人工
不需要人工
你是人工客服吗
是人工还是机器人
人工客服几点上班
客服电话是多少
快递员会给我打电话吗
不要给我打电话
上次跟客服沟通过了
机器人吸尘器怎么退货
"""


@pytest.mark.parametrize("text", ASKING.strip().splitlines())
def test_a_wish_for_a_person_is_heard(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize("text", NOT_ASKING.strip().splitlines())
def test_mentions_questions_and_refusals_are_not_a_wish(text: str) -> None:
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    "part", ["please to ", "not a b c ", "talk to a real ", "我想找", "不想", "please have someone from "]
)
def test_the_longest_message_is_read_in_no_time(part: str) -> None:
    text = (part * 4000)[:4000]
    began = time.process_time()
    asks_for_person(text)
    assert time.process_time() - began < 1


def _intents() -> tuple[Intent, ...]:
    return (
        Intent("person", LeadsTo.PERSON, {"en": "Person"}, {"en": ("speak to someone",)}),
        Intent("refund", LeadsTo.KNOWLEDGE, {"en": "Refund"}, {"en": ("I want a refund",), "zh": ("我要退款",)}),
        Intent("hours", LeadsTo.KNOWLEDGE, {"en": "Hours"}, {"en": ("when do you open",), "zh": ("几点开门",)}),
    )


def test_the_baseline_names_the_intent_whose_words_cover_the_message() -> None:
    classifier = KeywordClassifier(_intents())
    assert classifier.classify("a refund").name == "refund"
    assert classifier.classify("你们几点开门").name == "hours"
    assert classifier.classify("bananas in pyjamas").name == UNKNOWN


def test_the_baseline_takes_a_plain_wish_for_a_person_to_the_intent_that_leads_to_one() -> None:
    assert KeywordClassifier(_intents()).classify("get me a human being").name == "person"
