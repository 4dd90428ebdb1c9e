"""The whole site as one FastAPI app: puts the API, the pages and what guards them together. Knows no route's work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from ui import health, numbers, sign_in
from ui.audit_trail import note_refused
from ui.gradio_guard import GradioGuard
from ui.intent_pages import intents_api
from ui.metrics import GeneratorCollector, MeasuredManager, Metrics, RequestCounting, StockCollector
from ui.parts import Parts
from ui.problems import install_problem_answers
from ui.rest import api, documents_api, entries_api, openai_api, widget_api
from ui.rest.api_docs import OPENAPI_PATH, install_api_description
from ui.security import (
    BodyLimit,
    BubbleOrigins,
    OriginCheck,
    RequestContext,
    SecurityHeaders,
    body_limit_of,
    readable_by,
)
from ui.sessions import CONSOLE_ROLES, INTENT_ROLES, KNOWLEDGE_ROLES, StaffDoor, StaffSessions, load_or_make_secret
from ui.turn_streams import TurnStreams

if TYPE_CHECKING:
    import gradio as gr

    from bot.bootstrap import Frontdesk
    from bot.manager import ConversationManager
    from ui.accounts import Accounts

_STATIC = Path(__file__).parent / "static"
_STAFF_PAGES = {"/console": CONSOLE_ROLES, "/knowledge": KNOWLEDGE_ROLES, "/intents": INTENT_ROLES}

BuildPages = Callable[["Frontdesk"], Mapping[str, "gr.Blocks"]]  # → path → page


def our_pages(frontdesk: Frontdesk) -> Mapping[str, gr.Blocks]:
    from ui.chat import build_chat
    from ui.intent_pages.intents import build_intents
    from ui.knowledge_pages.uploads import build_uploads
    from ui.operator_console import build_console

    return {
        "/chat": build_chat(frontdesk),
        "/console": build_console(frontdesk),
        "/knowledge": build_uploads(frontdesk),
        "/intents": build_intents(frontdesk),
    }


def create_app(frontdesk: Frontdesk, accounts: Accounts, *, build_pages: BuildPages = our_pages) -> FastAPI:
    """The app that serves `frontdesk`. The caller closes `frontdesk` when the server has ended."""
    metrics = Metrics()
    measured = cast("ConversationManager", MeasuredManager(frontdesk.manager, metrics))
    frontdesk = replace(frontdesk, manager=measured)
    metrics.registry.register(StockCollector(frontdesk))
    if frontdesk.separate_generator is not None:
        separate = frontdesk.separate_generator
        metrics.registry.register(GeneratorCollector(lambda: separate.load))
    refused = partial(note_refused, frontdesk.engine, accounts)
    sessions = StaffSessions(load_or_make_secret(frontdesk.settings.home))
    door = StaffDoor(accounts, sessions, on_refused=refused)
    streams = TurnStreams(limit=frontdesk.settings.web.max_simultaneous_turns)
    app = _bare_app(Parts(frontdesk, streams, door, metrics))
    for routes in (api, widget_api, documents_api, entries_api, intents_api, openai_api, health, numbers, sign_in):
        app.include_router(routes.router)
    _add_plain_routes(app)
    _mount_pages(app, frontdesk, door, build_pages)
    return app


def _bare_app(parts: Parts) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(parts.streams.close)

    app = FastAPI(
        title=f"{parts.frontdesk.company.name} front desk",
        summary="Answers customers from the company's documents, and cites them.",
        version=_version(),
        docs_url=None,  # FastAPI's pages load their scripts from elsewhere
        redoc_url=None,
        openapi_url=OPENAPI_PATH,
        lifespan=lifespan,
        middleware=_middleware(parts),
    )
    app.state.parts = parts
    install_problem_answers(app)
    install_api_description(app)
    return app


def _middleware(parts: Parts) -> list[Middleware]:
    """The outermost first."""
    web = parts.frontdesk.settings.web
    return [
        Middleware(SecurityHeaders, frame_ancestors=web.frame_ancestors),
        Middleware(RequestContext),
        Middleware(RequestCounting, metrics=parts.metrics),
        Middleware(BubbleOrigins, sites=[*web.cors_origins, *web.allowed_origins]),
        # This very class, even where no origin may call: without it Gradio answers every origin, with credentials.
        Middleware(CORSMiddleware, **readable_by(web.cors_origins)),
        Middleware(OriginCheck, allowed=web.cors_origins, sites=web.allowed_origins),
        Middleware(GradioGuard, door=parts.door, staff=_STAFF_PAGES),
        Middleware(BodyLimit, limit_of=body_limit_of(web.max_upload_bytes)),
    ]


def _add_plain_routes(app: FastAPI) -> None:
    async def to_chat() -> Response:
        return RedirectResponse("/chat/", 302)

    async def favicon() -> Response:
        return FileResponse(_STATIC / "favicon.svg", headers={"Cache-Control": "max-age=86400"})

    app.add_api_route("/", to_chat, include_in_schema=False)
    app.add_api_route("/favicon.ico", favicon, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")


def _mount_pages(app: FastAPI, frontdesk: Frontdesk, door: StaffDoor, build_pages: BuildPages) -> None:
    pages = build_pages(frontdesk)
    if not pages:
        return
    from ui.gradio_import import mount_page
    from ui.theme import mount_arguments

    def signed_in(request: Request) -> str | None:
        account = door.account_of(request.scope)
        return account.name if account is not None else None

    for path, blocks in pages.items():
        arguments: dict[str, Any] = dict(mount_arguments(path.removeprefix("/")))
        if path in _STAFF_PAGES:
            arguments["auth_dependency"] = signed_in
        if path == "/knowledge":
            arguments["max_file_size"] = frontdesk.settings.web.max_upload_bytes
        mount_page(app, blocks, path, **arguments)


def _version() -> str:
    try:
        return version("frontdesk")
    except PackageNotFoundError:  # run from a checkout
        return "0"
