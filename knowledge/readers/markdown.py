"""Markdown → DocumentText, by way of the page it renders to. Knows nothing of other formats.

What generators of documentation add to Markdown (front matter, admonitions, includes, imported components) becomes
plain text or goes, so that no markup is quoted to a customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from knowledge.passages import DocumentText
from knowledge.readers.front_matter import split_front_matter
from knowledge.readers.html_in_markdown import keep_pages_whole, tamed, was_wrapped_at
from knowledge.readers.site_markup import plain_lines
from knowledge.readers.text_building import TextBuilder, clean_text, title_from_name
from knowledge.readers.web_pages import TooDeepError, parse_page, write_page

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


# The parser needs quadratic time for a paragraph of nothing but unfinished markup; nobody writes paragraphs this long.
# A sign of markup counts as much as ten letters.
_LONGEST_PARAGRAPH = 4000
_LARGE = 300_000  # characters
_MARKUP = {ord(sign): None for sign in "[]*_`<>|!#&-~\\{}%^@$+="}


def read_markdown(name: str, text: str, *, encoding: str) -> DocumentText:
    """The text as a reader of the rendered page sees it. Title: front matter, else first H1, else the file's name."""
    return _read(text, title="", fallback=title_from_name(name), encoding=encoding)


def read_markdown_text(title: str, text: str) -> DocumentText:
    """Text that comes with its own title, as in a line of JSON. Headings inside `text` are found."""
    return _read(text, title=title.strip(), fallback="Untitled", encoding="utf-8")


def _read(text: str, *, title: str, fallback: str, encoding: str) -> DocumentText:
    front_title, body = split_front_matter(clean_text(text))
    builder = TextBuilder()
    try:
        page = None if _is_hardly_prose(body) else parse_page(_render(body))
    except TooDeepError:
        page = None
    if page is None:
        builder.paragraph(body)
    else:
        write_page(page, builder)
    document = builder.finish("", encoding=encoding)
    first_level = next((heading.text for heading in document.headings if heading.level == 1), "")
    return builder.finish(title or front_title or first_level or fallback, encoding=encoding)


def _is_hardly_prose(body: str) -> bool:
    """A large file of nothing but markup, or of lines of a few letters, would keep the parser busy for minutes."""
    if len(body) <= _LARGE:
        return False
    return 6 * (len(body) - len(body.translate(_MARKUP))) > len(body) or 12 * body.count("\n") > len(body)


def _render(body: str) -> str:
    parser = _parser()
    source = "\n".join(_bounded_paragraphs(plain_lines(body)))
    tokens = parser.parse(source)
    keep_pages_whole(tokens)
    for token in tokens:
        if token.children:
            token.children = list(tamed(token.children, was_wrapped_at(token.content)))
    return str(parser.renderer.render(tokens, parser.options, {}))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _bounded_paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Breaks up paragraphs, and lines, that are longer than anybody writes. Table rows are parsed one by one anyway."""
    length = 0
    for line in lines:
        length = length + _weight(line) if line else 0
        if length <= _LONGEST_PARAGRAPH:
            yield line
            continue
        if length > _weight(line) and "|" not in line:
            yield ""
        yield from _bounded_line(line)
        length = 0 if "|" not in line else length


def _weight(line: str) -> int:
    return len(line) + 10 * (len(line) - len(line.translate(_MARKUP)))


def _bounded_line(line: str) -> Iterator[str]:
    longest = max(200, _LONGEST_PARAGRAPH * len(line) // max(_weight(line), 1))
    while len(line) > longest:
        cut = line.rfind(" ", longest // 2, longest)
        cut = cut if cut > 0 else longest
        yield line[:cut]
        yield ""
        line = line[cut:].lstrip()
    yield line
