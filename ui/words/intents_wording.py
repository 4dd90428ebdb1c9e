"""The texts of the page where people teach intents, in English and in Chinese. Knows nothing of HTML or of intents."""

from __future__ import annotations

from ui.words.wording import Text

TITLE = Text("Intents", "意图")
DETAIL = Text(
    "What customers want, taught by examples. Changes are trained, compared and then put live.",
    "用例句教会智能助手理解客户想要什么。修改后先训练、再对比，最后上线。",
)
TAB_LIST = Text("Intents", "意图列表")
TAB_CHECK = Text("To check", "待检查")
TAB_UNKNOWN = Text("Not understood", "未识别消息")
TAB_RELEASES = Text("Releases", "版本")
TABS = Text("Parts of this page", "页面分区")

# --- what is live ---
LIVE = Text("Live: release {number}, trained", "当前上线：第 {number} 版，训练于")
LIVE_NONE = Text("No release is live.", "目前没有上线的版本。")
LIVE_SAME = Text("It knows everything in this list.", "它与当前列表一致。")
LIVE_CHANGED = Text(
    "The list has changed since: train it, then promote what came of it.", "列表此后有改动：请先训练，再将新版本上线。"
)
LIVE_CANDIDATE = Text(
    "Release {number} knows the changes and waits to be promoted.", "第 {number} 版已包含这些改动，等待上线。"
)
TRAIN = Text("Train", "开始训练")
TRAIN_AGAIN = Text("Train again", "重新训练")
COMPARE = Text("Compare", "查看对比")
CANCEL_TRAINING = Text("Cancel training", "取消训练")
CANCELLING = Text("Stopping at the next step…", "将在下一步停止…")
RUNNING = Text("Training: {stage}", "正在训练：{stage}")
STAGE_STARTING = Text("loading the encoder", "加载编码器")
STAGE_LEARNING = Text("learning from all examples", "学习全部例句")
STAGE_MEASURING = Text("measuring on messages set aside", "在留出消息上评估")
STAGE_COMPARING = Text("measuring the live release on the same", "用同样的消息评估当前版本")
STAGE_WRITING = Text("writing the release", "写入版本")
RUN_CANCELLED = Text("The last training was cancelled.", "上次训练已取消。")
RUN_FAILED = Text("The last training failed: {problem}", "上次训练失败：{problem}")
RUN_INTERRUPTED = Text(
    "The last training was interrupted, as by a restart. Nothing of it is left; train again.",
    "上次训练被中断（例如服务重启），没有留下任何结果，请重新训练。",
)

# --- the list ---
SEARCH = Text("Search intents and examples", "搜索意图和例句")
NEW_INTENT = Text("New intent", "新建意图")
EXPORT = Text("Export", "导出")
IMPORT = Text("Import", "导入")
COUNTS = Text("{intents} intents, {examples} examples", "{intents} 个意图，{examples} 条例句")
EXAMPLES_EN = Text("{count} English", "英文 {count} 条")
EXAMPLES_ZH = Text("{count} Chinese", "中文 {count} 条")
NO_MATCH = Text("Nothing matches “{text}”", "没有与“{text}”匹配的意图")
LEADS_KNOWLEDGE = Text("answers from the documents", "依据文档回答")
LEADS_SMALL_TALK = Text("fixed reply", "固定回复")
LEADS_PERSON = Text("fetches a person", "转人工")
WEAK = Text("weak", "薄弱")
OPEN_INTENT = Text("Edit {name}", "编辑 {name}")

# --- the editor ---
EDITING = Text("Edit “{name}”", "编辑“{name}”")
CREATING = Text("New intent", "新建意图")
FIELD_NAME = Text("Name", "名称")
FIELD_NAME_HINT = Text("for programs: letters, digits, _ and -", "供程序使用：字母、数字、_ 和 -")
FIELD_LEADS = Text("Leads to", "对应处理")
FIELD_TITLE_EN = Text("Title, English", "标题（英文）")
FIELD_TITLE_ZH = Text("Title, Chinese", "标题（中文）")
FIELD_REPLY_EN = Text("Fixed reply, English", "固定回复（英文）")
FIELD_REPLY_ZH = Text("Fixed reply, Chinese", "固定回复（中文）")
FIELD_REPLY_HINT = Text("for small talk only", "仅用于寒暄")
FIELD_EXAMPLES_EN = Text("Examples, English: one a line", "英文例句：每行一条")
FIELD_EXAMPLES_ZH = Text("Examples, Chinese: one a line", "中文例句：每行一条")
SAVE = Text("Save", "保存")
CANCEL = Text("Cancel", "取消")
BACK = Text("Back to the list", "返回列表")
DELETE = Text("Delete", "删除")
DELETE_QUESTION = Text(
    "Delete “{name}” with its {count} examples? The live release keeps it until another is promoted.",
    "确定删除“{name}”及其 {count} 条例句吗？在新版本上线之前，当前版本仍保留它。",
)
DELETE_YES = Text("Delete it", "确认删除")
KEEP = Text("Keep it", "保留")
SAVED = Text("“{name}” is saved.", "“{name}”已保存。")
SAVED_DETAIL = Text("It goes live with the next release.", "将随下一版本上线。")
DELETED = Text("“{name}” is deleted.", "“{name}”已删除。")
PASTE = Text("Add many at once", "批量添加")
PASTE_DETAIL = Text(
    "Lines, or CSV with the example in its first column. Languages are told apart.",
    "每行一条，或首列为例句的 CSV。系统会自动区分语言。",
)
PASTE_LABEL = Text("Examples to add", "待添加的例句")
PASTE_FILE = Text("From a file", "从文件读取")
PASTE_ADD = Text("Add these", "添加")
PASTED = Text("{added} added to “{name}”.", "已向“{name}”添加 {added} 条。")
PASTED_REPEATED = Text("{count} stood there already.", "{count} 条已存在。")
PASTED_TOO_LONG = Text("{count} were too long.", "{count} 条过长未添加。")
PASTED_ELSEWHERE = Text(
    "{count} stand under another intent and were not added: {named}.", "{count} 条属于其他意图，未添加：{named}。"
)
PASTED_NAMED = Text("“{text}” under “{intent}”", "“{text}”属于“{intent}”")
IMPORT_DETAIL = Text(
    "A whole list as TOML, as Export writes it. It takes the place of this list; earlier versions are kept.",
    "粘贴导出格式的完整 TOML 列表。它将替换当前列表，旧版本会保留。",
)
IMPORT_LABEL = Text("The list as TOML", "TOML 列表")
IMPORT_REPLACE = Text("Replace the list", "替换列表")
IMPORTED = Text("The list is replaced: {intents} intents.", "列表已替换：共 {intents} 个意图。")
NOT_DONE = Text("That cannot be", "未完成")
ONE_TRAINING = Text("A training is under way already.", "已有训练正在进行。")
UNSAVED_CONFLICT = Text("Somebody else was faster", "已被他人修改")

# --- to check ---
CHECK_NONE = Text("Nothing to check yet", "暂无可检查内容")
CHECK_NONE_DETAIL = Text(
    "Train once: then you see which intents are confused, which are weak, and which examples look mislabelled.",
    "先训练一次，即可查看哪些意图容易混淆、哪些薄弱、哪些例句可能标错。",
)
CHECK_FROM = Text(
    "From the training of list version {version}. Every example was judged by a model that had not seen it.",
    "来自列表第 {version} 版的训练。每条例句都由未见过它的模型判断。",
)
CONFUSIONS = Text("Intents taken for one another", "容易混淆的意图")
CONFUSIONS_NONE = Text("No two intents were taken for one another.", "没有发现互相混淆的意图。")
CONFUSED_TIMES = Text("{count} times", "{count} 次")
CONFUSED_EXAMPLE = Text("“{text}” of {intent} was read as {guess}", "“{text}”（{intent}）被识别为 {guess}")
WEAK_TITLE = Text("Weak intents", "薄弱意图")
WEAK_NONE = Text("Every intent is recognised at least four times in five.", "所有意图的识别率都在八成以上。")
WEAK_ROW = Text("{recall} recognised, {examples} examples", "识别率 {recall}，{examples} 条例句")
DOUBTFUL = Text("Examples that look mislabelled", "可能标错的例句")
DOUBTFUL_NONE = Text("No example looks mislabelled.", "没有发现可能标错的例句。")
DOUBTFUL_ROW = Text("under {intent}; looks like {guess} ({confidence})", "现属 {intent}，更像 {guess}（{confidence}）")
MOVE_TO = Text("Move to {intent}", "移到 {intent}")
REMOVE_EXAMPLE = Text("Remove", "删除")
MOVED = Text("“{text}” is now an example of “{intent}”.", "“{text}”已归入“{intent}”。")
REMOVED = Text("“{text}” is removed.", "“{text}”已删除。")

# --- not understood ---
UNKNOWN_NONE = Text("Every message was understood", "消息均已识别")
UNKNOWN_NONE_DETAIL = Text(
    "Messages whose intent nobody could tell appear here, grouped by meaning.",
    "无法判断意图的消息会按含义分组显示在这里。",
)
UNKNOWN_DETAIL = Text(
    "Messages of the latest conversations whose intent was not clear. Personal data is masked.",
    "最近会话中意图不明确的消息，个人信息已隐去。",
)
UNKNOWN_COUNT = Text("{count} messages", "{count} 条消息")
UNKNOWN_ONE = Text("1 message", "1 条消息")
MAKE_INTENT = Text("Make an intent of these", "据此新建意图")
ADD_TO = Text("Add to", "添加到")
ADD_TO_LABEL = Text("Intent to add them to", "选择要添加到的意图")
ADD_BUTTON = Text("Add", "添加")

# --- releases ---
COMPARISON = Text("Release {number} against the live one", "第 {number} 版与当前版本对比")
COMPARISON_ALONE = Text("Release {number}", "第 {number} 版")
COMPARISON_DETAIL = Text(
    "Measured on {messages} messages set aside: neither was trained on them for this measurement.",
    "在留出的 {messages} 条消息上评估，两个版本在此次评估中均未用它们训练。",
)
COMPARISON_SEEN = Text(
    "The live release was trained on another list and may have seen these {messages} messages: its figures flatter it.",
    "当前版本由另一份数据训练，可能见过这 {messages} 条消息，其数值偏高。",
)
COMPARISON_NONE = Text(
    "Too few messages could be set aside to compare: give every intent five examples or more.",
    "可留出的消息太少，无法对比：请为每个意图提供至少五条例句。",
)
COLUMN_MEASURE = Text("Measure", "指标")
COLUMN_LIVE = Text("Live", "当前版本")
COLUMN_NEW = Text("New", "新版本")
COLUMN_DIFFERENCE = Text("Difference", "差异")
MEASURE_ACCURACY = Text("Right intent", "识别正确")
MEASURE_F1 = Text("Macro F1", "宏平均 F1")
MEASURE_ECE = Text("Calibration error", "校准误差")
INTERVAL = Text("{low} to {high}", "{low} 至 {high}")
VERDICT_BETTER = Text("Better, by more than chance explains.", "更好，且差异超出偶然。")
VERDICT_SAME = Text("No difference that chance could not explain.", "差异在偶然范围内。")
VERDICT_WORSE = Text("Worse, by more than chance explains.", "更差，且差异超出偶然。")
CHANGES = Text("Where they differ", "差异所在")
CHANGE_ROW = Text("{before} → {after} of {messages} right", "{messages} 条中正确 {before} → {after}")
PROMOTE = Text("Promote", "上线")
PROMOTE_NUMBER = Text("Promote release {number}", "上线第 {number} 版")
PROMOTE_ANYWAY = Text("Promote it all the same", "仍要上线")
PROMOTE_QUESTION = Text(
    "Release {number} does worse on messages neither has seen ({after} against {before}). Promote it all the same?",
    "第 {number} 版在未见过的消息上表现更差（{after}，当前 {before}）。仍要上线吗？",
)
PROMOTED = Text("Release {number} is live.", "第 {number} 版已上线。")
PROMOTED_DETAIL = Text("Every message from now on is read by it.", "从现在起的每条消息都由它识别。")
ROLL_BACK = Text("Roll back", "回退")
ROLLED_BACK = Text("Release {number} is live again.", "已回退到第 {number} 版。")
NEEDS_ENGINEER = Text("An engineer or administrator promotes releases.", "版本由工程师或管理员上线。")
HISTORY = Text("All releases", "全部版本")
RELEASE_NUMBER = Text("Release {number}", "第 {number} 版")
RELEASE_LIVE = Text("live", "当前")
RELEASE_REPORT = Text("Report", "评估报告")
RELEASE_FACTS = Text("{intents} intents, {examples} examples", "{intents} 个意图，{examples} 条例句")
RELEASE_ACCURACY = Text("{accuracy} right on messages set aside", "留出消息正确率 {accuracy}")
RELEASE_CROSS = Text("{accuracy} right in cross-validation", "交叉验证正确率 {accuracy}")

# --- a message to try ---
TRY_TITLE = Text("Try a message", "试一试")
TRY_DETAIL = Text("See what the live release makes of it.", "查看当前版本如何理解它。")
TRY_LABEL = Text("A message", "消息")
TRY_PLACEHOLDER = Text("where is my parcel", "我的包裹到哪了")
TRY_BUTTON = Text("Try", "试")
TRY_UNKNOWN = Text("Not understood: too unlike every intent ({share})", "未识别：与所有意图都不相近（{share}）")
TRY_BEST = Text("Understood as {intent}", "识别为 {intent}")
TRY_FRAME = Text("If it is one of them:", "若属于其中之一：")
