"""The texts about what messages tell besides their intent, in both languages. Knows nothing of HTML."""

from __future__ import annotations

from ui.words.wording import Text

REASON_FRUSTRATION = Text("upset in several messages", "顾客多次表达不满")
CHOICES = Text("Which do you mean?", "您指的是哪一个？")
TRACE_NAMED = Text("Named in the message: {entities}.", "消息中提到：{entities}。")
TRACE_BLOCKED = Text(
    "Not answered: the message seems to give the bot orders instead of asking it.",
    "未作回答：该消息似乎是在向机器人下达指令，而不是提问。",
)
TRACE_UPSET = Text("The customer seems upset.", "顾客情绪不佳。")
ENTITY_KINDS = {
    "order_number": Text("order number", "订单号"),
    "email": Text("e-mail address", "邮箱"),
    "phone": Text("phone number", "电话"),
    "amount": Text("amount", "金额"),
    "date": Text("date", "日期"),
    "product": Text("product", "产品"),
    "card": Text("card number", "银行卡号"),
    "iban": Text("IBAN", "IBAN"),
    "national_id": Text("identity number", "身份证号"),
    "ip_address": Text("IP address", "IP 地址"),
}

TREND_TITLE = Text("Upset customers", "顾客情绪")
TREND_DAY = Text("24 hours", "24 小时")
TREND_MONTH = Text("30 days", "30 天")
TREND_PERIOD = Text("Period", "时间范围")
TREND_NONE = Text("No messages in this time.", "该时段没有消息。")
TREND_QUIET = Text("{share} of {count} messages sound upset.", "{count} 条消息中有 {share} 语气不满。")
TREND_ALERT = Text(
    "More upset messages than usual: {recent} lately, {usual} before.", "不满的消息增多：近期 {recent}，此前 {usual}。"
)
TREND_CHART = Text("Share of upset messages over time", "不满消息占比随时间变化")
TREND_BAR = Text("{upset} of {count}", "{count} 条中 {upset} 条")
