"""Builds a DocumentText piece by piece, with exact offsets of headings and pages. Knows nothing of any format."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from knowledge.passages import DocumentText, Heading

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Control characters, lone surrogates, soft hyphens, zero-width and bidirectional marks, invisible "tag" characters and
# variation selectors: nothing a reader sees, but a place to hide instructions.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_WIDE_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# More accents in a row than any script stacks: putting them in order takes quadratic time. The class is what is neither
# letter, digit nor space, without the ranges of punctuation and symbols, which may well be repeated.
_MARK = (
    "[^\\w\\s\x00-\u02ff\u2010-\u20cf\u2100-\u2cee\u2cf2-\u2d7e\u2e00-\u3029\u3030-\u3098\u309b-\ua66e\uff00-\uffff"
    "\U0001f000-\U0001faff]"
)
_STACKED_MARKS = re.compile(f"({_MARK}{{30}}){_MARK}+")
_MANY_BLANK_LINES = re.compile(r"\n{4,}")
_HAN = "\u2e80-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
_LINE_BREAK_IN_CHINESE = re.compile(f"(?<=[{_HAN}])[ \t]*\n\\s*(?=[{_HAN}])")
_ID_IN_FILE_NAME = re.compile(r"^(?=[0-9a-f]*\d)[0-9a-f]{8,}$")


def clean_text(text: str) -> str:
    """Unix line ends, NFC, no invisible characters, no trailing spaces, at most two blank lines in a row."""
    text = _LINE_ENDS.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = _WIDE_SPACES.sub(" ", text)
        text = _STACKED_MARKS.sub(r"\1", text)
        text = unicodedata.normalize("NFC", text)
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _MANY_BLANK_LINES.sub("\n\n\n", text)


def one_line(text: str) -> str:
    """`text` with every run of white space as one space; a line break between Chinese characters as none."""
    if "\n" in text:
        text = _LINE_BREAK_IN_CHINESE.sub("", text)
    return " ".join(text.split())


def title_from_name(name: str) -> str:
    """ "guides/refund-policy_2024.md" → "Refund policy 2024"."""
    base = name.replace("\\", "/").rstrip("/")
    stem = PurePosixPath(base).name
    for _ in range(2):
        if (suffix := PurePosixPath(stem).suffix) and 1 < len(suffix) <= 9 and not suffix[1:].isdigit():
            stem = stem[: -len(suffix)]
    words = [word for word in re.split(r"[\s_\-+]+", clean_text(stem)) if word]
    readable = " ".join(word for word in words if not _ID_IN_FILE_NAME.match(word)) or " ".join(words)
    return readable[:1].upper() + readable[1:] if readable else "Untitled"


class TextBuilder:
    """Collects paragraphs and headings in reading order.

    Every piece is cleaned as it comes in, so that the offsets handed out stay true in the finished text.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._headings: list[Heading] = []
        self._page_starts: list[int] = []
        self._pages_waiting = 0
        self.length = 0  # characters so far

    def paragraph(self, text: str, *, separator: str = "\n\n") -> None:
        """Appends a block, set off from what comes before by `separator` (a line end inside lists and tables)."""
        text = clean_text(text).strip("\n").rstrip()
        if text.strip():
            self._append(text if separator == "\n" else _without_first_indent(text), separator)

    def heading(self, level: int, text: str) -> None:
        text = one_line(clean_text(text))
        if text:
            start = self.length + (2 if self._parts else 0)
            self._append(text, "\n\n")
            self._headings.append(Heading(level, text, start))

    def page(self) -> None:
        """What is appended next stands on a new page."""
        self._pages_waiting += 1

    def document(self, read: DocumentText, *, deeper: int) -> None:
        """Appends a document that was read already, its headings so many levels deeper; its pages are forgotten."""
        if read.text.strip():
            start = self.length + (2 if self._parts else 0)
            self._append(read.text, "\n\n")
            self._headings.extend(
                Heading(min(heading.level + deeper, 6), heading.text, start + heading.start)
                for heading in read.headings
            )

    def finish(self, title: str, *, encoding: str = "utf-8") -> DocumentText:
        self._page_starts.extend([self.length] * self._pages_waiting)
        self._pages_waiting = 0
        return DocumentText(
            title=one_line(clean_text(title)),
            text="".join(self._parts),
            headings=tuple(self._headings),
            page_starts=tuple(self._page_starts),
            encoding=encoding,
        )

    def _append(self, text: str, separator: str) -> None:
        if self._parts:
            self._parts.append(separator)
            self.length += len(separator)
        self._page_starts.extend([self.length] * self._pages_waiting)
        self._pages_waiting = 0
        self._parts.append(text)
        self.length += len(text)


def _without_first_indent(text: str) -> str:
    """A block of code keeps its inner indentation; a lone indented line needs none."""
    return text if "\n" in text else text.lstrip()
