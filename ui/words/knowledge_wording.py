"""The texts of the knowledge page beyond its first: lists, open documents, entries, unanswered questions, trials."""

from __future__ import annotations

from ui.words.wording import Text

PAGE_DETAIL = Text("The assistant answers only from these documents and answers.", "智能助手只依据以下文档和问答作答。")
TABS = Text("Parts of the knowledge base", "知识库各部分")
TAB_DOCUMENTS = Text("Documents", "文档")
TAB_ENTRIES = Text("Answers", "问答")
TAB_GAPS = Text("Unanswered", "未答问题")
PAGE_OF = Text("Page {page} of {pages}", "第 {page} 页，共 {pages} 页")
PREVIOUS = Text("Previous page", "上一页")
NEXT = Text("Next page", "下一页")
CANCEL = Text("Cancel", "取消")
BACK = Text("Back to the list", "返回列表")

# --- uploads ---
CHOOSE_FOLDER = Text("Choose a folder", "选择文件夹")
DROP_HERE = Text("Drop files or a folder here", "将文件或文件夹拖放到这里")
FORMATS = Text(
    "PDF, Word, PowerPoint, Excel, CSV, Markdown, HTML, text, e-mail, JSON lines and ZIP, up to {size} each",
    "支持 PDF、Word、PowerPoint、Excel、CSV、Markdown、HTML、文本、邮件、JSON Lines 和 ZIP，单个不超过 {size}",
)
STAGE_SPLITTING = Text("cutting it into passages", "切分段落")
BATCH = Text("{done} of {all} files are done", "{all} 个文件中已完成 {done} 个")
BATCH_DONE = Text("All {all} files are done", "{all} 个文件已全部完成")
AND_MORE = Text("and {count} more", "另有 {count} 个")
CANCEL_BATCH = Text("Cancel all that are left", "取消其余文件")

# --- the list of documents ---
FILTER_WORDS = Text("Filter by title or file name", "按标题或文件名筛选")
ALL_LANGUAGES = Text("All languages", "全部语言")
ALL_TYPES = Text("All types", "全部类型")
IN_USE = Text("In use", "使用中")
REMOVED_ONES = Text("Removed", "已删除")
LABEL_LANGUAGE = Text("Language", "语言")
LABEL_TYPE = Text("Type", "类型")
LABEL_STATE = Text("State", "状态")
LABEL_SORT = Text("Sort by", "排序")
SORT_LATEST = Text("Latest first", "最近更新")
SORT_TITLE = Text("Title", "标题")
SORT_SOURCE = Text("File name", "文件名")
SORT_PASSAGES = Text("Most passages", "段落最多")
MATCHING = Text("Documents: {count}", "{count} 篇文档")
NONE_MATCH = Text("No document matches. Try fewer words or another filter.", "没有符合条件的文档，请更换筛选条件。")
NONE_REMOVED = Text("No document has been removed.", "没有已删除的文档。")
OPEN_NAMED = Text("Open {title}", "打开 {title}")
REPLACE_HINT = Text(
    "To replace a document, upload the new file under the same name.", "要替换文档，请以相同的文件名上传新文件。"
)

# --- an open document ---
DOCUMENT_FACTS = Text("passages: {passages}, version {version}", "{passages} 个段落，第 {version} 版")
ORIGINAL_FILE = Text("Download the original file", "下载原始文件")
PASSAGES = Text("Passages", "段落")
CHARACTERS = Text("characters {start} to {end}", "第 {start} 至 {end} 个字符")
WHOLE_TEXT = Text("The text as it was read", "读取到的全文")
TEXT_CUT_BEFORE = Text("… {count} characters before", "…… 前面还有 {count} 个字符")
TEXT_CUT_AFTER = Text("{count} more characters …", "后面还有 {count} 个字符……")
ENCODING = Text("Encoding: {encoding}", "编码：{encoding}")
ENCODING_UNKNOWN = Text("Encoding: as the format says", "编码：由文件格式决定")
READ_AGAIN = Text("Letters look wrong? Read it again as", "文字显示不正确？改用以下编码重新读取")
READ_AGAIN_NOW = Text("Read again", "重新读取")
READING_AGAIN = Text("“{title}” is being read again as {encoding}.", "正在按 {encoding} 重新读取《{title}》。")
NO_ORIGINAL = Text(
    "The original file of “{title}” is not kept; upload it again.", "《{title}》的原始文件未保留，请重新上传。"
)
REPLACE_DOCUMENT = Text("Replace with a new file", "用新文件替换")
REPLACE_OTHER_KIND = Text(
    "{name} is another kind of file than {source}; upload it as a new document and remove this one.",
    "{name} 与 {source} 的文件类型不同，请将其作为新文档上传，再删除此文档。",
)
REPLACE_ONE = Text("One file replaces a document; choose one alone.", "一次只能用一个文件替换文档，请只选择一个。")
REMOVE_DOCUMENT = Text("Remove this document", "删除此文档")
DOCUMENT_IS_ENTRY = Text(
    "This is an answer that was written by hand: edit or remove it among the answers.",
    "这是人工编写的问答，请在“问答”中编辑或删除。",
)
INDEX_NOT_SAVED = Text(
    "It is done and holds, but the search index could not be written to the disk: free some space.",
    "操作已生效，但检索索引未能写入磁盘，请腾出磁盘空间。",
)

# --- entries ---
ENTRIES_DETAIL = Text(
    "When a customer asks one of these questions, in these words or others, your answer is given word for word.",
    "顾客提出以下问题时（无论怎么措辞），都会一字不差地给出您写的答案。",
)
WRITE_ENTRY = Text("Write an entry", "新建问答")
SEARCH_ENTRIES = Text("Search questions and answers", "搜索问题和答案")
NO_ENTRIES = Text("No entries yet", "还没有问答")
NO_ENTRIES_DETAIL = Text(
    "Write down the answers that must be exactly right: they win over everything else.",
    "请写下必须准确无误的答案，它们优先于其他一切回答。",
)
NO_ENTRY_MATCHES = Text("No entry matches “{text}”", "没有与“{text}”匹配的问答")
ENTRIES_COUNT = Text("Entries: {count}", "{count} 条问答")
EDIT_NAMED = Text("Edit {title}", "编辑 {title}")
WRITTEN_BY = Text("{editor}, version {version}", "{editor}，第 {version} 版")
MORE_WORDINGS = Text("{count} more wordings", "另有 {count} 种问法")
ONE_MORE_WORDING = Text("1 more wording", "另有 1 种问法")
REMOVE_ENTRY_QUESTION = Text(
    "Remove the entry “{title}”? Its answer is not given any more, from the next question on.",
    "确定删除问答“{title}”吗？从下一个问题起不再给出该答案。",
)
ENTRY_REMOVED = Text("The entry “{title}” is removed.", "已删除问答“{title}”。")
ENTRY_REMOVED_PROVEN = Text(
    "We looked for it: it is neither given as an answer nor found in a search.",
    "已核实：它不会再作为答案给出，也不会被检索到。",
)
ENTRY_REMOVED_DOUBTFUL = Text(
    "Something very much like it is still found: look for another entry or document that says the same.",
    "仍能检索到非常相似的内容，请查找是否还有相同的问答或文档。",
)
NEW_ENTRY = Text("New entry", "新建问答")
EDIT_ENTRY = Text("Edit entry", "编辑问答")
QUESTIONS_EN = Text("Questions in English", "英文问法")
QUESTIONS_ZH = Text("Questions in Chinese", "中文问法")
QUESTIONS_HINT = Text("One way to ask it per line", "每行一种问法")
ANSWER_EN = Text("Answer in English", "英文答案")
ANSWER_ZH = Text("Answer in Chinese", "中文答案")
ANSWER_HINT = Text("Exactly what the customer reads", "顾客看到的原文")
LINK = Text("Link (optional)", "链接（可选）")
LINK_HINT = Text("https://…", "https://…")
SAVE = Text("Save", "保存")
ENTRY_SAVED = Text("Saved. It answers from the next question on.", "已保存，从下一个问题起生效。")
ONE_LANGUAGE_HINT = Text(
    "One language is enough. Customers who ask in the other one get it only if it has an answer there.",
    "只写一种语言即可。只有填写了另一种语言的答案，才会用来回答该语言的顾客。",
)

# --- unanswered questions ---
GAPS_DETAIL = Text(
    "What customers asked and did not get a helpful answer to, put together by meaning; the most frequent first.",
    "顾客提出但没有得到有用回答的问题，按含义归类，最常问的在前。",
)
GAPS_COUNT = Text("Groups: {groups}, questions: {questions}", "{groups} 组，共 {questions} 个问题")
NO_GAPS = Text("Nothing is unanswered", "没有未答问题")
NO_GAPS_DETAIL = Text(
    "Questions that the assistant could not answer, or answered unhelpfully, appear here.",
    "智能助手未能回答或回答无帮助的问题会显示在这里。",
)
GAPS_WAITING = Text("{count} more questions are being sorted in.", "还有 {count} 个问题正在归类。")
GAPS_COVERED = Text("{count} are answered by an entry by now.", "其中 {count} 个现已有问答可以回答。")
ASKED_TIMES = Text("asked {count} times", "问过 {count} 次")
ASKED_ONCE = Text("asked once", "问过 1 次")
BY_CUSTOMERS = Text("in {count} conversations", "来自 {count} 段会话")
UNHELPFUL = Text("{count} answered unhelpfully", "{count} 次回答无帮助")
LAST_ASKED = Text("last asked", "最近一次")
ALSO_ASKED = Text("Also asked as", "也这样问过")
DISMISS_NAMED = Text("Leave out: {question}", "忽略：{question}")
DISMISSED = Text("Left out, with whatever is asked in the same meaning.", "已忽略，今后相同含义的问题也不再显示。")
GAP_GONE = Text("This group is gone: it is answered or left out by now.", "该组已不存在：已有答案或已被忽略。")

# --- try a question ---
TRY_DETAIL = Text(
    "See what a customer would read, and why. Nothing is stored.", "查看顾客会看到的回答及其依据，不会保存任何记录。"
)
TRY_BUTTON = Text("Try", "试问")
CUSTOMER_READS = Text("The customer reads", "顾客看到的回答")
FOUND_TITLE = Text("What is found", "找到的内容")
FOUND_NOTHING = Text("Nothing is found for this.", "没有找到相关内容。")
VERDICT_ENTRY = Text("Answered by your entry, word for word.", "由您的问答逐字回答。")
VERDICT_ANSWERED = Text("Answered from the documents.", "根据文档回答。")
VERDICT_ABSTAINED = Text("Not answered: what is found is not sure enough.", "未回答：找到的内容不够确定。")
VERDICT_CLARIFIED = Text("The customer is asked back.", "向顾客追问。")
VERDICT_HANDED_OVER = Text("A person is fetched.", "转接人工客服。")
VERDICT_SMALL_TALK = Text("Small talk, in fixed words.", "寒暄，使用固定话术。")
VERDICT_FAILED = Text("The answer broke off; the log has the details.", "回答中断，详情见日志。")
SURE = Text("Does it answer the question? {words}", "能否回答这个问题？{words}")
SURE_YES = Text("Yes, {percent} sure ({threshold} are needed)", "能，把握 {percent}（需要 {threshold}）")
SURE_NO = Text("Not sure enough: {percent} ({threshold} are needed)", "把握不足：{percent}（需要 {threshold}）")
MEASURE_MEANING = Text("Meaning", "语义")
MEASURE_WORDS = Text("Words", "词语")
MEASURE_TOGETHER = Text("Together", "综合")
ENTRY_WINS = Text("Entry “{title}” wins", "问答“{title}”胜出")
ENTRY_NEAR = Text("Entry “{title}” does not win", "问答“{title}”未胜出")
ENTRY_SAME = Text("It holds this very question.", "其中正有这一问法。")
ENTRY_ALIKE = Text(
    "{similarity} alike to “{wording}”; {threshold} are needed.",
    "与“{wording}”的相似度为 {similarity}，需要 {threshold}。",
)
ENTRY_RIVAL = Text("Another entry is nearly as near.", "另一条问答几乎同样接近。")
DIFFERENT_NUMBER = Text("Another number is asked about.", "问的是另一个数字。")
DIFFERENT_NEGATION = Text("One of the two says “not”.", "其中一个是否定的。")
DIFFERENT_KIND = Text(
    "Another kind of thing is asked (how long, how much, where…).", "问的是另一类内容（多久、多少、哪里……）。"
)
DIFFERENT_WORD = Text(
    "The words are nearly the same, but it is about something else.", "措辞几乎相同，但问的是另一件事。"
)

# --- what can go wrong with entries ---
ENTRY_REFUSALS = {
    "question_missing": Text("Write at least one way to ask it.", "请至少写一种问法。"),
    "too_many_questions": Text("Too many wordings; split the entry in two.", "问法过多，请拆分成两条。"),
    "question_too_long": Text("A question is too long (at most 400 characters).", "问题过长（最多 400 字）。"),
    "answer_missing": Text("Write the answer that the customer is to read.", "请写下顾客要看到的答案。"),
    "answer_too_long": Text("The answer is too long (at most 8,000 characters).", "答案过长（最多 8000 字）。"),
    "link_invalid": Text(
        "The link is not a web address; begin with https://", "链接不是有效网址，请以 https:// 开头。"
    ),
}
ENTRY_CHANGED = Text(
    "{editor} has saved another version meanwhile. Copy what you wrote, cancel, and open the entry again.",
    "{editor} 刚刚保存了另一个版本。请先复制您写的内容，取消后重新打开该问答。",
)
ENTRY_GONE = Text("This entry was removed meanwhile.", "该问答已被删除。")
TRACE_ENTRY = Text(
    "Given word for word from the entry “{wording}” by {editor} (version {version}, {similarity} alike).",
    "逐字引自 {editor} 写的问答“{wording}”（第 {version} 版，相似度 {similarity}）。",
)
