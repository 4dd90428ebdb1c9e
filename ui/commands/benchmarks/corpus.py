"""Invented help pages to measure with: the same on every machine. Knows nothing of what is measured."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

_THINGS = ("invoice", "router", "subscription", "parcel", "password", "refund", "voucher", "battery", "lens", "ticket")
_PLACES = ("in the app", "at the counter", "on the account page", "by post", "in the partner shop", "over the phone")
_DEEDS = ("change", "cancel", "return", "print", "renew", "track", "replace", "pay", "report", "transfer")
_ENDS = (
    "This takes up to {n} working days.",
    "A fee of {n} euros applies after the first month.",
    "You need the number on the label, which has {n} digits.",
    "Keep the confirmation for {n} weeks.",
)
_CHINESE = (
    "您可以在账号页面办理{thing}的相关手续，通常需要{n}个工作日。",
    "如果{thing}有问题，请在{n}天内联系客服，并准备好订单号。",
    "办理{thing}时会收取{n}元手续费，首月免费。",
)
_CHINESE_THINGS = ("发票", "路由器", "套餐", "包裹", "密码", "退款", "优惠券", "电池", "镜头", "车票")


def help_pages(count: int, *, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Names and Markdown of `count` pages, every fourth in Chinese: three sections of 40 to 140 words each."""
    chance = random.Random(seed)
    for number in range(count):
        write = _chinese_section if number % 4 == 3 else _english_section
        sections = "\n\n".join(write(chance, number, part) for part in range(3))
        yield f"page-{number:05}.md", f"# Help page {number}\n\n{sections}\n"


def short_pages(count: int) -> bytes:
    """A list, as JSON lines, of `count` documents of two sentences each."""
    chance = random.Random(count)
    rows = (
        {
            "id": f"note-{number}",
            "title": f"Note {number}",
            "text": f"You can {chance.choice(_DEEDS)} your {chance.choice(_THINGS)} {chance.choice(_PLACES)}, "
            f"case {number}. {chance.choice(_ENDS).format(n=chance.randrange(2, 60))}",
        }
        for number in range(count)
    )
    return "\n".join(json.dumps(row) for row in rows).encode()


def write_pages(folder: Path, count: int, *, seed: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in help_pages(count, seed=seed):
        (folder / name).write_text(text, encoding="utf-8")


def _english_section(chance: random.Random, number: int, part: int) -> str:
    thing, deed = chance.choice(_THINGS), chance.choice(_DEEDS)
    sentences = [
        f"You can {chance.choice(_DEEDS)} your {chance.choice(_THINGS)} {chance.choice(_PLACES)}. "
        + chance.choice(_ENDS).format(n=chance.randrange(2, 60))
        for _ in range(chance.randrange(3, 9))
    ]
    return f"## How to {deed} a {thing}, case {number}.{part}\n\n{' '.join(sentences)}"


def _chinese_section(chance: random.Random, number: int, part: int) -> str:
    sentences = [
        chance.choice(_CHINESE).format(thing=chance.choice(_CHINESE_THINGS), n=chance.randrange(2, 60))
        for _ in range(chance.randrange(3, 9))
    ]
    return f"## 如何办理{chance.choice(_CHINESE_THINGS)}，情形{number}.{part}\n\n{''.join(sentences)}"
