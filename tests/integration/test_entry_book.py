"""Entries in a real database and a real library: effective at once, everywhere, and gone when removed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.answering.entry_matching import EntryMatcher
from bot.migrations import upgrade_database
from knowledge.database import open_database
from knowledge.entries.entry_book import EntryBook, document_id_of
from knowledge.entries.entry_values import EntryDraft
from knowledge.errors import EntryChanged, EntryNotFound, EntryRefused
from knowledge.library import KnowledgeLibrary
from knowledge.passages import Change, Document
from knowledge.storing.catalog import Catalog
from knowledge.storing.catalog_values import DocumentDraft, RemovalReceipt
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.passage_index import FakePassageIndex

SUNDAYS = EntryDraft(
    {"en": ("Are you open on Sunday?", "Is anybody there at the weekend?"), "zh": ("你们周日上班吗？",)},
    {"en": "Only by e-mail, from ten to four.", "zh": "周日只回复邮件。"},
)
HOSTILE = "<script>window.hacked=1</script> **bold** [x](javascript:alert(1)) {0} %s"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'frontdesk.db'}")
    upgrade_database(engine)
    yield engine
    engine.dispose()


def a_library(engine: Engine, folder: Path) -> KnowledgeLibrary:
    return KnowledgeLibrary(Catalog(engine), FakeEmbedder(), folder, new_index=FakePassageIndex)


@pytest.fixture
def library(engine: Engine, tmp_path: Path) -> KnowledgeLibrary:
    return a_library(engine, tmp_path)


@pytest.fixture
def book(engine: Engine, library: KnowledgeLibrary) -> EntryBook:
    return EntryBook(engine, FakeEmbedder(), library)


def wins(book: EntryBook, question: str, language: str = "en") -> bool:
    matcher = EntryMatcher(book, FakeEmbedder(), thresholds={"en": 0.75, "zh": 0.75})
    return matcher.judge(question, language).winner is not None


def test_an_entry_answers_at_once_and_is_found_once_by_a_search(book: EntryBook, library: KnowledgeLibrary) -> None:
    entry = book.add(SUNDAYS, editor="edda")
    assert wins(book, "are you open on sunday")
    assert wins(book, "周日上班吗", "zh")
    found = library.search("open on Sunday", limit=10)
    english = [each.passage for each in found if each.passage.document_id == document_id_of(entry.entry_id, "en")]
    assert len(english) == 1
    assert "Only by e-mail, from ten to four." in english[0].text
    assert english[0].title == "Are you open on Sunday?"


def test_another_process_knows_it_at_the_next_question(engine: Engine, book: EntryBook, tmp_path: Path) -> None:
    other = EntryBook(engine, FakeEmbedder(), a_library(engine, tmp_path / "other"))
    assert not wins(other, "are you open on sunday")
    entry = book.add(SUNDAYS, editor="edda")
    assert wins(other, "are you open on sunday")
    other.edit(entry.entry_id, EntryDraft({"en": ("Do you ski?",)}, {"en": "No."}), editor="olga", expected_version=1)
    assert not wins(book, "are you open on sunday")
    assert wins(book, "do you ski")
    other.remove(entry.entry_id, editor="olga")
    assert not wins(book, "do you ski")


def test_a_removed_entry_cannot_be_reached_any_more(book: EntryBook, library: KnowledgeLibrary, engine: Engine) -> None:
    entry = book.add(SUNDAYS, editor="edda")
    receipt = book.remove(entry.entry_id, editor="olga")
    assert (receipt.unreachable, receipt.title) == (True, "Are you open on Sunday?")
    assert not wins(book, "are you open on sunday")
    assert library.search("Only by e-mail, from ten to four.", limit=5) == ()
    assert [(each.action, each.editor) for each in book.history(entry.entry_id)] == [
        ("created", "edda"),
        ("removed", "olga"),
    ]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM entry_wording")).scalar() == 0
    with pytest.raises(EntryNotFound):
        book.remove(entry.entry_id, editor="olga")


def test_a_language_that_is_taken_out_is_not_found_any_more(book: EntryBook, library: KnowledgeLibrary) -> None:
    entry = book.add(SUNDAYS, editor="edda")
    english = EntryDraft({"en": SUNDAYS.wordings["en"]}, {"en": "Never."})
    book.edit(entry.entry_id, english, editor="edda", expected_version=1)
    assert [each.document_id for each in library.documents()] == [document_id_of(entry.entry_id, "en")]
    assert not wins(book, "周日上班吗", "zh")


def test_of_two_editors_the_second_is_told_who_was_first(book: EntryBook) -> None:
    entry = book.add(SUNDAYS, editor="edda")
    book.edit(entry.entry_id, SUNDAYS, editor="olga", expected_version=1)
    with pytest.raises(EntryChanged, match="'olga' has changed") as changed:
        book.edit(entry.entry_id, SUNDAYS, editor="edda", expected_version=1)
    assert (changed.value.version, changed.value.editor) == (2, "olga")
    with pytest.raises(EntryChanged):
        book.remove(entry.entry_id, editor="edda", expected_version=1)
    assert book.entry(entry.entry_id).updated_by == "olga"


def test_of_editors_who_save_at_once_exactly_one_wins(book: EntryBook) -> None:
    entry = book.add(SUNDAYS, editor="edda")
    saved: list[str] = []
    beaten: list[str] = []
    at_once = threading.Barrier(4)

    def save(editor: str) -> None:
        at_once.wait()
        try:
            book.edit(entry.entry_id, SUNDAYS, editor=editor, expected_version=1)
            saved.append(editor)
        except EntryChanged:
            beaten.append(editor)

    threads = [threading.Thread(target=save, args=(f"editor-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(saved), len(beaten)) == (1, 3)
    assert book.entry(entry.entry_id).updated_by == saved[0]


def test_what_a_crash_left_between_entries_and_documents_is_mended(book: EntryBook, library: KnowledgeLibrary) -> None:
    kept, gone = book.add(SUNDAYS, editor="edda"), book.add(SUNDAYS, editor="edda")
    library.remove_document(document_id_of(kept.entry_id, "zh"))
    with open_database(str(library.catalog.engine.url)).begin() as connection:
        connection.execute(text("DELETE FROM entry_wording WHERE entry_id = :id"), {"id": gone.entry_id})
        connection.execute(text("DELETE FROM entry WHERE entry_id = :id"), {"id": gone.entry_id})
    assert book.mend() == 3
    standing = {each.document_id for each in library.documents()}
    assert standing == {document_id_of(kept.entry_id, language) for language in ("en", "zh")}
    assert book.mend() == 0


class InterruptedShelf:
    """A library at which somebody else is served before the first document is put up, and after the list is read."""

    def __init__(self, library: KnowledgeLibrary) -> None:
        self._library = library
        self.before_adding: Callable[[], object] | None = None
        self.after_listing: Callable[[], object] | None = None

    def documents(self) -> Sequence[Document]:
        found = self._library.documents()
        act, self.after_listing = self.after_listing, None
        if act is not None:
            act()
        return found

    def add_document(self, draft: DocumentDraft) -> Change:
        act, self.before_adding = self.before_adding, None
        if act is not None:
            act()
        return self._library.add_document(draft)

    def remove_document(self, document_id: str) -> RemovalReceipt:
        return self._library.remove_document(document_id)


def test_an_edit_under_way_does_not_bring_a_removed_entry_back(
    engine: Engine, book: EntryBook, library: KnowledgeLibrary
) -> None:
    entry, shelf = book.add(SUNDAYS, editor="edda"), InterruptedShelf(library)
    shelf.before_adding = lambda: book.remove(entry.entry_id, editor="olga")
    EntryBook(engine, FakeEmbedder(), shelf).edit(entry.entry_id, SUNDAYS, editor="edda", expected_version=1)
    assert library.documents() == ()


def test_of_two_edits_that_cross_the_newer_text_is_found(
    engine: Engine, book: EntryBook, library: KnowledgeLibrary
) -> None:
    entry, shelf = book.add(SUNDAYS, editor="edda"), InterruptedShelf(library)
    older, newer = (EntryDraft({"en": ("Do you ski?",)}, {"en": answer}) for answer in ("Never.", "Always."))
    shelf.before_adding = lambda: book.edit(entry.entry_id, newer, editor="olga", expected_version=2)
    EntryBook(engine, FakeEmbedder(), shelf).edit(entry.entry_id, older, editor="edda", expected_version=1)
    assert "Always." in library.document_text(document_id_of(entry.entry_id, "en"))


def test_documents_that_are_all_that_is_left_of_an_entry_can_be_removed(
    engine: Engine, book: EntryBook, library: KnowledgeLibrary
) -> None:
    entry = book.add(SUNDAYS, editor="edda")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM entry_wording"))
        connection.execute(text("DELETE FROM entry"))
    receipt = book.remove(entry.entry_id, editor="olga")
    assert (receipt.title, receipt.unreachable) == ("Are you open on Sunday?", True)
    assert library.documents() == ()
    with pytest.raises(EntryNotFound):
        book.remove(entry.entry_id, editor="olga")


def test_mending_spares_what_is_written_and_follows_what_is_removed_meanwhile(
    engine: Engine, book: EntryBook, library: KnowledgeLibrary
) -> None:
    gone, shelf = book.add(SUNDAYS, editor="edda"), InterruptedShelf(library)
    mending, written = EntryBook(engine, FakeEmbedder(), shelf), []
    shelf.after_listing = lambda: written.append(book.add(SUNDAYS, editor="edda"))
    shelf.before_adding = lambda: book.remove(gone.entry_id, editor="olga")
    mending.mend()
    standing = {each.document_id for each in library.documents()}
    assert standing == {document_id_of(written[0].entry_id, language) for language in ("en", "zh")}


def test_another_embedder_makes_the_vectors_anew(engine: Engine, book: EntryBook, library: KnowledgeLibrary) -> None:
    book.add(SUNDAYS, editor="edda")
    embedder = FakeEmbedder(name="another", dimensions=64)
    other = EntryBook(engine, embedder, library)
    assert other.wordings().vectors.shape == (3, 64)
    assert EntryMatcher(other, embedder).judge("Are you open on Sunday?", "en").winner is not None


def test_entries_are_searched_by_question_and_answer(book: EntryBook) -> None:
    book.add(SUNDAYS, editor="edda")
    book.add(EntryDraft({"en": ("100 % off_line?",)}, {"en": HOSTILE}), editor="edda")
    assert book.entries(containing="E-MAIL").matching == 1
    assert book.entries(containing="回复邮件").matching == 1
    assert book.entries(containing="100 % off_").matching == 1
    assert book.entries(containing="%").matching == 1
    page = book.entries(limit=1, offset=1)
    assert (len(page.entries), page.matching, page.total) == (1, 2, 2)
    assert book.entries(containing="script").entries[0].answers == {"en": HOSTILE}


def test_nothing_is_stored_of_what_is_refused(book: EntryBook) -> None:
    with pytest.raises(EntryRefused):
        book.add(EntryDraft({"en": ("Q?",)}, {"en": "x" * 100_000}), editor="edda")
    assert (book.entries().total, book.revision()) == (0, 0)
