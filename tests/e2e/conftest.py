"""A scripted front desk served on a free port, and a headless browser to look at it."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.fakes.scripted_frontdesk import a_scripted_frontdesk

if TYPE_CHECKING:
    from fastapi import FastAPI

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

expect.set_options(timeout=20_000)  # a page looks for news every few seconds, and the machine may be busy

CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def serving(desk: Any, port: int = 0) -> Iterator[str]:
    """Serves the three pages of `desk`, without the site around them; yields their address."""
    import gradio as gr
    from fastapi import FastAPI

    from ui.app import our_pages
    from ui.theme import mount_arguments

    app = FastAPI()
    for path, blocks in our_pages(desk).items():
        gr.mount_gradio_app(app, blocks, path=path, **mount_arguments(path.removeprefix("/")))
    with serving_app(app, port) as address:
        yield address


@contextmanager
def serving_app(app: FastAPI, port: int = 0) -> Iterator[str]:
    import uvicorn

    listening = socket.create_server(("127.0.0.1", port))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listening.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """One server for a module: every test opens fresh profiles, and so conversations of its own."""
    desk: Any = a_scripted_frontdesk(tmp_path_factory.mktemp("home"))
    with serving(desk) as address:
        yield desk, address


@pytest.fixture
def desk(served: tuple[Any, str]) -> Iterator[Any]:
    """Typed loosely: its parts are fakes, and tests reach for what only these have."""
    desk, _ = served
    yield desk
    desk.manager.seconds_per_word = 0.0
    desk.manager.words.set()


@pytest.fixture
def address(served: tuple[Any, str]) -> str:
    return served[1]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens an address in a fresh profile: `open_page(url, locale="zh-CN", dark=True, phone=True)`."""
    contexts = []

    def opened(url: str, *, locale: str = "en-US", dark: bool = False, phone: bool = False) -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
        context = browser.new_context(
            viewport=size, locale=locale, color_scheme="dark" if dark else "light", has_touch=phone
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(url)
        page.wait_for_selector(".fd-header")
        return page

    yield opened
    for context in contexts:
        context.close()
