"""Runs the console script in a process that ends at once when anything reaches for another machine.

Python asks an audit hook before every look-up and every connection. So `python -m tests.loopback_only serve` is the
product with the network cable out, and louder.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_ASKED_BEFORE = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
_HERE = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "")


def forbid_other_machines() -> None:
    sys.addaudithook(_ask)


def _ask(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _ASKED_BEFORE:
        return
    target = arguments[0] if event in ("socket.getaddrinfo", "socket.gethostbyname") else arguments[1]
    host = target[0] if isinstance(target, tuple) else target
    if isinstance(target, str) and event == "socket.connect":
        return  # a path of a socket file on this machine
    if host is None or str(host) in _HERE:
        return
    sys.stderr.write(f"REACHED FOR ANOTHER MACHINE: {event} {target!r}\n")
    sys.stderr.flush()
    os._exit(97)


if __name__ == "__main__":
    forbid_other_machines()
    from ui.cli import main

    sys.argv[0] = "frontdesk"
    main()
