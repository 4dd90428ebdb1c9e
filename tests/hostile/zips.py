"""Archives: bombs, loops, names that lead elsewhere, lies in the directory."""

from __future__ import annotations

import random
import stat
import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO

from tests.hostile.case import Case
from tests.hostile.valid_files import TEXT, zipped

_MEBIBYTE = 1 << 20


def cases() -> Iterator[Case]:
    yield from _bombs()
    yield from _nested()
    yield from names()
    yield from _lies()


def _bombs() -> Iterator[Case]:
    zeros = bytes(30 * _MEBIBYTE)
    yield Case("a bomb of zeros", "bomb.zip", zipped({"a.txt": zeros}), refused=True)
    yield Case("a bomb of spaces in Markdown", "spaces.zip", zipped({"a.md": b" " * len(zeros)}), refused=True)
    yield Case("a bomb in a bomb", "nested-bomb.zip", zipped({"in.zip": zipped({"a.txt": zeros})}), refused=True)
    yield Case(
        "many bombs below the bound of one", "many.zip", zipped({f"{n}.txt": bytes(_MEBIBYTE) for n in range(210)})
    )
    yield Case("a bomb that is not packed tight", "loose.zip", zipped({"a.txt": _loosely_packed(60)}), refused=True)
    yield Case("files that overlap", "overlap.zip", _overlapping(2000))
    yield Case(
        "20,000 empty files", "entries.zip", zipped({f"{n}.md": b"" for n in range(20_000)}, method=0), refused=True
    )
    yield Case(
        "packed by an unusual method", "lzma.zip", zipped({"a.txt": zeros}, method=zipfile.ZIP_LZMA), refused=True
    )
    yield Case("packed by bzip2", "bzip2.zip", zipped({"a.txt": zeros}, method=zipfile.ZIP_BZIP2), refused=True)


def _loosely_packed(mebibytes: int) -> bytes:
    """About 1 to 100."""
    block = random.Random(5).randbytes(10_000) + bytes(_MEBIBYTE - 10_000)
    return block * mebibytes


def _overlapping(copies: int) -> bytes:
    """Many entries of the directory that point at the same packed bytes."""
    content = zipped({"a.txt": b"x" * 100_000})
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entry = content[start:end]
    entries = [entry.replace(b"a.txt", f"{n:05d}"[-5:].encode()) for n in range(copies)]
    directory = b"".join(entries)
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), start, 0)
    return content[:start] + directory + tail


def _nested() -> Iterator[Case]:
    content = TEXT.encode()
    deep = zipped({"a.txt": content})
    for _ in range(30):
        deep = zipped({"in.zip": deep, "b.txt": content})
    yield Case("archives 30 deep", "deep.zip", deep)
    wide = zipped({f"{n}.zip": zipped({"a.txt": content}) for n in range(200)})
    yield Case("200 archives in one", "wide.zip", wide)
    yield Case(
        "an archive that holds itself by name", "self.zip", zipped({"self.zip": zipped({"self.zip": b"PK\x03\x04"})})
    )
    yield Case(
        "an archive of broken archives",
        "broken.zip",
        zipped({f"{n}.zip": b"PK\x03\x04" + bytes(n) for n in range(50)}),
        refused=True,
    )


def names() -> Iterator[Case]:
    """Members whose names lead elsewhere, or are none."""
    hostile = (
        "../evil.md", "../../../../etc/cron.d/evil.md", "/etc/evil.md", "C:/evil.md", "C:\\evil.md", "..\\evil.md",
        "\\\\server\\share\\evil.md", "a/../../evil.md", "a" * 60_000 + ".md", "evil.md\x00.png", "con.md", "a/b/" * 5000 + "x.md",
        "\u202egnp.md", "evil\n.md", ".md", "%2e%2e%2fevil.md",
    )  # fmt: skip
    for number, name in enumerate(hostile):
        yield Case(f"a member named {name[:30]!r}", f"name{number}.zip", zipped({name: TEXT.encode()}))
    yield Case("a link to a file", "link.zip", _link("/etc/passwd"), refused=True)
    yield Case("the same name 200 times", "same.zip", _same_name(200))


def _link(target: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo("link.md")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, target)
    return buffer.getvalue()


def _same_name(copies: int) -> bytes:
    content = zipped({f"{n:04d}.md": TEXT.encode() for n in range(copies)}, method=0)
    for n in range(1, copies):
        content = content.replace(f"{n:04d}.md".encode(), b"0000.md")
    return content


_HARMLESS = ("a packed size of 4 GB", "a comment longer than the file")  # the content can be had all the same


def _lies() -> Iterator[Case]:
    sound = zipped({"a.txt": TEXT.encode() * 50})
    directory = sound.index(b"PK\x01\x02")
    for what, offset, value in (
        ("encrypted", 8, struct.pack("<H", 1)),
        ("a wrong checksum", 16, bytes(4)),
        ("a packed size of 4 GB", 20, b"\xff\xff\xff\xfe"),
        ("a size of 4 GB", 24, b"\xff\xff\xff\xfe"),
        ("a size of one byte", 24, struct.pack("<I", 1)),
        ("a place beyond the end", 42, b"\xff\xff\xff\x7f"),
        ("an unknown method", 10, struct.pack("<H", 99)),
        ("a comment longer than the file", 32, b"\xff\xff"),
    ):
        lie = sound[: directory + offset] + value + sound[directory + offset + len(value) :]
        yield Case(
            f"a directory that states {what}", f"{what.replace(' ', '-')}.zip", lie, refused=what not in _HARMLESS
        )
    local = sound[:6] + struct.pack("<H", 1) + sound[8:]
    yield Case("encrypted only in front of the file", "local-encrypted.zip", local)
    end = sound.index(b"PK\x05\x06")
    yield Case(
        "a directory that counts 65,535", "count.zip", sound[: end + 8] + b"\xff\xff\xff\xff" + sound[end + 12 :]
    )
    yield Case("nothing but the end of an archive", "end.zip", sound[end:])
    yield Case("no members", "none.zip", zipped({}))
