"""widget.js as it is put together: small, with nothing that a strict policy refuses, every word in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ui import widget
from ui.widget.script import widget_script

FOLDER = Path(widget.__file__).parent
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.js")}
WHOLE = widget_script().text.decode()
MOST_BYTES = 50_000  # gzipped


def value(name: str) -> Any:
    line = next(line for line in WHOLE.splitlines() if line.startswith(f"const {name} = "))
    return json.loads(line.removeprefix(f"const {name} = ").removesuffix(";"))


def test_it_is_small() -> None:
    assert len(widget_script().zipped) <= MOST_BYTES


def test_every_script_of_the_folder_is_in_it_once_and_none_is_long() -> None:
    assert [WHOLE.count(text) for text in SCRIPTS.values()] == [1] * len(SCRIPTS)
    assert {name for name, text in SCRIPTS.items() if len(text.splitlines()) > 350} == set()
    assert {
        name for name, text in SCRIPTS.items() if not text.startswith("// ") and not text.startswith("// <")
    } == set()


@pytest.mark.parametrize(
    "forbidden",
    [
        r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|document\.write",
        r"\beval\(|new Function|setTimeout\(\s*[\"'`]",
        r"cssText|createElement\(.style|setAttribute\(.style|\bstyle: [\"'`]",
        r"document\.cookie|indexedDB",
        r"import\(|importScripts|new Worker",
    ],
)
def test_nothing_in_it_makes_markup_or_code_of_texts_or_needs_an_inline_style(forbidden: str) -> None:
    assert {name for name, text in SCRIPTS.items() if re.search(forbidden, text)} == set()


def test_it_speaks_of_no_address_but_its_own() -> None:
    addresses = set(re.findall(r"https?://[\w.]+", WHOLE))
    assert addresses == {"http://www.w3.org"}  # the name of SVG; nothing is fetched from there
    assert not re.search(r"url\(|@import", value("STYLES"))


def test_every_word_is_there_in_both_languages_and_is_used() -> None:
    words = value("WORDS")
    assert set(words["en"]) == set(words["zh"])
    assert all(text.strip() for spoken in words.values() for text in spoken.values())
    used = {name for text in SCRIPTS.values() for name in re.findall(r"\bwords\.(\w+)", text)}
    by_value = {"reading", "searching", "writing", "busy", "gone"}  # of a stage, and of what went wrong
    assert used | by_value == set(words["en"])


def test_every_drawing_that_is_used_is_there() -> None:
    named = r"drawing\(\"([\w-]+)\"\)|symbol: \"([\w-]+)\"|\[\"(?:bad|info|good)\", \"([\w-]+)\""
    used = {name for text in SCRIPTS.values() for found in re.findall(named, text) for name in found if name}
    by_value = {"question", "person", "thumb-up", "thumb-down"}
    assert used | by_value == set(value("DRAWINGS"))


def test_its_colours_are_the_pages_colours_and_touch_nothing_outside() -> None:
    styles = value("STYLES")
    assert ":root" not in styles
    assert ".fd-panel {\n  --fd-ground: #f6f7f5;" in styles
    assert '.fd-panel[data-theme="dark"] {\n  --fd-ground: #111513;' in styles
