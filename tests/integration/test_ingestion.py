"""Files, folders, archives, lists and uploads → the library; what is gone goes, what is refused harms nothing."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path, PosixPath

import pytest

from knowledge.ingesting.ingestion import IngestProgress, Stage, ingest_bytes, ingest_folder, ingest_paths
from knowledge.ingesting.sources import candidates_in_file
from knowledge.library import KnowledgeLibrary
from knowledge.passages import IngestReport, Refusal
from knowledge.storing.document_queries import DocumentFilter
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.knowledge import a_library


def counts(report: IngestReport) -> tuple[int, int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.removed, len(report.refused)


def sources(library: KnowledgeLibrary) -> set[str]:
    return {document.source for document in library.documents()}


def a_list(*rows: dict[str, str]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def an_archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "refunds.md").write_text("# Refunds\n\nRefunds take five days.\n", encoding="utf-8")
    (folder / "sub" / "退货.txt").write_text("七天内可以退货。", encoding="utf-8")
    (folder / ".hidden.md").write_text("hidden", encoding="utf-8")
    (folder / "link.md").symlink_to(folder / "refunds.md")
    return folder


@pytest.fixture
def library(tmp_path: Path) -> KnowledgeLibrary:
    return a_library(tmp_path)


def test_a_folder_is_taken_in_whole_without_hidden_files_and_links(library: KnowledgeLibrary, docs: Path) -> None:
    report = ingest_paths(library, [docs])
    assert counts(report) == (2, 0, 0, 0, 0)
    assert (report.passages, report.generation) == (2, library.generation)
    assert sources(library) == {f"{docs}/refunds.md", f"{docs}/sub/退货.txt"}
    assert library.search("怎么退货", limit=1)[0].passage.text == "七天内可以退货。"


def test_the_same_again_changes_nothing_and_embeds_nothing(tmp_path: Path, docs: Path) -> None:
    embedder = FakeEmbedder()
    library = a_library(tmp_path, embedder=embedder)
    ingest_paths(library, [docs])
    generation, embedded = library.generation, embedder.passages_embedded
    assert counts(ingest_paths(library, [docs, docs / "refunds.md"])) == (0, 0, 2, 0, 0)
    assert (library.generation, embedder.passages_embedded) == (generation, embedded)


def test_new_bytes_replace_the_old_version(library: KnowledgeLibrary, docs: Path) -> None:
    ingest_paths(library, [docs])
    (docs / "refunds.md").write_text("# Refunds\n\nRefunds take ten days.\n", encoding="utf-8")
    assert counts(ingest_paths(library, [docs])) == (0, 1, 1, 0, 0)
    assert library.search("refunds", limit=1)[0].passage.text == "Refunds take ten days."
    assert {document.title: document.version for document in library.documents()}["Refunds"] == 2


def test_what_is_gone_from_a_folder_is_removed(library: KnowledgeLibrary, docs: Path) -> None:
    ingest_paths(library, [docs])
    (docs / "sub" / "退货.txt").unlink()
    assert counts(ingest_paths(library, [docs])) == (0, 0, 1, 1, 0)
    assert sources(library) == {f"{docs}/refunds.md"}


def test_a_part_of_a_folder_does_not_remove_the_rest(library: KnowledgeLibrary, docs: Path) -> None:
    ingest_paths(library, [docs])
    assert counts(ingest_paths(library, [docs / "sub"])) == (0, 0, 1, 0, 0)
    assert len(sources(library)) == 2


def test_an_emptied_folder_removes_nothing(library: KnowledgeLibrary, docs: Path) -> None:
    """It may be a disk that is not mounted."""
    ingest_paths(library, [docs])
    (docs / "refunds.md").unlink()
    (docs / "sub" / "退货.txt").unlink()
    assert counts(ingest_paths(library, [docs])) == (0, 0, 0, 0, 0)
    assert len(sources(library)) == 2


def test_a_file_taken_in_by_itself_is_not_removed_with_a_folder(library: KnowledgeLibrary, docs: Path) -> None:
    ingest_paths(library, [docs / "refunds.md"])
    (docs / "refunds.md").unlink()
    assert counts(ingest_paths(library, [docs])) == (1, 0, 0, 0, 0)
    assert len(sources(library)) == 2


def test_a_refused_new_version_leaves_the_old_one(library: KnowledgeLibrary, docs: Path) -> None:
    ingest_paths(library, [docs])
    (docs / "refunds.md").write_bytes(b"")
    report = ingest_paths(library, [docs])
    assert counts(report) == (0, 0, 1, 0, 1)
    assert report.refused[0].source == f"{docs}/refunds.md"
    assert "empty" in report.refused[0].reason
    assert library.search("refunds", limit=1)[0].passage.text == "Refunds take five days."


def test_one_bad_file_does_not_stop_the_others(library: KnowledgeLibrary, docs: Path) -> None:
    (docs / "a.pdf").write_bytes(b"%PDF-1.7 cut short")
    (docs / "b.exe").write_bytes(b"MZ")
    report = ingest_paths(library, [docs, docs / "missing.md"])
    assert counts(report) == (2, 0, 0, 0, 3)
    assert report.refused[-1].reason == "there is no such file or folder"


def test_an_archive_is_a_collection(library: KnowledgeLibrary, tmp_path: Path) -> None:
    path = tmp_path / "faq.zip"
    path.write_bytes(
        an_archive({"a.md": b"# A\n\nAlpha.", "b/c.md": b"# C\n\nGamma.", "rows.jsonl": b'{"text": "Row."}'})
    )
    assert counts(ingest_paths(library, [path])) == (3, 0, 0, 0, 0)
    assert f"{path}/b/c.md" in sources(library)
    path.write_bytes(an_archive({"a.md": b"# A\n\nAlpha again."}))
    assert counts(ingest_paths(library, [path])) == (0, 1, 0, 2, 0)
    path.write_bytes(b"PK damaged")
    assert counts(ingest_paths(library, [path])) == (0, 0, 0, 0, 1)
    assert sources(library) == {f"{path}/a.md"}


@pytest.mark.parametrize("name", ["faq.jsonl", "faq.jsonl.gz"])
def test_a_list_keeps_its_own_ids(library: KnowledgeLibrary, tmp_path: Path, name: str) -> None:
    path = tmp_path / name

    def write(*rows: dict[str, str]) -> None:
        path.write_bytes(gzip.compress(a_list(*rows)) if name.endswith("gz") else a_list(*rows))

    write({"id": "1", "title": "One", "text": "First."}, {"id": "二", "title": "Two", "text": "Second."})
    assert counts(ingest_paths(library, [path])) == (2, 0, 0, 0, 0)
    assert {document.document_id for document in library.documents()} == {"1", "二"}
    write({"id": "1", "title": "One", "text": "First, changed."}, {"id": "3", "title": "Three", "text": "Third."})
    assert counts(ingest_paths(library, [path])) == (1, 1, 0, 1, 0)


def test_a_list_with_a_bad_line_loses_nothing(library: KnowledgeLibrary, tmp_path: Path) -> None:
    """The bad line may be the new version of any row that is missing."""
    path = tmp_path / "faq.jsonl"
    path.write_bytes(a_list({"id": "1", "text": "First."}, {"id": "2", "text": "Second."}))
    ingest_paths(library, [path])
    path.write_bytes(a_list({"id": "1", "text": "First."}) + b'\n{"id": "2", "te')
    assert counts(ingest_paths(library, [path])) == (0, 0, 1, 0, 1)
    path.write_bytes(a_list({"id": "1", "text": "First."}, {"id": "x" * 201, "text": "Long."}))
    report = ingest_paths(library, [path])
    assert "line 2" in report.refused[0].reason
    assert "200" in report.refused[0].reason
    assert len(library.documents()) == 2


def test_rows_without_an_id_are_known_by_what_they_say(library: KnowledgeLibrary, tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl"
    path.write_bytes(a_list({"title": "B", "text": "Second."}, {"title": "A", "text": "First."}))
    ingest_paths(library, [path])
    path.write_bytes(a_list({"title": "A", "text": "First."}, {"title": "B", "text": "Second."}))
    assert counts(ingest_paths(library, [path])) == (0, 0, 2, 0, 0)


def test_a_row_that_moves_to_another_list_is_the_same_document(library: KnowledgeLibrary, tmp_path: Path) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    old.write_bytes(a_list({"id": "1", "text": "First."}, {"id": "2", "text": "Second."}))
    new.write_bytes(a_list({"id": "2", "text": "Second."}))
    ingest_paths(library, [old])
    assert counts(ingest_paths(library, [new])) == (0, 0, 1, 0, 0)
    old.write_bytes(a_list({"id": "1", "text": "First."}))
    assert counts(ingest_paths(library, [old])) == (0, 0, 1, 0, 0)
    assert len(library.documents()) == 2


def test_a_named_folder_keeps_its_name_wherever_it_lies(library: KnowledgeLibrary, docs: Path, tmp_path: Path) -> None:
    ingest_folder(library, docs, collection="sample")
    moved = docs.rename(tmp_path / "elsewhere")
    assert counts(ingest_folder(library, moved, collection="sample")) == (0, 0, 2, 0, 0)
    assert "sample/sub/退货.txt" in sources(library)


def test_an_upload_is_known_by_its_plain_name(library: KnowledgeLibrary) -> None:
    assert counts(ingest_bytes(library, "C:\\..\\../faq\x00.md", b"# FAQ\n\nText.")) == (1, 0, 0, 0, 0)
    assert sources(library) == {"faq.md"}
    assert counts(ingest_bytes(library, "faq.md", b"# FAQ\n\nNew text.")) == (0, 1, 0, 0, 0)


def test_documents_are_embedded_and_committed_together(tmp_path: Path) -> None:
    rows = a_list(*({"id": str(i), "text": f"Row {i}."} for i in range(300)))
    library = a_library(tmp_path)
    ingest_bytes(library, "rows.jsonl", rows)
    assert library.generation < 30  # transactions, not one for each of 300 documents


def test_progress_names_the_stage_and_never_runs_backwards(library: KnowledgeLibrary, docs: Path) -> None:
    (docs / "rows.jsonl").write_bytes(a_list(*({"id": str(i), "text": f"Row {i}."} for i in range(100))))
    heard: list[IngestProgress] = []
    ingest_paths(library, [docs], on_progress=heard.append)
    assert {step.stage for step in heard} == set(Stage)
    assert [step.done for step in heard] == sorted(step.done for step in heard)
    assert heard[-1].done == heard[-1].total == 102


class FileUnderWay(PosixPath):
    """Somebody else goes on writing it while it is read."""

    def read_bytes(self) -> bytes:
        content = super().read_bytes()
        with self.open("ab") as file:
            file.write(b" And more.")
        return content


def test_a_file_that_changes_while_it_is_read_is_not_taken_in_half(docs: Path) -> None:
    found = list(candidates_in_file(FileUnderWay(docs / "refunds.md"), "refunds.md"))
    assert [type(one) for one in found] == [Refusal]
    assert "changed while" in str(found[0])
    assert len(list(candidates_in_file(docs / "refunds.md", "refunds.md"))) == 1


@pytest.mark.slow
def test_an_archive_of_a_thousand_files_is_taken_in_whole(library: KnowledgeLibrary) -> None:
    files = {f"{n // 100}/note-{n}.txt": f"Note number {n} of the archive.".encode() for n in range(1000)}
    assert counts(ingest_bytes(library, "notes.zip", an_archive(files))) == (1000, 0, 0, 0, 0)
    assert library.page(DocumentFilter(query="note-471"), limit=5).total == 1
    assert library.generation < 100  # transactions


def test_records_without_ids_and_titles_are_known_again_on_other_lines(library: KnowledgeLibrary) -> None:
    first, second, new = ({"text": f"Tram number {number} calls here."} for number in range(3))
    ingest_bytes(library, "list.jsonl", a_list(first, second))
    before = {each.document_id for each in library.documents()}
    report = ingest_bytes(library, "list.jsonl", a_list(new, first, second))
    assert counts(report) == (1, 2, 0, 0, 0)  # each has the number of its line in the title
    assert before < {each.document_id for each in library.documents()}
