"""Why a file was not taken in, in Chinese too. Readers write one English sentence; here it is known again by its words.

Knows nothing of readers. A sentence that is not known stays as it is: better English than nothing.
"""

from __future__ import annotations

import re
from functools import cache

from ui.words.wording import CHINESE, Text, say

_SECONDS = re.compile(r"(\d+) seconds")


def reason_in(reason: str, language: str) -> str:
    """`reason`, a reader's sentence, in the language of the page."""
    if language != CHINESE:
        return reason
    for pattern, chinese in _patterns():
        match = pattern.fullmatch(reason)
        if match is not None:
            values = {name: _value(text) for name, text in match.groupdict().items()}
            return say(Text("", chinese), CHINESE, **values)
    return reason


def _value(text: str) -> str:
    """A part that is a sentence or a kind of file itself."""
    if (seconds := _SECONDS.fullmatch(text)) is not None:
        return f"{seconds.group(1)} 秒"
    return _KINDS.get(text) or reason_in(text, CHINESE)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(known.en), known.zh) for known in REASONS)


def _pattern(english: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", english)
    written = (f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
    return re.compile("".join(written), re.DOTALL)


_SAVE_AS = tuple(
    Text(f"{english} files are not read; {way} and upload again", f"不支持{chinese}文件，请{chinese_way}后重新上传")
    for english, chinese, way, chinese_way in (
        ("legacy Word", "旧版 Word ", "save as .docx", "另存为 .docx "),
        ("WPS Writer", " WPS 文字", "save as .docx", "另存为 .docx "),
        ("legacy Excel", "旧版 Excel ", "save as .xlsx or .csv", "另存为 .xlsx 或 .csv "),
        ("WPS Spreadsheets", " WPS 表格", "save as .xlsx", "另存为 .xlsx "),
        ("legacy PowerPoint", "旧版 PowerPoint ", "save as .pptx or .pdf", "另存为 .pptx 或 .pdf "),
        ("WPS Presentation", " WPS 演示", "save as .pptx", "另存为 .pptx "),
        ("rich text", " RTF ", "save as .docx", "另存为 .docx "),
        ("OpenDocument", " OpenDocument ", "save as {extension}", "另存为 {extension} "),
        ("Pages", " Pages ", "export as .docx or .pdf", "导出为 .docx 或 .pdf "),
        ("Numbers", " Numbers ", "export as .xlsx", "导出为 .xlsx "),
        ("Keynote", " Keynote ", "export as .pptx or .pdf", "导出为 .pptx 或 .pdf "),
    )
)

# In the order in which they are tried: what says more stands first.
REASONS: tuple[Text, ...] = (
    # --- size ---
    Text("it is empty", "文件为空"),
    Text("it holds no text", "没有文字内容"),
    Text("it holds nothing but white space", "只有空白字符"),
    Text(
        "it holds no text; if it is a scan, upload one with recognised text",
        "没有文字内容，如果是扫描件，请先做文字识别（OCR）再上传",
    ),
    Text("it is larger than {size}; split it and upload the parts", "超过 {size}，请拆分后分别上传"),
    Text("it is larger than {size}; split it", "超过 {size}，请拆分后上传"),
    Text("its text is longer than {count} characters; split it", "文字超过 {count} 个字符，请拆分后上传"),
    Text("its text has more than {count} characters; split it", "文字超过 {count} 个字符，请拆分后上传"),
    Text(
        "its text has {count} characters, more than {most}; split it",
        "文字有 {count} 个字符，上限为 {most}，请拆分后上传",
    ),
    Text("it has {count} pages, more than {most}; split it", "有 {count} 页，上限为 {most} 页，请拆分后上传"),
    Text("it has {count} slides, more than {most}; split it", "有 {count} 张幻灯片，上限为 {most} 张，请拆分后上传"),
    Text("it holds more than {count} records; split it", "记录超过 {count} 条，请拆分后上传"),
    Text("it holds {count} files, more than {most}; split it", "内含 {count} 个文件，上限为 {most} 个，请拆分后上传"),
    Text("it unpacks to more than {size}; split it", "解压后超过 {size}，请拆分后上传"),
    Text("it unpacks to {size}, more than {most}; split it", "解压后为 {size}，上限为 {most}，请拆分后上传"),
    Text("the archive unpacks to more than {size}; split it", "压缩包解压后超过 {size}，请拆分后上传"),
    Text("a sheet has more than {count} columns; split it", "有工作表超过 {count} 列，请拆分后上传"),
    Text(
        "the e-mail has more than {count} parts; save what matters as .txt",
        "邮件超过 {count} 个部分，请将需要的内容另存为 .txt",
    ),
    Text("it yields more than {size} of text; split it", "读出的文字超过 {size}，请拆分后上传"),
    Text("reading it takes more than {size} of memory; split it", "读取所需内存超过 {size}，请拆分后上传"),
    Text(
        "reading it takes longer than {time}; split it or save it more plainly",
        "读取超过 {time}，请拆分或简化格式后上传",
    ),
    Text(
        "reading what it is in took longer than {count} seconds; split that",
        "读取所在文件超过 {count} 秒，请拆分该文件",
    ),
    Text("more than {count} lines are bad; the rest was not read", "出错的行超过 {count} 行，其余未再读取"),
    # --- damage and protection ---
    Text("it is password-protected; upload an unlocked copy", "文件有密码保护，请上传解除密码的版本"),
    Text(
        "it is password-protected; save it without a password and upload again", "文件有密码保护，请去除密码后重新上传"
    ),
    Text("it is password-protected; upload an archive without a password", "压缩包有密码保护，请上传无密码的压缩包"),
    Text("it is encrypted in an unknown way; upload an unlocked copy", "加密方式无法识别，请上传未加密的版本"),
    Text("the PDF is damaged; print it to a new PDF and upload that", "PDF 已损坏，请打印成新的 PDF 后上传"),
    Text(
        "it is a scan without a text layer; run OCR and upload again",
        "这是没有文字层的扫描件，请做文字识别（OCR）后重新上传",
    ),
    Text("it has no pages; upload the original file", "没有任何页面，请上传原始文件"),
    Text("it has no slides; upload the original file", "没有任何幻灯片，请上传原始文件"),
    Text(
        "its slides hold pictures only, no text; run OCR on a PDF of it and upload that",
        "幻灯片只有图片没有文字，请导出为 PDF 并做文字识别（OCR）后上传",
    ),
    Text(
        "its visible sheets hold no values; open it in Excel, let it calculate, save it and upload it again",
        "可见的工作表没有数值，请用 Excel 打开、计算并保存后重新上传",
    ),
    Text(
        "the {maker} file is damaged or incomplete; open it in {same}, save it as {extension} and upload it again",
        "{maker} 文件已损坏或不完整，请用 {same} 打开并另存为 {extension} 后重新上传",
    ),
    Text(
        "the {maker} file is damaged or encrypted; save it anew without a password",
        "{maker} 文件已损坏或已加密，请去除密码后重新保存",
    ),
    Text(
        "the {maker} file is damaged; open it in {same}, save it as {extension} and upload it again",
        "{maker} 文件已损坏，请用 {same} 打开并另存为 {extension} 后重新上传",
    ),
    Text(
        "it declares XML entities, as no {maker} file does; save it anew from {same}",
        "含有 {maker} 文件不会有的 XML 实体声明，请用 {same} 重新保存",
    ),
    Text("the archive is damaged; make it anew and upload it again", "压缩包已损坏，请重新打包后上传"),
    Text(
        "it is damaged inside the archive; make the archive anew and upload it again",
        "压缩包内的此文件已损坏，请重新打包后上传",
    ),
    Text(
        "its gzip data is damaged or cut short; make it anew and upload again",
        "gzip 数据已损坏或不完整，请重新生成后上传",
    ),
    Text(
        "'{member}' inside is packed suspiciously tight (a ZIP bomb?); pack it anew",
        "其中的“{member}”压缩率异常（可能是压缩炸弹），请重新打包",
    ),
    Text(
        "its path leads out of the archive; make the archive anew with plain paths",
        "路径指向压缩包之外，请用普通路径重新打包",
    ),
    Text(
        "its name holds characters that do not print; rename it and make the archive anew",
        "文件名含有不可见字符，请改名后重新打包",
    ),
    Text(
        "it is a link, not a file; put the file itself into the archive", "这是链接而不是文件，请将文件本身放入压缩包"
    ),
    Text("archives are opened one level deep; upload this one on its own", "不读取压缩包内的压缩包，请单独上传"),
    Text(
        "it is damaged, or made in a way that is not known here; save it in another format and upload that",
        "文件已损坏或格式无法识别，请另存为其他格式后上传",
    ),
    Text(
        "it is damaged in a way that breaks the reader; open it where it was made, save it anew and upload that",
        "文件已严重损坏，请用原来的软件打开并重新保存后上传",
    ),
    Text(
        "it could not be read ({error}); save it in another format and try again",
        "无法读取（{error}），请另存为其他格式后重试",
    ),
    Text(
        "its tags are nested more than 2,000 deep, or overlong; save the page anew from a browser and upload that",
        "标签嵌套超过 2,000 层或过长，请用浏览器重新保存网页后上传",
    ),
    Text(
        "it is not an e-mail: it has no sender, date or subject; save it from the mail program",
        "不是邮件：没有发件人、日期和主题，请从邮件程序中保存",
    ),
    Text(
        "the e-mail is damaged; save it anew from the mail program as .eml or .txt",
        "邮件已损坏，请从邮件程序重新保存为 .eml 或 .txt",
    ),
    # --- letters ---
    Text("{reason}; save it as UTF-8 and upload again", "{reason}，请另存为 UTF-8 后重新上传"),
    Text(
        "it is no {encoding} text, as was chosen; choose another encoding",
        "按所选的 {encoding} 编码无法读取，请选择其他编码",
    ),
    Text("it begins as {encoding} text but is damaged throughout", "开头是 {encoding} 文本，但内容已损坏"),
    Text(
        "its characters make no sense in UTF-8, GB18030, Big5, UTF-16 or any other encoding",
        "按 UTF-8、GB18030、Big5、UTF-16 等编码都无法读出有意义的文字",
    ),
    Text(
        "There is no text encoding '{name}'; name one such as {some}", "没有名为“{name}”的文字编码，请填写 {some} 之一"
    ),
    # --- kinds of files ---
    *_SAVE_AS,
    Text(
        "e-books are not read; save as .html or .pdf and upload again",
        "不支持电子书，请另存为 .html 或 .pdf 后重新上传",
    ),
    Text(
        "drawings are not read; save as .pdf with its text and upload again",
        "不支持矢量图，请另存为带文字的 .pdf 后重新上传",
    ),
    Text(
        "Outlook messages are not read; save as .eml or .txt and upload again",
        "不支持 Outlook 邮件，请另存为 .eml 或 .txt 后重新上传",
    ),
    Text(
        "it is an Outlook message; save as .eml or .txt and upload again",
        "这是 Outlook 邮件，请另存为 .eml 或 .txt 后重新上传",
    ),
    Text("it is a legacy Word file; save as .docx and upload again", "这是旧版 Word 文件，请另存为 .docx 后重新上传"),
    Text(
        "it is a legacy PowerPoint file; save as .pptx or .pdf and upload again",
        "这是旧版 PowerPoint 文件，请另存为 .pptx 或 .pdf 后重新上传",
    ),
    Text(
        "it is a legacy Excel file; save as .xlsx or .csv and upload again",
        "这是旧版 Excel 文件，请另存为 .xlsx 或 .csv 后重新上传",
    ),
    Text(
        "it is a legacy or password-protected Office file; save as .docx without a password",
        "这是旧版或有密码的 Office 文件，请去除密码并另存为 .docx",
    ),
    Text("the type '{extension}' is not known; {accepted}", "不认识“{extension}”类型的文件；{accepted}"),
    Text(
        "it is named {extension} but is not {kind}; upload the original file",
        "扩展名是 {extension}，但内容不是{kind}，请上传原始文件",
    ),
    Text(
        "it is named .zip but seems to be {kind}; upload the original file",
        "扩展名是 .zip，但内容像是{kind}，请上传原始文件",
    ),
    Text("it is named .gz but is not gzipped; rename it to .jsonl", "扩展名是 .gz 但未经 gzip 压缩，请改名为 .jsonl"),
    Text("it seems to be {kind}, not JSON lines", "内容像是{kind}，不是 JSON Lines"),
    Text(
        "it is named {extension} but seems to be {kind}; {advice}", "扩展名是 {extension}，但内容像是{kind}；{advice}"
    ),
    Text("it seems to be {kind}; {advice}", "内容像是{kind}；{advice}"),
    Text("rename it to .zip and upload again", "请改名为 .zip 后重新上传"),
    Text(
        "pictures are not read; run OCR and upload the text as .pdf, .docx or .txt",
        "不读取图片，请做文字识别（OCR）后以 .pdf、.docx 或 .txt 上传",
    ),
    Text("save as .docx and upload again", "请另存为 .docx 后重新上传"),
    Text(
        "PDF, Word (.docx), PowerPoint (.pptx), Excel (.xlsx), CSV, HTML, Markdown, text and e-mail (.eml) files "
        "are accepted",
        "支持 PDF、Word（.docx）、PowerPoint（.pptx）、Excel（.xlsx）、CSV、HTML、Markdown、文本和邮件（.eml）",
    ),
    # --- tables and lists ---
    Text(
        "line {number} cannot be told into columns; check its quotation marks and upload again",
        "第 {number} 行无法分列，请检查引号后重新上传",
    ),
    Text("line {number}: {reason}", "第 {number} 行：{reason}"),
    Text("there is no 'text'", "缺少“text”"),
    Text("'{field}' is not a string", "“{field}”不是字符串"),
    Text("'text' is empty", "“text”为空"),
    Text("'text' is longer than {count} characters; split it", "“text”超过 {count} 个字符，请拆分"),
    Text("'id' is neither a string nor a whole number", "“id”既不是字符串也不是整数"),
    Text("it is no valid JSON; look at column {column}", "不是有效的 JSON，请检查第 {column} 列"),
    Text("it is no JSON object with 'id', 'title' and 'text'", "不是包含“id”“title”“text”的 JSON 对象"),
    Text(
        "the id '{id}' stands in line {line} already; give every document its own",
        "id“{id}”已出现在第 {line} 行，请为每篇文档使用不同的 id",
    ),
    Text("there is no document in it; is it the right file?", "其中没有文档，请确认文件是否正确"),
    Text(
        "an id has at most {count} characters, none of them invisible", "id 最多 {count} 个字符，且不能含有不可见字符"
    ),
    # --- the upload itself ---
    Text(
        "The original '{source}' has been damaged on the disk; upload the document again",
        "“{source}”的原始文件在磁盘上已损坏，请重新上传",
    ),
    Text("taking it in was interrupted {count} times; split it and try again", "收录中断了 {count} 次，请拆分后重试"),
    Text("it could not be taken in ({error}); upload it again", "未能收录（{error}），请重新上传"),
    Text("its bytes have been damaged on the disk", "文件在磁盘上已损坏"),
    Text("its bytes cannot be read: {error}", "无法从磁盘读取：{error}"),
    Text("it cannot be read ({error})", "无法读取（{error}）"),
    Text(
        "The process that reads files cannot be started; look for free memory and processes, and try again",
        "无法启动读取文件的进程，请检查可用内存和进程数后重试",
    ),
    Text(
        "The disk is full: nothing can be stored in '{folder}'; free some space and try again",
        "磁盘已满，请腾出空间后重试",
    ),
    Text(
        "Files cannot be stored in '{folder}' ({error}); make the folder writable",
        "无法写入文件（{error}），请检查文件夹权限",
    ),
)

_KINDS = {
    "text": "文本",
    "a PDF file": " PDF 文件",
    "a Word document": " Word 文档",
    "a PowerPoint presentation": " PowerPoint 演示文稿",
    "an Excel workbook": " Excel 工作簿",
    "a binary Excel workbook (save as .xlsx)": "二进制 Excel 工作簿（请另存为 .xlsx）",
    "an Apple iWork document (export as .pdf)": " Apple iWork 文档（请导出为 .pdf）",
    "an OpenDocument file or e-book": " OpenDocument 文件或电子书",
    "a legacy or encrypted Office file": "旧版或加密的 Office 文件",
    "an HTML page": "网页",
    "a ZIP archive": " ZIP 压缩包",
    "a damaged ZIP archive": "已损坏的 ZIP 压缩包",
    "a rich text (RTF) file": " RTF 文件",
    "a Linux program": " Linux 程序",
    "a macOS program": " macOS 程序",
    "a WebAssembly program": " WebAssembly 程序",
    "a Windows program": " Windows 程序",
    "a program": "程序",
    "a PNG picture": " PNG 图片",
    "a JPEG picture": " JPEG 图片",
    "a GIF picture": " GIF 图片",
    "a TIFF picture": " TIFF 图片",
    "a BMP picture": " BMP 图片",
    "a picture, sound or film (RIFF)": "图片、声音或视频（RIFF）",
    "a film or picture": "视频或图片",
    "a sound file": "声音文件",
    "a film": "视频",
    "a gzip archive": " gzip 压缩包",
    "a bzip2 archive": " bzip2 压缩包",
    "a 7z archive": " 7z 压缩包",
    "a RAR archive": " RAR 压缩包",
    "an xz archive": " xz 压缩包",
    "a zstd archive": " zstd 压缩包",
    "an SQLite database": " SQLite 数据库",
    "a PostScript file": " PostScript 文件",
}
