"""The block of settings on top of a Markdown file, of which only the title matters. Knows nothing of Markdown."""

from __future__ import annotations

import re

_MOST_LINES = 400
_SETTING = re.compile(r"[\w.-]{1,60}\s{0,4}[:=](?:\s|$)")
_FENCES = {"---": ("---", "..."), "+++": ("+++",)}


def split_front_matter(text: str) -> tuple[str, str]:
    """The title it gives ("" if none) and the text after it. A text without front matter comes back whole."""
    lines = text.lstrip("\n").split("\n", _MOST_LINES)
    ends = _FENCES.get(lines[0])
    if ends is None:
        return "", text
    for number, line in enumerate(lines[1:_MOST_LINES], start=1):
        if line in ends:
            block = lines[1:number]
            return (_title(block), "\n".join(lines[number + 1 :])) if _are_settings(block) else ("", text)
    return "", text


def _are_settings(block: list[str]) -> bool:
    first = next((line for line in block if line.strip() and not line.startswith("#")), "")
    return not first or _SETTING.match(first) is not None


def _title(block: list[str]) -> str:
    for number, line in enumerate(block):
        name, separator, value = line.partition("=" if "=" in line and ":" not in line.split("=")[0] else ":")
        if separator and name.strip().lower() == "title":
            value = value.strip()
            return _folded(block[number + 1 :]) if value in ("", "|", ">", "|-", ">-", "|+", ">+") else _unquoted(value)
    return ""


def _folded(following: list[str]) -> str:
    """The indented lines after `title: >-`."""
    lines: list[str] = []
    for line in following:
        if line.strip() and not line.startswith((" ", "\t")):
            break
        lines.append(line.strip())
    return " ".join(line for line in lines if line)


def _unquoted(value: str) -> str:
    quote = value[0]
    if quote in "\"'" and len(value) > 1 and (end := value.rfind(quote)) > 0:
        inner = value[1:end]
        return inner.replace("''", "'") if quote == "'" else re.sub(r"\\(.)", r"\1", inner)
    return value.split(" #", 1)[0].strip()
