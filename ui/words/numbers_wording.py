"""What the page of numbers says, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.reporting.report import Resolution
from ui.words.wording import Text

TITLE = Text("Numbers", "数据")
PERIODS: Mapping[int, Text] = {7: Text("7 days", "7 天"), 30: Text("30 days", "30 天"), 90: Text("90 days", "90 天")}
PERIOD = Text("Period", "时间范围")
NONE = Text("No conversations in this time", "这段时间没有会话")
NONE_DETAIL = Text("As soon as customers ask, their numbers stand here.", "顾客提问后，这里会显示统计数据。")
CONVERSATIONS = Text("Conversations", "会话")
ANSWERED_SHARE = Text("Answers given", "已回答的比例")
ANSWERED_DETAIL = Text("of {count} questions the assistant tried to answer", "智能助手处理了 {count} 个问题")
WAIT = Text("Wait for a person", "等待人工的时间")
WAIT_DETAIL = Text(
    "half within; 95 % within {longest} ({count} times, asked for in words)",
    "半数在此之内；95% 在 {longest} 之内（文字请求 {count} 次）",
)
FIRST_WORDS = Text("First words", "首字时间")
TIME_DETAIL = Text("half within; 95 % within {longest}", "半数在此之内；95% 在 {longest} 之内")
RATED = Text("Rated helpful", "好评")
RATED_DETAIL = Text("{up} up, {down} down", "好评 {up}，差评 {down}")
NOTHING = Text("none yet", "暂无")
BECAME = Text("What became of them", "会话结果")
BECAME_DETAIL = Text(
    "Never one number: only what customers confirmed is known to have helped.",
    "不合并为一个数字：只有顾客确认过的才算确实解决。",
)
CAME_BACK = Text(
    "Besides, {count} customers came back to a conversation after a day or more.",
    "另有 {count} 位顾客在一天或更久之后回到会话。",
)
BY_DAY = Text("By day", "按天")
BY_DAY_DETAIL = Text(
    "Conversations opened each day (UTC); the amber part has a question without an answer.",
    "每天新开的会话（UTC）；琥珀色部分含有未能回答的问题。",
)
DAY_BAR = Text(
    "{day}: {count}, of them {lacking} with a question without an answer",
    "{day}：{count}，其中 {lacking} 个有问题未能回答",
)
INTENTS = Text("What customers ask for", "顾客在问什么")
INTENT = Text("Intent", "意图")
MESSAGES = Text("Messages", "消息")
NOT_ANSWERED = Text("Without an answer", "未能回答")
LANGUAGES = Text("Languages", "语言")
CHANNELS = Text("Where they ask", "来源")
EXPORT = Text("Download as CSV", "下载 CSV")
RECENT = Text("Latest of “{kind}”", "最近的“{kind}”会话")
OPEN_THEM = Text("Show the latest", "查看最近的会话")
UNNAMED = Text("Not recognised", "未识别")

RESOLUTIONS: Mapping[Resolution, Text] = {
    Resolution.CONFIRMED: Text("Confirmed", "已确认解决"),
    Resolution.ASSUMED: Text("Assumed", "推测已解决"),
    Resolution.PERSON: Text("With a person", "由人工处理"),
    Resolution.WAITING: Text("Waiting for a person", "等待人工"),
    Resolution.ABANDONED: Text("Given up", "顾客放弃"),
    Resolution.OPEN: Text("Still going on", "进行中"),
}
MEANINGS: Mapping[Resolution, Text] = {
    Resolution.CONFIRMED: Text("the customer said it helped", "顾客表示有帮助"),
    Resolution.ASSUMED: Text("answered, and nobody complained", "已回答，没有人不满"),
    Resolution.PERSON: Text("somebody of the team wrote", "团队成员已回复"),
    Resolution.WAITING: Text("nobody has written yet", "尚无人回复"),
    Resolution.ABANDONED: Text("not known, or not helpful, and the customer left", "不知道或没有帮助，顾客已离开"),
    Resolution.OPEN: Text("something was said within the hour", "一小时内仍有消息"),
}
