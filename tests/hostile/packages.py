"""Word, PowerPoint and Excel files: entities, bombs, loops, sizes that are claimed."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case
from tests.hostile.valid_files import docx_file, part_of, pptx_file, with_part, xlsx_file, zipped

_PARTS = {
    ".docx": (docx_file, "word/document.xml"),
    ".pptx": (pptx_file, "ppt/slides/slide1.xml"),
    ".xlsx": (xlsx_file, "xl/worksheets/sheet1.xml"),
}
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_DECLARATIONS = {
    "xxe": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "xxe-http": '<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]>',
    "parameter": '<!DOCTYPE r [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>',
    "laughs": f'<!DOCTYPE r [<!ENTITY x "&l9;"><!ENTITY l0 "ha">{_LAUGHS}]>',
    "quadratic": f'<!DOCTYPE r [<!ENTITY x "{"a" * 50_000}">]>',
    "dtd": '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/r.dtd">',
}
_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def cases() -> Iterator[Case]:
    yield from entities()
    yield from _bombs()
    yield from _missing_parts()
    yield from _word()
    yield from _excel()
    yield from _powerpoint()


def entities() -> Iterator[Case]:
    """Document types in every part that a parser looks at."""
    for extension, (made, part) in _PARTS.items():
        xml = part_of(made(), part).decode()
        head, _, body = xml.partition("?>")
        for what, declaration in _DECLARATIONS.items():
            hostile = f"{head}?>{declaration}{body}".replace("Returns", "&x;")
            content = with_part(made(), part, hostile.encode())
            yield Case(f"{what} in {extension}", f"{what}{extension}", content, refused=True)
            if what == "xxe":
                wide = f'<?xml version="1.0" encoding="UTF-16"?>{declaration}{body}'.encode("utf-16")
                yield Case(
                    f"{what} in UTF-16 in {extension}", f"wide{extension}", with_part(made(), part, wide), refused=True
                )
        relations = part_of(made(), "_rels/.rels")
        start = relations.index(b"?>") + 2 if relations.startswith(b"<?") else 0
        relations = relations[:start] + _DECLARATIONS["xxe"].encode() + relations[start:]
        yield Case(
            f"xxe in the relations of {extension}",
            f"rels{extension}",
            with_part(made(), "_rels/.rels", relations),
            refused=True,
        )


def _bombs() -> Iterator[Case]:
    for extension, (made, part) in _PARTS.items():
        xml = part_of(made(), part)
        head, _, body = xml.partition(b"?>")
        spaces = head + b"?>" + b" " * (40 << 20) + body
        yield Case(f"a bomb in {extension}", f"bomb{extension}", with_part(made(), part, spaces), refused=True)
        deep = b"<?xml version='1.0'?>" + b"<a>" * 50_000 + b"</a>" * 50_000
        yield Case(f"{extension} nested 50,000 deep", f"deep{extension}", with_part(made(), part, deep), refused=True)
        yield Case(
            f"{extension} with a picture of 40 MB",
            f"media{extension}",
            with_part(made(), "media/a.png", bytes(40 << 20)),
            refused=True,
        )


def _missing_parts() -> Iterator[Case]:
    for extension, (made, part) in _PARTS.items():
        yield Case(
            f"{extension} with an empty main part", f"hollow{extension}", with_part(made(), part, b""), refused=True
        )
        yield Case(
            f"{extension} with text as its main part",
            f"text{extension}",
            with_part(made(), part, b"words"),
            refused=True,
        )
        yield Case(f"{extension} with other XML", f"other{extension}", with_part(made(), part, b"<a/>"), refused=True)
        types = with_part(made(), "[Content_Types].xml", b"<Types/>")
        yield Case(f"{extension} without content types", f"types{extension}", types, refused=True)
        yield Case(f"{extension} that is only named so", f"named{extension}", zipped({part: b"<a/>"}), refused=True)


def _word() -> Iterator[Case]:
    xml = part_of(docx_file(), "word/document.xml").decode()
    start, end = xml.index("<w:body>") + len("<w:body>"), xml.index("</w:body>")

    def document(body: str) -> bytes:
        return with_part(docx_file(), "word/document.xml", (xml[:start] + body + xml[end:]).encode())

    table = "<w:tbl><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>"
    nested = "<w:p/>"
    for _ in range(60):
        nested = table.format(nested + "<w:p><w:r><w:t>x</w:t></w:r></w:p>")
    yield Case("tables 60 deep", "tables.docx", document(nested))
    paragraph = "<w:p><w:r><w:t>words</w:t></w:r></w:p>"
    yield Case("30,000 paragraphs", "paragraphs.docx", document(paragraph * 30_000), refused=False)
    runs = "<w:r><w:t>x</w:t></w:r>" * 40_000
    yield Case("40,000 runs in a paragraph", "runs.docx", document(f"<w:p>{runs}</w:p>"), refused=False)
    wide = (
        "<w:tbl>"
        + '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="999999999"/></w:tcPr><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr>'
        * 100
        + "</w:tbl>"
    )
    yield Case("a cell over a billion columns", "span.docx", document(wide))
    rows = "<w:tr>" + "<w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc>" * 60 + "</w:tr>"
    yield Case("a table of 24,000 cells", "cells.docx", document(f"<w:tbl>{rows * 400}</w:tbl>"), refused=False)
    styles = part_of(docx_file(), "word/styles.xml").decode()
    loop = (
        '<w:style w:styleId="A"><w:basedOn w:val="B"/></w:style><w:style w:styleId="B"><w:basedOn w:val="A"/></w:style>'
    )
    yield Case(
        "styles in a circle",
        "styles.docx",
        with_part(docx_file(), "word/styles.xml", styles.replace("</w:styles>", loop + "</w:styles>").encode()),
        refused=False,
    )


def _excel() -> Iterator[Case]:
    def sheet(inner: str) -> bytes:
        return with_part(xlsx_file(), "xl/worksheets/sheet1.xml", f"{_SHEET}{inner}</worksheet>".encode())

    cell = '<row r="{0}"><c r="{1}{0}"><v>7</v></c></row>'
    yield Case(
        "a claim of a million rows",
        "claim.xlsx",
        sheet(f'<dimension ref="A1:XFD1048576"/><sheetData>{cell.format(1, "A")}</sheetData>'),
        refused=False,
    )
    yield Case(
        "one cell far down",
        "last.xlsx",
        sheet(f"<sheetData>{cell.format(200_000, 'A')}</sheetData>"),
        refused=False,
    )
    yield Case("one cell in the last column", "column.xlsx", sheet(f"<sheetData>{cell.format(1, 'XFD')}</sheetData>"))
    yield Case("rows beyond the last", "beyond.xlsx", sheet(f"<sheetData>{cell.format(10**9, 'A')}</sheetData>"))
    yield Case(
        "rows that go backwards",
        "back.xlsx",
        sheet("<sheetData>" + "".join(cell.format(n, "A") for n in (9, 3, 1)) + "</sheetData>"),
    )
    merged = "".join(f'<mergeCell ref="A{n}:XFD{n + 900000}"/>' for n in range(1, 3000))
    yield Case(
        "merged cells over everything",
        "merged.xlsx",
        sheet(f"<sheetData>{cell.format(1, 'A')}{cell.format(2, 'A')}</sheetData><mergeCells>{merged}</mergeCells>"),
    )
    many = "".join(f'<row r="{n}">' + "<c><v>1</v></c>" * 100 + "</row>" for n in range(1, 401))
    yield Case("40,000 cells", "cells.xlsx", sheet(f"<sheetData>{many}</sheetData>"), refused=False)
    yield Case(
        "strings that do not exist",
        "strings.xlsx",
        sheet('<sheetData><row r="1"><c r="A1" t="s"><v>99999999</v></c></row></sheetData>'),
        refused=True,
    )
    yield Case(
        "a number that is none",
        "number.xlsx",
        sheet('<sheetData><row r="1"><c r="A1"><v>abc</v></c></row></sheetData>'),
    )
    yield Case(
        "a date before time",
        "date.xlsx",
        sheet('<sheetData><row r="1"><c r="A1" t="d"><v>-99999999</v></c></row></sheetData>'),
    )
    yield Case(
        "formulas never calculated",
        "formulas.xlsx",
        sheet('<sheetData><row r="1"><c r="A1"><f>1+1</f></c></row></sheetData>'),
        refused=True,
    )
    yield Case(
        "a cell with a name that is none",
        "cell-name.xlsx",
        sheet('<sheetData><row r="1"><c r="99999ZZZZ"><v>1</v></c></row></sheetData>'),
    )


def _powerpoint() -> Iterator[Case]:
    xml = part_of(pptx_file(), "ppt/slides/slide1.xml").decode()
    end = xml.index("</p:spTree>")
    group = '<p:grpSp><p:nvGrpSpPr><p:cNvPr id="9" name="g"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'

    def slide(inner: str) -> bytes:
        return with_part(pptx_file(), "ppt/slides/slide1.xml", (xml[:end] + inner + xml[end:]).encode())

    yield Case("groups 60 deep", "groups.pptx", slide(group * 60 + "</p:grpSp>" * 60))
    yield Case("groups 5,000 deep", "deep-groups.pptx", slide(group * 5000 + "</p:grpSp>" * 5000), refused=True)
    paragraphs = "<a:p><a:r><a:t>words</a:t></a:r></a:p>" * 8_000
    yield Case(
        "8,000 paragraphs on a slide",
        "paragraphs.pptx",
        with_part(
            pptx_file(), "ppt/slides/slide1.xml", xml.replace("</p:txBody>", paragraphs + "</p:txBody>").encode()
        ),
        refused=False,
    )
    relations = part_of(pptx_file(), "ppt/slides/_rels/slide1.xml.rels").replace(b"../", b"../../../../../../etc/")
    yield Case(
        "relations that lead outside",
        "relations.pptx",
        with_part(pptx_file(), "ppt/slides/_rels/slide1.xml.rels", relations),
    )
