"""E-mails: parts without end, mails in mails, headers that are slow or lie."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from tests.hostile.case import Case
from tests.hostile.valid_files import email_file, zipped

_HEAD = b"From: desk@example.com\r\nSubject: Returns\r\nMIME-Version: 1.0\r\n"


def cases() -> Iterator[Case]:
    yield Case(
        "10,000 parts", "parts.eml", _multipart([b"Content-Type: text/plain\r\n\r\nwords"] * 10_000), refused=True
    )
    yield Case("900 parts", "many.eml", _multipart([b"Content-Type: text/plain\r\n\r\nwords"] * 900), refused=False)
    for depth in (10, 200, 3000):
        yield Case(
            f"mails {depth} deep",
            f"mails{depth}.eml",
            (_HEAD + b"Content-Type: message/rfc822\r\n\r\n") * depth + _HEAD + b"\r\nwords",
        )
    yield Case("parts 1,000 deep", "nested.eml", _nested(1000))
    yield Case("a header of 5 MB", "header.eml", _HEAD + b"X-A: " + b"a" * 5_000_000 + b"\r\n\r\nwords")
    yield Case("a subject of encoded words", "words.eml", b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n\r\nwords")
    yield Case("half an encoded word", "half.eml", b"Subject: =?utf-8?b?4pyT\r\n\r\nwords", refused=False)
    yield Case(
        "encoded in nothing known",
        "charset.eml",
        b"Subject: =?x-klingon?b?4pyT?=\r\nContent-Type: text/plain; charset=x-klingon\r\n\r\nwords",
        refused=False,
    )
    yield Case(
        "25,000 headers", "headers.eml", b"".join(b"X-%d: a\r\n" % n for n in range(25_000)) + _HEAD + b"\r\nwords"
    )
    yield Case(
        "base64 that is none",
        "base64.eml",
        _HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n!!!not=base64" + b"=" * 1000,
    )
    yield Case("a boundary that is missing", "boundary.eml", _HEAD + b"Content-Type: multipart/mixed\r\n\r\nwords")
    yield Case(
        "a boundary that is empty",
        "empty.eml",
        _HEAD + b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\nwords',
    )
    yield Case("an address of 1 MB", "address.eml", b"From: " + b'"a" <' * 200_000 + b"\r\nSubject: a\r\n\r\nwords")
    yield Case(
        "a date that is none",
        "date.eml",
        b"Subject: a\r\nDate: Mon, 99 Foo 99999 99:99:99 +9999\r\n\r\nwords",
        refused=False,
    )
    yield Case("no header", "no-header.eml", b"words and more words\r\n" * 10, refused=True)
    yield Case("headers only", "only.eml", _HEAD + b"\r\n")
    bomb = base64.encodebytes(zipped({"a.txt": bytes(30 << 20)}))
    attached = b'Content-Type: application/zip\r\nContent-Disposition: attachment; filename="bomb.zip"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    yield Case("a bomb attached", "bomb.eml", _multipart([b"\r\nwords", attached + bomb]), refused=False)
    name = b'Content-Disposition: attachment; filename="../../etc/evil.md"\r\n\r\nwords'
    yield Case("an attachment with a path", "path.eml", _multipart([b"\r\nwords", name]), refused=False)
    yield Case(
        "a mail attached to itself",
        "self.eml",
        _multipart([b"Content-Type: message/rfc822\r\n\r\n" + email_file()] * 20),
    )
    yield Case("continuation lines without end", "folded.eml", b"Subject: a\r\n" + b" b\r\n" * 100_000 + b"\r\nwords")
    yield Case(
        "parameters without end",
        "parameters.eml",
        _HEAD + b"Content-Type: text/plain" + b"; a*0*=b" * 100_000 + b"\r\n\r\nwords",
    )
    yield Case(
        "quotes without end in a parameter",
        "quotes.eml",
        _HEAD + b'Content-Type: text/plain; charset="' + b'\\"' * 500_000 + b"\r\n\r\nwords",
    )


def _multipart(parts: list[bytes]) -> bytes:
    inner = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + inner + b"--b--\r\n"


def _nested(depth: int) -> bytes:
    opening = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return _HEAD + opening + b"Content-Type: text/plain\r\n\r\nwords\r\n"
