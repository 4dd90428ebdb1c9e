"""Why a file was not taken in: every sentence that can reach an editor has its Chinese one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import knowledge
from knowledge.errors import DocumentRefused, EncodingUnknown
from ui.presenter import error_text
from ui.words.refusals import reason_in

ROOT = Path(knowledge.__file__).parent
RAISED = {"DocumentRefused", "Refusal", "_BadLineError", "UndecodableError", "StorageUnavailable", "EncodingUnknown"}
OTHERS = {"originals.py", "intake.py", "errors.py"}
# What only the command line can meet, and sentences that are put together of others.
NOT_ON_THE_PAGE = {
    "there is no such file or folder",
    "it is no file but a pipe or device; upload a file",
    "it changed while it was being read; take it in again when it is finished",
    "the folder cannot be read (7)",
    "7 7; 7",
}
HAN = re.compile("[\u4e00-\u9fff]")


def written(node: ast.expr) -> Iterator[str]:
    """The sentences that an expression can be, with a seven for whatever is filled in."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr():
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
        case ast.IfExp():
            yield from written(node.body)
            yield from written(node.orelse)


def sentences() -> set[str]:
    found: set[str] = set()
    for path in ROOT.rglob("*.py"):
        if not {"readers", "safe_reading", "ingesting"} & set(path.parts) and path.name not in OTHERS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED and node.args:
                found.update(written(node.args[-1]))
            elif isinstance(node, ast.Assign) and any(
                isinstance(name, ast.Name) and name.id in {"reason", "_WAY_OUT", "_SCAN", "_DAMAGED", "_UNFORESEEN"}
                for name in node.targets
            ):
                values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
                found.update(text for value in values for text in written(value))
            elif isinstance(node, ast.Return) and node.value is not None:
                found.update(text for text in written(node.value) if "; " in text)
    return {text for text in found if " " in text}


def test_every_reason_that_the_code_can_give_is_said_in_chinese() -> None:
    known = sentences()
    assert len(known) > 70
    missing = [text for text in sorted(known) if not HAN.search(reason_in(text, "zh"))]
    assert set(missing) <= NOT_ON_THE_PAGE


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        (
            "it is named .pdf but seems to be a PNG picture; pictures are not read; run OCR and upload the text as "
            ".pdf, .docx or .txt",
            "扩展名是 .pdf，但内容像是 PNG 图片；不读取图片，请做文字识别（OCR）后以 .pdf、.docx 或 .txt 上传",
        ),
        (
            "it is no big5 text, as was chosen; choose another encoding; save it as UTF-8 and upload again",
            "按所选的 big5 编码无法读取，请选择其他编码，请另存为 UTF-8 后重新上传",
        ),
        ("line 7: 'title' is not a string", "第 7 行：“title”不是字符串"),
        ("it is larger than 50 MB; split it and upload the parts", "超过 50 MB，请拆分后分别上传"),
        ("its fur is on fire", "its fur is on fire"),
    ],
)
def test_a_reason_is_known_again_with_its_numbers_and_kinds(reason: str, chinese: str) -> None:
    assert reason_in(reason, "zh") == chinese
    assert reason_in(reason, "en") == reason


def test_errors_with_a_reason_are_worded_whole() -> None:
    refused = DocumentRefused("a.pdf", "it is password-protected; upload an unlocked copy")
    assert error_text(refused, "zh") == "a.pdf 未能收录：文件有密码保护，请上传解除密码的版本"
    assert error_text(refused, "en").startswith("a.pdf was not taken in: it is password-protected")
    assert "klingon" in error_text(EncodingUnknown("klingon"), "zh")
    assert "There is" not in error_text(EncodingUnknown("klingon"), "zh")
