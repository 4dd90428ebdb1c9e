"""Which questions lean on the one before."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.follow_ups import leans_on_earlier, standalone

LEANING_EN = """
How do I reset it?
and for students?
What if it was already opened?
And how much does that cost with express?
What about the Tower?
how about gift cards
Why?
How long?
how much?
Which one?
for how long
Is it free?
Can I return it?
With express shipping?
For students?
to Norway?
only in Europe?
Does it work with Android?
How do I do that?
What does that mean?
Can they be returned?
Is that possible?
Same for pods?
And in Canada?
or by phone?
How much for two?
how long to Norway?
What is their phone number?
Can I get a refund instead?
anything else?
Are those included?
Is the other one cheaper?
How long does it take?
When will it arrive?
but what about gift cards?
Can you ship it there?
So how much is it?
How do I cancel this?
Does she have to sign?
""".strip().splitlines()

STANDING_EN = """
How do I reset my password?
refund policy
reset password
What if my parcel arrives damaged?
Is it possible to pay by invoice?
How long does it take to ship to Norway?
I bought a kit, can I return it?
My pump is dead, will you fix it for nothing?
If my parcel is lost, will you send it again?
Is there a student discount?
Are there any discounts?
I lost my phone and those backup codes too, how do I get in again?
And how do I delete my account?
What does it mean when the light flashes red?
How long is delivery?
How much is shipping?
Do you ship to Spain?
price of a new adapter for the US
can blind people use your app?
Do pods expire if I freeze them?
Can I pay with this app?
Do you offer same day delivery?
How many days do I have to send back a kit?
wifi problems
track my order
What is the warranty on the Shelf?
The box that arrived is empty
Can I cancel my subscription this month?
what payment methods do you accept
Does the kit work with my smart speaker?
Who is the CEO of Sillgrove?
Do you sell outdoor greenhouses?
Hi, I need help with my invoice
When the kit is opened can it still be returned?
""".strip().splitlines()

LEANING_ZH = """
那学生呢？
那年付的呢？
最长可以多久？
那澳大利亚呢？
多少钱？
为什么？
怎么办
要多久
可以吗？
那怎么办？
它支持安卓吗？
这个能退吗？
那个多少钱？
换成年付可以吗
学生可以吗
学生也可以吗？
日本呢
他们什么时候发货？
这样可以吗？
价格一样吗？
免费吗
几天能到？
加急的呢？
那需要多久？
还有呢？
另外一个多少钱
这些都要付费吗？
那里也送吗？
什么时候能到
需要钱吗
和年付比哪个便宜
刚才那个怎么取消？
""".strip().splitlines()

STANDING_ZH = """
怎么退款
怎么退款呢？
退款
人工
学生折扣
如何重置密码？
我的套餐可以暂停吗？
机器坏了，它还能修吗？
Grove 套餐一个月多少钱？
其他国家也能送货吗？
为什么扣了两次钱呢？
包裹寄到东京大概几天？
加急寄到美国要几天？
这个月的账单怎么还没来？
怎么联系客服
忘记密码了怎么办
还有货吗
如果是周末下单，什么时候发货？
你们公司是哪一年成立的？
用过的机器退回去会扣钱吗？
怎么改地址
订单在哪里看
支持微信支付吗
灯一直闪红色是什么意思
发票怎么开
我买的种子没发芽，这个能赔吗？
有没有学生优惠？
水泵噪音很大
密码试了好多次，现在进不去了，要等多久？
家里路由器只有 5G 信号能连吗
可以开发票吗
和客服联系
""".strip().splitlines()


@pytest.mark.parametrize("question", LEANING_EN + LEANING_ZH)
def test_a_question_that_names_nothing_leans(question: str) -> None:
    assert leans_on_earlier(question)


@pytest.mark.parametrize("question", STANDING_EN + STANDING_ZH)
def test_a_question_that_names_its_subject_stands_alone(question: str) -> None:
    assert not leans_on_earlier(question)


def test_what_a_question_leans_on_is_put_in_front() -> None:
    assert standalone("and for students?", "How much is Home?") == "How much is Home? and for students?"
    assert standalone("怎么退款", "多少钱？") == "怎么退款"
    assert standalone("and for students?", "") == "and for students?"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert leans_on_earlier(text) in (True, False)


@pytest.mark.parametrize("piece", ["a ", "the it ", "它，", "is it ", "s ", "does it take "])
def test_long_messages_are_judged_quickly(piece: str) -> None:
    leans_on_earlier(piece * (4000 // len(piece)))
