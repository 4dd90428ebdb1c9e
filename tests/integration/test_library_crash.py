"""kill -9 at any moment: what was committed is whole, what was not is not there at all, and work goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from knowledge.chunking import split_into_passages
from knowledge.languages import detect_language
from knowledge.library import KnowledgeLibrary
from knowledge.passages import DocumentText
from tests.fakes.knowledge import a_library

ROOT = Path(__file__).parents[2]

CHANGE_WITHOUT_END = """
    import random, sys
    from pathlib import Path
    from tests.fakes.knowledge import a_draft, a_library
    library, chance = a_library(Path(sys.argv[1])), random.Random(int(sys.argv[2]))
    print("open", flush=True)
    while True:
        name = f"document{chance.randrange(6)}"
        if chance.random() < 0.2 and any(each.document_id == name for each in library.documents()):
            library.remove_document(name)
        else:
            words = " ".join(f"word{chance.randrange(50)} of the manual." for _ in range(chance.randrange(1, 400)))
            library.add_document(a_draft(name, words))
        if chance.random() < 0.3:
            library.save()
        print("changed", flush=True)
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_after(process: subprocess.Popen[str], lines: int) -> None:
    assert process.stdout is not None
    for _ in range(lines):
        assert process.stdout.readline(), "the program ended by itself"
    process.send_signal(signal.SIGKILL)
    process.communicate()


def assert_whole(library: KnowledgeLibrary) -> None:
    assert library.verify().ok, library.verify().problems
    for document in library.documents():
        text = DocumentText(document.title, library.document_text(document.document_id))
        expected = split_into_passages(document.document_id, document.source, detect_language, text)
        assert library.catalog.passages_of(document.document_id) == expected
        assert document.passages == len(expected)


@pytest.mark.slow
def test_a_library_killed_while_it_changes_is_whole_again(tmp_path: Path) -> None:
    chance = random.Random(7)
    for round_number in range(5):
        kill_after(start(CHANGE_WITHOUT_END, str(tmp_path), str(round_number)), lines=chance.randrange(2, 40))
        opened = a_library(tmp_path)
        assert_whole(opened)
        assert not list((tmp_path / "index").glob(".writing-*"))
        opened.save()
        assert_whole(a_library(tmp_path))
    assert opened.documents()
