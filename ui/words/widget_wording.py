"""What the bubble on a company's own site says besides what the chat page says. Knows nothing of scripts or HTML."""

from __future__ import annotations

from ui.words.wording import Text

CHANNEL_WIDGET = Text("web site", "网站")

OPEN_CHAT = Text("Open chat", "打开对话窗口")
CLOSE_CHAT = Text("Close chat", "关闭对话窗口")
NEW_MESSAGES = Text("{count} new", "{count} 条新消息")
DOWNLOAD = Text("Download this conversation", "下载对话记录")
OPENS_ELSEWHERE = Text("opens in a new tab", "在新标签页中打开")
FILE_NAME = Text("conversation", "对话记录")
FILE_TITLE = Text("Conversation with {company}, {date}", "与 {company} 的对话，{date}")

SENDING = Text("Sending…", "正在发送…")
NOT_SENT = Text("Not sent.", "未能发送。")
SEND_AGAIN = Text("Send again", "重新发送")
LOST = Text("No connection. We keep trying.", "连接已断开，正在重新连接。")
LOST_DETAIL = Text("What you wrote is kept.", "您写的内容会保留。")

WHAT_WAS_WRONG = Text("What was wrong with this answer?", "这个回答哪里不对？")
WRONG_PLACEHOLDER = Text("For example: out of date", "例如：内容已过时")
SEND_REASON = Text("Tell us", "提交")
