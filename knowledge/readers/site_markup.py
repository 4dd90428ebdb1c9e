"""What generators of documentation sites add to Markdown → plain Markdown. Knows nothing of how Markdown is parsed.

Admonitions keep their text; imports, includes, scripts and the expressions of components go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_FENCE = re.compile(r" {0,12}(?:[-*+>] +|\d{1,3}[.)] +)?(`{3,}|~{3,})")
_ADMONITION = re.compile(r"^\s{0,12}:{3,}\s{0,9}(?:\{?(\w+)\}?)?\s{0,9}(.*)$")
_IMPORT = re.compile(
    r"import\s[\w{},*\s]{1,200}\sfrom\s{1,9}['\"][^'\"]{1,200}['\"];?\s{0,9}$|import\s{1,9}['\"][^'\"]{1,200}['\"];?$"
)
_ALERT = re.compile(r"^(\s{0,9}(?:>\s?)+)\[!\w{2,12}\][-+]?\s{0,9}")
_TEMPLATE_TAGS = (("{:", "}"), ("{%", "%}"), ("{{<", ">}}"), ("{{%", "%}}"))
_SCRIPT = re.compile(r"\s{0,3}<(script|style|head)\b", re.IGNORECASE)
_LONGEST_TAG = 1000


def plain_lines(body: str) -> Iterator[str]:
    """The lines of `body` without what only a site generator understands; code blocks stay as they are."""
    for is_code, lines in _stretches(_without_scripts(body.split("\n"))):
        if is_code:
            yield from lines
        else:
            for line in _without_template_tags("\n".join(lines)).split("\n"):
                yield from _plain_line(line)


def _stretches(lines: Iterable[str]) -> Iterator[tuple[bool, list[str]]]:
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
    if line.startswith("#") and line.endswith("}") and "{" in line:
        return (line[: line.rindex("{")].rstrip(),)
    line = _ALERT.sub(r"\1", line)
    return (_without_expressions(line) if "={" in line else line,)


def _without_template_tags(body: str) -> str:
    """Drops `{% include … %}`, `{{< shortcode >}}` and `{: .class}` outside code, each at most a few lines long."""
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
    """Whether an odd number of backticks stands before `position` in its line."""
    line_start = max(body.rfind("\n", 0, position) + 1, position - _LONGEST_TAG)
    return body.count("`", line_start, position) % 2 == 1


def _without_expressions(line: str) -> str:
    """`<img src={useBaseUrl('a.png')}>` is no HTML; without the expression it is."""
    pieces, position = [], 0
    ticks = counted = 0  # backticks up to a place in the line, counted once
    while (start := line.find("={", position)) >= 0:
        ticks, counted = ticks + line.count("`", counted, start), start
        closing = "}}" if line.startswith("={{", start) else "}"
        end = line.find(closing, start, start + _LONGEST_TAG)
        if end < 0 or not line[start - 1 : start].isalnum() or ticks % 2 == 1:
            pieces.append(line[position : start + 2])
            position = start + 2
        else:
            pieces.append(line[position:start] + '=""')
            position = end + len(closing)
    return "".join([*pieces, line[position:]])


def _without_scripts(lines: list[str]) -> Iterator[str]:
    """Drops scripts and style sheets that begin a line, up to the line that closes them, where one does."""
    last_closing = {name: -1 for name in ("script", "style", "head")}
    for number, line in enumerate(lines):
        if "</" in line:
            lowered = line.lower()
            last_closing.update({name: number for name in last_closing if f"</{name}>" in lowered})
    closing = ""
    for number, line in enumerate(lines):
        if not closing and (opening := _SCRIPT.match(line)) and last_closing[opening.group(1).lower()] >= number:
            closing = f"</{opening.group(1).lower()}>"
        if not closing:
            yield line
        elif closing in (lowered := line.lower()):
            yield line[lowered.index(closing) + len(closing) :]
            closing = ""
