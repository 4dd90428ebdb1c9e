"""Markdown → DocumentText, by way of the page it renders to. Knows nothing of other formats.

What generators of documentation add to Markdown (front matter, admonitions, includes, imported components) becomes
plain text or goes, so that no markup is quoted to a customer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from knowledge.passages import DocumentText
from knowledge.readers.front_matter import split_front_matter
from knowledge.readers.text_building import TextBuilder, clean_text, title_from_name
from knowledge.readers.web_pages import parse_page, write_page

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_FENCE = re.compile(r" {0,12}(?:[-*+>] +|\d{1,3}[.)] +)?(`{3,}|~{3,})")
_ADMONITION = re.compile(r"^\s{0,12}:{3,}\s{0,9}(?:\{?(\w+)\}?)?\s{0,9}(.*)$")
_IMPORT = re.compile(
    r"import\s[\w{},*\s]{1,200}\sfrom\s{1,9}['\"][^'\"]{1,200}['\"];?\s{0,9}$|import\s{1,9}['\"][^'\"]{1,200}['\"];?$"
)
_BLOCK_ATTRIBUTES = re.compile(r"\s{0,12}\{:[^{}\n]{0,300}\}\s{0,9}$")
_ALERT = re.compile(r"^(\s{0,9}(?:>\s?)+)\[!\w{2,12}\][-+]?\s{0,9}")
_TEMPLATE_TAGS = (("{%", "%}"), ("{{<", ">}}"), ("{{%", "%}}"))
_LONGEST_TAG = 1000
# The parser needs quadratic time for a paragraph of nothing but unfinished markup; nobody writes paragraphs this long.
_LONGEST_PARAGRAPH = 4000
_WRAPPED_LINE = range(50, 121)  # columns at which lines are broken for width; twice as wide in Chinese
_ENDS_A_THOUGHT = tuple(".!?:;。！？：；|")
_BEGINS_AN_ITEM = tuple("•·▪◦●○■–—✓✔✅❌➡→⚠")
_HAN = re.compile("[\u3400-\u9fff]")
_DROPPED_WITH_CONTENT = frozenset({"script", "style", "template", "iframe", "noscript", "textarea", "title"})
# Tags that may stand in a paragraph; others are dropped, their text stays.
_INLINE_TAGS = _words(
    "a abbr b br cite code del details div em i img ins kbd mark p q s samp small span strong sub summary sup u var "
    "table thead tbody tr td th ul ol li h1 h2 h3 h4 h5 h6 center font nobr wbr time picture section article header main figure figcaption dl dt dd "
    "blockquote pre tt big strike label button"
)
# "Put the <script> tag into the <head>", "kill <pid>": meant to be read.
_PLACEHOLDER = re.compile(r"</?[a-z][\w-]{0,40}>$")
_TAG_NAME = re.compile(r"</?([A-Za-z][\w.-]*)")


def read_markdown(name: str, text: str, *, encoding: str) -> DocumentText:
    """The text as a reader of the rendered page sees it. Title: front matter, else first H1, else the file's name."""
    return _read(text, title="", fallback=title_from_name(name), encoding=encoding)


def read_markdown_text(title: str, text: str) -> DocumentText:
    """Text that comes with its own title, as in a line of JSON. Headings inside `text` are found."""
    return _read(text, title=title.strip(), fallback="Untitled", encoding="utf-8")


def _read(text: str, *, title: str, fallback: str, encoding: str) -> DocumentText:
    front_title, body = split_front_matter(clean_text(text))
    page = parse_page(_render(body))
    builder = TextBuilder()
    if page is not None:
        write_page(page, builder)
    document = builder.finish("", encoding=encoding)
    first_level = next((heading.text for heading in document.headings if heading.level == 1), "")
    return builder.finish(title or front_title or first_level or fallback, encoding=encoding)


def _render(body: str) -> str:
    parser = _parser()
    tokens = parser.parse("\n".join(_bounded_paragraphs(_plain_lines(body))))
    for token in tokens:
        if token.children:
            token.children = list(_tamed(token.children, _hard_wrapped(token.content)))
    return str(parser.renderer.render(tokens, parser.options, {}))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _plain_lines(body: str) -> Iterator[str]:
    """The lines of `body` without what only a site generator understands; code blocks stay as they are."""
    for is_code, lines in _stretches(body.split("\n")):
        if is_code:
            yield from lines
        else:
            for line in _without_template_tags("\n".join(lines)).split("\n"):
                yield from _plain_line(line)


def _stretches(lines: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """Fenced code and what stands between it, in turn."""
    fence = ""
    stretch: list[str] = []
    for line in lines:
        marks = _FENCE.match(line)
        if marks and not fence:
            yield False, stretch
            fence, stretch = marks.group(1), [line]
        elif marks and marks.group(1).startswith(fence) and not line.strip().strip(fence[0]):
            yield True, [*stretch, line]
            fence, stretch = "", []
        else:
            stretch.append(line)
    yield bool(fence), stretch


def _plain_line(line: str) -> Iterable[str]:
    if line.startswith("import ") and _IMPORT.match(line):
        return ("",)
    if line.lstrip().startswith(":::"):
        admonition = _ADMONITION.match(line)
        heading = admonition.group(2).strip().removeprefix("[").removesuffix("]") if admonition else ""
        return ("", heading, "")
    if _BLOCK_ATTRIBUTES.match(line):
        return ("",)
    if line.startswith("#") and line.endswith("}") and "{" in line:
        return (line[: line.rindex("{")].rstrip(),)
    line = _ALERT.sub(r"\1", line)
    return (_without_expressions(line) if "={" in line else line,)


def _without_template_tags(body: str) -> str:
    """Drops `{% include … %}` and `{{< shortcode >}}` outside code, each at most a few lines long."""
    for opening, closing in _TEMPLATE_TAGS:
        if opening not in body or closing not in body:
            continue
        pieces, position = [], 0
        while (start := body.find(opening, position)) >= 0:
            end = body.find(closing, start, start + _LONGEST_TAG)
            if end < 0 or _inside_code(body, start):
                pieces.append(body[position : start + len(opening)])
                position = start + len(opening)
            else:
                pieces.append(body[position:start])
                position = end + len(closing)
        body = "".join([*pieces, body[position:]])
    return body


def _inside_code(body: str, position: int) -> bool:
    """Whether an odd number of backticks stands before `position` in its line, or the line is indented code."""
    line_start = max(body.rfind("\n", 0, position) + 1, position - _LONGEST_TAG)
    before = body[line_start:position]
    return before.count("`") % 2 == 1 or before.startswith("    ")


def _without_expressions(line: str) -> str:
    """`<img src={useBaseUrl('a.png')}>` is no HTML; without the expression it is."""
    pieces, position = [], 0
    while (start := line.find("={", position)) >= 0:
        end = line.find("}", start, start + _LONGEST_TAG)
        if end < 0 or not line[start - 1 : start].isalnum() or line[:start].count("`") % 2 == 1:
            pieces.append(line[position : start + 2])
            position = start + 2
        else:
            pieces.append(line[position:start] + '=""')
            position = end + 1
    return "".join([*pieces, line[position:]])


def _bounded_paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Breaks up paragraphs, and lines, that are longer than anybody writes. Table rows are parsed one by one anyway."""
    length = 0
    for line in lines:
        length = length + len(line) if line else 0
        if length <= _LONGEST_PARAGRAPH:
            yield line
            continue
        if length > len(line) and "|" not in line:
            yield ""
        yield from _bounded_line(line)
        length = 0 if "|" not in line else length


def _bounded_line(line: str) -> Iterator[str]:
    while len(line) > _LONGEST_PARAGRAPH:
        cut = line.rfind(" ", _LONGEST_PARAGRAPH // 2, _LONGEST_PARAGRAPH)
        cut = cut if cut > 0 else _LONGEST_PARAGRAPH
        yield line[:cut]
        yield ""
        line = line[cut:].lstrip()
    yield line


def _hard_wrapped(source: str) -> list[bool]:
    """For each line end of a paragraph, whether it stands there for width only."""
    lines = source.split("\n")
    return [_was_wrapped(line, after) for line, after in pairwise(lines)]


def _was_wrapped(line: str, after: str) -> bool:
    if after[:1].islower():
        return True
    width = len(line) * (2 if _HAN.search(line) else 1)
    return width in _WRAPPED_LINE and not line.endswith(_ENDS_A_THOUGHT) and not after.startswith(_BEGINS_AN_ITEM)


def _tamed(children: Iterable[Token], hard_wrapped: list[bool]) -> Iterator[Token]:
    """Keeps meant line ends; drops tags that would swallow the rest of the page ("put it in the <head> section")."""
    tokens = list(children)
    line, resume = 0, 0
    for position, token in enumerate(tokens):
        if token.type in ("softbreak", "hardbreak"):
            if line < len(hard_wrapped) and not hard_wrapped[line]:
                token.type, token.tag = "hardbreak", "br"
            line += 1
        elif token.type == "html_inline":
            line += token.content.count("\n")
            resume = max(resume, _end_of_dropped(tokens, position))
            if (
                position >= resume
                and _PLACEHOLDER.match(token.content)
                and _tag_name(token.content) not in _INLINE_TAGS
            ):
                token.type = "text"
            elif _tag_name(token.content) not in _INLINE_TAGS:
                continue
        if position >= resume:
            yield token


def _end_of_dropped(tokens: list[Token], position: int) -> int:
    """Where the content of a script ends that opens at `position`; there itself if it is never closed."""
    name = _tag_name(tokens[position].content)
    if name in _DROPPED_WITH_CONTENT:
        for later in range(position + 1, len(tokens)):
            if tokens[later].type == "html_inline" and tokens[later].content.lower().startswith(f"</{name}"):
                return later + 1
    return position


def _tag_name(tag: str) -> str:
    found = _TAG_NAME.match(tag)
    return found.group(1).lower() if found else ""
