"""Sound files cut short, with flipped bytes, under wrong names; and what only looks like a file of ours."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.hostile.case import Case
from tests.hostile.valid_files import valid_files

_BINARY = (".pdf", ".docx", ".pptx", ".xlsx", ".zip", ".jsonl.gz")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def cases() -> Iterator[Case]:
    yield from _cut_short()
    yield from _flipped()
    yield from _overwritten()
    yield from _misnamed()
    yield from _of_other_programs()


def _cut_short() -> Iterator[Case]:
    for extension, content in valid_files().items():
        shares = range(1, 20, 2) if extension in _BINARY else range(4, 20, 5)
        for share in shares:
            yield Case(
                f"{extension} cut at {5 * share} %", f"cut{share}{extension}", content[: len(content) * share // 20]
            )
        yield Case(f"{extension} without its last byte", f"cut-last{extension}", content[:-1])


def _flipped() -> Iterator[Case]:
    for extension in _BINARY:
        content = valid_files()[extension]
        for seed in range(8):
            chance = random.Random(f"{extension}{seed}")
            damaged = bytearray(content)
            for _ in range(1 + len(content) // 2000 * (seed + 1)):
                damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
            yield Case(f"{extension} with flipped bits", f"flipped{seed}{extension}", bytes(damaged))


def _overwritten() -> Iterator[Case]:
    for extension in _BINARY:
        content = valid_files()[extension]
        middle = len(content) // 2
        yield Case(
            f"{extension} with a hole of zeros",
            f"hole{extension}",
            content[:middle] + bytes(200) + content[middle + 200 :],
        )
        yield Case(f"{extension} with a second one behind it", f"twice{extension}", content + content)
        yield Case(f"{extension} behind rubbish", f"behind{extension}", b"rubbish " * 50 + content)
        yield Case(f"{extension} of zeros", f"zeros{extension}", bytes(len(content)), refused=True)
        noise = random.Random(extension).randbytes(len(content))
        yield Case(f"{extension} of noise", f"noise{extension}", noise, refused=True)


def _misnamed() -> Iterator[Case]:
    """The content decides; what is not read under a wrong name is said."""
    contents = valid_files()
    for own in (".pdf", ".docx", ".pptx", ".xlsx", ".zip", ".html"):
        for wrong in (".txt", ".pdf", ".docx", ".xlsx", ".csv", ".doc", ".jpg", ""):
            if wrong != own:
                refused = own == ".zip"
                yield Case(
                    f"{own} named {wrong or 'nothing'}", f"wrong{own[1:]}{wrong}", contents[own], refused=refused
                )


def _of_other_programs() -> Iterator[Case]:
    streams = ("WordDocument", "Workbook", "PowerPoint Document", "EncryptedPackage", "__substg1.0_001A001E")
    for number, stream in enumerate(streams):
        content = _OLE + stream.encode("utf-16-le") + bytes(900)
        for extension in (".doc", ".docx", ".xls", ".xlsx", ".pptx", ".msg", ".txt"):
            yield Case(f"legacy file with {stream} as {extension}", f"legacy{number}{extension}", content, refused=True)
    starts = {
        "a.exe": b"MZ\x90\x00\x03" + bytes(60), "elf.txt": b"\x7fELF\x02\x01" + bytes(60),
        "p.png": b"\x89PNG\r\n\x1a\n" + bytes(60), "j.pdf": b"\xff\xd8\xff\xe0" + bytes(60),
        "r.rtf": rb"{\rtf1\ansi hello}", "r.doc": rb"{\rtf1\ansi hello}", "s.7z": b"7z\xbc\xaf\x27\x1c" + bytes(60),
        "s.rar": b"Rar!\x1a\x07" + bytes(60), "db.csv": b"SQLite format 3\x00" + bytes(60), "m.mp4": b"\x00\x00\x00\x18ftypmp42" + bytes(60),
        "empty.pdf": b"", "space.txt": b" \n\t " * 100, "c.class": b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(60),
        "drawing.svg": b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg><text>&x;</text></svg>",
    }  # fmt: skip
    for name, content in starts.items():
        yield Case(f"foreign file {name}", name, content, refused=True)
