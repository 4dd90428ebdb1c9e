"""EML → DocumentText: subject as title, sender and date, text, attachments. Knows nothing of other formats.

Attachments go through the same readers as files. What they are not read for is said in the text, for whoever looks a
mail up should know that there was more.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText
from knowledge.readers.encodings import UndecodableError, decode_text
from knowledge.readers.limits import ReadingLimits
from knowledge.readers.plain_text import read_plain_text
from knowledge.readers.text_building import TextBuilder, clean_text, one_line, title_from_name
from knowledge.readers.web_pages import declared_encoding, read_page

_MOST_PARTS = 1000
_LONGEST_HEADER = 4000
_DEEPEST = 3  # mails attached to mails
_HEADERS = ("subject", "from", "date", "to", "received", "message-id", "mime-version", "content-type")
_BROKEN = (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError, AssertionError)
_SHOWN = {"from": ("From", "发件人"), "date": ("Date", "日期"), "skipped": ("Not read", "未读取的附件")}
ReadAttachment = Callable[..., DocumentText]


@dataclass(slots=True)
class _Mail:
    """A mail taken apart. `encoding` is that of the text that is shown."""

    subject: str
    sender: str
    date: str
    texts: list[DocumentText] = field(default_factory=list)
    attached: list[tuple[str, bytes]] = field(default_factory=list)  # name, content
    mails: list[Message] = field(default_factory=list)


def read_email(
    name: str,
    content: bytes,
    limits: ReadingLimits,
    read_attachment: ReadAttachment,
    *,
    encoding: str | None = None,
) -> DocumentText:
    """The plain text of a mail, or else its page, then each attachment under its name. Raises DocumentRefused."""
    try:
        message = email.message_from_bytes(content, policy=email.policy.compat32)
        if not any(message.get(header) for header in _HEADERS):
            raise DocumentRefused(
                name, "it is not an e-mail: it has no sender, date or subject; save it from the mail program"
            )
        writer = _MailWriter(limits, read_attachment, encoding)
        return writer.write(name, message)
    except _BROKEN as error:
        raise DocumentRefused(
            name, "the e-mail is damaged; save it anew from the mail program as .eml or .txt"
        ) from error


class _MailWriter:
    def __init__(self, limits: ReadingLimits, read_attachment: ReadAttachment, encoding: str | None) -> None:
        self._limits = limits
        self._read_attachment = read_attachment
        self._encoding = encoding
        self._builder = TextBuilder()
        self._parts = 0
        self._skipped: list[str] = []

    def write(self, name: str, message: Message) -> DocumentText:
        mail = self._write_mail(name, message, depth=0)
        if self._skipped:
            self._line("skipped", ", ".join(self._skipped[:50]))
        encoding = mail.texts[0].encoding if mail.texts else "utf-8"
        return self._builder.finish(mail.subject or title_from_name(name), encoding=encoding)

    def _write_mail(self, name: str, message: Message, *, depth: int) -> _Mail:
        mail = self._taken_apart(name, message)
        if mail.subject:
            self._builder.heading(min(1 + depth, 6), mail.subject)
        self._line("from", mail.sender)
        self._line("date", mail.date, separator="\n")
        for text in mail.texts:
            self._builder.document(text, deeper=1 + depth)
        for attached_name, content in mail.attached:
            self._write_attachment(attached_name, content, depth)
        for inner in mail.mails:
            if depth < _DEEPEST:
                self._write_mail(name, inner, depth=depth + 1)
            else:
                self._skipped.append(_header(inner, "subject") or "e-mail")
        return mail

    def _taken_apart(self, name: str, message: Message) -> _Mail:
        mail = _Mail(_header(message, "subject"), _header(message, "from"), _date(message))
        plain: list[DocumentText] = []
        pages: list[DocumentText] = []
        for part in self._leaves(name, message):
            kind, file_name = part.get_content_type(), _file_name(part)
            if kind == "message/rfc822":
                mail.mails.extend(inner for inner in _payload_list(part) if isinstance(inner, Message))
            elif file_name or part.get_content_disposition() == "attachment" or kind not in ("text/plain", "text/html"):
                _attach(mail, part, file_name, kind)
            elif kind == "text/plain":
                plain.append(self._text(name, part))
            else:
                pages.append(self._text(name, part, is_page=True))
        mail.texts = [text for text in plain if text.text.strip()] or pages
        return mail

    def _leaves(self, name: str, message: Message) -> Iterator[Message]:
        """The parts that hold something, in order; mails inside are not looked into."""
        stack = [message]
        while stack:
            part = stack.pop()
            _shorten_headers(part)
            self._parts += 1
            if self._parts > _MOST_PARTS:
                raise DocumentRefused(
                    name, f"the e-mail has more than {_MOST_PARTS:,} parts; save what matters as .txt"
                )
            if part.get_content_maintype() == "multipart":
                stack.extend(reversed([inner for inner in _payload_list(part) if isinstance(inner, Message)]))
            else:
                yield part

    def _text(self, name: str, part: Message, *, is_page: bool = False) -> DocumentText:
        content = _bytes_of(part)
        declared = part.get_content_charset() or (declared_encoding(content) if is_page else None)
        if not content.strip():
            return DocumentText("", "")
        try:
            text, encoding = decode_text(content, declared, chosen=self._encoding)
        except UndecodableError:
            self._skipped.append(f"{part.get_content_type()} ({declared or '?'})")
            return DocumentText("", "")
        if len(text) > self._limits.max_text_characters:
            raise DocumentRefused(
                name, f"its text is longer than {self._limits.max_text_characters:,} characters; split it"
            )
        return read_page(name, text, encoding=encoding) if is_page else read_plain_text(name, text, encoding=encoding)

    def _write_attachment(self, name: str, content: bytes, depth: int) -> None:
        try:
            read = self._read_attachment(name, content, limits=self._limits)
        except DocumentRefused:
            self._skipped.append(name)
            return
        if self._builder.length + len(read.text) > self._limits.max_text_characters:
            self._skipped.append(name)
            return
        self._builder.heading(2 + depth, name)
        self._builder.document(read, deeper=2 + depth)

    def _line(self, what: str, value: str, *, separator: str = "\n\n") -> None:
        if value:
            english, chinese = _SHOWN[what]
            is_chinese = any("\u4e00" <= character <= "\u9fff" for character in value)
            self._builder.paragraph(f"{chinese}：{value}" if is_chinese else f"{english}: {value}", separator=separator)


def _attach(mail: _Mail, part: Message, file_name: str, kind: str) -> None:
    """Pictures that belong to the page of the mail are no attachments."""
    is_picture_of_page = part.get_content_maintype() == "image" and part.get_content_disposition() != "attachment"
    if not is_picture_of_page and kind not in _MACHINE_TYPES:
        mail.attached.append((file_name or _unnamed(kind), _bytes_of(part)))


_MACHINE_TYPES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
                            "message/delivery-status", "message/disposition-notification", "text/calendar", "text/css",
                            "text/rfc822-headers", "application/ms-tnef"})  # fmt: skip
_EXTENSIONS = {"text/csv": ".csv", "application/pdf": ".pdf", "text/markdown": ".md"}


def _unnamed(kind: str) -> str:
    return f"attachment{_EXTENSIONS.get(kind, '')}"


def _shorten_headers(part: Message) -> None:
    """Nobody writes headers this long, and taking them apart takes quadratic time."""
    for name in ("content-type", "content-disposition", "content-transfer-encoding"):
        value = part.get(name)
        if value is not None and len(str(value)) > _LONGEST_HEADER:
            part.replace_header(name, str(value)[:_LONGEST_HEADER])


def _payload_list(part: Message) -> list[object]:
    payload = part.get_payload()
    return list(payload) if isinstance(payload, list) else []


def _bytes_of(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _header(message: Message, name: str) -> str:
    value = message.get(name)
    return "" if value is None else _words(str(value) if isinstance(value, str) else _raw(value))


def _raw(value: object) -> str:
    """A header with bytes outside ASCII comes as an object that would show them as question marks."""
    chunks = getattr(value, "_chunks", None)
    if not chunks:
        return str(value)
    return "".join(str(chunk[0]) for chunk in chunks)


def _words(value: str) -> str:
    """A header with its encoded words decoded; what stands in it without saying its encoding is judged by its bytes."""
    value = value[:_LONGEST_HEADER]
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        pieces = [(value, None)]
    shown = "".join(_word(piece, charset) for piece, charset in pieces)
    return one_line(clean_text(shown))[:500]


def _word(piece: str | bytes, charset: str | None) -> str:
    raw = piece.encode("ascii", "surrogateescape") if isinstance(piece, str) and _has_bytes(piece) else piece
    if isinstance(raw, str):
        return raw
    try:
        return decode_text(raw, None if charset in (None, "unknown-8bit") else charset)[0]
    except UndecodableError:
        return raw.decode("utf-8", errors="replace")


def _has_bytes(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text) and all(
        character < "\x80" or "\udc80" <= character <= "\udcff" for character in text
    )


def _file_name(part: Message) -> str:
    name = part.get_filename()
    return "" if name is None else _words(_raw(name)).replace("\\", "/").rpartition("/")[2][:200]


def _date(message: Message) -> str:
    value = _header(message, "date")
    try:
        return parsedate_to_datetime(value).strftime("%Y-%m-%d %H:%M") if value else ""
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
