"""Encodings from the upload to the list of documents: found out, shown, and corrected by a person."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from knowledge.errors import EncodingUnknown
from knowledge.ingesting.ingestion import ingest_bytes, ingest_paths
from knowledge.library import KnowledgeLibrary
from tests.fakes.frontdesk import PASSWORD, Desk
from tests.fakes.knowledge import a_library
from tests.fakes.uploads import jobs_of
from ui.cli import app

EDITOR = ("edda", PASSWORD)
SIMPLIFIED = "自签收之日起七天内，您可以无理由退货。"
TRADITIONAL = "自簽收之日起七天內，您可以無理由退貨。"


@pytest.fixture
def library(tmp_path: Path) -> KnowledgeLibrary:
    return a_library(tmp_path / "home")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    desk = Desk(tmp_path)
    with TestClient(desk.app()) as client:
        yield client
    desk.close()


def encodings(library: KnowledgeLibrary) -> dict[str, str]:
    return {Path(document.source).name: document.encoding for document in library.documents()}


def as_packed_by_a_chinese_windows(files: dict[str, bytes]) -> bytes:
    """Names in GBK, without the flag that says so."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, content in enumerate(files.values()):
            archive.writestr("@" * (len(list(files)[number].encode("gbk")) - 2) + f"{number:02d}", content)
    packed = buffer.getvalue()
    for number, name in enumerate(files):
        raw = name.encode("gbk")
        packed = packed.replace(b"@" * (len(raw) - 2) + b"%02d" % number, raw)
    return packed


def test_everything_that_a_chinese_office_writes_is_read_right(library: KnowledgeLibrary) -> None:
    mail = b"Subject: " + "退货说明".encode("gb2312") + b"\r\n\r\n" + SIMPLIFIED.encode("gb2312")
    content = as_packed_by_a_chinese_windows(
        {
            "说明/退货政策.txt": SIMPLIFIED.encode("gb18030"),
            "说明/繁体.md": TRADITIONAL.encode("big5"),
            "说明/记事本.txt": SIMPLIFIED.encode("utf-16"),
            "说明/无标记.txt": SIMPLIFIED.encode("utf-16-be"),
            "价格.csv": "方案,价格\r\n基础版,9\r\n专业版,99\r\n".encode("gbk"),
            "邮件.eml": mail,
        }
    )
    report = ingest_bytes(library, "资料.zip", content)
    assert (report.added, report.refused) == (6, ())
    assert encodings(library) == {
        "退货政策.txt": "gb18030",
        "繁体.md": "big5",
        "记事本.txt": "utf-16",
        "无标记.txt": "utf-16-be",
        "价格.csv": "gb18030",
        "邮件.eml": "gb18030",
    }
    texts = {
        Path(document.source).name: library.document_text(document.document_id) for document in library.documents()
    }
    assert texts["退货政策.txt"] == texts["记事本.txt"] == texts["无标记.txt"] == SIMPLIFIED
    assert texts["繁体.md"] == TRADITIONAL
    assert texts["价格.csv"] == "方案: 基础版; 价格: 9\n方案: 专业版; 价格: 99"
    assert texts["邮件.eml"] == f"退货说明\n\n{SIMPLIFIED}"


def test_the_choice_of_a_person_reads_the_same_bytes_anew_and_stays(library: KnowledgeLibrary, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(SIMPLIFIED.encode("gb18030"))
    assert ingest_paths(library, [path]).added == 1
    assert ingest_paths(library, [path], encoding="utf-8").refused[0].reason.startswith("it is no utf-8 text")
    assert ingest_paths(library, [path], encoding="koi8-r").updated == 1
    assert ingest_paths(library, [path], encoding="gb18030").updated == 1
    assert ingest_paths(library, [path]).unchanged == 1
    assert encodings(library) == {"a.txt": "gb18030"}


def test_formats_that_know_their_encoding_show_none(library: KnowledgeLibrary) -> None:
    from tests.hostile.valid_files import docx_file

    ingest_bytes(library, "a.docx", docx_file(), encoding="big5")
    assert encodings(library) == {"a.docx": ""}
    assert ingest_bytes(library, "a.docx", docx_file(), encoding="big5").unchanged == 1


def test_an_upload_in_an_unknown_encoding_is_refused_before_it_is_queued(
    library: KnowledgeLibrary, client: TestClient, tmp_path: Path
) -> None:
    jobs = jobs_of(library, tmp_path)
    with pytest.raises(EncodingUnknown, match="klingon"):
        jobs.accept("a.txt", b"x", encoding="klingon")
    assert jobs.jobs() == ()
    files = {"files": ("a.txt", b"x")}
    answer = client.post("/api/v1/documents", files=files, data={"encoding": "klingon"}, auth=EDITOR)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_encoding")
    assert "name one such as utf-8, gb18030" in answer.json()["message"]


def test_an_upload_may_name_its_encoding_by_any_name(library: KnowledgeLibrary, tmp_path: Path) -> None:
    jobs = jobs_of(library, tmp_path)
    job = jobs.job(jobs.accept("a.txt", b"x", encoding="GB2312"))
    assert job is not None
    assert job.encoding == "gb18030"


def test_the_command_line_refuses_an_unknown_encoding_as_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    home = {"FRONTDESK_HOME": str(tmp_path / "home")}
    result = CliRunner().invoke(app, ["ingest", "--encoding", "klingon", str(tmp_path / "a.txt")], env=home)
    assert result.exit_code == 2
    assert "There is no text encoding 'klingon'" in result.stderr
