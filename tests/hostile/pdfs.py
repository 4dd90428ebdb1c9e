"""PDF files: too long, in circles, packed bombs, passwords, pictures only."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO

from tests.hostile.case import Case
from tests.hostile.valid_files import pdf_file

_TEXT = b"BT /F1 12 Tf 72 700 Td (Returns are free within 30 days.) Tj ET"


def cases() -> Iterator[Case]:
    yield from _long()
    yield from _circles()
    yield from _bombs()
    yield from _locked()
    yield from _odd()


def pdf_of(objects: Mapping[int, bytes], *, root: int = 1, trailer: bytes = b"") -> bytes:
    """A file of these objects with a right table of their places."""
    content = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(content)
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, size = len(content), max(objects) + 1
    content += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        content += b"%010d 00000 %b \n" % (places.get(number, 0), b"n" if number in places else b"f")
    content += b"trailer\n<< /Size %d /Root %d 0 R %b >>\nstartxref\n%d\n%%%%EOF" % (size, root, trailer, start)
    return bytes(content)


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(data), extra, data)


def simple(
    contents: bytes, *, page: bytes = b"", more: Mapping[int, bytes] | None = None, resources: bytes = b""
) -> bytes:
    """One page with this stream of contents."""
    return pdf_of({
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> %b >> %b >>" % (resources, page),
        4: contents,
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        **(more or {}),
    })  # fmt: skip


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(10, 10 + count))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
    return pdf_of({
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, count),
        4: stream(_TEXT),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        **dict.fromkeys(range(10, 10 + count), page),
    })  # fmt: skip


def _long() -> Iterator[Case]:
    yield Case("2,001 pages", "pages.pdf", many_pages(2001), refused=True)
    yield Case("200 pages", "book.pdf", many_pages(200), refused=False)
    yield Case("a claim of a billion pages", "claim.pdf", pdf_file().replace(b"/Count 3", b"/Count 999999999"))
    yield Case(
        "no pages",
        "none.pdf",
        pdf_of({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [] /Count 0 >>"}),
        refused=True,
    )
    yield Case(
        "a page of 8,000 pieces",
        "pieces.pdf",
        simple(stream(b"BT /F1 9 Tf " + b"1 0 Td (word) Tj " * 8_000 + b"ET")),
    )


def _circles() -> Iterator[Case]:
    yield Case(
        "pages in a circle",
        "circle.pdf",
        pdf_of({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"}),
        refused=True,
    )
    deep = {1: b"<< /Type /Catalog /Pages 2 0 R >>"}
    deep |= {number: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 1) for number in range(2, 5000)}
    yield Case(
        "pages 5,000 deep", "deep.pdf", pdf_of({**deep, 5000: b"<< /Type /Page /Parent 4999 0 R >>"}), refused=True
    )
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>"
    yield Case(
        "a drawing that draws itself",
        "form.pdf",
        simple(stream(_TEXT + b" /X Do"), resources=b"/XObject << /X 6 0 R >>", more={6: stream(b"/X Do", form)}),
    )
    outline = {
        6: b"<< /Type /Outlines /First 7 0 R /Last 7 0 R /Count 1 >>",
        7: b"<< /Title (a) /Next 7 0 R /First 7 0 R /Dest [3 0 R /Fit] >>",
    }
    looped = simple(stream(_TEXT), more=outline).replace(
        b"/Catalog /Pages 2 0 R", b"/Catalog /Outlines 6 0 R /Pages 2 0 R"
    )
    yield Case("an outline in a circle", "outline.pdf", looped)
    own = simple(stream(_TEXT))
    place = own.rindex(b"xref\n0")
    yield Case(
        "a table that names itself as the one before",
        "prev.pdf",
        own.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % place),
    )
    yield Case("a reference to itself", "self.pdf", simple(b"4 0 R"), refused=True)
    yield Case(
        "a length that refers to itself",
        "length.pdf",
        simple(b"<< /Length 4 0 R >>\nstream\n" + _TEXT + b"\nendstream"),
    )


def _bombs() -> Iterator[Case]:
    flate = b"/Filter /FlateDecode"
    yield Case("a stream that unpacks to 200 MB", "flate.pdf", simple(stream(_packed(200), flate)), refused=True)
    twice = zlib.compress(_packed(200), 6)
    yield Case(
        "a stream packed twice",
        "packed-twice.pdf",
        simple(stream(twice, b"/Filter [/FlateDecode /FlateDecode]")),
        refused=True,
    )
    filters = b"/Filter [" + b"/ASCIIHexDecode " * 5000 + b"]"
    yield Case("5,000 filters", "filters.pdf", simple(stream(b"00>", filters)), refused=True)
    predictor = b"/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 2147483647 >>"
    yield Case(
        "rows of two billion columns",
        "predictor.pdf",
        simple(stream(zlib.compress(b"x" * 100), predictor)),
        refused=True,
    )
    yield Case("nested arrays", "arrays.pdf", simple(b"[" * 100_000 + b"]" * 100_000), refused=True)
    yield Case("nested dictionaries", "dictionaries.pdf", simple(b"<< /A " * 50_000 + b">>" * 50_000), refused=True)
    yield Case(
        "a string of a megabyte of brackets", "brackets.pdf", simple(stream(b"BT (" + b"(" * 1_000_000 + b") Tj ET"))
    )
    yield Case("operators without end", "operators.pdf", simple(stream(b"q " * 60_000)), refused=True)
    inline = stream(b"BI /W 1 /H 1 ID " + b"x" * 3_000_000)
    yield Case("an inline picture without end", "inline.pdf", simple(inline), refused=True)
    mapping = b"begincmap 1 beginbfrange <0000> <ffff> <0000> endbfrange " * 2000 + b"endcmap"
    font = {
        6: b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 7 0 R >>",
        7: stream(mapping),
    }
    yield Case(
        "a font with a hundred million characters",
        "font.pdf",
        simple(stream(_TEXT), more=font).replace(b"/F1 5 0 R", b"/F1 6 0 R"),
    )


def _packed(mebibytes: int) -> bytes:
    packer = zlib.compressobj(1)
    block = bytes(1 << 20)
    return b"".join([*(packer.compress(block) for _ in range(mebibytes)), packer.flush()])


def _locked() -> Iterator[Case]:
    from pypdf import PdfReader, PdfWriter

    for method in ("RC4-40", "RC4-128", "AES-128", "AES-256"):
        for password, refused in (("secret", True), ("", False)):
            writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf_file())))
            writer.encrypt(user_password=password, owner_password="owner", algorithm=method)
            buffer = BytesIO()
            writer.write(buffer)
            what = "locked" if password else "open to readers, locked to editors"
            yield Case(f"{what} by {method}", f"{what[:4]}-{method}.pdf", buffer.getvalue(), refused=refused)
    unknown = pdf_file().replace(b"/Root", b"/Encrypt << /Filter /Nonsense /V 99 >> /Root")
    yield Case("locked in an unknown way", "unknown.pdf", unknown, refused=True)


def _odd() -> Iterator[Case]:
    picture = stream(
        bytes(3), b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceRGB /BitsPerComponent 8"
    )
    yield Case(
        "a scan",
        "scan.pdf",
        simple(stream(b"/I Do"), resources=b"/XObject << /I 6 0 R >>", more={6: picture}),
        refused=True,
    )
    yield Case("a page without contents", "blank.pdf", simple(stream(b"")), refused=True)
    yield Case("only a heading", "head.pdf", b"%PDF-1.7\n", refused=True)
    yield Case("no table of places", "table.pdf", pdf_file()[: pdf_file().rindex(b"xref")])
    yield Case("a place beyond the end", "place.pdf", pdf_file().replace(b"startxref\n", b"startxref\n99999999"))
    yield Case("a negative place", "negative.pdf", pdf_file().replace(b"startxref\n", b"startxref\n-"))
    yield Case("no root", "root.pdf", pdf_file().replace(b"/Root", b"/Rood"))
    yield Case("a font size that is no number", "size.pdf", simple(stream(b"BT /F1 nan Tf (x) Tj ET")))
    yield Case(
        "a number of 100,000 digits", "digits.pdf", simple(stream(b"BT /F1 " + b"9" * 100_000 + b" Tf (x) Tj ET"))
    )
    yield Case("half a hexadecimal string", "hex.pdf", simple(stream(b"BT /F1 9 Tf <4> Tj ET")))
    yield Case("a megabyte before the heading", "late.pdf", b"\n" * 1_000_000 + pdf_file())
