"""What stands around every request: its id, the headers, where it may come from, how large it may be. ASGI throughout.

Knows the areas of the site by their paths, and nothing of what happens in them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware

from ui.problems import INTERNAL, Problem, problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)

REQUEST_ID = "x-request-id"
MOST_BODY_BYTES = 1024 * 1024  # of a request that carries no documents
MOST_LIST_BYTES = 8 * 1024 * 1024  # of one that carries examples of intents: ten thousand pasted at once
_DRAINED_BYTES = 8 * 1024 * 1024
_DRAINED_SECONDS = 2.0
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PUBLIC_API = ("/api/v1/conversations", "/v1/")
_BUBBLE_API = ("/api/v1/conversations", "/api/v1/widget")
_UPLOADS = ("/api/v1/documents", "/knowledge/gradio_api/upload")
_FILES_PER_UPLOAD = 4  # of the largest size, in one request
_FORM_BYTES = 64 * 1024  # around the files

# Gradio writes its settings into an inline script and runs the `js` of a page with `new Function`: without
# 'unsafe-inline' and 'unsafe-eval' its pages stay blank. Everything else comes from our own address.
_GRADIO_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self' "
    "blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {ancestors}"
)
_PLAIN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class RequestContext:
    """Names every request, and answers where something breaks that nobody below foresaw."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        started = False

        async def naming(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        try:
            await self._app(scope, receive, naming)
        except Exception:
            _log.exception("Request %s failed: %s %s", request_id, scope["method"], scope["path"])
            if started:
                raise  # too late for an answer: the server cuts the connection, so that nobody takes it for whole
            problem = Problem(500, "internal_error", f"{INTERNAL}: {request_id}")
            await problem_response(scope, problem)(scope, receive, naming)


class SecurityHeaders:
    """Tells browsers what a page may load, who may frame it, and what not to guess."""

    def __init__(self, app: ASGIApp, frame_ancestors: Sequence[str]) -> None:
        self._app = app
        self._chat = headers_for_chat(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ours = self._headers(scope["path"])

        async def guarding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ours.items():
                    headers[name] = value
                if not _may_be_kept(scope["path"]):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, guarding)

    def _headers(self, path: str) -> Mapping[str, str]:
        if _is_below(path, "/chat"):
            return self._chat
        if any(_is_below(path, page) for page in ("/console", "/knowledge", "/intents")):
            return _STAFF
        return _REPORT if path.startswith("/api/v1/releases/") and path.endswith("/report") else _PLAIN


def headers_for_chat(frame_ancestors: Sequence[str]) -> Mapping[str, str]:
    """The chat page may stand in frames of our own address and of those that the settings name.

    There is no X-Frame-Options here: that header cannot name an address, and would forbid what the policy allows.
    """
    ancestors = " ".join(["'self'", *frame_ancestors])
    return {**_COMMON, "Content-Security-Policy": _GRADIO_POLICY.format(ancestors=ancestors)}


_STAFF = {
    **_COMMON,
    "Content-Security-Policy": _GRADIO_POLICY.format(ancestors="'none'"),
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_PLAIN = {**_COMMON, "Content-Security-Policy": _PLAIN_POLICY, "X-Frame-Options": "DENY"}
# A report is one file that carries its own styles, and nothing that runs.
_REPORT = {**_PLAIN, "Content-Security-Policy": _PLAIN_POLICY.replace("style-src 'self'", "style-src 'unsafe-inline'")}


class OriginCheck:
    """Refuses what a page of another origin makes a browser send, unless the settings name it and the path is public.

    Browsers send Origin with every POST; a request without one comes from a program, which has no visitor's cookies.
    """

    def __init__(self, app: ASGIApp, allowed: Collection[str], sites: Collection[str] = ()) -> None:
        """`allowed`: origins that may call all of the public API. `sites`: those that show the bubble.

        Both as browsers write them; the settings see to that.
        """
        self._app = app
        self._allowed = frozenset(allowed)
        self._sites = self._allowed | frozenset(sites)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS or self._may(scope):
            await self._app(scope, receive, send)
            return
        message = (
            "This page may not call us: its origin is neither ours nor named in FRONTDESK_WEB__ALLOWED_ORIGINS "
            "(for the bubble) or FRONTDESK_WEB__CORS_ORIGINS (for the whole API)"
        )
        await problem_response(scope, Problem(403, "foreign_origin", message))(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None or headers.get("sec-fetch-site") == "same-origin":
            return True
        # A proxy may have put its own name into Host; a foreign page cannot set X-Forwarded-Host without being asked.
        hosts = {headers.get("host", ""), headers.get("x-forwarded-host", "")} - {""}
        if urlsplit(origin).netloc.lower() in {host.lower() for host in hosts}:
            return True
        if _is_for_the_bubble(scope):
            return "*" in self._sites or origin.lower() in self._sites
        return scope["path"].startswith(_PUBLIC_API) and ("*" in self._allowed or origin.lower() in self._allowed)


class BubbleOrigins:
    """Lets the pages of `sites` read what the bubble asks for, and nothing else of ours."""

    def __init__(self, app: ASGIApp, sites: Collection[str]) -> None:
        self._app = app
        self._bubble = CORSMiddleware(app, **readable_by(sites))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for_bubble = scope["type"] == "http" and _is_for_the_bubble(scope)
        await (self._bubble if for_bubble else self._app)(scope, receive, send)


def readable_by(origins: Collection[str]) -> dict[str, Any]:
    """What Starlette's CORSMiddleware is to be told, for pages of `origins` to read our answers, without cookies."""
    return {
        "allow_origins": sorted(set(origins)),
        "allow_methods": ["GET", "POST"],
        "allow_headers": ["content-type", "last-event-id", "x-request-id"],
        "expose_headers": ["x-request-id", "retry-after"],
    }


def _is_for_the_bubble(scope: Scope) -> bool:
    return any(_is_below(scope["path"], area) for area in _BUBBLE_API)


class BodyLimit:
    """Counts a body while it arrives and answers 413 as soon as it is too large, whatever its headers promised."""

    def __init__(self, app: ASGIApp, limit_of: Callable[[str], int]) -> None:
        """`limit_of`: path → bytes."""
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        if _promised_bytes(scope) > limit:
            await _drain(receive)
            await _too_large(scope, limit)(scope, receive, send)
            return
        body = _CountedBody(scope, receive, send, limit)
        try:
            await self._app(scope, body.receive, body.send)
        except _BodyTooLarge:
            await body.refuse()


class _BodyTooLarge(Exception):
    pass


class _CountedBody:
    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limit = limit
        self._bytes = 0
        self._has_more = True
        self._is_refused = False
        self._has_started = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._bytes += len(message.get("body", b""))
            self._has_more = message.get("more_body", False)
            if self._bytes > self._limit:
                raise _BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        """Whatever is made of a body that was cut off, 413 is the answer."""
        if self._bytes > self._limit and not self._has_started:
            await self.refuse()
            return
        if not self._is_refused:
            self._has_started = True
            await self._send(message)

    async def refuse(self) -> None:
        if not self._is_refused and not self._has_started:
            self._is_refused = True
            if self._has_more:
                await _drain(self._receive)
            await _too_large(self._scope, self._limit)(self._scope, self._receive, self._send)


def body_limit_of(max_upload_bytes: int) -> Callable[[str], int]:
    """Path → bytes that a request may have: documents where documents go, little elsewhere."""
    uploads = _FILES_PER_UPLOAD * max_upload_bytes + _FORM_BYTES

    def limit_of(path: str) -> int:
        if _is_below(path, "/intents") or _is_below(path, "/api/v1/intents"):
            return MOST_LIST_BYTES
        return uploads if path.rstrip("/") in _UPLOADS else MOST_BODY_BYTES

    return limit_of


def _too_large(scope: Scope, limit: int) -> ASGIApp:
    problem = Problem(413, "body_too_large", f"The request is too large; at most {limit:,} bytes are taken here")
    problem.headers["Connection"] = "close"  # the rest of the body is not read
    return problem_response(scope, problem)


async def _drain(receive: Receive) -> None:
    """Reads on for a little: a client that is cut off while it still writes never sees why."""
    left = _DRAINED_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAINED_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return


def _promised_bytes(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get(REQUEST_ID, "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _is_below(path: str, area: str) -> bool:
    return path == area or path.startswith(f"{area}/")


def _may_be_kept(path: str) -> bool:
    """Whether a browser may keep a copy: of what is the same for everybody."""
    return path.startswith("/favicon") or "/assets/" in path or "/static/" in path
