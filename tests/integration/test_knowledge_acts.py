"""What becomes of files that editors drop on their page: queued, put in a document's place, refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from gradio.utils import get_upload_folder

from bot.audit.audit_log import AuditLog
from bot.bootstrap import Frontdesk
from knowledge.entries.entry_values import EntryDraft
from knowledge.errors import DocumentIsEntry, StorageUnavailable
from tests.fakes.frontdesk import Desk, DeskJobs
from ui.knowledge_pages.knowledge_acts import KnowledgeActs
from ui.knowledge_pages.knowledge_state import KnowledgeState
from ui.presenter import error_text

SOURCE = "handbook.zip/returns/" + "long" * 60 + ".htm"


class FullForOne(DeskJobs):
    """Jobs whose disk has no room for one file."""

    def accept_file(self, name: str, file: BinaryIO, *, encoding: str | None = None, batch_id: str = "") -> str:
        if name == "large.md":
            raise StorageUnavailable("The disk is full")
        return super().accept_file(name, file, encoding=encoding, batch_id=batch_id)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def uploaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "sent"))
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def send(frontdesk: Frontdesk, folder: Path, *names: str, replaces: str = "") -> KnowledgeState:
    files = []
    for number, name in enumerate(names):
        place = folder / str(number)
        place.write_bytes(b"# New")
        files.append({"path": str(place), "name": name})
    data = {"batch": "b", "replaces": replaces, "files": files}
    return KnowledgeActs(frontdesk).done("uploaded", KnowledgeState(language="en"), data, "edda")


def test_a_replacement_is_queued_under_the_documents_own_source(desk: Desk, uploaded: Path) -> None:
    desk.library.add(SOURCE, "Returns", "old")
    document = desk.library.documents()[0]
    state = send(desk.frontdesk(), uploaded, "whatever.html", replaces=document.document_id)
    assert state.notice == ""
    assert [job.name for job in desk.jobs.jobs()] == [SOURCE]


def test_a_replacement_of_another_kind_is_refused_with_the_way_out(desk: Desk, uploaded: Path) -> None:
    desk.library.add(SOURCE, "Returns", "old")
    document = desk.library.documents()[0]
    state = send(desk.frontdesk(), uploaded, "new.pdf", replaces=document.document_id)
    assert "upload it as a new document and remove this one" in state.notice
    several = send(desk.frontdesk(), uploaded, "a.htm", "b.htm", replaces=document.document_id)
    assert "choose one alone" in several.notice
    assert desk.jobs.jobs() == ()


def test_a_document_that_is_gone_is_not_replaced(desk: Desk, uploaded: Path) -> None:
    assert "a.htm" in send(desk.frontdesk(), uploaded, "a.htm", replaces="gone").notice
    assert desk.jobs.jobs() == ()


def test_a_file_that_fails_is_named_and_the_rest_of_its_group_goes_on(desk: Desk, uploaded: Path) -> None:
    desk.jobs = FullForOne(desk.library)
    state = send(desk.frontdesk(), uploaded, "first.md", "large.md", "last.md")
    assert "large.md" in state.notice
    assert {job.name for job in desk.jobs.jobs()} == {"first.md", "last.md"}
    assert list(uploaded.iterdir()) == []
    (noted,) = AuditLog(desk.engine).entries()
    assert (noted.target, noted.details["files"]) == ("first.md", 2)


def test_what_was_refused_is_not_noted_down_as_added(desk: Desk, uploaded: Path) -> None:
    desk.jobs = FullForOne(desk.library)
    send(desk.frontdesk(), uploaded, "large.md")
    send(desk.frontdesk(), uploaded, "a.htm", "b.htm", replaces="gone")
    assert not AuditLog(desk.engine).entries()


@pytest.mark.parametrize("act", ["remove_now", "read_again"])
def test_an_entry_is_not_changed_by_a_form_for_documents(desk: Desk, act: str) -> None:
    data = {"id": an_entrys_document(desk), "encoding": "big5"}
    with pytest.raises(DocumentIsEntry) as refused:
        KnowledgeActs(desk.frontdesk()).done(act, KnowledgeState(language="zh"), data, "edda")
    assert len(desk.library.documents()) == 1
    assert error_text(refused.value, "zh") == "这是人工编写的问答，请在“问答”中编辑或删除。"


def test_no_file_takes_the_place_of_an_entry(desk: Desk, uploaded: Path) -> None:
    notice = send(desk.frontdesk(), uploaded, "a.md", replaces=an_entrys_document(desk)).notice
    assert "among the answers" in notice
    assert desk.jobs.jobs() == ()


def an_entrys_document(desk: Desk) -> str:
    desk.entries.book.add(EntryDraft({"en": ("When do you open?",)}, {"en": "At nine."}), editor="edda")
    return desk.library.documents()[0].document_id
