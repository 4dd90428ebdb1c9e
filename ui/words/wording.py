"""Every text that people read on our pages, in English and in Chinese. Knows nothing of conversations or of HTML."""

from __future__ import annotations

from typing import NamedTuple

ENGLISH = "en"
CHINESE = "zh"


class Text(NamedTuple):
    en: str
    zh: str


def say(text: Text, language: str, /, **values: object) -> str:
    """`text` in `language` (English where we do not speak it), with `{names}` filled in."""
    words = text.zh if language == CHINESE else text.en
    return words.format(**values) if values else words


# --- every page ---
LANGUAGE_SWITCH = Text("Language", "语言")
CHAT_TAB = Text("Chat", "对话")
CONSOLE_TAB = Text("Conversations", "会话")
KNOWLEDGE_TAB = Text("Knowledge", "知识库")
INTENTS_TAB = Text("Intents", "意图")
NUMBERS_TAB = Text("Numbers", "数据")
STAFF_NAVIGATION = Text("Staff pages", "员工页面")
SIGN_OUT = Text("Sign out", "退出登录")
DISMISS = Text("Dismiss", "知道了")

# --- chat ---
GREETING = Text("Hello. How can we help?", "您好，有什么可以帮您？")
GREETING_DETAIL = Text(
    "Ask in your own words. Answers come from our help pages, with their sources beside them.",
    "请直接提问。回答均来自我们的帮助文档，并附上出处。",
)
SUGGESTIONS = Text("Questions others ask", "大家常问")
ASSISTANT = Text("Assistant", "智能助手")
TEAM = Text("{company} team", "{company} 客服")
YOU = Text("You", "您")
CONVERSATION = Text("Conversation", "对话内容")
MESSAGE_LABEL = Text("Your message", "您的消息")
MESSAGE_PLACEHOLDER = Text("Write a message…", "请输入您的问题…")
SEND = Text("Send", "发送")
STOP = Text("Stop", "停止")
NEW_CONVERSATION = Text("New conversation", "新对话")
TALK_TO_PERSON = Text("Talk to a person", "转人工客服")
FOOTNOTE = Text("Answers cite our help pages. Check what matters.", "回答引自帮助文档，重要信息请核对原文。")
SOURCES = Text("Sources", "出处")
SOURCE_MARKER = Text("Source {number}", "出处 {number}")
PAGE = Text("page {page}", "第 {page} 页")
HELPFUL = Text("Helpful", "有帮助")
NOT_HELPFUL = Text("Not helpful", "没有帮助")
THANKS = Text("Thank you for telling us.", "感谢您的反馈。")
ASK_AGAIN = Text("Ask again", "重新提问")
STOPPED = Text("You stopped this answer here.", "回答已在此处停止。")
INTERRUPTED = Text("This answer was interrupted.", "回答被中断了。")
FAILED = Text("Something went wrong while answering.", "回答时出了点问题。")
READING = Text("Reading your question", "正在理解您的问题")
SEARCHING = Text("Searching our help pages", "正在查找帮助文档")
WRITING = Text("Writing the answer", "正在撰写回答")
STOPPING = Text("Stopping", "正在停止")
IN_QUEUE = Text("You are in the queue. A person will answer here.", "您已进入排队，客服会在这里回复您。")
IN_QUEUE_DETAIL = Text("You can keep writing; nothing gets lost.", "您可以继续留言，内容不会丢失。")
CONTINUE_WITH_ASSISTANT = Text("Continue with the assistant", "继续使用智能助手")
WITH_PERSON = Text("You are talking with our team.", "人工客服正在为您服务。")
IS_CLOSED = Text("This conversation is closed.", "本次对话已结束。")
CHARACTERS_LEFT = Text("{left} characters left", "还可输入 {left} 个字")

# --- what can go wrong, in customers' words ---
MESSAGE_EMPTY = Text("Please write a question first.", "请先输入您的问题。")
MESSAGE_TOO_LONG = Text(
    "That is too long; please shorten it to {limit} characters.", "内容过长，请缩短到 {limit} 字以内。"
)
CONVERSATION_GONE = Text(
    "This conversation no longer exists. Your next message begins a new one.",
    "这段对话已不存在，您的下一条消息将开始新的对话。",
)
CONVERSATION_CLOSED = Text("This conversation is closed. Begin a new one to go on.", "本次对话已结束，请开始新的对话。")
BUSY = Text("Many people are asking right now. Please send it again in a moment.", "当前咨询人数较多，请稍后再发送。")
UNEXPECTED = Text(
    "Something went wrong on our side. Nothing is lost; please try again.", "系统出了点问题，内容不会丢失，请重试。"
)

# --- console ---
CONSOLE_TITLE = Text("Conversations", "会话")
SEARCH_CONVERSATIONS = Text("Search what was said", "搜索会话内容")
FILTER_HANDLER = Text("Show", "筛选")
ALL = Text("All", "全部")
HANDLED_BY_BOT = Text("Assistant", "智能助手")
HANDLED_WAITING = Text("Waiting", "待接入")
HANDLED_BY_OPERATOR = Text("Team", "人工")
HANDLED_CLOSED = Text("Closed", "已结束")
OUTCOME_ANSWERED = Text("Answered", "已回答")
OUTCOME_ABSTAINED = Text("Did not know", "未能回答")
OUTCOME_CLARIFIED = Text("Asked back", "已追问")
OUTCOME_HANDED_OVER = Text("Handed over", "已转人工")
OUTCOME_SMALL_TALK = Text("Small talk", "寒暄")
HAS_NEGATIVE = Text("A customer was not happy with an answer", "有顾客对回答不满意")
RATED_UP = Text("Customer: helpful", "顾客评价：有帮助")
RATED_DOWN = Text("Customer: not helpful", "顾客评价：没有帮助")
MESSAGES_COUNT = Text("{count} messages", "{count} 条消息")
ONE_MESSAGE = Text("1 message", "1 条消息")
NOTHING_SAID = Text("Nothing said yet", "尚无内容")
NO_CONVERSATIONS = Text("No conversations yet", "还没有会话")
NO_CONVERSATIONS_DETAIL = Text(
    "They appear here by themselves as soon as a customer writes.", "顾客发来消息后会自动显示在这里。"
)
NO_MATCHES = Text("No conversation matches", "没有符合条件的会话")
NO_MATCHES_DETAIL = Text("Try fewer words or another filter.", "请减少关键词或更换筛选条件。")
CUSTOMER_ID = Text("The customer's id, to export or erase what is kept", "客户编号，导出或删除其数据时使用")
CHOOSE_CONVERSATION = Text("Choose a conversation", "请选择一段会话")
CHOOSE_CONVERSATION_DETAIL = Text(
    "You see what was said, why the assistant answered as it did, and can take over.",
    "您可以查看对话内容和回答依据，并随时接管。",
)
BACK_TO_LIST = Text("All conversations", "全部会话")
TAKE_OVER = Text("Take over", "接管会话")
HAND_BACK = Text("Hand back to the assistant", "交还智能助手")
CLOSE = Text("Close", "结束会话")
REPLY_LABEL = Text("Reply to the customer", "回复顾客")
REPLY_PLACEHOLDER = Text("Write to the customer…", "输入给顾客的回复…")
REPLY_HINT = Text("Your reply appears in the customer's window.", "回复会显示在顾客的窗口中。")
TAKE_OVER_HINT = Text(
    "The assistant answers here. Take over to write yourself.", "目前由智能助手回答。接管后即可亲自回复。"
)
WAITING_HINT = Text("This customer is waiting for a person.", "该顾客正在等待人工客服。")
CLOSED_HINT = Text("This conversation is closed.", "该会话已结束。")
CUSTOMER = Text("Customer", "顾客")
OPERATOR = Text("Team", "客服")
WHY = Text("Why this answer", "回答依据")
CORRECT = Text("Correct this answer", "更正此回答")
CORRECT_TITLE = Text("Write the right answer", "写下正确的回答")
CORRECT_QUESTION = Text("When a customer asks", "当顾客问")
CORRECT_ANSWER = Text("the assistant says, word for word", "智能助手将逐字回答")
CORRECT_HINT = Text(
    "It answers from the next question on, also when it is asked in other words. Leave customers' names out.",
    "从下一个问题起生效，换一种问法也会采用。请不要写入顾客的个人信息。",
)
CORRECT_SAVE = Text("Save and use it", "保存并启用")
CORRECT_CANCEL = Text("Cancel", "取消")
CORRECT_KNOWN = Text(
    "This question is answered by an entry of {editor}, live since", "该问题已有 {editor} 写的问答条目，生效于"
)
CORRECTED = Text(
    "Saved: whoever asks this from now on reads your answer.", "已保存：此后提出该问题的顾客将看到您的回答。"
)
CORRECTED_DETAIL = Text("It stands on the knowledge page, under “Answers”.", "可在知识库页面的“问答”中查看和修改。")
MORE = Text("Show more", "显示更多")
REASON_ASKED = Text("asked for a person", "顾客要求转人工")
REASON_BUTTON = Text("pressed “Talk to a person”", "顾客点击了“转人工客服”")
REASON_OPERATOR = Text("taken over by the team", "客服主动接管")
CHANNEL_CHAT = Text("chat page", "聊天页面")
CHANNEL_API = Text("API", "接口")
CHANNEL_OPENAI = Text("OpenAI-compatible API", "OpenAI 兼容接口")
CHANNEL_CLI = Text("command line", "命令行")

# --- an answer's trace in plain words ---
TRACE_INTENT = Text("Understood as “{intent}” ({confidence}).", "理解为“{intent}”（{confidence}）。")
TRACE_UNKNOWN = Text("No known request recognised ({confidence}).", "未识别出已知意图（{confidence}）。")
TRACE_NOT_SEARCHED = Text("No documents were needed.", "无需查找文档。")
TRACE_FOUND_NONE = Text("Found no passage.", "没有找到相关段落。")
TRACE_FOUND = Text(
    "Found {count} passages; they answer the question with a probability of {answerable}.",
    "找到 {count} 个段落，能够回答的概率为 {answerable}。",
)
TRACE_FOUND_ONE = Text(
    "Found 1 passage; it answers the question with a probability of {answerable}.",
    "找到 1 个段落，能够回答的概率为 {answerable}。",
)
TRACE_BEST = Text("Best: {titles}.", "最相关：{titles}。")
TRACE_QUOTED = Text("Quoted from {place}.", "引自 {place}。")
TRACE_WRITTEN = Text("Written from {place}.", "根据 {place} 撰写。")
TRACE_DROPPED_ONE = Text("1 sentence of the generator was not shown: {sentences}", "有 1 句生成内容未显示：{sentences}")
TRACE_DROPPED = Text(
    "{count} sentences of the generator were not shown: {sentences}", "有 {count} 句生成内容未显示：{sentences}"
)
TRACE_DROPPED_ENTRY = Text("“{text}” ({reason})", "“{text}”（{reason}）")
TRACE_TIME = Text("Took {total}.", "用时 {total}。")
TRACE_TIME_FIRST = Text("Took {total}, first words after {first}.", "用时 {total}，首字 {first}。")
TRACE_RELEASES = Text(
    "Releases: generator {generator}, intents {classifier}, verifier {verifier}, index {index}, prompt {prompt}.",
    "版本：生成 {generator}，意图 {classifier}，核验 {verifier}，索引 {index}，提示 {prompt}。",
)
TRACE_ERROR = Text("The turn broke off ({error}); the log has the details.", "处理中断（{error}），详情见日志。")
SECONDS = Text("{seconds} s", "{seconds} 秒")

# --- knowledge ---
KNOWLEDGE_TITLE = Text("Knowledge", "知识库")
CHOOSE_FILES = Text("Choose files", "选择文件")
UPLOADS = Text("Uploads", "上传记录")
UPLOAD_SENDING = Text("Sending {count}…", "正在上传 {count}…")
JOB_STAGE = Text("Step {number} of {total}: {stage}", "第 {number} 步，共 {total} 步：{stage}")
JOB_STAGE_COUNTED = Text(
    "Step {number} of {total}: {stage}, {done} of {all}", "第 {number} 步，共 {total} 步：{stage}，{done}/{all}"
)
STAGE_READING = Text("reading", "读取")
STAGE_SPLITTING = Text("splitting", "分段")
STAGE_EMBEDDING = Text("making it searchable", "建立检索")
STAGE_SAVING = Text("saving", "保存")
JOB_WAITING = Text("Waiting for its turn", "等待处理")
JOB_CANCEL = Text("Cancel {name}", "取消 {name}")
JOB_ADDED = Text("{count} added", "新增 {count} 篇")
JOB_UPDATED = Text("{count} updated", "更新 {count} 篇")
JOB_UNCHANGED = Text("{count} unchanged", "未变 {count} 篇")
JOB_REMOVED = Text("{count} removed", "移除 {count} 篇")
JOB_REFUSED_SOME = Text("{count} refused", "拒收 {count} 篇")
JOB_ONE_ADDED = Text("Added. The assistant answers from it now.", "已收录，智能助手现在可以引用。")
JOB_ONE_UPDATED = Text("Updated. The assistant answers from the new version now.", "已更新，智能助手现在引用新版本。")
JOB_ONE_UNCHANGED = Text("Nothing new in it; all stays as it was.", "内容没有变化，保持原样。")
JOB_CANCELLED = Text("Cancelled. What was taken in before stays.", "已取消，此前收录的内容保留。")
JOB_REFUSED = Text("Not taken in: {reason}", "未能收录：{reason}")
JOB_REFUSED_NAMED = Text("{source}: {reason}", "{source}：{reason}")
DOCUMENTS = Text("Documents", "文档")
COLUMN_TITLE = Text("Title", "标题")
COLUMN_LANGUAGE = Text("Language", "语言")
COLUMN_PASSAGES = Text("Passages", "段落")
COLUMN_VERSION = Text("Version", "版本")
COLUMN_UPDATED = Text("Updated", "更新时间")
COLUMN_ACTIONS = Text("Actions", "操作")
LANGUAGE_EN = Text("English", "英文")
LANGUAGE_ZH = Text("Chinese", "中文")
REMOVE = Text("Remove", "删除")
REMOVE_NAMED = Text("Remove {title}", "删除 {title}")
REMOVE_QUESTION = Text(
    "Remove “{title}”? The assistant stops answering from it at once.",
    "确定删除《{title}》吗？智能助手将立即不再引用它。",
)
REMOVE_YES = Text("Remove it", "确认删除")
KEEP = Text("Keep it", "保留")
REMOVED = Text("“{title}” is removed.", "已删除《{title}》。")
REMOVED_PROVEN = Text(
    "We searched for what it said (passages: {passages}): none of it can be found any more.",
    "已逐一检索核实：其 {passages} 个段落均不会再被找到。",
)
REMOVED_DOUBTFUL = Text(
    "Something very much like it is still found: look for another copy below.",
    "仍能检索到非常相似的内容，请在下方查找是否还有副本。",
)
NO_DOCUMENTS = Text("No documents yet", "还没有文档")
NO_DOCUMENTS_DETAIL = Text(
    "Upload your help pages, price lists and manuals. Until then the assistant says that it does not know.",
    "请上传帮助文档、价目表和手册。在此之前，智能助手会如实回答“不知道”。",
)
TRY_TITLE = Text("Try a question", "试搜一下")
TRY_LABEL = Text("A question", "问题")
TRY_PLACEHOLDER = Text("How long does a refund take?", "退款需要多久？")

# --- what can go wrong with documents, in editors' words ---
DOCUMENT_REFUSED = Text("{source} was not taken in: {reason}", "{source} 未能收录：{reason}")
DOCUMENT_GONE = Text("This document is no longer there.", "该文档已不存在。")
SEARCH_UNAVAILABLE = Text(
    "The search index cannot be read. Run “frontdesk index rebuild”.",
    "检索索引无法读取，请运行 “frontdesk index rebuild”。",
)
CATALOG_UNAVAILABLE = Text("The database cannot be reached right now.", "目前无法访问数据库。")
MODEL_UNAVAILABLE = Text(
    "A model's files are missing. Run “frontdesk doctor”.", "缺少模型文件，请运行 “frontdesk doctor”。"
)
UPLOAD_TOO_LARGE = Text("{name} is larger than {size}.", "{name} 超过 {size}。")
UPLOAD_LOST = Text("{name} did not arrive; please upload it again.", "{name} 上传失败，请重新上传。")
