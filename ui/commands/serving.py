"""`frontdesk serve`: the whole product on one address."""

from __future__ import annotations

import gc
import socket
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.console import errors_as_sentences, note, progress_bar, set_up_logging

if TYPE_CHECKING:
    from bot.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (FRONTDESK_SERVER__HOST).")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on (FRONTDESK_SERVER__PORT).")
    ] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Do not open with the sample company.")] = False,
) -> None:
    """Start the front desk: the chat, the console, the pages for knowledge and intents, and the API."""
    with errors_as_sentences():
        from bot.settings import load_settings

        settings = load_settings()
        set_up_logging(settings.log_level)
        listening = _listen(host or settings.server.host, settings.server.port if port is None else port)
        _run(settings, listening, empty=empty)


def _run(settings: Settings, listening: socket.socket, *, empty: bool) -> None:
    gc.disable()  # a start makes a million objects that stay: looking through them for rubbish takes a second
    from ui.gradio_import import import_gradio, prepare_environment

    prepare_environment(allow_download=settings.models.allow_download)
    from bot.bootstrap import open_home, open_separate_generator, start

    with progress_bar() as progress:
        home = open_home(settings)
        generator = open_separate_generator(settings, progress=progress)  # first: it takes longest, by itself
        pages_ready = threading.Thread(target=import_gradio)
        pages_ready.start()  # takes seconds, some of them beside the loading of the models
        frontdesk = start(settings, home=home, generator=generator, progress=progress, sample=not empty)
    pages_ready.join()
    retention = None
    try:
        import uvicorn

        from bot.personal_data.retention import RetentionKeeper
        from ui.accounts import Accounts
        from ui.app import create_app
        from ui.audit_trail import note_start

        accounts = Accounts(frontdesk.engine)
        app = create_app(frontdesk, accounts)
        first_admin = accounts.ensure_first_admin()
        note_start(settings, frontdesk.engine, first_admin)
        retention = RetentionKeeper(frontdesk.engine, settings.retention)
        retention.start()
        if frontdesk.separate_generator is not None:
            frontdesk.separate_generator.wait_until_ready()
        gc.freeze()
        gc.enable()
        address = _address(listening)
        pages = ("chat", "console", "intents", "knowledge")
        note("\nfrontdesk is open.\n" + "\n".join(f"  {page.capitalize():11}{address}/{page}" for page in pages))
        if first_admin is not None:
            name, password = first_admin
            note(f"  Sign in as '{name}' with the password '{password}'. It is shown this once.")
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_graceful_shutdown=5, server_header=False
        )
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        if retention is not None:
            retention.stop()
        frontdesk.close()


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, taken before any model is loaded: a port in use is said at once."""
    from ui.errors import AddressUnavailable

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        raise AddressUnavailable(host, port, error.strerror or str(error)) from None
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{'localhost' if host in ('127.0.0.1', '::1') else host}:{port}"
