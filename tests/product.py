"""The installed product as people run it: the console script and the server, each in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.models import CONVERTED, embedder_folder, generator_folder

REPOSITORY = Path(__file__).parents[1]
_READY_SECONDS = 240


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of a product whose home is `home`, with the models converted once for all tests."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    return inherited | {
        "FRONTDESK_HOME": str(home),
        "FRONTDESK_MODELS__FOLDER": str(CONVERTED),
        "PYTHONPATH": str(REPOSITORY),
        **settings,
    }


def frontdesk(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tests.loopback_only", *arguments],
        env=environment(home, **settings),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def answer_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON object on standard output."""
    lines = done.stdout.strip().splitlines()
    assert len(lines) == 1, f"exactly one JSON object expected\n{done.stdout}\n{done.stderr}"
    value: dict[str, Any] = json.loads(lines[0])
    return value


@dataclass
class Server:
    process: subprocess.Popen[str]
    address: str
    said: list[str] = field(default_factory=list)  # lines on standard error

    @property
    def password(self) -> str:
        """The first admin's, as printed at the first start."""
        found = re.search(r"with the password '([^']+)'", "\n".join(self.said))
        assert found, "\n".join(self.said)
        return found.group(1)

    def kill(self) -> None:
        """As a power cut would: no handler runs."""
        self.process.kill()
        self.process.wait(30)


@contextmanager
def serving(home: Path, **settings: str) -> Iterator[Server]:
    """A server on a free loopback port, ready to answer."""
    embedder_folder()
    generator_folder()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.loopback_only", "serve", "--port", "0"],
        env=environment(home, **settings),
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    server = Server(process, "")
    opened = threading.Event()
    reader = threading.Thread(target=_read, args=(server, opened), daemon=True)
    reader.start()
    try:
        assert opened.wait(_READY_SECONDS), "\n".join(server.said)
        assert server.address, "\n".join(server.said)
        assert httpx.get(f"{server.address}/health/ready", timeout=60).status_code == 200
        yield server
    finally:
        process.terminate()
        process.wait(30)
        reader.join(10)


def _read(server: Server, opened: threading.Event) -> None:
    """Keeps what the server says; knows it is open when it names the sign-in or the last page."""
    assert server.process.stderr is not None
    for line in server.process.stderr:
        server.said.append(line.rstrip())
        if found := re.search(r"Chat\s+(http://\S+)/chat", line):
            server.address = found.group(1)
        if "Knowledge " in line and server.address:
            opened.set()
    opened.set()
