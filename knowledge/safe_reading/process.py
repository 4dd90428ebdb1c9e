"""The side that asks: keeps one reading process, replaces it when a file was too much for it. Knows nothing of formats.

The process serves many files, for starting one costs as much as reading fifty. It is replaced after a limit, a crash,
a number of files, and when it has grown. It dies with us: its socket closes, and it watches its parent.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.errors import DocumentRefused, ReaderUnavailable
from knowledge.passages import DocumentText
from knowledge.readers.limits import STANDARD_LIMITS, ReadingLimits, in_words
from knowledge.readers.source_files import Entry
from knowledge.safe_reading.answers import MistrustedAnswerError, document_in, entries_in
from knowledge.safe_reading.frames import FrameBrokenError, FrameTooLargeError, receive_frame, send_frame

_log = logging.getLogger(__name__)

_CODE_FOLDER = Path(__file__).parents[2]
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from knowledge.safe_reading.child import main; main({parent})"
# One thread: what numpy reserves for more counts against the bound on memory.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", "PATH": os.defpath}
_START_SECONDS = 120.0  # a cold disk; usually a third of a second
_PATIENCE = 3.0  # times the processor time that a document may take: a busy machine is not the file's fault
_GROWN = 0.6  # of the memory it may have: a process that large is replaced before the next file

_UNFORESEEN = "it is damaged, or made in a way that is not known here; save it in another format and upload that"
_BROKEN_OFF = "it is damaged in a way that breaks the reader; open it where it was made, save it anew and upload that"


def shared_process(limits: ReadingLimits = STANDARD_LIMITS) -> ReadingProcess:
    """The one reading process for these limits in this process; it is started when first asked."""
    return _process_for(limits)


@cache
def _process_for(limits: ReadingLimits) -> ReadingProcess:
    process = ReadingProcess(limits)
    atexit.register(process.close)
    return process


class OpenedSource:
    """A file whose documents are listed; each is read when asked for."""

    def __init__(
        self, process: ReadingProcess, name: str, content: bytes, encoding: str | None, limits: ReadingLimits
    ) -> None:
        self.name = name
        self.content = content
        self.encoding = encoding
        self.entries: Sequence[Entry] = ()
        self._process = process
        self._limits = limits
        self._seconds_left = limits.max_archive_seconds

    def file(self, number: int) -> bytes:
        """The bytes of `entries[number]`; none for a record of a list. Raises DocumentRefused, ReaderUnavailable."""
        return self._process.content(self, number)

    def read(self, number: int) -> DocumentText:
        """The document of `entries[number]`. Raises DocumentRefused, ReaderUnavailable."""
        if self._seconds_left <= 0:
            allowed = round(self._limits.max_archive_seconds)
            raise DocumentRefused(self.name, f"reading what it is in took longer than {allowed} seconds; split that")
        began = time.monotonic()
        try:
            return self._process.document(self, number)
        finally:
            self._seconds_left -= time.monotonic() - began


class ReadingProcess:
    """One child process and the talk with it. Threads take turns."""

    def __init__(self, limits: ReadingLimits = STANDARD_LIMITS) -> None:
        self._limits = limits
        self._turn = threading.Lock()
        self._owner = os.getpid()
        self._child: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._opened: OpenedSource | None = None  # what the child has open
        self._files = 0
        self._has_grown = False
        self.peak_bytes = 0  # most memory that any of our children has held
        self.starts = 0

    @property
    def child_id(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child is not None else None

    def open(self, name: str, content: bytes, *, encoding: str | None = None) -> OpenedSource:
        """Lists the documents in a file. Raises DocumentRefused where it cannot be read, ReaderUnavailable."""
        source = OpenedSource(self, name, content, encoding, self._limits)
        with self._turn:
            source.entries = self._open(source)
        return source

    def read_file(self, name: str, content: bytes, *, encoding: str | None = None) -> DocumentText:
        """The text of a file that is one document. Raises DocumentRefused, ReaderUnavailable."""
        source = OpenedSource(self, name, content, encoding, self._limits)
        return source.read(0)

    def document(self, source: OpenedSource, number: int) -> DocumentText:
        with self._turn:
            fields, text = self._ask_about(source, "read", number)
            try:
                return document_in(fields, text, self._limits)
            except MistrustedAnswerError as error:
                self._drop()
                raise DocumentRefused(source.name, _UNFORESEEN) from error

    def content(self, source: OpenedSource, number: int) -> bytes:
        with self._turn:
            _, content = self._ask_about(source, "content", number)
            return content

    def close(self) -> None:
        """Ends the child. A later question starts another."""
        with self._turn:
            self._drop()

    def _ask_about(self, source: OpenedSource, what: str, number: int) -> tuple[dict[str, Any], bytes]:
        if self._opened is not source or not self._is_alive():
            self._open(source)
        return self._ask(source.name, {"do": what, "number": number})

    def _open(self, source: OpenedSource) -> Sequence[Entry]:
        self._opened = None
        if self._has_grown or self._files >= self._limits.files_per_process:
            self._drop()
        self._files += 1
        request = {"do": "open", "name": source.name, "encoding": source.encoding}
        fields, _ = self._ask(source.name, request, source.content)
        try:
            entries = entries_in(fields)
        except MistrustedAnswerError as error:
            self._drop()
            raise DocumentRefused(source.name, _UNFORESEEN) from error
        self._opened = source
        return entries

    def _ask(self, name: str, request: dict[str, Any], content: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """One question and its answer. Whatever becomes of the child, the caller gets a sentence."""
        connection = self._running()
        patience = _PATIENCE * self._limits.max_seconds
        deadline = time.monotonic() + patience
        try:
            connection.settimeout(patience)
            send_frame(connection, request, content)
            fields, text = receive_frame(connection, most=self._limits.max_output_bytes, deadline=deadline)
        except TimeoutError:
            self._drop()
            raise DocumentRefused(name, self._too_slow()) from None
        except FrameTooLargeError:
            self._drop()
            reason = f"it yields more than {in_words(self._limits.max_output_bytes)} of text; split it"
            raise DocumentRefused(name, reason) from None
        except (EOFError, OSError, FrameBrokenError):
            raise DocumentRefused(name, self._why_it_ended(name)) from None
        except BaseException:
            self._drop()  # an answer on its way would be taken for that to the next question
            raise
        return self._judged(name, fields), text

    def _judged(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        peak = fields.get("peak")
        if isinstance(peak, int) and peak > self.peak_bytes:
            self.peak_bytes = peak
        self._has_grown = isinstance(peak, int) and peak > _GROWN * self._limits.max_memory_bytes
        if fields.get("no_memory"):
            self._drop()
            raise DocumentRefused(name, self._too_large())
        if "failed" in fields:
            _log.warning("Reading '%s' failed: %s", name, str(fields["failed"])[:500])
            raise DocumentRefused(name, _UNFORESEEN)
        if "refused" in fields:
            raise DocumentRefused(name, str(fields["refused"])[:1000])
        return fields

    def _running(self) -> socket.socket:
        if self._owner != os.getpid():  # forked: the child and its socket are the other process's
            self._owner, self._child, self._connection = os.getpid(), None, None
        if self._connection is None or not self._is_alive():
            self._drop()
            self._start()
        if self._connection is None:
            raise ReaderUnavailable("The reading process has not started; try again")
        return self._connection

    def _is_alive(self) -> bool:
        return self._child is not None and self._owner == os.getpid() and self._child.poll() is None

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._child = subprocess.Popen(  # the interpreter that runs us, a fixed program, no shell
                    [sys.executable, "-I", "-B", "-c", _PROGRAM.format(parent=os.getpid()), str(_CODE_FOLDER)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=_ENVIRONMENT,
                    cwd="/",
                    start_new_session=True,  # Ctrl+C at the terminal is ours to deal with
                )
            deadline = time.monotonic() + _START_SECONDS
            send_frame(ours, asdict(self._limits))
            receive_frame(ours, most=1000, deadline=deadline)
        except (OSError, EOFError, FrameBrokenError, FrameTooLargeError) as error:
            ours.close()
            self._drop()
            reason = "The process that reads files cannot be started; look for free memory and processes, and try again"
            raise ReaderUnavailable(reason) from error
        self._connection, self._files, self._has_grown = ours, 0, False
        self.starts += 1

    def _drop(self) -> int | None:
        """Ends the child; how it ended (a negative number is a signal). No file is lost, nothing is cleaned up."""
        child, connection = self._child, self._connection
        self._child = self._connection = self._opened = None
        if self._owner != os.getpid():
            return None
        if connection is not None:
            connection.close()
        if child is None:
            return None
        if child.poll() is None:
            child.kill()
        return child.wait()

    def _why_it_ended(self, name: str) -> str:
        if self._child is not None:
            try:
                self._child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                _log.warning("The reading process closed its socket on '%s'", name)
        ended = self._drop()
        _log.warning("The reading process ended with %s on '%s'", ended, name)
        if ended == -signal.SIGXCPU:
            return self._too_slow()
        return self._too_large() if ended == -signal.SIGKILL else _BROKEN_OFF

    def _too_slow(self) -> str:
        allowed = f"{self._limits.max_seconds:.0f} seconds"
        return f"reading it takes longer than {allowed}; split it or save it more plainly"

    def _too_large(self) -> str:
        return f"reading it takes more than {in_words(self._limits.max_memory_bytes)} of memory; split it"
