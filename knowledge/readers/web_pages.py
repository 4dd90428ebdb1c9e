"""HTML → DocumentText: what a visitor of the page sees, without menus. Knows nothing of other formats.

Hidden text is left out because it is written for machines: text nobody sees would be quoted to customers, and it is
where instructions to the model are smuggled in. Only what an element says of itself counts; style sheets are not
evaluated, for they also hide the folded-in answers of a FAQ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from textwrap import dedent

from lxml import etree

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText
from knowledge.readers.page_tables import records_of_table
from knowledge.readers.text_building import TextBuilder, clean_text, one_line, title_from_name


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_DECLARED_ENCODING = re.compile(
    rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w:.-]{2,40})""", re.IGNORECASE
)
_SKIPPED = _words(
    "script style template noscript head iframe frame object embed svg canvas audio video map nav select datalist "
    "input textarea button dialog meta link area param source track math-renderer"
)
_BLOCKS = _words(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form header hgroup html legend li main menu ol p pre section summary table tbody td tfoot th thead tr "
    "ul option optgroup hr"
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_PAGE_FURNITURE = frozenset({"navigation", "contentinfo", "search", "dialog", "alertdialog", "menu", "menubar"})
_HIDING_STYLE = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|content-visibility:hidden|opacity:0(?:\.0*)?%?(?:[;!]|$)"
    r"|font-size:0(?:\.0*)?(?:px|pt|em|rem|%|ex|ch|vw)?(?:[;!]|$)|color:transparent(?:[;!]|$)"
    r"|(?:text-indent|left|top|right|margin-left|margin-top):-\d{4,}"
)
_ANCHOR_SIGNS = frozenset({"", "#", "¶", "§", "🔗", "link", "permalink"})
_DECORATION_WORDS = 3  # a picture's description of up to so many words is a label, not information


_LONG_TAG = re.compile(r"<[A-Za-z][^<>]{10000,}")
_ATTRIBUTE = re.compile(r"\s[^\s=<>\"']{1,99}")
_MOST_ATTRIBUTES = 5000


class TooDeepError(ValueError):
    """The parser does not go as deep as this page does, or chokes on one of its tags."""


def declared_encoding(content: bytes) -> str | None:
    """What `<meta charset>` says near the top of the page."""
    found = _DECLARED_ENCODING.search(content[:4096])
    name = found.group(1).decode("ascii", errors="ignore") if found else None
    return None if name is None or name.lower().startswith("utf-16") else name


def read_page(name: str, page: str, *, encoding: str) -> DocumentText:
    """The main content of a page; its title is the only first-level heading, or else `<title>`.

    Raises DocumentRefused for a page that only a machine can have made.
    """
    try:
        root = parse_page(page)
    except TooDeepError as error:
        reason = (
            "its tags are nested more than 2,000 deep, or overlong; save the page anew from a browser and upload that"
        )
        raise DocumentRefused(name, reason) from error
    if root is None:
        return DocumentText(title=title_from_name(name), text="", encoding=encoding)
    found = root.find(".//title")
    title = one_line(clean_text(found.text or "")) if found is not None else ""
    builder = _best_content(root)
    document = builder.finish(title, encoding=encoding)
    first_level = [heading.text for heading in document.headings if heading.level == 1]
    if len(first_level) == 1 or (first_level and not title):
        title = first_level[0]
    return builder.finish(title or title_from_name(name), encoding=encoding)


def parse_page(page: str) -> etree._Element | None:
    """The tree of a page however broken; None for an empty one.

    Raises TooDeepError where the parser would give up and leave out the rest (2,048 levels, or 10 MB in one piece), or
    compare thousands of attributes of one tag with each other.
    """
    if any(len(_ATTRIBUTE.findall(tag)) > _MOST_ATTRIBUTES for tag in _LONG_TAG.findall(page)):
        raise TooDeepError
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, no_network=True)
    content = clean_text(page).encode("utf-8")
    root = etree.fromstring(content, parser) if content.strip() else None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise TooDeepError
    return root


def _best_content(root: etree._Element) -> TextBuilder:
    """`<main>`, else the only `<article>`, else the page. An empty one is filled by a script and counts for nothing."""
    mains = [element for element in root.iter("main", "div", "section") if _is_main(element)]
    for candidates in (mains, list(root.iter("article"))):
        if len(candidates) == 1 and not _stands_in_hidden(candidates[0]):
            builder = TextBuilder()
            write_page(candidates[0], builder)
            if builder.length:
                return builder
    builder = TextBuilder()
    write_page(root, builder)
    return builder


def _is_main(element: etree._Element) -> bool:
    return element.tag == "main" or element.get("role") == "main"


def _stands_in_hidden(element: etree._Element) -> bool:
    return _is_left_out(element) or any(_is_left_out(ancestor) for ancestor in element.iterancestors())


def write_page(root: etree._Element, builder: TextBuilder) -> None:
    """Appends everything visible under `root` to `builder`, in reading order. The tree may be of any depth."""
    writer = _PageWriter(builder)
    stack: list[tuple[etree._Element, Iterator[etree._Element]]] = [(root, iter(root))]
    writer.enter(root)
    while stack:
        element, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            writer.leave(element)
        elif _is_left_out(child) or writer.takes_whole(child):
            pass
        else:
            writer.enter(child)
            stack.append((child, iter(child)))
            continue
        finished = element if child is None else child
        if finished is not root:
            writer.write(finished.tail)
    writer.flush()


def _is_left_out(element: etree._Element) -> bool:
    tag = element.tag
    if tag in _SKIPPED:
        return tag != "button" or not _asks_something(element)
    if tag == "footer" and next(element.iterancestors("article", "main", "blockquote", "section"), None) is None:
        return True
    return bool(element.attrib) and _says_it_is_hidden(element)


def _asks_something(button: etree._Element) -> bool:
    """The fold-out button of a FAQ entry carries the question; others carry "Send"."""
    label = one_line(_all_text(button))
    inside_heading = next(button.iterancestors(*_HEADINGS, "summary", "dt"), None) is not None
    return label.endswith(("?", "？")) or inside_heading


def _says_it_is_hidden(element: etree._Element) -> bool:
    attributes = element.attrib
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    if str(attributes.get("aria-hidden", "")).lower() == "true" or attributes.get("role") in _PAGE_FURNITURE:
        return True
    if "breadcrumb" in str(attributes.get("aria-label", "")).lower():
        return True
    style = re.sub(r"/\*.*?\*/|\s", "", str(attributes.get("style", ""))[:2000]).lower()
    return bool(style) and _HIDING_STYLE.search(style) is not None


class _PageWriter:
    """Turns the elements of a page, in document order, into blocks of text."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._inline: list[str] = []
        self._lists: list[int | None] = []  # next number of each open list; None where it has bullets
        self._marker = ""
        self._list_is_new = False
        self._in_heading = False

    def enter(self, element: etree._Element) -> None:
        tag = str(element.tag)
        if tag in _BLOCKS or tag in _HEADINGS:
            self.flush()
        if tag in _HEADINGS:
            self._in_heading = True
        elif tag in ("ul", "ol", "menu"):
            self._list_is_new = not self._lists
            self._lists.append(_first_number(element) if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()
        elif tag == "br":
            self._inline.append("\n")
        elif tag == "img":
            self.write(_description(element))
        self.write(element.text)

    def leave(self, element: etree._Element) -> None:
        tag = str(element.tag)
        if tag in _HEADINGS:
            self._end_heading(_HEADINGS[tag])
        elif tag in _BLOCKS:
            self.flush(separator="\n" if tag == "dd" else "\n\n")
        if tag in ("ul", "ol", "menu") and self._lists:
            self._lists.pop()
            self._marker = ""

    def takes_whole(self, element: etree._Element) -> bool:
        """Writes an element that is not walked through: code keeps its lines, a table becomes records."""
        if element.tag == "pre":
            self.flush()
            self._builder.paragraph(dedent(visible_text(element)))
        elif element.tag == "table" and (lines := records_of_table(element, _text_in_lines)):
            self.flush()
            for position, line in enumerate(lines):
                self._builder.paragraph(line, separator="\n" if position else "\n\n")
        elif element.tag == "a" and _is_anchor_sign(element):
            pass
        else:
            return False
        return True

    def write(self, text: str | None) -> None:
        if text:
            self._inline.append(" " if text.isspace() else _collapse(text))

    def flush(self, *, separator: str = "\n\n") -> None:
        if self._in_heading:
            self._inline.append(" ")  # a block inside a heading is part of it
            return
        lines = [" ".join(line.split()) for line in "".join(self._inline).split("\n")]
        self._inline.clear()
        text = "\n".join(line for line in lines if line)
        if not text:
            return
        indent = "  " * (len(self._lists) - 1)
        in_list = bool(self._lists)
        if in_list:
            text = indent + self._marker + text.replace("\n", "\n" + indent + "  ")
        self._builder.paragraph(text, separator="\n" if in_list and not self._list_is_new else separator)
        self._marker = "" if not in_list else "  "
        self._list_is_new = False

    def _end_heading(self, level: int) -> None:
        text = " ".join("".join(self._inline).split())
        self._inline.clear()
        self._in_heading = False
        self._marker = ""
        self._builder.heading(level, text)

    def _next_marker(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1] - 1}. "


def _text_in_lines(element: etree._Element) -> str:
    """All visible text inside `element`; blocks and breaks begin a new line, line ends in the source do not."""
    return visible_text(element, source_text=lambda text: text.replace("\n", " "))


def visible_text(element: etree._Element, source_text: Callable[[str], str] = str) -> str:
    """All text inside `element` that is not hidden, with its white space; blocks and breaks begin a new line."""
    pieces = [source_text(element.text or "")]
    stack = [iter(element)]
    tails = [""]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
            pieces.append(tails.pop())
            continue
        tail = source_text(child.tail or "")
        if _is_left_out(child):
            pieces.append(tail)
        else:
            edge = "\n" if child.tag == "br" or child.tag in _BLOCKS else ""
            pieces.append(edge + (_description(child) if child.tag == "img" else source_text(child.text or "")))
            stack.append(iter(child))
            tails.append(("" if child.tag == "br" else edge) + tail)
    return "".join(pieces)


def _all_text(element: etree._Element) -> str:
    return "".join(str(piece) for piece in element.itertext())


def _collapse(text: str) -> str:
    """Inner white space as one space, but kept as such at both ends, where the neighbours join."""
    before = " " if text[0].isspace() else ""
    after = " " if text[-1].isspace() else ""
    return before + one_line(text) + after


def _description(image: etree._Element) -> str:
    text = one_line(str(image.get("alt") or ""))
    return f" {text} " if len(text.split()) > _DECORATION_WORDS or (not text.isascii() and len(text) > 8) else " "


def _first_number(element: etree._Element) -> int:
    start = str(element.get("start") or "1")
    return int(start) if start.isdecimal() and len(start) < 6 else 1


def _is_anchor_sign(link: etree._Element) -> bool:
    is_sign = one_line(_all_text(link)).lower() in _ANCHOR_SIGNS
    return is_sign and next(link.iterancestors(*_HEADINGS), None) is not None
