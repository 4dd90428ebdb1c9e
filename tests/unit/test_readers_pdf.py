"""PDF: pages, paragraphs, headings; what has no text is refused."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import ListFlowable, ListItem, PageBreak, Paragraph, SimpleDocTemplate

from knowledge.errors import DocumentRefused
from knowledge.readers import ReadingLimits, read_document
from knowledge.readers.pdf_layout import Line, blocks_of_pages

BODY = (
    "Every plan includes support by e-mail. You can cancel at any time, and the remaining days are paid back to the "
    "card that you used for the purchase within five days."
)
CHINESE = "退货政策：七天无理由退货。请保留发票，并在包装完好的情况下寄回。运费由我们承担，退款将在五个工作日内到账。"


def drawn(draw: Callable[[Canvas], None], **options: Any) -> bytes:
    buffer = BytesIO()
    canvas = Canvas(buffer, **options)
    draw(canvas)
    canvas.save()
    return buffer.getvalue()


def a_guide() -> bytes:
    styles = getSampleStyleSheet()
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    chinese = styles["BodyText"].clone("chinese", fontName="STSong-Light", wordWrap="CJK")
    story: list[Any] = [Paragraph("Plans and prices", styles["Title"])]
    for topic in ("Billing", "Returns", "Delivery"):
        bullets = [ListItem(Paragraph(text, styles["BodyText"])) for text in ("First item", "Second item")]
        story += [
            Paragraph(f"About {topic}", styles["Heading2"]),
            Paragraph(BODY * 3, styles["BodyText"]),
            Paragraph(CHINESE * 3, chinese),
            ListFlowable(bullets, bulletType="bullet"),
            PageBreak(),
        ]
    buffer = BytesIO()

    def footer(canvas: Canvas, template: Any) -> None:
        canvas.drawString(72, 30, f"ACME confidential – Page {template.page} of 3")

    SimpleDocTemplate(buffer, title="Guide to plans").build(story, onFirstPage=footer, onLaterPages=footer)
    return buffer.getvalue()


def test_a_pdf_keeps_paragraphs_headings_lists_and_pages() -> None:
    document = read_document("guide.pdf", a_guide())
    assert document.title == "Guide to plans"
    assert [heading.text for heading in document.headings] == [
        "Plans and prices",
        "About Billing",
        "About Returns",
        "About Delivery",
    ]
    assert BODY * 3 in document.text
    assert CHINESE * 3 in document.text
    assert "- First item\n- Second item" in document.text
    assert "confidential" not in document.text
    assert [document.text[start:].split("\n")[0] for start in document.page_starts[:3]] == [
        "Plans and prices",
        "About Returns",
        "About Delivery",
    ]


def test_the_outline_gives_the_headings_where_there_is_one() -> None:
    def draw(canvas: Canvas) -> None:
        for number, title in enumerate(("Returns", "Delivery")):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level=0)
            canvas.drawString(72, 700, title)
            canvas.drawString(72, 680, f"Sentence number {number} about it.")
            canvas.showPage()

    document = read_document("a.pdf", drawn(draw))
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Returns"), (1, "Delivery")]
    assert len(document.page_starts) == 2


def test_text_of_one_size_has_no_invented_headings() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "Opening hours")
        canvas.drawString(72, 680, "Monday to Friday, nine to five.")

    document = read_document("a.pdf", drawn(draw))
    assert document.headings == ()
    assert document.title == "A"


def test_a_page_of_one_line_is_not_taken_for_a_running_head() -> None:
    def draw(canvas: Canvas) -> None:
        for number in (1, 2, 3):
            canvas.drawString(72, 700, f"Page {number} of the terms applies.")
            canvas.showPage()

    assert read_document("a.pdf", drawn(draw)).text.count("applies") == 3


def test_a_sentence_that_goes_on_over_the_page_is_one() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "The remaining days are")
        canvas.showPage()
        canvas.drawString(72, 700, "paid back within five days.")

    document = read_document("a.pdf", drawn(draw))
    assert document.text == "The remaining days are paid back within five days."
    assert document.text[document.page_starts[1] :].startswith("paid back")


def test_a_scan_is_refused_with_the_way_out() -> None:
    content = drawn(lambda canvas: (canvas.rect(10, 10, 100, 100), canvas.showPage())[0])
    with pytest.raises(DocumentRefused, match="scan without a text layer; run OCR and upload again"):
        read_document("scan.pdf", content)


def test_a_password_is_named_as_the_reason() -> None:
    content = drawn(lambda canvas: canvas.drawString(72, 700, "Secret plan"), encrypt=StandardEncryption("open sesame"))
    with pytest.raises(DocumentRefused, match="password-protected; upload an unlocked copy"):
        read_document("plan.pdf", content)


def test_a_pdf_that_only_forbids_editing_is_read() -> None:
    encryption = StandardEncryption("", ownerPassword="owner")
    content = drawn(lambda canvas: canvas.drawString(72, 700, "Open to readers"), encrypt=encryption)
    assert read_document("plan.pdf", content).text == "Open to readers"


@pytest.mark.parametrize("cut", [20, 400, 1500])
def test_a_damaged_pdf_is_refused(cut: int) -> None:
    with pytest.raises(DocumentRefused):
        read_document("a.pdf", a_guide()[:cut])


def test_too_many_pages_are_refused() -> None:
    with pytest.raises(DocumentRefused, match="more than 2; split it"):
        read_document("guide.pdf", a_guide(), limits=ReadingLimits(max_pages=2))


def test_a_word_cut_at_the_line_end_is_put_together() -> None:
    lines = [Line("This sentence is about infor-", 10, 100), Line("mation that we keep.", 10, 88)]
    assert blocks_of_pages([lines], {})[0][0].text == "This sentence is about information that we keep."


def test_headings_that_differ_in_their_number_are_no_running_heads() -> None:
    pages = [
        [Line(f"Section {number}", 14, 700)]
        + [
            Line(f"{word} line of the text on this page.", 10, height)
            for word, height in (("One", 680), ("Two", 640), ("Six", 600))
        ]
        for number in (1, 2, 3)
    ]
    assert [blocks[0].text for blocks in blocks_of_pages(pages, {})] == ["Section 1", "Section 2", "Section 3"]
