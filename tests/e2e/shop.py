"""The sample shop of docs/shop on a port of its own: a site of somebody else's that shows the bubble."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SHOP = Path(__file__).parents[2] / "docs" / "shop"
WRITTEN_DESK = "http://127.0.0.1:7860"  # the desk's address as the pages name it
_KINDS = {".html": "text/html; charset=utf-8", ".css": "text/css", ".svg": "image/svg+xml"}


class Shop:
    """`desk` is where the pages look for the bubble; their policy names it and nothing else."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.origin = f"http://127.0.0.1:{server.server_address[1]}"
        self.desk = WRITTEN_DESK

    def page(self, name: str) -> bytes | None:
        path = SHOP / name
        if path.suffix not in _KINDS or path.parent != SHOP or not path.is_file():
            return None
        return path.read_bytes().replace(WRITTEN_DESK.encode(), self.desk.encode())


@contextmanager
def serving_shop(port: int = 0) -> Iterator[Shop]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.partition("?")[0].lstrip("/") or "index.html"
            content = shop.page(name)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", _KINDS.get(Path(name).suffix, "text/plain"))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *arguments: Any) -> None:
            pass  # what a browser fetches is not the tests' news

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    shop = Shop(server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
