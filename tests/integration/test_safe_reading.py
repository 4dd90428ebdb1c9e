"""Reading in a process of its own: what a file can do to it, and that nothing it does reaches the process that asks."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.errors import DocumentRefused
from knowledge.ingesting.sources import Candidate, candidates
from knowledge.passages import Refusal
from knowledge.readers import STANDARD_LIMITS, read_document
from knowledge.safe_reading import ReadingProcess
from knowledge.safe_reading.answers import MistrustedAnswerError, document_in, entries_in
from knowledge.safe_reading.frames import FrameBrokenError, FrameTooLargeError, receive_frame, send_frame
from tests.hostile.valid_files import valid_files, zipped

SLOW = ("import a from\n" * 350_000).encode()  # minutes for a Markdown parser, and within every bound on size


@pytest.fixture(scope="module")
def process() -> Iterator[ReadingProcess]:
    opened = ReadingProcess()
    yield opened
    opened.close()


def reason(process: ReadingProcess, name: str, content: bytes) -> str:
    with pytest.raises(DocumentRefused) as caught:
        process.read_file(name, content)
    return caught.value.reason


def is_running(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until_ended(process_id: int) -> None:
    """Ends are not announced to those who are not the parent; the test's own time limit bounds this."""
    while is_running(process_id):
        os.sched_yield()


@pytest.mark.parametrize("extension", [name for name in valid_files() if name not in (".zip", ".jsonl", ".jsonl.gz")])
def test_a_file_reads_the_same_as_in_the_same_process(process: ReadingProcess, extension: str) -> None:
    content = valid_files()[extension]
    assert process.read_file(f"a{extension}", content) == read_document(f"a{extension}", content)


def test_one_process_serves_many_files(process: ReadingProcess) -> None:
    process.read_file("a.txt", b"words")
    child = process.child_id
    for number in range(20):
        process.read_file(f"{number}.txt", b"words")
    assert process.child_id == child


def test_the_memory_of_whoever_started_the_process_is_not_counted_as_its_own(process: ReadingProcess) -> None:
    held = bytearray(b"x" * (900 * 2**20))
    process.read_file("a.txt", b"words")
    child = process.child_id
    process.read_file("b.txt", b"words")
    assert process.child_id == child
    assert process.peak_bytes < len(held) / 2


def test_the_documents_of_an_archive_are_listed_and_read_one_by_one(process: ReadingProcess) -> None:
    opened = process.open(
        "docs.zip", zipped({"a.md": b"# A", "in.jsonl": b'{"id":"x","text":"X"}\n{', "b/c.txt": b"C"})
    )
    assert [(entry.place, entry.record, entry.refused[:6]) for entry in opened.entries] == [
        ("a.md", "", ""), ("in.jsonl", "x", ""), ("in.jsonl", "", "line 2"), ("b/c.txt", "", ""),
    ]  # fmt: skip
    assert [opened.read(number).text for number in (3, 0, 1)] == ["C", "A", "X"]
    assert (opened.file(0), opened.file(1)) == (b"# A", b"")


def test_two_files_may_be_open_in_turn(process: ReadingProcess) -> None:
    one = process.open("one.zip", zipped({"a.txt": b"one", "b.txt": b"uno"}))
    two = process.open("two.zip", zipped({"a.txt": b"two"}))
    assert [one.read(0).text, two.read(0).text, one.read(1).text] == ["one", "two", "uno"]


def test_a_file_that_takes_too_long_costs_a_sentence_and_the_next_is_read() -> None:
    process = ReadingProcess(replace(STANDARD_LIMITS, max_seconds=1.0))
    assert "takes longer than 1 seconds" in reason(process, "slow.md", SLOW)
    assert process.read_file("a.txt", b"words").text == "words"
    assert process.starts == 2
    process.close()


def test_a_file_that_takes_too_much_memory_costs_a_sentence_and_the_next_is_read() -> None:
    process = ReadingProcess(replace(STANDARD_LIMITS, max_memory_bytes=150 * 2**20))
    large = b"<p>" + b"<b>a</b>" * 2_000_000
    assert "of memory" in reason(process, "large.html", large)
    assert process.read_file("a.txt", b"words").text == "words"
    assert process.starts == 2
    process.close()


def test_an_answer_that_is_too_long_is_not_taken() -> None:
    process = ReadingProcess(replace(STANDARD_LIMITS, max_output_bytes=2000))
    assert "yields more than 2 kB of text" in reason(process, "long.txt", b"words " * 1000)
    assert process.read_file("a.txt", b"words").text == "words"
    process.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGXCPU])
def test_a_process_that_dies_over_a_file_costs_a_sentence_and_the_next_is_read(how: signal.Signals) -> None:
    process = ReadingProcess()
    process.read_file("a.txt", b"words")
    child = process.child_id
    assert child is not None
    caught: list[str] = []
    asking = threading.Thread(target=lambda: caught.append(reason(process, "slow.md", SLOW)))
    asking.start()
    while used_seconds(child) < 0.3 + 0.2:  # it is at work on the file
        os.sched_yield()
    os.kill(child, how)
    asking.join()
    expected = {signal.SIGKILL: "of memory", signal.SIGSEGV: "breaks the reader", signal.SIGXCPU: "takes longer"}[how]
    assert expected in caught[0]
    assert process.read_file("b.txt", b"more").text == "more"
    process.close()


def used_seconds(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_process_that_died_between_files_is_not_noticed() -> None:
    process = ReadingProcess()
    process.read_file("a.txt", b"words")
    assert process.child_id is not None
    os.kill(process.child_id, signal.SIGKILL)
    wait_until_ended(process.child_id)
    assert process.read_file("b.txt", b"more").text == "more"
    process.close()


def test_after_a_number_of_files_a_fresh_process_takes_over() -> None:
    process = ReadingProcess(replace(STANDARD_LIMITS, files_per_process=2))
    children = set()
    for number in range(4):
        process.read_file(f"{number}.txt", b"words")
        children.add(process.child_id)
    assert len(children) == 2
    process.close()


def test_an_archive_that_takes_too_long_in_all_is_given_up() -> None:
    process = ReadingProcess(replace(STANDARD_LIMITS, max_archive_seconds=0.000001))
    opened = process.open("docs.zip", zipped({"a.txt": b"a", "b.txt": b"b"}))
    assert opened.read(0).text == "a"
    with pytest.raises(DocumentRefused, match="split that"):
        opened.read(1)
    process.close()


def test_the_process_can_write_no_file_and_open_few() -> None:
    process = ReadingProcess()
    process.read_file("a.txt", b"words")
    assert process.child_id is not None
    limits = {
        which: resource.prlimit(process.child_id, which)[1] for which in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)
    }
    assert set(limits.values()) == {0}
    assert resource.prlimit(process.child_id, resource.RLIMIT_NOFILE)[1] <= STANDARD_LIMITS.max_open_files
    assert resource.prlimit(process.child_id, resource.RLIMIT_AS)[1] <= STANDARD_LIMITS.max_memory_bytes
    process.close()


def test_the_process_loads_no_models() -> None:
    process = ReadingProcess()
    process.read_file("a.txt", b"words")
    mapped = Path(f"/proc/{process.child_id}/maps").read_text(encoding="utf-8")
    assert not any(name in mapped for name in ("libtorch", "faiss", "numpy"))
    process.close()


def test_closing_ends_the_process() -> None:
    process = ReadingProcess()
    process.read_file("a.txt", b"words")
    child = process.child_id
    assert child is not None
    process.close()
    assert not is_running(child)


@pytest.mark.parametrize("busy", [False, True])
def test_the_process_ends_with_whoever_asks_even_one_that_is_killed(busy: bool) -> None:
    program = textwrap.dedent(
        """
        import sys, threading
        from knowledge.safe_reading import ReadingProcess
        process = ReadingProcess()
        process.read_file("a.txt", b"words")
        print(process.child_id, flush=True)
        if sys.argv[1] == "True":
            process.read_file("slow.md", b"import a from\\n" * 350_000)
        threading.Event().wait()
        """
    )
    asker = subprocess.Popen(
        [sys.executable, "-c", program, str(busy)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with asker:
        assert asker.stdout is not None
        child = int(asker.stdout.readline())
        asker.kill()
    wait_until_ended(child)


def test_an_unforeseen_failure_costs_a_sentence_without_code() -> None:
    found = list(candidates("a.jsonl", b"{}\nnot json\n", "a.jsonl"))
    assert all(isinstance(one, Refusal) for one in found)
    assert not any("Error" in one.reason for one in found if isinstance(one, Refusal))


def test_an_encoding_chosen_by_a_person_is_used_for_every_text_in_an_archive() -> None:
    text = "退貨政策：七天內可以退貨。"
    content = zipped({"a.txt": text.encode("big5"), "b.jsonl": f'{{"text":"{text}"}}'.encode("big5")})
    found = [one for one in candidates("a.zip", content, "a.zip", encoding="Big5") if isinstance(one, Candidate)]
    assert [(one.read().text, one.encoding) for one in found] == [(text, "big5")] * 2
    (refused,) = candidates("a.txt", b"a", "a.txt", encoding="klingon")
    assert isinstance(refused, Refusal)
    assert "no text encoding 'klingon'" in refused.reason


def test_no_candidate_is_parsed_before_it_is_asked_for() -> None:
    (found,) = candidates("a.docx", b"no document", "a.docx")
    assert isinstance(found, Candidate)
    with pytest.raises(DocumentRefused):
        found.read()
    assert found.original == b"no document"


# --- what the other side says is not believed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"title": 1},
        {"encoding": None},
        {"headings": None},
        {"headings": [[1, "a"]]},
        {"headings": [[1, "a", 99]]},
        {"headings": [["1", "a", 0]]},
        {"headings": [[99, "a", 0]]},
        {"headings": [[1, "a", 3], [1, "b", 0]]},
        {"page_starts": [-1]},
        {"page_starts": [3, 1]},
        {"page_starts": ["0"]},
    ],
)
def test_a_document_that_does_not_fit_together_is_not_believed(changed: dict[str, object]) -> None:
    sound = {"title": "a", "encoding": "utf-8", "headings": [[1, "a", 0]], "page_starts": [0, 2]}
    assert document_in(sound, b"words", STANDARD_LIMITS).text == "words"
    with pytest.raises(MistrustedAnswerError):
        document_in({**sound, **changed}, b"words", STANDARD_LIMITS)
    with pytest.raises(MistrustedAnswerError):
        document_in(sound, b"\xff", STANDARD_LIMITS)
    with pytest.raises(MistrustedAnswerError):
        document_in(sound, b"words", replace(STANDARD_LIMITS, max_text_characters=4))


@pytest.mark.parametrize("entries", [None, [1], [["a"]], [["a"] * 6 + [7]]])
def test_a_list_that_does_not_fit_together_is_not_believed(entries: object) -> None:
    with pytest.raises(MistrustedAnswerError):
        entries_in({"entries": entries})


def test_a_frame_that_announces_too_much_is_not_received() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\x00\x00\x00\x02" + b"\xff" * 8 + b"{}")
        with pytest.raises(FrameTooLargeError):
            receive_frame(ours, most=1000)


@pytest.mark.parametrize("fields", [b"nonsense", b"[]", b"[" * 5000])
def test_a_frame_that_is_no_object_is_refused(fields: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(len(fields).to_bytes(4, "big") + bytes(8) + fields)
        with pytest.raises(FrameBrokenError):
            receive_frame(ours, most=10_000)


def test_a_frame_that_never_ends_is_waited_for_no_longer_than_allowed() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\x00\x00\x00\x10" + bytes(8) + b"{")
        with pytest.raises(TimeoutError):
            receive_frame(ours, most=1000, deadline=time.monotonic() + 0.05)


def test_frames_arrive_as_they_were_sent() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send_frame(theirs, {"a": "退"}, b"bytes")
        assert receive_frame(ours, most=1000) == ({"a": "退"}, b"bytes")
