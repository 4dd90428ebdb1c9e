"""Whatever happens to a knowledge base, in whatever order: index and database agree, and removed text is not found.

`make` runs short histories. The long ones, with 10,000 steps in all, are
`HISTORY_STEPS=10000 pytest -m slow tests/integration/test_index_histories.py`
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from knowledge.errors import SnapshotUnusable
from knowledge.indexing.faiss_index import FaissIndex
from knowledge.library import KnowledgeLibrary
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.knowledge import a_catalog, a_draft

DOCUMENTS = 10
VERSIONS = 4
CHECK_EVERYTHING_EVERY = 50
OFTEN = {"write": 6, "remove": 3, "search": 18}


def text_of(document: str, version: int) -> str:
    number = int(document.removeprefix("document"))
    return f"主题{number}的说明{version}。" if number % 2 else f"subject{number} wording{version}."


class History:
    """Two processes' libraries on one home, and what must be found according to what was done."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.expected: dict[str, int] = {}
        self.snapshots: dict[str, dict[str, int]] = {}
        self.done: list[str] = []
        self.catalog = a_catalog(folder)
        self.ours, self.theirs = self.opened(), self.opened()

    def opened(self) -> KnowledgeLibrary:
        # Lists from five vectors on: both kinds of index, and the way from one to the other, are part of every history.
        embedder, new_index = FakeEmbedder(dimensions=24), partial(FaissIndex, flat_until=4)
        return KnowledgeLibrary(self.catalog, embedder, self.folder, new_index=new_index)

    def step(self) -> None:
        names = [name.removeprefix("do_") for name in dir(self) if name.startswith("do_")]
        weights = [OFTEN.get(name, 1) for name in names]
        name = self.chance.choices(names, weights)[0]
        self.done.append(name)
        act: Callable[[], None] = getattr(self, f"do_{name}")
        act()
        if len(self.done) % CHECK_EVERYTHING_EVERY == 0:
            self.check_everything()

    def one_of_two(self) -> KnowledgeLibrary:
        return self.chance.choice([self.ours, self.theirs])

    def any_document(self) -> str:
        return f"document{self.chance.randrange(DOCUMENTS)}"

    # What may happen

    def do_write(self) -> None:
        document, version = self.any_document(), self.chance.randrange(VERSIONS)
        self.one_of_two().add_document(a_draft(document, text_of(document, version)))
        self.expected[document] = version
        self.check(self.one_of_two(), document)

    def do_write_and_crash(self) -> None:
        """Committed, and killed before any index has heard of it."""
        document, version = self.any_document(), self.chance.randrange(VERSIONS)
        prepared = self.ours.prepare(a_draft(document, text_of(document, version)))
        self.ours.catalog.write_documents([prepared], {}, "")
        self.expected[document] = version
        self.ours = self.opened()
        self.check(self.ours, document)

    def do_remove(self) -> None:
        if self.expected:
            document = self.chance.choice(sorted(self.expected))
            del self.expected[document]
            receipt = self.one_of_two().remove_document(document)
            assert receipt.unreachable
            assert receipt.probes > 0
            for members in self.snapshots.values():
                members.pop(document, None)
            self.check(self.one_of_two(), document)

    def do_vanish(self) -> None:
        """As a file that is no longer in the folder: no receipt, and the snapshots keep it."""
        if self.expected:
            document = self.chance.choice(sorted(self.expected))
            del self.expected[document]
            assert self.one_of_two().remove_quietly([document]) == 1
            self.check(self.one_of_two(), document)

    def do_search(self) -> None:
        self.check(self.one_of_two(), self.any_document())

    def do_save(self) -> None:
        self.one_of_two().save()

    def do_crash(self) -> None:
        """Memory is lost, the disk is as it is."""
        self.ours = self.opened()

    def do_crash_while_saving(self) -> None:
        for saved in self.saved_files()[:2]:
            half = self.folder / "index" / ".writing-999999999-abcd" / saved.name
            half.parent.mkdir(parents=True, exist_ok=True)
            half.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
        self.ours = self.opened()
        assert not (self.folder / "index" / ".writing-999999999-abcd").exists()

    def do_crash_with_a_file_cut_short(self) -> None:
        self.damage(lambda content: content[: len(content) // 2])

    def do_crash_with_a_flipped_bit(self) -> None:
        def flip(content: bytes) -> bytes:
            place = self.chance.randrange(len(content))
            return content[:place] + bytes([content[place] ^ (1 << self.chance.randrange(8))]) + content[place + 1 :]

        self.damage(flip)

    def do_crash_with_a_file_of_another_generation(self) -> None:
        files = self.saved_files()
        if files:
            content = self.chance.choice(files).read_bytes()
            self.damage(lambda _: content)

    def do_lose_the_index(self) -> None:
        shutil.rmtree(self.folder / "index", ignore_errors=True)
        self.ours = self.opened()

    def do_forget_tombstones(self) -> None:
        self.one_of_two().catalog.compact()

    def do_rebuild(self) -> None:
        assert self.one_of_two().rebuild().ok

    def do_snapshot(self) -> None:
        name = f"snapshot{self.chance.randrange(3)}"
        library = self.one_of_two()
        if name in self.snapshots:
            with pytest.raises(SnapshotUnusable, match="already"):
                library.snapshots.make(name)
            library.snapshots.delete(name)
            del self.snapshots[name]
        else:
            library.snapshots.make(name)
            self.snapshots[name] = dict(self.expected)

    def do_roll_back(self) -> None:
        if self.snapshots:
            name, library = self.chance.choice(sorted(self.snapshots)), self.one_of_two()
            before = dict(self.expected)
            report = library.rollback(name)
            lost = {one.document_id for one in report.not_restored}
            assert lost.isdisjoint(self.snapshots[name])
            kept = {document: version for document, version in before.items() if document in lost}
            self.expected = self.snapshots[name] | kept
            self.snapshots["before-rollback"] = before
            self.check(library, self.any_document())

    # What must then be so

    def saved_files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("index/[0-9]*/*") if path.is_file())

    def damage(self, change: Callable[[bytes], bytes]) -> None:
        files = [path for path in self.saved_files() if path.stat().st_size]
        if files:
            path = self.chance.choice(files)
            path.write_bytes(change(path.read_bytes()))
        self.ours = self.opened()

    def check(self, library: KnowledgeLibrary, document: str) -> None:
        """A search for one text proposes everything there is, so few are there: it must be what was put in."""
        found = library.search(text_of(document, self.chance.randrange(VERSIONS)), limit=2 * DOCUMENTS)
        expected = sorted(text_of(*item) for item in self.expected.items())
        told = [passage.text for one in found for passage in (one.passage, *one.repetitions)]
        assert sorted(told) == expected, self.told()

    def check_everything(self) -> None:
        self.ours.save()
        for library in (self.ours, self.theirs, self.opened()):
            health = library.verify()
            assert health.ok, (health.problems, self.told())
            assert health.passages == len(self.expected), self.told()
            assert {each.document_id for each in library.documents()} == set(self.expected)

    def told(self) -> str:
        return f"after {' '.join(self.done[-60:])}"

    def close(self) -> None:
        self.catalog.engine.dispose()


def run_histories(folder: Path, *, steps: int, each: int) -> Counter[str]:
    happened: Counter[str] = Counter()
    for seed in range(-(-steps // each)):
        place = folder / str(seed)
        place.mkdir()
        history = History(place, seed)
        for _ in range(each):
            history.step()
        history.check_everything()
        history.close()
        happened.update(history.done)
        shutil.rmtree(place)
    return happened


def test_after_any_short_history_index_and_database_agree(tmp_path: Path) -> None:
    assert run_histories(tmp_path, steps=60, each=30).total() == 60


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_after_any_long_history_index_and_database_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = int(os.environ.get("HISTORY_STEPS", "500"))
    happened = run_histories(tmp_path, steps=steps, each=250)
    with capsys.disabled():
        print(f"\n{happened.total()} steps: {dict(happened.most_common())}")
    assert happened.total() >= steps
    assert len(happened) == len([name for name in dir(History) if name.startswith("do_")])
