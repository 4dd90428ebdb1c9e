"""Text, Markdown, HTML, CSV and JSON lines: depth, length, bytes that are no text, markup that is slow to parse."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

from tests.hostile.case import Case

_MILLION = 1_000_000
_MILLIONS = 5_000_000


def cases() -> Iterator[Case]:
    yield from _bytes()
    yield from _markdown()
    yield from _pages()
    yield from _tables()
    yield from _lists()


def _bytes() -> Iterator[Case]:
    yield Case("NUL bytes in a text", "nul.txt", b"Returns\x00 are free.\x00" * 50)
    yield Case("half a surrogate pair", "surrogate.txt", b"Returns \xed\xa0\x80 are free. " * 20)
    yield Case("half pairs in UTF-16", "surrogates.txt", b"\xff\xfe" + b"\x00\xd8R\x00e\x00t\x00" * 50)
    yield Case("every byte", "every.txt", bytes(range(256)) * 50, refused=True)
    yield Case("one line of 5 MB", "line.txt", b"word " * (_MILLIONS // 5 - 1), refused=False)
    yield Case("one word of 5 MB", "word.txt", b"x" * (_MILLIONS - 1), refused=False)
    yield Case("one character too many", "long.txt", b"x" * (_MILLIONS + 1), refused=True)
    yield Case("60 MB", "large.txt", b"word " * 12_000_000, refused=True)
    yield Case("a million stacked accents", "accents.txt", b"e" + "\u0301".encode() * 1_000_000)
    yield Case("a megabyte of line ends", "ends.txt", b"\r" * _MILLION + b"words", refused=False)
    yield Case("a megabyte of words on lines of their own", "lines.txt", b"a\n" * 500_000, refused=False)
    yield Case(
        "invisible instructions",
        "tags.txt",
        b"Returns" + "".join(chr(0xE0000 + n % 128) for n in range(20_000)).encode() + b" are free.",
        refused=False,
    )
    yield Case("UTF-16 with an odd number of bytes", "odd.txt", "退货政策".encode("utf-16") + b"\x00")
    yield Case("a mark and nothing else", "mark.txt", b"\xff\xfe", refused=True)
    yield Case("overlong UTF-8", "overlong.txt", b"\xc0\xaf\xc0\xae" * 500)
    yield Case("escapes of a terminal", "escapes.txt", b"\x1b[31mReturns\x1b[0m are free.\x07" * 20)


def _markdown() -> Iterator[Case]:
    patterns = {
        "brackets": "[", "links": "[a](", "pictures": "![", "stars": "*a ", "double-stars": "**a", "underscores": "_a ", "ticks": "`",
        "growing-ticks": "` `` ``` ", "quotes": "> ", "html": "<a ", "comments": "<!--", "autolinks": "<http://a", "entities": "&#x1F", "pipes": "|a",
        "references": "[a]: b\n", "rules": "-\n", "dashes": "- ", "numbers": "1) ", "escapes": "\\", "tildes": "~~a", "expressions": "{% a ",
        "shortcodes": "{{< a ", "fences": "```\n", "admonitions": "::: a\n", "imports": "import a from\n", "headings": "# a {", "braces": "={{",
    }  # fmt: skip
    for what, pattern in patterns.items():
        yield Case(f"250 kB of {what}", f"{what}.md", (pattern * (_MILLION // 4 // len(pattern))).encode())
    yield Case("lists 700 deep", "lists.md", "\n".join("  " * n + "- a" for n in range(700)).encode())
    yield Case("quotes 20,000 deep", "deep-quotes.md", (">" * 20_000 + " a\n").encode() * 3)
    yield Case(
        "a table of 20,000 columns", "table.md", f"{'|a' * 20_000}|\n{'|-' * 20_000}|\n{'|b' * 20_000}|\n".encode()
    )
    yield Case("50,000 short paragraphs", "short.md", b"a b\n\n" * 50_000)
    yield Case("mixed markup", "mixed.md", ("*a **b `c [d](e " * 60_000).encode())


def _pages() -> Iterator[Case]:
    def page(body: str) -> bytes:
        return f"<!DOCTYPE html><html><body>{body}</body></html>".encode()

    yield Case("elements 200,000 deep", "deep.html", page("<div>" * 200_000 + "x" + "</div>" * 200_000), refused=True)
    yield Case("elements 1,500 deep", "nested.html", page("<div>" * 1500 + "words" + "</div>" * 1500), refused=False)
    yield Case("unclosed elements", "unclosed.html", page("<b><i><p>" * 25_000 + "words"))
    patterns = {
        "angles": "<", "attributes": "<a b=", "unclosed-links": "<a href='x'>", "entities": "&amp", "numbers": "&#99999999999;", "tables": "<table><tr><td>",
        "cells": "<td>a", "items": "<li>a", "lists": "<ul><li>", "comments": "<!--", "footers": "<footer>a</footer>", "buttons": "<button>a</button>", "rows": "<tr><td>a<td>b",
        "links": "<a href='#'>#</a>", "spans": "<span>a</span>", "headings": "<h2>a</h2>", "hidden": "<p hidden>a</p>", "breaks": "<br>a", "pre": "<pre>a</pre>", "forms": "<form>a",
    }  # fmt: skip
    for what, pattern in patterns.items():
        yield Case(f"150 kB of {what} in HTML", f"{what}.html", page(pattern * (150_000 // len(pattern))))
    spans = "<table>" + "<tr><td rowspan=65534 colspan=1000>words</td></tr>" * 500 + "</table>"
    yield Case("cells over everything", "cell-spans.html", page(spans))
    yield Case(
        "an attribute of a megabyte", "attribute.html", page(f'<p style="{"a:b;" * 250_000}">words</p>'), refused=False
    )
    yield Case(
        "100,000 attributes",
        "attributes.html",
        page("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">words</p>"),
    )
    laughs = '<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><html><body>&b; words</body></html>'
    yield Case("entities in HTML", "laughs.html", laughs.encode())
    xxe = '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body>&x; words</body></html>'
    yield Case("a file as an entity in HTML", "xxe.html", xxe.encode())
    yield Case("a page of scripts", "script.html", page("<script>alert(1)</script>" * 1000), refused=True)
    yield Case("a title without end", "title.html", b"<html><title>" + b"x" * 1_000_000)
    yield Case("a page in UTF-7", "utf7.html", b"<html><meta charset=utf-7><body>+ADw-script+AD4-</body></html>")
    yield Case("NUL bytes in tags", "nul.html", page("<p\x00>words</p\x00>" * 100))


def _tables() -> Iterator[Case]:
    yield Case("200,000 columns", "columns.csv", b",".join([b"a"] * 200_000) + b"\n" + b",".join([b"b"] * 200_000))
    yield Case("a quotation mark without end", "quote.csv", b'a,b\n"' + b"x,y\n" * 250_000)
    yield Case("a megabyte of quotation marks", "quotes.csv", b'"' * _MILLION)
    yield Case("a megabyte of commas", "commas.csv", b"," * _MILLION)
    yield Case("200,000 empty rows", "rows.csv", b"a,b\n" + b",\n" * 200_000)
    yield Case("NUL bytes in cells", "nul.csv", b"a,b\n1\x00,2\n" * 100)
    yield Case("a cell of a megabyte", "cell.csv", b'a,b\n"' + b"x" * _MILLION + b'",2\n')
    yield Case("formulas", "formulas.csv", b"a,b\n=cmd|' /C calc'!A0,@SUM(1)\n", refused=False)
    yield Case("rows of all lengths", "ragged.csv", b"\n".join(b"a," * n for n in range(500)))


def _lists() -> Iterator[Case]:
    good = json.dumps({"id": "a", "text": "words"}).encode()
    yield Case("brackets 1,000,000 deep", "deep.jsonl", b"[" * 1_000_000, refused=True)
    yield Case("objects 100,000 deep", "objects.jsonl", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, refused=True)
    yield Case(
        "a number of a million digits", "digits.jsonl", b'{"id":' + b"9" * 1_000_000 + b',"text":"a"}', refused=True
    )
    yield Case("half pairs in JSON", "surrogates.jsonl", b'{"id":"a\\ud800","text":"words \\udfff words"}')
    yield Case("100,000 bad lines", "bad.jsonl", b"{\n" * 100_000 + good)
    yield Case("500 records", "records.jsonl", b"\n".join(b'{"text":"word %d"}' % n for n in range(500)), refused=False)
    yield Case("not a number", "nan.jsonl", b'{"id":NaN,"text":"a"}\n{"id":Infinity,"text":"a"}', refused=True)
    yield Case("a gzip bomb", "bomb.jsonl.gz", gzip.compress(bytes(210 << 20), 1, mtime=0), refused=True)
    yield Case(
        "many small gzip files in one",
        "members.jsonl.gz",
        gzip.compress(b"\n", mtime=0) * 50_000 + gzip.compress(good, mtime=0),
    )
    yield Case("no text in any", "fields.jsonl", b'{"body":"a"}\n[1]\n"a"\nnull\n1', refused=True)
