"""EML: subject, sender, text and attachments; encoded words, legacy Chinese mails, parts without end."""

from __future__ import annotations

import base64
from email.message import EmailMessage

import pytest

from knowledge.errors import DocumentRefused
from knowledge.readers import read_document
from tests.hostile.valid_files import docx_file, zipped


def mail(subject: str = "Returns", text: str = "Returns are free.") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"] = subject, "Ada <desk@example.com>"
    message["Date"] = "Mon, 05 Jan 2026 10:30:00 +0000"
    message.set_content(text)
    return message


def test_a_mail_has_its_subject_as_title_and_says_who_wrote_when() -> None:
    document = read_document("a.eml", mail().as_bytes())
    assert document.title == "Returns"
    assert document.text == ("Returns\n\nFrom: Ada <desk@example.com>\nDate: 2026-01-05 10:30\n\nReturns are free.")


def test_the_page_is_read_where_there_is_no_plain_text() -> None:
    message = EmailMessage()
    message["Subject"] = "Returns"
    message.set_content("<html><body><h2>How</h2><p>Free.</p><p hidden>secret</p></body></html>", subtype="html")
    document = read_document("a.eml", message.as_bytes())
    assert document.text == "Returns\n\nHow\n\nFree."
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Returns"), (3, "How")]


def test_attachments_become_text_and_those_that_cannot_are_named() -> None:
    message = mail()
    message.add_attachment(docx_file(), maintype="application", subtype="octet-stream", filename="guide.docx")
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="logo.png")
    message.add_attachment(zipped({"a.md": b"x"}), maintype="application", subtype="zip", filename="more.zip")
    document = read_document("a.eml", message.as_bytes())
    assert "guide.docx\n\nReturns\n\nReturns are free within 30 days." in document.text
    assert document.text.endswith("Not read: logo.png, more.zip")
    assert "guide.docx" in [heading.text for heading in document.headings]


def test_a_mail_in_a_mail_is_read() -> None:
    outer = mail("Fwd: Returns", "See below.")
    outer.add_attachment(mail("Original", "The original text."))
    text = read_document("a.eml", outer.as_bytes()).text
    assert text.index("See below.") < text.index("Original") < text.index("The original text.")


@pytest.mark.parametrize("charset", ["gb2312", "gbk", "gb18030", "big5", "utf-8"])
def test_chinese_mails_are_read_in_every_usual_encoding(charset: str) -> None:
    message = EmailMessage()
    message["Subject"] = "退货"
    message.set_content("七天内可以退货。" if charset != "big5" else "七天內可以退貨。", charset=charset)
    document = read_document("a.eml", message.as_bytes())
    assert document.title == "退货"
    assert "七天" in document.text
    assert document.encoding == {"gb2312": "gb18030", "gbk": "gb18030"}.get(charset, charset)


def test_a_gb2312_mail_that_declares_nothing_is_read() -> None:
    content = (
        b"Subject: " + "退货政策说明".encode("gb2312") + b"\r\nFrom: "
        + "客服".encode("gb2312") + b" <a@example.com>\r\n\r\n"
        + "自签收之日起七天内，您可以无理由退货。".encode("gb2312")
    )  # fmt: skip
    document = read_document("a.eml", content)
    assert (document.title, document.encoding) == ("退货政策说明", "gb18030")
    assert "发件人：客服 <a@example.com>" in document.text
    assert "无理由退货" in document.text


def test_a_gb2312_mail_may_hold_characters_that_only_gbk_has() -> None:
    subject = b"=?gb2312?B?" + base64.b64encode("镕基".encode("gbk")) + b"?="
    content = b"Subject: " + subject + b"\r\nContent-Type: text/plain; charset=gb2312\r\n\r\n" + "朱镕基".encode("gbk")
    document = read_document("a.eml", content)
    assert (document.title, document.text) == ("镕基", "镕基\n\n朱镕基")


def test_the_encoding_can_be_chosen_for_a_mail() -> None:
    content = b"Subject: a\r\nContent-Type: text/plain; charset=gb2312\r\n\r\n" + "退貨政策".encode("big5")
    assert "退貨政策" in read_document("a.eml", content, encoding="big5").text


def test_what_is_no_mail_is_said_to_be_none() -> None:
    with pytest.raises(DocumentRefused, match="not an e-mail"):
        read_document("a.eml", b"words and nothing else")


def test_a_mail_of_a_thousand_parts_is_refused() -> None:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    content = b"Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 1001 + b"--b--"
    with pytest.raises(DocumentRefused, match="more than 1,000 parts"):
        read_document("a.eml", content)
