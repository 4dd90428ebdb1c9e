"""The process that reads: takes a file, gives its documents, one after the other, within limits that it sets itself.

Knows nothing of who asks. Started by `knowledge.safe_reading.process` with the socket as its standard input.
"""

from __future__ import annotations

import logging
import os
import re
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText
from knowledge.readers import ReadingLimits, SourceDocuments
from knowledge.safe_reading.frames import receive_frame, send_frame

_NO_BOUND = 1 << 40  # bytes: what comes in is ours
_PARENT_CHECK_SECONDS = 0.5
_CLOSE = 0.8  # of the bound on memory: parsers ask for it in large pieces


def main(parent: int) -> None:
    """Serves until the other side closes or dies. `parent` is its process id."""
    connection = socket.socket(fileno=os.dup(0))
    logging.disable(logging.CRITICAL)  # what parsers say about a file is not for the log
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    try:
        settings, _ = receive_frame(connection, most=_NO_BOUND)
        limits = ReadingLimits(**settings)
        _bound(limits)
        send_frame(connection, {"ready": True})
        _serve(connection, limits)
    except (EOFError, OSError):
        return  # nobody asks any more


def _leave_with(parent: int) -> NoReturn:
    """A parent that is killed cannot end us, and a long parse does not see that the socket has closed."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os._exit(1)


def _bound(limits: ReadingLimits) -> None:
    """No byte reaches a disk, no process or core dump is made, memory and open files are few. Irrevocable."""
    bounds = {
        resource.RLIMIT_AS: limits.max_memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.max_open_files,
        resource.RLIMIT_NPROC: 0,
    }
    for which, wanted in bounds.items():
        _, hard = resource.getrlimit(which)
        bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(which, (bound, bound))
    sys.setrecursionlimit(1000)


def _serve(connection: socket.socket, limits: ReadingLimits) -> None:
    opened: SourceDocuments | None = None
    while True:
        request, content = receive_frame(connection, most=_NO_BOUND)
        _allow_processor_time(limits.max_seconds)
        if request["do"] == "open":
            opened = SourceDocuments(request["name"], content, limits=limits, encoding=request["encoding"])
        if opened is None:
            raise EOFError
        answer, text = _answer(partial(_work, opened, request))
        answer["peak"] = _peak_bytes()
        send_frame(connection, answer, text)
        if "no_memory" in answer:
            return


def _allow_processor_time(seconds: float) -> None:
    """From here on; beyond it the kernel ends us, also where nobody waits for us any more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


_Answer = tuple[dict[str, Any], bytes]


def _answer(work: Callable[[], _Answer]) -> _Answer:
    try:
        return work()
    except DocumentRefused as refused:
        return {"refused": refused.reason}, b""
    except MemoryError:
        return {"no_memory": True}, b""
    except Exception as error:  # noqa: BLE001
        # A reader has met a file that nobody foresaw. Which it was goes into the asker's log, not to people. Parsers in
        # C do not say that they ran out of memory, but then we stand close to the bound.
        if _address_space_peak() > _CLOSE * resource.getrlimit(resource.RLIMIT_AS)[0]:
            return {"no_memory": True}, b""
        return {"failed": f"{type(error).__name__}: {error}"[:500]}, b""


def _work(source: SourceDocuments, request: Mapping[str, Any]) -> _Answer:
    match request["do"]:
        case "open":
            return {"entries": [list(asdict(entry).values()) for entry in source.entries()]}, b""
        case "content":
            return {}, source.content(request["number"])
        case _:
            return _document(source.read(request["number"]))


def _document(document: DocumentText) -> _Answer:
    fields: Mapping[str, Any] = {
        "title": document.title,
        "headings": [[heading.level, heading.text, heading.start] for heading in document.headings],
        "page_starts": list(document.page_starts),
        "encoding": document.encoding,
    }
    return dict(fields), document.text.encode("utf-8", "replace")


def _address_space_peak() -> int:
    return _highest("VmPeak")


def _peak_bytes() -> int:
    """Of this program alone: `getrusage` would tell the size of the process that started us, where that is larger."""
    return _highest("VmHWM")


def _highest(field: str) -> int:
    """Bytes; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    return int(found.group(1)) * 1024 if found else 0
